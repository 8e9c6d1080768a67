"""The test bench: a sample of an event, or the last real one, is sent now, and what came back is shown."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import col

from portal import audit
from portal.channels import snapshot
from portal.errors import DomainError
from portal.events.processing import contents
from portal.extensions import session
from portal.i18n import _
from portal.messages.reports import parsing
from portal.models import Account, Delivery, DeliveryKind, Destination, Person, now
from portal.relay import conditions, fanout, signing
from portal.relay.forwarding import sending
from portal.relay.forwarding.claiming import Job, message_id
from portal.relay.forwarding.connections import Connections
from portal.relay.forwarding.recording import Result
from portal.webhooks.rules import callback_addresses
from portal.webhooks.testing import samples

LOOKED_AT = 20
"""So many of the newest events of a kind are looked at for one that the destination takes."""
NUMBER, PERSON = "905321112233", "905301234567"


@dataclass(frozen=True)
class Test:
    """What was sent, and what came of it."""

    __test__ = False

    headers: Mapping[str, str]
    body: str
    result: Result = field(repr=False)

    @property
    def answer(self) -> str:
        return self.result.answer.decode("utf-8", "replace")


@dataclass(frozen=True)
class _Event:
    body: bytes
    message_id: str


def send(person: Person, account: Account, destination: Destination, kind: str, *, is_real: bool = False) -> Test:
    """Send a sample of a kind of event, or the last real one, as it is always sent. It is not in the log.

    Raises:
        DomainError: there is none, or the destination's address is not one that we send to.
    """
    if problem := callback_addresses.problem_with(destination.url):
        raise DomainError(problem)
    event = _last(account, destination, kind) if is_real else _sample(account, destination, kind)
    held = signing.held_by(destination)
    job = Job(
        forward_id=0,
        delivery_id=0,
        destination_id=destination.id,
        number=1,
        tries=0,
        is_probe=False,
        url=destination.url,
        body=event.body,
        signed_with=held.signed_with,
        headers=held.headers,
        secret_headers=held.secret_headers,
        message_id=event.message_id,
    )
    audit.record(person, account, "destination.tested", destination.name, kind=kind, is_real=is_real)
    session().commit()  # nothing stays open while somebody else's machine is asked
    at, connections = now(), Connections()
    try:
        result = sending.send(connections, job, allow_loopback=callback_addresses.may_use_loopback())
    finally:
        connections.close()
    sent = sending.request_headers(job, at)
    shown = {name: sending.MASK if name in job.secret_headers else value for name, value in sent.items()}
    headers = {"Host": urlsplit(destination.url).netloc, **shown}
    return Test(headers, job.body.decode("utf-8", "replace"), result)


def _sample(account: Account, destination: Destination, kind: str) -> _Event:
    return _Event(sample(account, destination, kind), f"evt_test_{secrets.token_hex(8)}")


def _last(account: Account, destination: Destination, kind: str) -> _Event:
    of_kind = sa.select(col(DeliveryKind.delivery_id)).where(
        col(DeliveryKind.account_id) == account.id, col(DeliveryKind.kind) == kind
    )
    newest = of_kind.order_by(col(DeliveryKind.delivery_id).desc()).limit(LOOKED_AT)
    is_gateways, passes = kind in parsing.KINDS, conditions.compiled(conditions.of(destination))
    for number in session().execute(newest).scalars().all():
        body = session().execute(sa.select(col(Delivery.body)).where(col(Delivery.id) == number)).scalar()
        told = contents.read(body or b"", of_gateway=is_gateways)
        if body and fanout.takes(destination, told.kinds, told.channel_uuid) and passes(conditions.root(told)):
            return _Event(body, message_id(number))
    raise DomainError(
        _("There is no such event in the log yet that this destination takes. Send a sample instead."), "kind"
    )


def sample(account: Account, destination: Destination, kind: str) -> bytes:
    """A realistic event of a kind."""
    if kind in parsing.KINDS:
        return json.dumps(_of_gateway(kind), indent=2).encode()
    channels = [each for each in snapshot.channels_of(account) if each.gone_at is None]
    mine = [each for each in channels if str(each.connexease_uuid) in destination.channels]
    channel = next(iter(mine or channels), None)
    named = (channel.connexease_uuid, channel.label, channel.backend) if channel else None
    return samples.sample(kind, (account.connexease_uuid, account.name), named)


def _of_gateway(kind: str) -> dict[str, object]:
    at = str(int(now().timestamp()))
    metadata = {"display_phone_number": NUMBER, "phone_number_id": "106540352242922"}
    told = {"messaging_product": "whatsapp", "metadata": metadata}
    status = {"id": "wamid.SAMPLE", "status": "delivered", "timestamp": at, "recipient_id": PERSON}
    message = {"from": PERSON, "id": "wamid.SAMPLE", "timestamp": at, "type": "text", "text": {"body": "Hello"}}
    wish = {"wa_id": PERSON, "category": "marketing_messages", "value": "stop", "timestamp": at}
    template = {"event": "APPROVED", "message_template_name": "order_update", "message_template_language": "en"}
    changes: dict[str, tuple[str, dict[str, object]]] = {
        parsing.STATUS: ("messages", {**told, "statuses": [status]}),
        parsing.INBOUND: ("messages", {**told, "messages": [message]}),
        parsing.PREFERENCE: ("user_preferences", {**told, "user_preferences": [wish]}),
        parsing.TEMPLATE: ("message_template_status_update", {**template}),
        parsing.ACCOUNT: ("account_update", {"phone_number": NUMBER, "event": "VERIFIED_ACCOUNT"}),
    }
    name, value = changes.get(kind, ("sample", {}))
    entry = {"id": "102290129340398", "time": int(at), "changes": [{"field": name, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}
