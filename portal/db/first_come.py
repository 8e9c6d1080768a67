"""Inserting what may be there already: of those who insert the same at the same moment one is first.

Looking first and inserting then is no way to do that, as two who look at once both find nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from portal.extensions import session


def insert(model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, except those whose key or other unique columns are taken. The caller commits."""
    if rows:
        session().flush()
        session().connection().execute(_insert(model), [_whole(model, row) for row in rows])


def _insert(model: type[SQLModel]) -> Any:
    table = SQLModel.metadata.tables[str(model.__tablename__)]
    make = postgresql.insert if session().get_bind().dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def _whole(model: type[SQLModel], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the model's defaults, which Core does not know."""
    columns: Sequence[sa.Column[Any]] = list(SQLModel.metadata.tables[str(model.__tablename__)].columns)
    names = {column.name for column in columns if not _is_counted(column)}
    if names == row.keys():
        return row
    made = model(**row)
    return {name: getattr(made, name) for name in names}


def _is_counted(column: "sa.Column[Any]") -> bool:
    return column.primary_key and column.autoincrement is True
