"""Control calls for what Connexease holds: look at it, or change it behind everybody's back."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from portal.sandbox.control.calls import account_of, body, found, needed, number, picked
from portal.sandbox.control.guard import only_from_here
from portal.sandbox.core import current_core
from portal.sandbox.delivery.events import emit
from portal.sandbox.operations import add_account, add_accounts, issue_access_token
from portal.sandbox.state import Account, Channel, OnboardingToken, Webhook, new_uuid

blueprint = Blueprint("control_state", __name__, url_prefix="/_control")
blueprint.before_request(only_from_here)


@blueprint.get("/accounts")
def list_accounts() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(account) for account in state.accounts.values()])


@blueprint.post("/accounts")
def create_account() -> Response:
    data = picked(body(), Account, "uuid")
    email = needed(data, "contact_email")
    usual = {"name": "Made elsewhere", "billing_email": email, "time_zone": "Europe/Istanbul"}
    with current_core().changing() as state:
        return jsonify(asdict(add_account(state, {**usual, **data})))


@blueprint.post("/accounts/many")
def create_accounts() -> Response:
    """``{"count": 10000, "prefix": "Shop"}``: for lists that are long."""
    data = body()
    with current_core().changing() as state:
        made = add_accounts(state, int(number(data, "count", 1)), needed(data, "prefix"))
        return jsonify(uuids=[account.uuid for account in made])


@blueprint.patch("/accounts/<uuid>")
def change_account(uuid: str) -> Response:
    data = picked(body(), Account, "uuid")
    with current_core().changing() as state:
        account = account_of(state, uuid)
        for name, value in data.items():
            setattr(account, name, value)
        return jsonify(asdict(account))


@blueprint.delete("/accounts/<uuid>")
def delete_account(uuid: str) -> Response:
    with current_core().changing() as state:
        found(state.accounts.pop(uuid, None), "account")
    return jsonify(ok=True)


@blueprint.post("/accounts/<uuid>/access-tokens")
def create_access_token(uuid: str) -> Response:
    """A token made elsewhere; ``expires_in`` is in seconds."""
    core, data = current_core(), body()
    with core.changing() as state:
        token, _key = issue_access_token(state, account_of(state, uuid).uuid, core.now())
        token.expires_at = core.now() + number(data, "expires_in", token.expires_at - core.now())
        return jsonify({**token.wire(), "account": uuid})


@blueprint.get("/access-tokens")
def list_access_tokens() -> Response:
    with current_core().reading() as state:
        return jsonify([{**token.wire(), "account": token.account} for token in state.access_tokens.values()])


@blueprint.delete("/access-tokens/<uuid>")
def delete_access_token(uuid: str) -> Response:
    """Let a token vanish, as no documented call can."""
    with current_core().changing() as state:
        found(state.access_tokens.pop(uuid, None), "access token")
    return jsonify(ok=True)


@blueprint.get("/channels")
def list_channels() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(channel) for channel in state.channels.values()])


@blueprint.post("/accounts/<uuid>/channels")
def create_channel(uuid: str) -> Response:
    data = body()
    announce = bool(data.pop("announce", False))
    picked(data, Channel, "account")
    core = current_core()
    with core.changing() as state:
        account = account_of(state, uuid)
        channel = Channel(**{"uuid": new_uuid(), "account": uuid, "name": "WhatsApp Main", **data})
        state.channels[channel.uuid] = channel
        if announce:
            emit(core, "channel.created", account, channel)
        return jsonify(asdict(channel))


@blueprint.patch("/channels/<uuid>")
def change_channel(uuid: str) -> Response:
    data = body()
    announce = bool(data.pop("announce", False))
    picked(data, Channel, "uuid", "account")
    core = current_core()
    with core.changing() as state:
        channel = found(state.channels.get(uuid), "channel")
        for name, value in data.items():
            setattr(channel, name, value)
        if announce:
            emit(core, "channel.updated", state.accounts[channel.account], channel)
        return jsonify(asdict(channel))


@blueprint.delete("/channels/<uuid>")
def delete_channel(uuid: str) -> Response:
    with current_core().changing() as state:
        found(state.channels.pop(uuid, None), "channel")
    return jsonify(ok=True)


@blueprint.get("/webhooks")
def list_webhooks() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(webhook) for webhook in state.webhooks.values()])


@blueprint.post("/accounts/<uuid>/webhooks")
def create_webhook(uuid: str) -> Response:
    """Unchecked, as if an older Connexease had taken it: unknown triggers, no channels, anything."""
    data = picked(body(), Webhook, "account")
    needed(data, "callback_url")
    usual = {"uuid": new_uuid(), "triggers": ["channel.created"], "channels": []}
    with current_core().changing() as state:
        account_of(state, uuid)
        webhook = Webhook(account=uuid, **{**usual, **data})
        state.webhooks[webhook.uuid] = webhook
        return jsonify(asdict(webhook))


@blueprint.delete("/webhooks/<uuid>")
def delete_webhook(uuid: str) -> Response:
    """Let a webhook vanish, as no documented call can."""
    with current_core().changing() as state:
        found(state.webhooks.pop(uuid, None), "webhook")
    return jsonify(ok=True)


@blueprint.patch("/webhooks/<uuid>")
def change_webhook(uuid: str) -> Response:
    """Change a webhook behind everybody's back, unchecked."""
    data = picked(body(), Webhook, "uuid", "account")
    with current_core().changing() as state:
        webhook = found(state.webhooks.get(uuid), "webhook")
        for name, value in data.items():
            setattr(webhook, name, value)
        return jsonify(asdict(webhook))


@blueprint.get("/onboarding-tokens")
def list_onboarding_tokens() -> Response:
    with current_core().reading() as state:
        return jsonify([asdict(token) for token in state.onboarding.values()])


@blueprint.patch("/onboarding-tokens/<token>")
def change_onboarding_token(token: str) -> Response:
    """``{"outcome": "spent"}`` spends a token from behind, ``{"expires_at": 0}`` lets it expire."""
    data = picked(body(), OnboardingToken, "token", "account", "channel")
    with current_core().changing() as state:
        row = found(state.onboarding.get(token), "onboarding token")
        for name, value in data.items():
            setattr(row, name, value)
        return jsonify(asdict(row))
