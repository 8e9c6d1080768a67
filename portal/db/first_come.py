"""Inserting what may be there already: of those who insert the same at the same moment one is first.

Looking first and inserting then is no way to do that, as two who look at once both find nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from portal.db import bulk
from portal.extensions import session


def insert(model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, except those whose key or other unique columns are taken. The caller commits."""
    if rows:
        session().flush()
        bulk.insert_new(_table(model), [_whole(model, row) for row in rows])


def insert_whole(model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """The same for many rows that name every column themselves: fast, as no model is made of them."""
    if rows:
        session().flush()
        bulk.insert_new(_table(model), rows)


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _whole(model: type[SQLModel], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the model's defaults, which Core does not know."""
    columns: Sequence[sa.Column[Any]] = list(_table(model).columns)
    names = {column.name for column in columns if not _is_counted(column)}
    if names == row.keys():
        return row
    made = model(**row)
    return {name: getattr(made, name) for name in names}


def _is_counted(column: "sa.Column[Any]") -> bool:
    return column.primary_key and column.autoincrement is True
