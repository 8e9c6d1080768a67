"""What can go wrong in a call to Connexease, told apart by what is known afterwards.

* refused: `Rejected`, `NotFound`, `Unauthorized`, `RateLimited` - nothing was done;
* not done: `Unavailable` - nothing was sent, or it was only a read (`BadAnswer`: answered oddly);
* nobody knows: `OutcomeUnknown` - a write may have been carried out.

No error holds a token, a request or response body, a query string, or another exception that does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from portal.connexease.texts import filled, gettext_noop


@dataclass(frozen=True, slots=True)
class CallRecord:
    """Which call an error belongs to. `path` is without query, `status` is None when no answer began."""

    method: str
    path: str
    request_id: str
    status: int | None = None


class ConnexeaseError(Exception):
    """Any failure of a call to Connexease.

    `message` is one sentence that may be shown to a person. `template` and `values` are the same sentence as
    a source string and what it names, for whoever translates it.
    """

    sentence: ClassVar[str] = gettext_noop("%(Vendor)s couldn't do this.")

    def __init__(
        self, call: CallRecord, template: str | None = None, values: Mapping[str, object] | None = None
    ) -> None:
        self.method = call.method
        self.path = call.path
        self.status = call.status
        self.request_id = call.request_id
        self.template = self.sentence if template is None else template
        self.values = dict(values or {})
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return filled(self.template, self.values)

    def __str__(self) -> str:
        status = "no answer" if self.status is None else self.status
        return f"{self.message} [{self.method} {self.path}: {status}; request {self.request_id}]"


class Rejected(ConnexeaseError):
    """The request was refused for its content; nothing was done.

    `fields` maps a field (nested ones dotted: `data.headers`) to the vendor's sentences, `messages` are the
    sentences that belong to no field.
    """

    sentence = gettext_noop("%(Vendor)s refused the request and gave no reason.")
    see_fields: ClassVar[str] = gettext_noop("%(Vendor)s refused some of the values.")

    def __init__(
        self,
        call: CallRecord,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        messages: Sequence[str] = (),
    ) -> None:
        self.fields = {name: list(texts) for name, texts in (fields or {}).items()}
        self.messages = list(messages)
        fallback = self.see_fields if self.fields else None
        super().__init__(call, self.messages[0] if self.messages else fallback)


class GatewayRefused(Rejected):
    """The gateway refused to send, in its own shape of error: the message was not sent.

    `code` such as `GW_001` or `BILL_001` (empty when it gave none); `description` is the vendor's sentence.
    """

    sentence = gettext_noop("The gateway refused the message and gave no reason.")

    def __init__(
        self, call: CallRecord, *, code: str, group: str, description: str, params: Mapping[str, Any]
    ) -> None:
        self.code = code
        self.group = group
        self.description = description
        self.params = dict(params)
        super().__init__(call, messages=[description] if description else [])


class NotFound(ConnexeaseError):
    """404 or 410: it does not exist, or is not ours."""

    sentence = gettext_noop("%(Vendor)s couldn't find this, or it belongs to another reseller.")


class Unauthorized(ConnexeaseError):
    """401 or 403, which is kept in `status`; None when the credential could not even be sent."""

    sentence = gettext_noop("%(Vendor)s refused the credentials.")
    forbidden: ClassVar[str] = gettext_noop("These credentials don't allow this at %(vendor)s.")
    malformed: ClassVar[str] = gettext_noop("The key contains characters that a key can't have.")


class RateLimited(ConnexeaseError):
    """429: too many requests; nothing was done.

    `retry_after` is in seconds, None when the vendor named no time; `limit_type` is the gateway's `sec` or
    `min`.
    """

    sentence = gettext_noop("%(Vendor)s is receiving too many requests. Try again in a few minutes.")

    def __init__(
        self, call: CallRecord, *, retry_after: float | None = None, limit_type: str | None = None
    ) -> None:
        self.retry_after = retry_after
        self.limit_type = limit_type
        super().__init__(call)


class Unavailable(ConnexeaseError):
    """Certainly not done: nothing was sent, or it was a read, which changes nothing.

    `retry_after` is in seconds when the vendor named a time (503).
    """

    sentence = gettext_noop("We couldn't reach %(vendor)s.")

    def __init__(
        self,
        call: CallRecord,
        template: str | None = None,
        values: Mapping[str, object] | None = None,
        *,
        retry_after: float | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(call, template, values)


class BadAnswer(Unavailable):
    """A read was answered with something the contract does not allow; `field` names what lacks or is odd."""

    sentence = gettext_noop("We couldn't read the answer from %(vendor)s.")
    missing: ClassVar[str] = gettext_noop("The answer from %(vendor)s is missing the field “%(field)s”.")
    odd: ClassVar[str] = gettext_noop("The answer from %(vendor)s has an unreadable field “%(field)s”.")
    redirect: ClassVar[str] = gettext_noop("%(Vendor)s answered with a redirect, which we never follow.")
    too_large: ClassVar[str] = gettext_noop("The answer from %(vendor)s was too large to read.")
    cut_short: ClassVar[str] = gettext_noop("The answer from %(vendor)s was cut off.")
    foreign_page: ClassVar[str] = gettext_noop("%(Vendor)s pointed to a next page at another address.")
    endless_pages: ClassVar[str] = gettext_noop("The list from %(vendor)s never ends.")

    @property
    def field(self) -> str | None:
        return _field(self)


class OutcomeUnknown(ConnexeaseError):
    """A write that may have been carried out. `field` names what its answer lacked, if that was why."""

    sentence = gettext_noop("%(Vendor)s didn't confirm this, so we don't know whether it was done.")
    missing: ClassVar[str] = gettext_noop(
        "We don't know whether this was done: the answer from %(vendor)s is missing the field “%(field)s”."
    )
    odd: ClassVar[str] = gettext_noop(
        "We don't know whether this was done: the answer from %(vendor)s has an unreadable field “%(field)s”."
    )

    @property
    def field(self) -> str | None:
        return _field(self)


def _field(error: ConnexeaseError) -> str | None:
    name = error.values.get("field")
    return None if name is None else str(name)
