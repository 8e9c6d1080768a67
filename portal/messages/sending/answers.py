"""The portal's own answer to somebody who opted out: only while they may be answered freely, and only once."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import select

from portal import audit
from portal.connexease import schemas
from portal.contacts.consent.keywords import Words
from portal.contacts.people import Who
from portal.db.engine import storable
from portal.extensions import connexease, session
from portal.messages.sending import callback_data
from portal.messages.sending.gateway_call import can_send
from portal.models import Account, Credential, Message, MessageState, MessageType, now
from portal.vault import keys

WINDOW = timedelta(hours=24)
SPARE = timedelta(minutes=5)
"""It goes out a moment later, and must not come too late."""


def confirm_opt_out(account_id: UUID, words: Words, who: Who, wrote_at: datetime) -> None:
    """Promise the account's answer, if it has one. The worker sends it; the caller commits."""
    if not (words.confirmation and words.credential_id and who.number) or wrote_at + WINDOW < now() + SPARE:
        return
    account = session().get_one(Account, account_id)
    credential = session().get(Credential, words.credential_id)
    if credential is None or not can_send(account, credential):
        return
    intent = hashlib.sha256(f"{account_id} {who.number} {wrote_at.isoformat()}".encode()).hexdigest()
    if session().exec(select(Message).where(Message.intent == intent)).first() is not None:
        return
    session().add(_message(account, words, credential, who, intent))
    audit.record(None, account, "message.answered_opt_out", who.masked)


def _message(account: Account, words: Words, credential: Credential, who: Who, intent: str) -> Message:
    body = schemas.TextMessage(to=who.number, text=schemas.Text(body=words.confirmation))
    return Message(
        account_id=account.id,
        intent=intent,
        type=MessageType.TEXT,
        recipient=who.number,
        payload=connexease().gateway.body(body),
        preview=storable(words.confirmation, 200),
        state=MessageState.QUEUED,
        credential_id=credential.id,
        credential_name=keys.label(credential),
        credential_last_four=credential.last_four,
        is_trial=credential.is_trial,
        is_fake=credential.is_trial,
        sender=audit.PORTAL,
        callback_data=callback_data.made() if credential.echoes_callback_data else None,
        confirmed_at=now(),
        next_attempt_at=now(),
    )
