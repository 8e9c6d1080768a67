"""Many rows or values in one statement, which is the same however many there are.

PostgreSQL gets one array for each column. A statement per row would double the cost of each row, for the server
and for its driver. A statement that lists every value costs as much, because the driver parses it again each time.
SQLite runs inside this process, so it gets one row after another.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from portal.db import dialect
from portal.db.dialect import is_sqlite
from portal.extensions import session

Row = Mapping[str, Any]


def among(column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Whether a column has one of these values."""
    array = sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type))
    found: sa.ColumnElement[bool] = column.in_(values) if is_sqlite(session()) else column == sa.any_(array)
    return found


def insert(table: sa.TableClause, rows: Sequence[Row], *returning: sa.SQLColumnExpression[Any]) -> sa.Result[Any]:
    """Insert these rows, which name the same columns; what they are given comes back in any order."""
    return _insert(table, rows, lambda statement: statement.returning(*returning) if returning else statement)


def insert_new(table: sa.TableClause, rows: Sequence[Row]) -> None:
    """Insert these rows, except those whose key or other unique columns are taken."""
    _insert(table, rows, lambda statement: statement.on_conflict_do_nothing())


def update(table: sa.TableClause, key: str, rows: Sequence[Row]) -> None:
    """Write to each row what stands beside its key."""
    if not rows:
        return
    names = [name for name in rows[0] if name != key]
    if is_sqlite(session()):
        statement = sa.update(table).values({name: sa.bindparam(f"to_{name}") for name in names})
        statement = statement.where(table.c[key] == sa.bindparam("to_row"))
        told = [{"to_row" if name == key else f"to_{name}": value for name, value in row.items()} for row in rows]
        _connection().execute(statement, told)
    else:
        given = given_rows(_types(table, rows), rows)
        statement = sa.update(table).values({name: given.c[name] for name in names})
        _connection().execute(statement.where(table.c[key] == given.c[key]))


def _insert(table: sa.TableClause, rows: Sequence[Row], finish: Any) -> sa.Result[Any]:
    statement = dialect.insert(session(), table)
    if is_sqlite(session()):
        return _connection().execute(finish(statement), rows)
    given = sa.select(*given_rows(_types(table, rows), rows).c)
    return _connection().execute(finish(statement.from_select([*rows[0]], given, include_defaults=False)))


def given_rows(types: Mapping[str, Any], rows: Sequence[Row]) -> sa.TableValuedAlias:
    """Rows as a table of PostgreSQL's, by an array for each column."""
    arrays = [
        sa.bindparam(f"all_{name}", [row[name] for row in rows], type_=postgresql.ARRAY(kind))
        for name, kind in types.items()
    ]
    columns = [sa.column(name, kind) for name, kind in types.items()]
    return sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def _types(table: sa.TableClause, rows: Sequence[Row]) -> dict[str, Any]:
    return {name: table.c[name].type for name in rows[0]}


def _connection() -> sa.Connection:
    return session().connection()
