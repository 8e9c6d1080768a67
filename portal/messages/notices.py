"""What WhatsApp says of an account and its numbers, in words: what happened, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_number

from portal.contact import international
from portal.i18n import _
from portal.messages.reports import standings
from portal.models import Account, Standing


@dataclass(frozen=True)
class Notice:
    """One thing that somebody should act on."""

    happened: str
    todo: str
    at: datetime
    until: datetime | None = None
    is_serious: bool = False
    """Whether messages do not go out because of it."""


def of_account(account: Account) -> list[Notice]:
    """The newest first; those that stop messages before all others."""
    found = [_notice(row) for row in standings.of_account(account)]
    return sorted(found, key=lambda notice: not notice.is_serious)


def word(state: str) -> str:
    """A state as Meta calls it, such as PENDING_DELETION, as people read it."""
    states = {
        "APPROVED": _("Approved"),
        "REJECTED": _("Rejected"),
        "PENDING": _("In review"),
        "PAUSED": _("Paused"),
        "DISABLED": _("Disabled"),
        "FLAGGED": _("Flagged"),
    }
    return states.get(state) or state.replace("_", " ").capitalize()


def _notice(row: Standing) -> Notice:
    happened, todo = _MAKERS[row.subject](row) if row.subject in _MAKERS else (row.state, "")
    return Notice(happened, todo, row.at, row.until, row.subject in (standings.BAN, standings.RESTRICTION))


def _ban(row: Standing) -> tuple[str, str]:
    todo = _("Open WhatsApp Manager at Meta to see why, and ask for a review there.")
    if row.state != "SCHEDULE_FOR_DISABLE":
        return _("Meta disabled your WhatsApp account. No messages are sent."), todo
    if row.detail:
        return _("Meta will disable your WhatsApp account on %(date)s.", date=row.detail), todo
    return _("Meta will disable your WhatsApp account."), todo


def _restriction(row: Standing) -> tuple[str, str]:
    todo = _("Stop campaigns for now. Open WhatsApp Manager at Meta to see why, and ask for a review there.")
    kinds = [kind for part in row.detail.split(", ") if (kind := _restricted(part))]
    if kinds:
        return _("Meta restricted your WhatsApp account: %(what)s.", what="; ".join(kinds)), todo
    return _("Meta restricted your WhatsApp account."), todo


def _restricted(kind: str) -> str:
    return {
        "RESTRICTED_BIZ_INITIATED_MESSAGING": _("you can't start conversations"),
        "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": _("you can't answer customers"),
        "RESTRICTED_ADD_PHONE_NUMBER_ACTION": _("you can't add phone numbers"),
    }.get(kind, kind.replace("_", " ").lower())


def _violation(row: Standing) -> tuple[str, str]:
    todo = _("Read Meta's rule and stop what breaks it: more violations lead to a restriction.")
    kind = row.detail.replace("_", " ").lower()
    if kind:
        return _("Meta says that your WhatsApp account broke a rule: %(rule)s.", rule=kind), todo
    return _("Meta says that your WhatsApp account broke a rule."), todo


def _review(_row: Standing) -> tuple[str, str]:
    happened = _("Meta reviewed your WhatsApp account and didn't approve it.")
    return happened, _("Open WhatsApp Manager at Meta to see why, and ask for another review there.")


def _quality(row: Standing) -> tuple[str, str]:
    todo = _("Write only to people who expect it, and less often. If nothing changes, Meta lowers your limit.")
    number = international(row.name)
    if number:
        return _("The quality of %(number)s is low: people block or report its messages.", number=number), todo
    return _("The quality of your number is low: people block or report its messages."), todo


def _limit(row: Standing) -> tuple[str, str]:
    todo = _("Spread large campaigns over several days. Meta raises the limit again as the quality gets better.")
    people, number = _people(row.detail), international(row.name)
    if people and number:
        said = _("Meta lowered the limit of %(number)s to %(people)s people a day.", number=number, people=people)
        return said, todo
    return _("Meta lowered the number of people that you can write to a day."), todo


def _people(limit: str) -> str:
    """TIER_1K is how Meta writes 1,000."""
    digits = limit.removeprefix("TIER_").replace("K", "000")
    return str(format_number(int(digits))) if digits.isascii() and digits.isdigit() else ""


def _name(row: Standing) -> tuple[str, str]:
    todo = _("Choose another name in WhatsApp Manager at Meta. Until then people see the number.")
    if row.detail:
        return _("Meta didn't approve the display name “%(name)s”.", name=row.detail), todo
    return _("Meta didn't approve the display name of your number."), todo


_MAKERS: dict[str, Callable[[Standing], tuple[str, str]]] = {
    standings.BAN: _ban,
    standings.RESTRICTION: _restriction,
    standings.VIOLATION: _violation,
    standings.REVIEW: _review,
    standings.QUALITY: _quality,
    standings.LIMIT: _limit,
    standings.NAME: _name,
}
