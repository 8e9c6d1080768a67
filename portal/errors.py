"""Errors that a person caused or can do something about."""

from portal.connexease import errors as cx
from portal.i18n import _


class DomainError(Exception):
    """A rule of the portal or of Connexease says no.

    Args:
        message: one sentence for the person, translated.
        field: the name of the form field that it belongs to; none when it concerns the whole form.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class FieldErrors(DomainError):
    """Several refusals at once, each at its field."""

    def __init__(self, message: str, fields: dict[str, list[str]]) -> None:
        super().__init__(message)
        self.fields = fields


def nothing_changed(error: cx.ConnexeaseError, unknown: str) -> DomainError:
    """What somebody is told of a call to Connexease that certainly changed nothing, but was not refused.

    Args:
        unknown: the sentence for what Connexease does not know any more.
    """
    if isinstance(error, cx.RateLimited):
        return DomainError(_("%(Vendor)s is busy. Nothing was changed. Wait a minute, then try again."))
    if isinstance(error, cx.NotFound):
        return DomainError(unknown)
    return DomainError(_("We couldn't reach %(vendor)s. Nothing was changed. Try again in a minute."))
