"""How much a request may bring: little, except where a view takes a file of somebody who is logged in."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask import session as cookie

V = TypeVar("V", bound=Callable[..., Any])


def takes_up_to(size: int) -> Callable[[V], V]:
    """Mark a view that takes so many bytes. They come through a temporary file, never whole into memory."""

    def mark(view: V) -> V:
        view.takes_up_to = size  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    """Let such views have their files; this stands in front of whatever reads a request's form."""
    app.before_request(_let_in)


def _let_in() -> None:
    size = getattr(current_app.view_functions.get(request.endpoint or ""), "takes_up_to", None)
    if size is not None and "_user_id" in cookie:
        request.max_content_length = size
