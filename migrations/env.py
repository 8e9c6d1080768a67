"""Alembic's entry. `portal.db.migrate` hands in the connection."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import portal.models as _whole_metadata  # noqa: F401
from portal.db.migrate import is_described
from portal.models.base import UtcDateTime


def render_item(kind: str, item: Any, _autogen_context: Any) -> str | Literal[False]:
    """Write a migration in plain SQLAlchemy types, so that it stays as it is when the code moves on."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString | sa.Enum):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    render_item=render_item,
    include_name=is_described,
)
with context.begin_transaction():
    context.run_migrations()
