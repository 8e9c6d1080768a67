"""What a person sees before a message goes out: who gets what, and what speaks against it."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from portal.extensions import connexease, session
from portal.i18n import _
from portal.messages import notices, template_list
from portal.messages.compose import media_check, payloads, preview, recipients
from portal.messages.compose.drafts import Draft
from portal.messages.compose.media_check import Report
from portal.messages.compose.preview import Bubble
from portal.messages.compose.recipients import Recipient
from portal.messages.reports import standings
from portal.messages.sending import outbox
from portal.messages.template_list import Listed
from portal.messages.threads import window
from portal.messages.threads.window import Window
from portal.models import Account, Credential, Message, MessageState, MessageType, Person
from portal.web import rate_limits
from portal.web.rate_limits import Limit


@dataclass(frozen=True)
class Review:
    """A message that waits for its confirmation."""

    message: Message
    recipient: Recipient
    draft: Draft
    bubble: Bubble
    file: Report | None
    """What a look at its file brought; none without a file."""
    twin: Message | None
    """The same, sent a moment ago."""
    mark: str
    window: Window
    """How long the recipient may be answered freely."""
    trouble: str = ""
    """How its template stands, where WhatsApp said that it does not deliver it."""


def find(account: Account, message_id: UUID) -> Message | None:
    """One of the account's messages, while its content is kept."""
    found = session().get(Message, message_id)
    return found if found is not None and found.account_id == account.id and found.payload else None


def prepare(
    person: Person,
    account: Account,
    draft: Draft,
    credential: Credential,
    intent: str,
    *,
    mmlite: bool,
    is_fake: bool,
    is_not_marketing: bool = False,
) -> Message:
    """Keep a draft until it is confirmed.

    A form that is sent again after its message went out, as by the browser's back button, and holds something else
    by then, is a new message; the same once more is the message that went out.

    Raises:
        DomainError: it is not finished, the key is gone, or the recipient opted out.
    """
    message = payloads.message(draft, account.time_zone)
    listed = listed_for(account, draft)
    line, seen = preview.line(draft, listed), listed.kept if listed else None
    composed = outbox.Composed(
        message,
        credential,
        mmlite,
        is_fake,
        is_not_marketing,
        preview=line,
        template=draft.template,
        template_seen=seen,
    )
    row = outbox.prepare(person, account, composed, intent)
    if row.state != MessageState.PREPARED and not _is_same(row, composed):
        row = outbox.prepare(person, account, composed, _intent_of(intent, composed))
    if draft.kind == MessageType.TEMPLATE:
        template_list.remember_language(account, draft)
    return row


def _is_same(row: Message, composed: outbox.Composed) -> bool:
    written = {name: part for name, part in (row.payload or {}).items() if name != "biz_opaque_callback_data"}
    went = (written, row.credential_id, row.mmlite, row.is_fake)
    return went == _facts(composed)


def _intent_of(intent: str, composed: outbox.Composed) -> str:
    """A mark for what the form holds now: once more the same is the same message again."""
    return sha256(json.dumps([intent, *_facts(composed)], default=str, sort_keys=True).encode()).hexdigest()


def _facts(composed: outbox.Composed) -> tuple[Any, ...]:
    body = connexease().gateway.body(composed.message)
    return body, composed.credential.id, composed.mmlite, composed.is_fake


def draft_of(message: Message) -> Draft:
    """What was written, from what was kept."""
    return replace(payloads.of_payload(message.payload or {}, message.recipient), template=message.template_uuid)


def bubble(message: Message) -> Bubble | None:
    """A message as its sender saw it; none once its content was erased."""
    if message.payload is None:
        return None
    return preview.of_draft(draft_of(message), _seen(message))


def content(message: Message) -> str:
    """What a message says, all of it; nothing once its content was erased."""
    return preview.plain(draft_of(message), _seen(message)) if message.payload else ""


def _seen(message: Message) -> Listed | None:
    return template_list.of_kept(message.template_seen) if message.template_seen else None


def listed_for(account: Account, draft: Draft) -> Listed | None:
    """The template as Connexease lists it, if it does and takes as many values.

    Of one that was written by hand only the name is known, which may be that of several: then nobody can tell.
    """
    listed = [each for each in template_list.known(account).templates if _may_be(each, draft)]
    return listed[0] if len(listed) == 1 else None


def _may_be(listed: Listed, draft: Draft) -> bool:
    is_chosen = draft.template in (None, listed.uuid)
    return is_chosen and listed.name == draft.name and len(listed.labels) == len(draft.values)


def review(account: Account, message: Message) -> Review:
    """Look at a message and, from here, at its file; this may take seconds."""
    draft = draft_of(message)
    _follow_list(account, message, draft)
    shown = bubble(message) or Bubble()
    twin, seen = outbox.look_alike(account, message), outbox.mark(message)
    trouble, recipient = _trouble(account, draft), recipients.known(message.recipient)
    key = session().get(Credential, message.credential_id) if message.credential_id else None
    is_open = window.of_number(account.id, message.recipient, key)
    return Review(message, recipient, draft, shown, _look(account, draft), twin, seen, is_open, trouble)


def _trouble(account: Account, draft: Draft) -> str:
    rows = standings.of_templates(account).get(draft.name, []) if draft.kind == MessageType.TEMPLATE else []
    states = (row.state for row in rows if row.language == draft.language and row.state not in standings.WELL)
    return notices.word(next(states, ""))


def _follow_list(account: Account, message: Message, draft: Draft) -> None:
    """A template that was edited since the message was written is shown, and kept, as it will arrive."""
    listed = listed_for(account, draft) if draft.kind == MessageType.TEMPLATE else None
    if listed is not None and listed.kept != message.template_seen:
        outbox.show_anew(message, preview.line(draft, listed), listed.kept)


def _look(account: Account, draft: Draft) -> Report | None:
    if draft.file is None:
        return None
    try:
        rate_limits.take_for_account(Limit.LINK_CHECKS, account.id)
    except rate_limits.TooManyTries:
        return Report((_("We didn't check the file, because you checked many files in the last minute."),))
    session().commit()  # nothing stays open while somebody else's machine is asked
    return media_check.check(*draft.file)
