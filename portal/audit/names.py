"""The people of a history by their names: an entry keeps the address that somebody had when they did it."""

from collections.abc import Iterable
from uuid import UUID

from flask import Flask
from sqlmodel import col, select

from portal.extensions import session
from portal.models import AuditEntry, Person


def init_app(app: Flask) -> None:
    """Hand them to the templates."""
    app.jinja_env.filters["names_of_people"] = of


def of(entries: Iterable[AuditEntry]) -> dict[UUID, str]:
    """What those who did these things are called today, in one question; without who is gone or has no name."""
    ids = {entry.actor_id for entry in entries if entry.actor_id}
    if not ids:
        return {}
    rows = session().exec(select(Person.id, Person.first_name, Person.last_name).where(col(Person.id).in_(ids)))
    named = {person_id: f"{first} {last}".strip() for person_id, first, last in rows}
    return {person_id: name for person_id, name in named.items() if name}
