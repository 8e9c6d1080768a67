"""Addresses of views, as templates write them: many on each page, and the same again and again."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import flask
from flask import current_app, has_request_context, request
from werkzeug.routing import Map


def url_for(endpoint: str, **values: Any) -> str:
    """Flask's `url_for`; an address that depends on nothing but its values is remembered for a while."""
    return of_request()(endpoint, **values)


def of_request() -> Callable[..., str]:
    """The same for the templates of one request: what it is of is looked up once, and not for each address."""
    if not has_request_context():
        return flask.url_for
    addresses, root = current_app.url_map, request.script_root

    def of_this(endpoint: str, **values: Any) -> str:
        if endpoint[0] == "." or not _RULES.isdisjoint(values):
            return flask.url_for(endpoint, **values)
        try:
            return _remembered(addresses, root, endpoint, **values)
        except TypeError:  # a list, which cannot be remembered
            return flask.url_for(endpoint, **values)

    return of_this


_RULES = frozenset(("_external", "_scheme", "_method", "_anchor"))
"""What asks for more than a path."""


@lru_cache(maxsize=5_000, typed=True)
def _remembered(_app: Map, _root: str, endpoint: str, **values: Any) -> str:
    return flask.url_for(endpoint, **values)
