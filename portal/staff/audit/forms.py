"""The filter of the audit log."""

from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import SearchField
from wtforms.validators import Length

from portal.audit import log
from portal.i18n import _, _l
from portal.web.forms import Choice, text
from portal.web.listing import PeriodForm, as_sent

FIELDS = ("account", "actor", "family", "q", "range")

FAMILY_WORDS = {
    "account": _l("Accounts and sign-ups"),
    "channel": _l("Channels"),
    "webhook": _l("Webhooks"),
    "event": _l("Events"),
    "key": _l("Tokens and keys"),
    "message": _l("Messages"),
    "contact": _l("Contacts and consent"),
    "person": _l("People"),
    "staff": _l("Staff and the portal"),
}


class AuditForm(PeriodForm):
    """What to show of the audit log. Nothing chosen shows everything."""

    account = SearchField(_l("Account"), [Length(max=254)], description=_l("Enter a name, email address or UUID."))
    actor = SearchField(
        _l("Person"), [Length(max=254)], description=_l("Enter an email address, or “portal” for the system.")
    )
    q = SearchField(_l("Subject"), [Length(max=100)], description=_l("Enter part of a name or an address."))
    family = Choice(_l("Type"))

    def prepare(self) -> None:
        """Offer the kinds of action."""
        self.family.choices = {"": _("Any")} | {name: str(words) for name, words in FAMILY_WORDS.items()}
        self.offer_ranges()

    def filter(self, zone: str) -> log.Filter:
        """What was chosen; only after the form has validated."""
        since, until = self.period(zone)
        account = text(self.account).strip()
        return log.Filter(
            accounts=log.accounts_named(account) if account else None,
            actor=text(self.actor).strip(),
            family=self.family.data or "",
            words=text(self.q).strip(),
            since=since,
            until=until,
        )


def audit_form(arguments: MultiDict[str, Any]) -> AuditForm:
    """The form as it was sent; fields that were not sent are empty."""
    form = AuditForm(as_sent(arguments, FIELDS))
    form.prepare()
    return form
