"""The account API: templates, for the holder of an account's access token."""

from __future__ import annotations

import hmac
import uuid
from typing import Any

from flask import Blueprint, Response, request

from portal.sandbox.api.rest import Refusal, answer, bearer_token, detail
from portal.sandbox.api.templates import SAMPLES, Sample
from portal.sandbox.core import current_core
from portal.sandbox.state import Account, Channel, State, hashed

blueprint = Blueprint("account_api", __name__)


@blueprint.get("/templates/")
def list_templates() -> Response:
    wanted = request.args.get("is_active", "").lower()
    with current_core().reading() as state:
        rows = _templates(state, _caller(state))
    if wanted in ("true", "false"):
        rows = [row for row in rows if row["is_active"] == (wanted == "true")]
    return answer(rows)


def _caller(state: State) -> Account:
    """The account whose access token came along; 403 for any other caller."""
    try:
        wanted = hashed(bearer_token())
    except Refusal as refusal:
        raise Refusal(403, refusal.body) from None
    now = current_core().now()
    for token in state.access_tokens.values():
        if hmac.compare_digest(token.key_hash, wanted) and token.is_active and now < token.expires_at:
            return state.accounts[token.account]
    raise detail(403, "Invalid token.")


def _templates(state: State, account: Account) -> list[dict[str, Any]]:
    channels = state.channels_of(account.uuid)
    return [_template(account, channels, sample) for sample in SAMPLES] if channels else []


def _template(account: Account, channels: list[Channel], sample: Sample) -> dict[str, Any]:
    home = uuid.UUID(account.uuid)
    return {
        "uuid": str(uuid.uuid5(home, sample.name)),
        "account": account.uuid,
        "channels": [{"uuid": row.uuid, "name": row.name, "is_active": row.is_active} for row in channels],
        "namespace": str(uuid.uuid5(home, "namespace")).replace("-", "_"),
        "element_name": sample.name,
        "is_active": sample.is_active,
        "content": sample.content,
        "params": {
            "fields": [
                {"label": label, "placeholder": placeholder}
                for label, placeholder in zip(sample.labels, sample.placeholders, strict=True)
            ]
        },
    }
