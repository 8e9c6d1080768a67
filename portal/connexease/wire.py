"""What all wire types share: how fields are read, written, and kept out of sight."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    SecretStr,
    SerializationInfo,
)

_ON_THE_WIRE = {"reveal": True}


def _readable(value: object) -> object:
    # One odd name must not spoil a whole list: null says no more than "", and neither NUL nor half a
    # surrogate pair can be stored.
    if value is None:
        return ""
    return value.replace("\x00", "").encode(errors="replace").decode() if isinstance(value, str) else value


def _as_utc(moment: datetime) -> datetime:
    # The vendor's timestamps carry no zone; they are taken to be UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) else value


def _written(value: SecretStr, info: SerializationInfo) -> str:
    return value.get_secret_value() if info.context == _ON_THE_WIRE else str(value)


VendorText = Annotated[str, BeforeValidator(_readable)]
UtcDatetime = Annotated[datetime, AfterValidator(_as_utc)]
HeaderValue = Annotated[SecretStr, BeforeValidator(_as_text), PlainSerializer(_written, when_used="json")]


class Wire(BaseModel):
    """A JSON object. Its `repr` shows only documented fields, its validation errors no values."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        unknown = self.model_extra or {}
        return [(name, value) for name, value in super().__repr_args__() if name not in unknown]


class Received(Wire):
    """An answer: unknown fields are kept in `model_extra`."""

    model_config = ConfigDict(extra="allow")


class Sent(Wire):
    """A request: only what the contract documents."""

    model_config = ConfigDict(extra="forbid")

    def as_json(self, *, only_set: bool = False, without_none: bool = False) -> dict[str, Any]:
        """The JSON to send, secrets in clear."""
        return self.model_dump(
            mode="json", context=_ON_THE_WIRE, exclude_unset=only_set, exclude_none=without_none
        )
