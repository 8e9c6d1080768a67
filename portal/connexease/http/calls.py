"""A call to Connexease, and the two ways it can end: an answer, or silence."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from portal.connexease.errors import (
    BadAnswer,
    CallRecord,
    ConnexeaseError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from portal.connexease.http import refusals
from portal.connexease.http import retry_after as retry_after_header
from portal.connexease.texts import tidy

T = TypeVar("T")

_FIELD_NAME_LIMIT = 80
_PASSING = frozenset({408, 429, 500, 502, 503, 504})  # statuses that a repeated read may get past


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `body_secrets` are what the body holds that no error may show, should a server repeat it."""

    method: str
    url: str
    token: SecretStr
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    body_secrets: tuple[SecretStr, ...] = ()
    is_one_of_many: bool = False
    """Whether others like it follow each other at once, so that they may share connections."""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice is the same as doing it once; the API's only PATCHes set given values."""
        return self.method in ("GET", "PATCH")

    def record(self, status: int | None = None) -> CallRecord:
        return CallRecord(self.method, urlsplit(self.url).path, self.request_id, status)

    def tidy(self, text: str) -> str:
        """Foreign text made safe to show, without the secrets of this call."""
        return tidy(text, (self.token, *self.body_secrets))


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer began. `cause` is the name of an exception's class: nothing else of it is kept."""

    call: Call
    sent: bool
    cause: str

    is_passing = True
    status = None
    retry_after = None

    @property
    def may_be_done(self) -> bool:
        return self.sent and not self.call.is_read

    def error(self) -> ConnexeaseError:
        return (OutcomeUnknown if self.may_be_done else Unavailable)(self.call.record())


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `flaw` says why its body is not there (a template of `BadAnswer`)."""

    call: Call
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    flaw: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_bare(self) -> bool:
        """Whether this is a success without a body, such as a 204."""
        return self.is_success and self.flaw is None and not self.body.strip()

    @property
    def is_passing(self) -> bool:
        return self.status in _PASSING or (self.is_success and self.flaw == BadAnswer.cut_short)

    @property
    def may_be_done(self) -> bool:
        """Whether this leaves open if a write was carried out."""
        refused = 400 <= self.status < 500 and self.status != 408
        return not self.call.is_read and not refused

    @property
    def retry_after(self) -> float | None:
        written = self.headers.get("Retry-After")
        return None if written is None else retry_after_header.seconds(written)

    @property
    def record(self) -> CallRecord:
        return self.call.record(self.status)

    def read(self, shape: TypeAdapter[T]) -> T:
        """The body of a success as `shape`; whatever else it is, as an error."""
        if not self.is_success:
            raise self.refusal()
        result = self._parsed(shape)
        if isinstance(result, ConnexeaseError):
            raise result  # outside any handler: the validation error would hold the body
        return result

    def json(self) -> Any:
        """The body as JSON; None if it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def refusal(self) -> ConnexeaseError:
        """The error that this answer means."""
        match self.status:
            case 401 | 403:
                forbidden = Unauthorized.forbidden if self.status == 403 else None
                return Unauthorized(self.record, forbidden)
            case 404 | 410:
                return NotFound(self.record)
            case 429:
                return RateLimited(self.record, retry_after=self.retry_after)
            case status if 400 <= status < 500 and status != 408:
                fields, messages = refusals.read(self.body, self.call.tidy)
                return Rejected(self.record, fields=fields, messages=messages)
        return self.no_result()

    def no_result(self) -> ConnexeaseError:
        """The error for an answer that says nothing about what was asked."""
        if not self.call.is_read:
            return OutcomeUnknown(self.record)
        if self.status >= 500 or self.status == 408:
            return Unavailable(self.record, retry_after=self.retry_after)
        return BadAnswer(self.record, BadAnswer.redirect if 300 <= self.status < 400 else self.flaw)

    def _parsed(self, shape: TypeAdapter[T]) -> T | ConnexeaseError:
        content = None if self.flaw else self.json()
        if not isinstance(content, dict | list):
            return self.no_result()
        try:
            return shape.validate_python(content)
        except ValidationError as invalid:
            problems = invalid.errors(include_url=False, include_context=False, include_input=False)
        first = min(problems, key=lambda problem: problem["type"] != "missing")
        name = self.call.tidy(".".join(str(part) for part in first["loc"]))[:_FIELD_NAME_LIMIT]
        return self._unreadable(name, missing=first["type"] == "missing")

    def _unreadable(self, name: str, *, missing: bool) -> ConnexeaseError:
        if not name:
            return self.no_result()
        kind = BadAnswer if self.call.is_read else OutcomeUnknown
        return kind(self.record, kind.missing if missing else kind.odd, {"field": name})
