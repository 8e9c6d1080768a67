"""Which of the two databases it is, and the statement that each of them writes in its own way."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def is_sqlite(bind: Session | sa.Connection) -> bool:
    """Whether it is SQLite, and not PostgreSQL."""
    place = bind if isinstance(bind, sa.Connection) else bind.get_bind()
    return place.dialect.name == "sqlite"


def insert(bind: Session | sa.Connection, table: Any) -> Any:
    """An INSERT that can say what is done where a row is there already."""
    return sqlite.insert(table) if is_sqlite(bind) else postgresql.insert(table)
