"""Many rows or values in one statement, which is the same however many there are.

PostgreSQL gets all rows as one JSON text. A statement per row would double the cost of each row, for the server
and for its driver. A statement that lists every value costs as much, because the driver parses it again each time,
and an array for each column nearly so, because the driver writes and quotes each value in Python.
SQLite runs inside this process, so it gets one row after another.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

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
    """Rows as a table of PostgreSQL's. A `None` is NULL in each column, those of JSON included."""
    columns = [sa.column(name, kind) for name, kind in types.items()]
    told = sa.bindparam("all_rows", _json(types, rows), type_=sa.Text())
    given = sa.func.json_to_recordset(sa.cast(told, postgresql.JSON)).table_valued(*columns, name="given")
    return given.render_derived(with_types=True)


def _json(types: Mapping[str, Any], rows: Sequence[Row]) -> str:
    makers = {name: maker for name, kind in types.items() if (maker := _maker(kind)) is not None}
    if makers:
        rows = [{**row, **{name: make(row[name]) for name, make in makers.items()}} for row in rows]
    return json.dumps(rows, default=_text, check_circular=False)


def _maker(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What makes of a value what its column holds; none where that is the same, or is written by `json`."""
    if isinstance(kind, sa.JSON | sa.LargeBinary):
        return None
    dialect = _connection().dialect
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _text(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex  # half the work of writing the hyphens, too
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _types(table: sa.TableClause, rows: Sequence[Row]) -> dict[str, Any]:
    return {name: table.c[name].type for name in rows[0]}


def _connection() -> sa.Connection:
    return session().connection()
