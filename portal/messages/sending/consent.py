"""Whether somebody may be sent a message: asked when it is written, when it is confirmed, and when it goes out.

A template is what Meta said of it. One whose category nobody knows here is taken to be marketing, unless its
sender says otherwise. Marketing Lite carries nothing but marketing. What is no template answers somebody who
wrote, so it is not marketing; who is out of everything does not get it either.
"""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import format_date

from portal.contacts.consent import ledger
from portal.contacts.people import Who
from portal.errors import DomainError
from portal.i18n import _
from portal.messages.reports import categories
from portal.messages.sending.results import Result, opted_out
from portal.models import ConsentEntry, Message, MessageState, MessageType, Scope
from portal.secrets.crypto import VaultError

MARKETING = ("marketing", "marketing_lite")
"""How Meta calls it, in small letters."""


def category_of(message: Message) -> str:
    """What Meta said that the message's template is; empty where that is not known."""
    return categories.known(message.account_id, categories.of_message(message))


def counts_as_marketing(message: Message, *, is_said_otherwise: bool = False) -> bool:
    """Whether a message is marketing.

    Args:
        is_said_otherwise: whether its sender says that it is not.
    """
    if message.type != MessageType.TEMPLATE:
        return False
    template, account_id = categories.of_message(message), message.account_id
    return is_marketing(account_id, template, mmlite=message.mmlite, is_said_otherwise=is_said_otherwise)


def is_marketing(account_id: UUID, template: str, *, mmlite: bool, is_said_otherwise: bool) -> bool:
    """Whether a template is marketing.

    Args:
        template: as `categories.key` names it.
        is_said_otherwise: whether its sender says that it is not.
    """
    category = categories.known(account_id, template)
    if mmlite or category in MARKETING:
        return True
    return not (category or is_said_otherwise)


def refuse(message: Message) -> None:
    """Refuse what its recipient does not want.

    Raises:
        DomainError: they opted out, at `to`.
    """
    try:
        entry = _against(message)
    except VaultError:
        raise DomainError(_("We couldn't check who opted out. Nothing was sent. Try again later."), "to") from None
    if entry is not None:
        raise DomainError(_why(entry), "to")


def refusal(message: Message) -> Result | None:
    """The end of a message that is not to go out. The caller holds the ledger's lock."""
    try:
        entry = _against(message)
    except VaultError:
        return Result(MessageState.REFUSED, opted_out(None))
    return Result(MessageState.REFUSED, opted_out(entry.scope)) if entry is not None else None


def refusals(account_id: UUID, numbers: Sequence[str], template: str, *, is_marketing: bool) -> dict[str, Result]:
    """The ends of those of many messages of one template that are not to go out, by number.

    The caller holds the ledger's lock.

    Args:
        template: as `categories.key` names it.

    Raises:
        VaultError: nobody can tell who opted out.
    """
    counts = is_marketing or categories.known(account_id, template) in MARKETING
    found = {
        number: standing.against(is_marketing=counts)
        for number, standing in ledger.standings(account_id, numbers).items()
    }
    return {
        number: Result(MessageState.REFUSED, opted_out(entry.scope))
        for number, entry in found.items()
        if entry is not None
    }


def _against(message: Message) -> ConsentEntry | None:
    counts = message.is_marketing or (message.type == MessageType.TEMPLATE and category_of(message) in MARKETING)
    return ledger.standing(message.account_id, Who(message.recipient)).against(is_marketing=counts)


def _why(entry: ConsentEntry) -> str:
    day = format_date(entry.at, "long")
    if entry.scope == Scope.EVERYTHING:
        return _("This person opted out of all messages on %(day)s. You can't write to them.", day=day)
    return _(
        "This person opted out of marketing on %(day)s. Send a message that isn't marketing.",
        day=day,
    )
