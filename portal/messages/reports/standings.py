"""How the account, its numbers and its templates stand at WhatsApp, as the gateway reports it.

Of each thing the newest word is kept. A word that says that all is well again is kept as none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.db import first_come
from portal.extensions import session
from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of
from portal.messages.reports.people import someone
from portal.models import Account, Standing, TemplateListing, now

BAN, RESTRICTION, VIOLATION, REVIEW = "ban", "restriction", "violation", "review"
QUALITY, LIMIT, NAME, TEMPLATE = "quality", "limit", "name", "template"
LASTS = timedelta(days=30)
"""Of what has no end of its own and nothing that takes it back, this is long enough to be told."""
WELL = ("APPROVED", "REINSTATED", "UNARCHIVED", "UNLOCKED")
"""A template that WhatsApp delivers."""
_HAVE_NO_END = (RESTRICTION, VIOLATION, LIMIT, NAME)


@dataclass(frozen=True)
class Told:
    """What an event says of one thing."""

    subject: str
    state: str
    at: datetime | None
    name: str = ""
    language: str = ""
    detail: str = ""
    until: datetime | None = None

    @property
    def thing(self) -> tuple[str, str, str]:
        return self.subject, self.name, self.language


def in_change(change: Any, at: datetime | None) -> Iterator[Told]:
    """What a change tells, that was said at this time."""
    value = dict_of(change, "value")
    match text_of(change, "field", 64):
        case "account_update":
            yield from _of_account(value, at)
        case "account_review_update":
            yield Told(REVIEW, _only(text_of(value, "decision", 60), "REJECTED"), at)
        case "phone_number_quality_update":
            yield from _of_quality(value, at)
        case "phone_number_name_update":
            asked = line_of(value, "requested_verified_name", 200)
            yield Told(NAME, _only(text_of(value, "decision", 60), "REJECTED"), at, _number(value), detail=asked)
        case "message_template_status_update":
            yield from _of_template(value, at)


def keep(account_id: UUID, told: Sequence[Told]) -> None:
    """Keep what is newer than what is known. The caller commits."""
    for each in told:
        subject, name, language = each.thing
        at = each.at or now()
        thing = {"account_id": account_id, "subject": subject, "name": name, "language": language}
        said = {"state": each.state, "detail": each.detail, "until": each.until, "at": at}
        first_come.insert(Standing, [thing | said])
        session().execute(
            sa.update(Standing)
            .filter_by(**thing)
            .where(col(Standing.at) <= at)
            .values(**said)
            .execution_options(synchronize_session=False)
        )
    if any(each.subject == TEMPLATE for each in told):
        _have_list_read_again(account_id)


def of_account(account: Account) -> Sequence[Standing]:
    """What is not well with the account and its numbers now, the newest first."""
    at = now()
    values = {"account": account.id, "now": at, "long_ago": at - LASTS}
    return session().execute(_query(), values).scalars().all()


@cache
def _query() -> sa.Select[Any]:
    ends = col(Standing.until).is_not(None) | col(Standing.subject).not_in(_HAVE_NO_END)
    query = sa.select(Standing).where(
        col(Standing.account_id) == sa.bindparam("account"),
        col(Standing.subject) != TEMPLATE,
        col(Standing.state) != "",
        col(Standing.until).is_(None) | (col(Standing.until) > sa.bindparam("now")),
        ends | (col(Standing.at) > sa.bindparam("long_ago")),
    )
    return query.order_by(col(Standing.at).desc())


def of_templates(account: Account) -> dict[str, list[Standing]]:
    """By a template's name, how it stands in each language of which WhatsApp told anything."""
    query = select(Standing).where(Standing.account_id == account.id, col(Standing.subject) == TEMPLATE)
    found: dict[str, list[Standing]] = {}
    for row in session().exec(query.order_by(col(Standing.language))):
        found.setdefault(row.name, []).append(row)
    return found


def _have_list_read_again(account_id: UUID) -> None:
    """The list names no states, and drops a template that may not be sent: the next look asks for it anew."""
    session().execute(
        sa.update(TemplateListing)
        .where(col(TemplateListing.account_id) == account_id)
        .values(tried_at=None)
        .execution_options(synchronize_session=False)
    )


def _of_account(value: dict[str, Any], at: datetime | None) -> Iterator[Told]:
    match text_of(value, "event", 60):
        case "DISABLED_UPDATE":
            ban = dict_of(value, "ban_info")
            state = text_of(ban, "waba_ban_state", 60) or "DISABLE"
            yield Told(BAN, "" if state == "REINSTATE" else state, at, detail=line_of(ban, "waba_ban_date", 60))
        case "ACCOUNT_RESTRICTION":
            limits = list_of(value, "restriction_info")
            words = [word for limit in limits if (word := line_of(limit, "restriction_type", 60))]
            ends = [end for limit in limits if (end := _end(limit))]
            until = max(ends) if ends and len(ends) == len(limits) else None
            yield Told(RESTRICTION, "RESTRICTED", at, detail=", ".join(words)[:200], until=until)
        case "ACCOUNT_VIOLATION":
            kind = line_of(dict_of(value, "violation_info"), "violation_type", 200)
            yield Told(VIOLATION, "VIOLATION", at, detail=kind)


def _of_quality(value: dict[str, Any], at: datetime | None) -> Iterator[Told]:
    event, number = text_of(value, "event", 60), _number(value)
    if event in ("FLAGGED", "UNFLAGGED"):
        yield Told(QUALITY, _only(event, "FLAGGED"), at, number)
    elif event in ("DOWNGRADE", "UPGRADE", "ONBOARDING"):
        limit = line_of(value, "current_limit", 60)
        yield Told(LIMIT, _only(event, "DOWNGRADE"), at, number, detail=limit)


def _of_template(value: dict[str, Any], at: datetime | None) -> Iterator[Told]:
    name, event = text_of(value, "message_template_name", 512), text_of(value, "event", 60)
    language, reason = text_of(value, "message_template_language", 16), line_of(value, "reason", 200)
    if name and event:
        yield Told(TEMPLATE, event, at, name, language, detail="" if reason == "NONE" else reason)


def _end(limit: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text_of(limit, "expiration", 20)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _number(value: dict[str, Any]) -> str:
    return someone(value, "display_phone_number", "").number


def _only(word: str, state: str) -> str:
    return word if word == state else ""
