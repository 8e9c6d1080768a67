"""The test bench: a signed sample of an event is sent to a destination now, and what came back is shown."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal import audit
from portal.channels import snapshot
from portal.errors import DomainError
from portal.extensions import session
from portal.messages.reports import parsing
from portal.models import Account, Destination, Person, now
from portal.relay import signing
from portal.relay.forwarding import sending
from portal.relay.forwarding.claiming import Job
from portal.relay.forwarding.connections import Connections
from portal.relay.forwarding.recording import Result
from portal.webhooks.rules import callback_addresses
from portal.webhooks.testing import samples

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


def send(person: Person, account: Account, destination: Destination, kind: str) -> Test:
    """Send a sample of a kind of event, as a real one would be sent. It is not in the log.

    Raises:
        DomainError: the destination's address is not one that we send to.
    """
    if problem := callback_addresses.problem_with(destination.url):
        raise DomainError(problem)
    job = Job(
        forward_id=0,
        delivery_id=0,
        destination_id=destination.id,
        number=1,
        tries=0,
        is_probe=False,
        url=destination.url,
        body=sample(account, destination, kind),
        signed_with=signing.secrets_of(destination),
        message_id=f"evt_test_{secrets.token_hex(8)}",
    )
    audit.record(person, account, "destination.tested", destination.name, kind=kind)
    session().commit()  # nothing stays open while somebody else's machine is asked
    at, connections = now(), Connections()
    try:
        result = sending.send(connections, job, allow_loopback=callback_addresses.may_use_loopback())
    finally:
        connections.close()
    headers = {"Host": urlsplit(destination.url).netloc, **sending.request_headers(job, at)}
    return Test(headers, job.body.decode(), result)


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
