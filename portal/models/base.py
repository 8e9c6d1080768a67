"""What every table shares: naming, time, identifiers."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.clock import now

# Names that do not depend on the database, so that a migration can name a constraint on either.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant. Goes in and comes out aware, in UTC, on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_field() -> Any:
    """A random UUID as the primary key: it tells nobody how many rows there are."""
    return Field(default_factory=uuid.uuid4, primary_key=True)


def instant(default_now: bool = False, index: bool = False) -> Any:
    """A column that holds an instant; null unless it defaults to now."""
    if default_now:
        return Field(default_factory=now, sa_type=UtcDateTime, index=index)
    return Field(default=None, sa_type=UtcDateTime, nullable=True, index=index)


def json_list(**options: Any) -> Any:
    """A column that holds a list, empty at first."""
    return Field(default_factory=_nothing_listed, sa_type=sa.JSON, **options)


def json_object(**options: Any) -> Any:
    """A column that holds values by their names, none at first."""
    return Field(default_factory=_nothing_named, sa_type=sa.JSON, **options)


# For every row pydantic asks what its factory takes, and of `list` and `dict` that takes ten times as long.
def _nothing_listed() -> list[Any]:
    return []


def _nothing_named() -> dict[str, Any]:
    return {}


def word_of(words: type[StrEnum], **options: Any) -> Any:
    """A column that holds one of these words, as text: a new word needs no change of the database's types."""
    kind = sa.Enum(words, native_enum=False, length=40, values_callable=lambda e: [w.value for w in e])
    return Field(sa_type=kind, **options)
