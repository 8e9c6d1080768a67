"""The Reseller API: one short method per documented call.

Every method raises the errors of `errors`: a read `Unavailable` (or `BadAnswer`), a write `Unavailable` when
it was certainly not done and `OutcomeUnknown` when nobody knows; both `Rejected`, `NotFound`, `Unauthorized`
and `RateLimited`.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from pydantic import SecretStr, TypeAdapter

from portal.connexease.errors import ConnexeaseError, OutcomeUnknown
from portal.connexease.http import paging
from portal.connexease.http.calls import Answer, Call
from portal.connexease.http.reachability import Probe
from portal.connexease.http.transport import Transport
from portal.connexease.schemas import (
    AccessToken,
    Account,
    Channel,
    NewAccessToken,
    NewAccount,
    NewWebhook,
    Onboarding,
    Page,
    TokenState,
    Webhook,
    WebhookChange,
    WebhookData,
)

T = TypeVar("T")

_ACCOUNT = TypeAdapter(Account)
_ACCOUNTS = TypeAdapter(Page[Account])
_WEBHOOK = TypeAdapter(Webhook)
_WEBHOOKS = TypeAdapter(Page[Webhook])
_ONBOARDING = TypeAdapter(Onboarding)
_CHANNELS = TypeAdapter(Page[Channel])
_TOKEN = TypeAdapter(AccessToken)
_TOKENS = TypeAdapter(Page[AccessToken])
_NEW_TOKEN = TypeAdapter(NewAccessToken)
_TOKEN_STATE = TypeAdapter(TokenState)


class Reseller:
    """The calls a reseller may make with its one token, over all of its accounts."""

    def __init__(self, transport: Transport, token: SecretStr) -> None:
        self._transport = transport
        self._token = token

    def probe(self) -> Probe:
        """Whether the host answers at all; no credential goes along."""
        return self._transport.probe()

    def create_account(self, account: NewAccount) -> Account:
        """Create an account. After `OutcomeUnknown`, look with `find_account` before creating again."""
        return self._write("POST", "accounts", body=account.as_json(without_none=True)).read(_ACCOUNT)

    def accounts(self) -> Iterator[Account]:
        """Every account of the reseller, fetched a page at a time."""
        return paging.items(self._transport, self._get("accounts"), _ACCOUNTS)

    def accounts_page(self, page: int = 1) -> Page[Account]:
        """One page of the accounts; `NotFound` may mean that there is no such page."""
        return self._transport.call(self._get("accounts", page=page)).read(_ACCOUNTS)

    def find_account(self, contact_email: str) -> Account | None:
        """The account with this contact e-mail, upper or lower case; reads pages until it is found."""
        wanted = contact_email.strip().lower()
        return next((one for one in self.accounts() if one.contact_email.strip().lower() == wanted), None)

    def webhooks(self, account: UUID) -> list[Webhook]:
        """Every webhook of the account; they hold header values in clear."""
        return list(paging.items(self._transport, self._get("accounts", account, "webhooks"), _WEBHOOKS))

    def create_webhook(self, account: UUID, webhook: NewWebhook) -> Webhook:
        """Register a webhook. After `OutcomeUnknown`, look through `webhooks` before registering again."""
        return self._write(
            "POST", "accounts", account, "webhooks", body=webhook.as_json(), secrets=_secrets(webhook.data)
        ).read(_WEBHOOK)

    def update_webhook(self, account: UUID, webhook: UUID, change: WebhookChange) -> Webhook:
        """Change what `change` sets and nothing else. After `OutcomeUnknown`, change it again."""
        answer = self._write(
            "PATCH",
            "accounts",
            account,
            "webhooks",
            webhook,
            body=change.as_json(only_set=True),
            secrets=_secrets(change.data),
        )
        if not answer.is_bare:
            return answer.read(_WEBHOOK)
        found = _looked_up(lambda: next((one for one in self.webhooks(account) if one.uuid == webhook), None))
        if found is None or not _shows(found, change):
            raise answer.no_result()
        return found

    def request_onboarding(
        self,
        account: UUID,
        type: str = "whatsapp",  # noqa: A002 - the vendor's word
        channel_uuid: UUID | None = None,
    ) -> Onboarding:
        """A single-use URL for the popup, good for ten minutes; `channel_uuid` reconnects a channel.

        After `OutcomeUnknown`, ask again: the lost one expires.
        """
        body = {"type": type} | ({"channel_uuid": str(channel_uuid)} if channel_uuid else {})
        return self._write("POST", "accounts", account, "channels", "onboarding", body=body).read(_ONBOARDING)

    def channels(self, account: UUID) -> list[Channel]:
        """Every channel of the account."""
        return list(paging.items(self._transport, self._get("accounts", account, "channels"), _CHANNELS))

    def channels_page(self, account: UUID, page: int = 1) -> Page[Channel]:
        """One page of the account's channels; `NotFound` may mean that there is no such page."""
        return self._transport.call(self._get("accounts", account, "channels", page=page)).read(_CHANNELS)

    def access_tokens(self, account: UUID) -> list[AccessToken]:
        """Every access token of the account, without the keys."""
        return list(paging.items(self._transport, self._get("accounts", account, "access-token"), _TOKENS))

    def create_access_token(self, account: UUID) -> NewAccessToken:
        """A new token with its key. After `OutcomeUnknown` the key is lost: find the token and revoke it."""
        return self._write("POST", "accounts", account, "access-token").read(_NEW_TOKEN)

    def access_token(self, account: UUID, token: UUID) -> AccessToken:
        """One access token, without its key."""
        return self._transport.call(self._get("accounts", account, "access-token", token)).read(_TOKEN)

    def revoke_access_token(self, account: UUID, token: UUID) -> None:
        """Revoke a token for good. After `OutcomeUnknown`, revoke it again."""
        answer = self._write("PATCH", "accounts", account, "access-token", token, body={"is_active": False})
        if answer.is_bare:
            found = _looked_up(lambda: self.access_token(account, token))
            if found is None:
                raise answer.no_result()
            is_active = found.is_active
        else:
            is_active = answer.read(_TOKEN_STATE).is_active
        if is_active:
            raise OutcomeUnknown(answer.record, OutcomeUnknown.odd, {"field": "is_active"})

    def _get(self, *segments: object, page: int | None = None) -> Call:
        query = {} if page is None else {"page": str(page)}
        return Call(method="GET", url=self._transport.url(*segments), token=self._token, query=query)

    def _write(
        self,
        method: str,
        *segments: object,
        body: dict[str, Any] | None = None,
        secrets: tuple[SecretStr, ...] = (),
    ) -> Answer:
        url = self._transport.url(*segments)
        return self._transport.call(
            Call(method=method, url=url, token=self._token, body=body, body_secrets=secrets)
        )


def _looked_up(look: Callable[[], T]) -> T | None:
    """How something stands after a change that was answered without a word; None when that cannot be told."""
    try:
        return look()
    except ConnexeaseError:
        return None


def _shows(webhook: Webhook, change: WebhookChange) -> bool:
    """Whether a webhook is what a change set it to; of headers, which a server may write anew, not asked."""
    names = change.model_fields_set - {"data"}
    return all(_unordered(getattr(webhook, name)) == _unordered(getattr(change, name)) for name in names)


def _unordered(value: object) -> object:
    return set(value) if isinstance(value, list) else value


def _secrets(data: WebhookData | None) -> tuple[SecretStr, ...]:
    return tuple((data.headers or {}).values()) if data else ()
