"""Addresses of views, as templates write them: many on each page, and the same again and again."""

from functools import lru_cache
from typing import Any

import flask
from flask import Flask, current_app, has_request_context, request


def url_for(endpoint: str, **values: Any) -> str:
    """Flask's `url_for`; an address that depends on nothing but its values is remembered for a while."""
    if not has_request_context() or endpoint[0] == "." or any(name[0] == "_" for name in values):
        return flask.url_for(endpoint, **values)
    try:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        return _remembered(app, request.script_root, endpoint, **values)
    except TypeError:  # a list, of which there is one address for each
        return flask.url_for(endpoint, **values)


@lru_cache(maxsize=5_000, typed=True)
def _remembered(_app: Flask, _root: str, endpoint: str, **values: Any) -> str:
    return flask.url_for(endpoint, **values)
