"""A customer's own server, which takes whatever is sent to it: a destination that needs nothing set up."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("inbox", __name__)


@blueprint.post("/inbox/<name>")
def take(name: str) -> str:
    return f"{name} has it"
