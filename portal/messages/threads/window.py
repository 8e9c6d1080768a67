"""The 24 hours after somebody wrote, in which they may be answered freely: for each of the account's numbers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_babel import format_time
from sqlmodel import col, select

from portal.contact import international
from portal.contacts.consent import ledger
from portal.contacts.people import Who
from portal.extensions import session
from portal.i18n import _
from portal.models import Contact, Credential, InboundMessage, KeyTrial, now

LASTS = timedelta(hours=24)


@dataclass(frozen=True)
class Window:
    """How it stands with one person."""

    until: datetime | None = None
    """When it closes or closed; none where nobody knows that they ever wrote."""
    business_number: str = ""
    """The number that they wrote to, where the event names it."""

    @property
    def is_open(self) -> bool:
        return self.until is not None and self.until > now()

    @property
    def words(self) -> str:
        """What a page says of it, in the reader's time zone."""
        if self.until is None:
            return _(
                "We don't know when this person last wrote to you. Outside 24 hours, only a template arrives."
            )
        if not self.is_open:
            return _("This person last wrote more than 24 hours ago. Only a template arrives.")
        minutes = int((self.until - now()).total_seconds()) // 60
        words = {
            "time": format_time(self.until, "short"),
            "left": _("%(hours)d h %(minutes)d min", hours=minutes // 60, minutes=minutes % 60),
        }
        if self.business_number:
            number = international(self.business_number)
            return _("Free text until %(time)s (%(left)s), from %(number)s", number=number, **words)
        return _("Free text until %(time)s (%(left)s)", **words)


def of_number(account_id: UUID, number: str, credential: Credential | None = None) -> Window:
    """How it stands with whoever has this number, for the account's number that a key sends from."""
    contacts = ledger.contacts_of(account_id, [Who(number)]) if number else []
    return of_contact(contacts[0], credential) if contacts else Window()


def of_contact(contact: Contact, credential: Credential | None = None) -> Window:
    """The same for a contact. Where nobody knows the key's number, the number that they wrote to last counts."""
    last = sa.func.max(col(InboundMessage.at)).label("last")
    query = (
        sa.select(col(InboundMessage.business_number), last)
        .where(col(InboundMessage.contact_id) == contact.id)
        .group_by(col(InboundMessage.business_number))
    )
    heard = {row.business_number: row.last for row in session().execute(query)}
    own = _number_of(credential) if credential is not None else ""
    if own and any(heard):
        heard = {number: at for number, at in heard.items() if number in ("", own)}
    if not heard:
        return Window()
    number = max(heard, key=lambda each: heard[each])
    return Window(heard[number] + LASTS, number)


def _number_of(credential: Credential) -> str:
    """The number that a key sends from, as the newest check of it found."""
    query = select(KeyTrial.number).where(KeyTrial.credential_id == credential.id, KeyTrial.number != "")
    return session().exec(query.order_by(col(KeyTrial.created_at).desc()).limit(1)).first() or ""
