"""What each kind of mail would say, with people who do not exist: to look at, and to send to oneself."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

from portal.i18n import _
from portal.mail.writing import Context
from portal.models import MailKind, now

SAMPLE = "sample"
"""In a mail's context: the variant that is wanted."""
NOBODY = UUID(int=0)


def variants() -> list[tuple[MailKind, str]]:
    """Every mail that there is, and which of its texts."""
    return [(kind, variant) for kind in MailKind for variant in _VARIANTS.get(kind, ("",))]


def context(kind: MailKind, variant: str) -> Context:
    """What such a mail is about."""
    person = SimpleNamespace(first_name="Ada", email="ada@example.com")
    account = SimpleNamespace(id=NOBODY, name="Acme Corp")
    moment = now()
    return {
        "person": person,
        "name": "Acme Corp" if kind == MailKind.ACCOUNT_OPENED else person.first_name,
        "company": account.name,
        "account": None if variant == "staff" else account,
        "account_id": account.id,
        "token": None if variant == "known" else SAMPLE,
        "invitation": SimpleNamespace(name=account.name, invited_by="Grace Hopper"),
        "new": "ada.lovelace@example.com",
        "note": _("Your own text appears here.") if kind in _WITH_NOTE else "",
        "label": "Orders",
        "link": SimpleNamespace(
            note="CRM", opened_at=moment, opened_from="203.0.113.7", opened_with="Firefox on Windows"
        ),
        "credential": SimpleNamespace(id=NOBODY, expires_at=moment + timedelta(days=14)),
        "what": variant,
        "made": variant != "changed",
        "staff": "Grace Hopper",
        "host": "crm.example.com",
        "destination": SimpleNamespace(name="Orders"),
        "campaign": SimpleNamespace(id=NOBODY, name=_("Autumn sale")),
        "left": 120,
        "happened": _("Your balance at the gateway is too low."),
        "todo": _("Top up your balance in the gateway's dashboard, then resume the campaign."),
        "step": {"held": 100, "gone": 410}.get(variant, 50),
    }


_WITH_NOTE = (MailKind.DECLINED, MailKind.GIVEN_UP)
_VARIANTS: dict[MailKind, tuple[str, ...]] = {
    MailKind.NEW_EMAIL: ("", "known"),
    MailKind.INVITATION: ("", "staff"),
    MailKind.ACCOUNT_OPENED: ("", "known"),
    MailKind.SECOND_FACTOR: ("on", "off", "reset", "used"),
    MailKind.WEBHOOK_BY_STAFF: ("", "changed"),
    MailKind.DESTINATION_FAILING: ("", "held", "gone"),
}
