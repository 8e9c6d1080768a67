"""A row in every table of a database as it is, whatever its revision."""

import datetime
import uuid
from typing import Any

import sqlalchemy as sa

from portal.db.migrate import is_described


def fill(engine: sa.Engine, number: int) -> set[str]:
    """Put one more row into every table whose references can be met; returns the names of those tables.

    Args:
        number: what no call before has used, and what keys that are numbers become.
    """
    tables = sa.MetaData()
    tables.reflect(engine, only=lambda name, _: is_described(name) and name != "alembic_version")
    filled = set()
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            values = {column.name: _value(connection, column, number) for column in table.columns}
            missing = [column for column in table.columns if values[column.name] is None and not column.nullable]
            if not missing:
                connection.execute(table.insert().values(values))
                filled.add(table.name)
    return filled


def _value(connection: sa.Connection, column: sa.Column[Any], number: int) -> Any:
    reference = next(iter(column.foreign_keys), None)
    if reference is not None:
        taken = sa.select(column).where(column.is_not(None))
        free = sa.select(reference.column).where(reference.column.not_in(taken))
        return connection.execute(free.limit(1)).scalar()
    kind = column.type
    if isinstance(kind, sa.Uuid) or (isinstance(kind, sa.CHAR) and kind.length == 32):
        return uuid.uuid4() if isinstance(kind, sa.Uuid) else uuid.uuid4().hex
    if isinstance(kind, sa.String):
        return f"{number} {uuid.uuid4().hex}"[: kind.length]
    by_kind = {
        sa.DateTime: datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        sa.Boolean: True,
        sa.JSON: {},
        sa.LargeBinary: b"{}",
        sa.Numeric: number,
        sa.Date: datetime.date(2026, 1, 1),
        sa.Integer: number,
    }
    return next(value for type_, value in by_kind.items() if isinstance(kind, type_))
