"""Which kind each template is, as Meta says it: in what it charges for one, and when it changes its mind.

Connexease's list does not tell. Whether a template is marketing depends on it: see `portal.messages.sending`.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from portal.db import first_come
from portal.extensions import session
from portal.messages.reports.json_fields import dict_of, line_of, text_of
from portal.messages.reports.named import Named
from portal.models import Message, MessageType, TemplateListing

KINDS = ("marketing", "marketing_lite", "utility", "authentication", "authentication_international")
"""What a template can be; other words of a charge are about the conversation."""


def in_change(change: Any) -> Iterator[tuple[str, str]]:
    """The template that is of another kind from now on, with that kind."""
    value = dict_of(change, "value")
    kind = text_of(value, "new_category", 40).lower()
    if text_of(change, "field", 64) == "template_category_update" and kind in KINDS:
        name = line_of(value, "message_template_name", 512)
        yield key(name, line_of(value, "message_template_language", 16)), kind


def of_charge(message: Message | Named, pricing: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """The template that was charged for, with its kind; none where it says nothing of one."""
    kind = str((pricing or {}).get("category") or "").lower()
    if message.type != MessageType.TEMPLATE or kind not in KINDS or not message.payload:
        return None
    return of_message(message), kind


def of_message(message: Message | Named) -> str:
    """What the kind of a message's template is kept under."""
    template = (message.payload or {}).get("template") or {}
    return key(str(template.get("name") or ""), str((template.get("language") or {}).get("code") or ""))


def key(name: str, language: str) -> str:
    """A name has a template for each language, and each may be of another kind."""
    return f"{name} {language}"


def known(account_id: UUID, template: str) -> str:
    """The kind of a template; empty where nobody knows."""
    listing = session().get(TemplateListing, account_id)
    return listing.categories.get(template, "") if listing is not None else ""


def keep(account_id: UUID, told: Mapping[str, str]) -> None:
    """Keep what is new. The caller commits."""
    if not told:
        return
    first_come.insert(TemplateListing, [{"account_id": account_id}])
    listing = session().get_one(TemplateListing, account_id, with_for_update=True, populate_existing=True)
    if any(listing.categories.get(name) != kind for name, kind in told.items()):
        listing.categories = {**listing.categories, **told}
        session().add(listing)
