"""The Reseller API: section 1 of the contract, every call, every refusal."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from portal.sandbox.api import fields, webhook_rules
from portal.sandbox.api.rest import (
    Invalid,
    Refusal,
    Rule,
    answer,
    bearer_token,
    check_fields,
    detail,
    json_object,
    not_found,
    page_of,
)
from portal.sandbox.core import Core, current_core
from portal.sandbox.operations import add_account, email_taken, issue_access_token, issue_onboarding
from portal.sandbox.state import AccessToken, Account, State, Webhook, new_uuid

blueprint = Blueprint("reseller_api", __name__, url_prefix="/accounts")


@blueprint.before_request
def authenticate() -> None:
    """401 for a missing or malformed header, 403 for a token that is not the reseller's."""
    token = bearer_token()
    if not hmac.compare_digest(token.encode(), current_core().reseller_token.encode()):
        raise detail(403, "You do not have permission to perform this action.")


@blueprint.post("/")
def create_account() -> Response:
    data = json_object()
    with current_core().changing() as state:
        account = add_account(state, check_fields(data, _account_rules(state)))
        return answer(account.wire(), 201)


@blueprint.get("/")
def list_accounts() -> Response:
    with current_core().reading() as state:
        return page_of([account.wire() for account in state.accounts.values() if not account.foreign])


@blueprint.get("/<account_uuid>/webhooks/")
def list_webhooks(account_uuid: str) -> Response:
    with current_core().reading() as state:
        account = _account(state, account_uuid)
        return page_of([webhook.wire() for webhook in state.webhooks_of(account.uuid)])


@blueprint.post("/<account_uuid>/webhooks/")
def create_webhook(account_uuid: str) -> Response:
    data = json_object()
    core = current_core()
    with core.changing() as state:
        account = _account(state, account_uuid)
        clean = check_fields(data, webhook_rules.rules(state, account.uuid, core.settings))
        return answer(_save_webhook(core, state, Webhook(new_uuid(), account.uuid, "", [], []), clean), 201)


@blueprint.patch("/<account_uuid>/webhooks/<webhook_uuid>/")
def change_webhook(account_uuid: str, webhook_uuid: str) -> Response:
    data = json_object()
    core = current_core()
    with core.changing() as state:
        account = _account(state, account_uuid)
        webhook = state.webhooks.get(webhook_uuid)
        if webhook is None or webhook.account != account.uuid:
            raise not_found("Webhook")
        rules = webhook_rules.rules(state, account.uuid, core.settings, webhook.triggers)
        return answer(_save_webhook(core, state, webhook, check_fields(data, rules, partial=True)))


@blueprint.post("/<account_uuid>/channels/onboarding/")
def request_onboarding(account_uuid: str) -> Response:
    data = json_object()
    core = current_core()
    with core.changing() as state:
        account = _account(state, account_uuid)
        clean = check_fields(data, _onboarding_rules(state, account))
        token = issue_onboarding(core, account.uuid, clean.get("channel_uuid"))
    url = f"{core.dialog_url}/reseller/channels/whatsapp/connect?token={token.token}"
    return answer({"onboarding_url": url, "expires_at": token.expires_at}, 201)


@blueprint.get("/<account_uuid>/channels/")
def list_channels(account_uuid: str) -> Response:
    with current_core().reading() as state:
        account = _account(state, account_uuid)
        return page_of([channel.wire() for channel in state.channels_of(account.uuid)])


@blueprint.get("/<account_uuid>/access-token/")
def list_access_tokens(account_uuid: str) -> Response:
    with current_core().reading() as state:
        account = _account(state, account_uuid)
        return page_of([token.wire() for token in state.tokens_of(account.uuid)])


@blueprint.post("/<account_uuid>/access-token/")
def create_access_token(account_uuid: str) -> Response:
    core = current_core()
    with core.changing() as state:
        account, now = _account(state, account_uuid), core.now()
        active = [token for token in state.tokens_of(account.uuid) if token.is_active and token.expires_at > now]
        if len(active) >= core.settings.access_token_limit:
            raise detail(400, f"Maximum active token limit ({core.settings.access_token_limit}) reached.")
        token, key = issue_access_token(state, account.uuid, now)
        return answer({**token.wire(), "key": key}, 201)


@blueprint.get("/<account_uuid>/access-token/<token_uuid>/")
def get_access_token(account_uuid: str, token_uuid: str) -> Response:
    with current_core().reading() as state:
        return answer(_access_token(state, account_uuid, token_uuid).wire())


@blueprint.patch("/<account_uuid>/access-token/<token_uuid>/")
def change_access_token(account_uuid: str, token_uuid: str) -> Response:
    data = json_object()
    core = current_core()
    with core.changing() as state:
        token = _access_token(state, account_uuid, token_uuid)
        wanted = check_fields(data, {"is_active": Rule(fields.boolean)}, partial=True).get("is_active")
        if wanted and not token.is_active:
            raise Refusal(400, {"is_active": ["A revoked token cannot be re-activated."]})
        if wanted is False and token.revoked_at is None:
            token.revoked_at = core.now()
        return answer({"is_active": token.is_active})


def refuse_method() -> Response:
    """405 as Django REST framework has it: only once the caller is known."""
    try:
        authenticate()
    except Refusal as refusal:
        return refusal.response()
    return detail(405, f'Method "{request.method}" not allowed.').response()


def _account(state: State, uuid: str) -> Account:
    account = state.accounts.get(uuid)
    if account is None or account.foreign:
        raise not_found("Account")
    return account


def _access_token(state: State, account_uuid: str, token_uuid: str) -> AccessToken:
    account = _account(state, account_uuid)
    token = state.access_tokens.get(token_uuid)
    if token is None or token.account != account.uuid:
        raise not_found("AccessToken")
    return token


def _account_rules(state: State) -> dict[str, Rule]:
    def unused_email(value: Any) -> str:
        address = fields.email(value)
        if email_taken(state, address):
            raise Invalid("account with this contact email already exists.")
        return address

    return {
        "name": Rule(fields.short_text(80)),
        "contact_email": Rule(unused_email),
        "billing_email": Rule(fields.email),
        "contact_name": Rule(fields.optional_text, required=False),
        "contact_lastname": Rule(fields.optional_text, required=False),
        "contact_phone_number": Rule(fields.optional_text, required=False),
        "time_zone": Rule(fields.time_zone),
    }


def _onboarding_rules(state: State, account: Account) -> dict[str, Rule]:
    def channel_type(value: Any) -> str:
        if value != "whatsapp":
            raise Invalid(f'"{value}" is not a valid choice.')
        return "whatsapp"

    def own_channel(value: Any) -> str:
        uuid = fields.uuid_text(value)
        if uuid not in {channel.uuid for channel in state.channels_of(account.uuid)}:
            raise Invalid(f'Invalid pk "{uuid}" - object does not exist.')
        return uuid

    return {"type": Rule(channel_type), "channel_uuid": Rule(own_channel, required=False)}


def _save_webhook(core: Core, state: State, webhook: Webhook, clean: dict[str, Any]) -> dict[str, Any]:
    if "data" in clean:
        clean["headers"] = clean.pop("data")
    draft = replace(webhook, **clean)
    webhook_rules.check_scope(state, draft, core.settings)
    state.webhooks[draft.uuid] = draft
    return draft.wire()
