"""Testing a callback: the portal sends a realistic sample to it and shows what came back."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from portal import audit, outbound
from portal.channels import snapshot
from portal.connexease import errors as cx
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Channel, Person, Webhook
from portal.webhooks import snapshot as webhook_snapshot
from portal.webhooks.drift import Headers, plain
from portal.webhooks.rules import callback_addresses
from portal.webhooks.rules.headers import looks_secret
from portal.webhooks.testing.samples import sample

SHOWN_BODY = 4096
"""Characters of the answer's body that are shown."""
MASK = "•••"


@dataclass(frozen=True)
class Result:
    """What a test brought. Where `problem` is set nothing came back."""

    trigger: str
    problem: str = ""
    status: int = 0
    milliseconds: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    truncated: bool = False

    @property
    def is_accepted(self) -> bool:
        """Whether Connexease would count this as delivered: any 2xx [public]."""
        return 200 <= self.status < 300


def send(person: Person, account: Account, row: Webhook, trigger: str) -> Result:
    """Send a sample of the trigger, with the webhook's own headers, as Connexease would.

    Raises:
        DomainError: the webhook's address is not one that we send to.
    """
    state = webhook_snapshot.KnownWebhook(row, None).state
    url, headers = _now_held(account, row)
    channel = _channel(account, state)
    if problem := callback_addresses.problem_with(url):
        raise DomainError(problem)
    audit.record(person, account, "webhook.tested", urlsplit(url).hostname or "", trigger=trigger)
    session().commit()  # nothing stays open while somebody else's machine is asked
    named = (channel.connexease_uuid, channel.label, channel.backend) if channel else None
    body = sample(trigger, (account.connexease_uuid, account.name), named)
    try:
        answer = outbound.send(
            "POST",
            url,
            headers={**headers, "Content-Type": "application/json", "User-Agent": "Portal-Test/1"},
            body=body,
            allow_loopback=callback_addresses.may_use_loopback(),
        )
    except outbound.UnknownHostError:
        return Result(trigger, _("We found no server with this name. Check the spelling of the URL."))
    except outbound.RefusedAddressError:
        return Result(
            trigger,
            _(
                "This name leads to a private address. We don't send there, and %(vendor)s can't either. "
                "Enter a public URL."
            ),
        )
    except outbound.NoAnswerError as trouble:
        return Result(trigger, _in_words(trouble.kind))
    return _result(trigger, answer, _secrets(row, headers))


def _now_held(account: Account, row: Webhook) -> tuple[str, Headers]:
    """The address and the headers that Connexease uses now: stored secrets never go where they were not sent."""
    try:
        listed = webhook_snapshot.read(account)
    except cx.ConnexeaseError:
        raise DomainError(
            _("We couldn't reach %(vendor)s to find out what it would send. Try again in a minute.")
        ) from None
    webhook = next((webhook for webhook in listed if webhook.uuid == row.connexease_uuid), None)
    if webhook is None:
        raise DomainError(_("%(Vendor)s no longer lists this webhook."))
    return webhook.callback_url, plain(webhook.data)


def _channel(account: Account, state: dict[str, object]) -> Channel | None:
    uuids = state.get("channels") or []
    return snapshot.find(account.id, UUID(uuids[0])) if isinstance(uuids, list) and uuids else None


def _secrets(row: Webhook, headers: Headers) -> list[str]:
    return [value for name, value in headers.items() if name in row.secret_headers or looks_secret(name)]


def _result(trigger: str, answer: outbound.Answer, secrets: list[str]) -> Result:
    text = answer.body.decode("utf-8", "replace")
    return Result(
        trigger=trigger,
        status=answer.status,
        milliseconds=round(answer.seconds * 1000),
        headers=tuple((name, _masked(value, secrets)) for name, value in answer.headers),
        body=_masked(text, secrets)[:SHOWN_BODY],
        truncated=answer.truncated or len(text) > SHOWN_BODY,
    )


def _masked(text: str, secrets: list[str]) -> str:
    """A receiver that echoes what it got must not show a secret on our page."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _in_words(kind: outbound.Trouble) -> str:
    return {
        "late": _(
            "Your server didn't answer within 5 seconds. %(Vendor)s waits no longer than that and would try again."
        ),
        "tls": _(
            "Your server's TLS certificate or settings weren't accepted, so nothing was sent. Check its "
            "certificate."
        ),
        "not_http": _("Your server's answer wasn't HTTP or was cut off."),
        "no_connection": _("The connection was refused or dropped. Check that your server is running."),
    }[kind]
