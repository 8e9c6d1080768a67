"""Signatures as Standard Webhooks describes them, and the secrets that they are made with.

A secret that was rolled signs beside the new one for a day, so that a receiver can change over at its leisure.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from portal.extensions import vault
from portal.models import Destination, now
from portal.secrets.stored import destination_place

OVERLAP = timedelta(hours=24)
"""How long the secret before is still good."""
PREFIX = "whsec_"
BYTES = 32


def make(row: Destination) -> None:
    """Give a destination its first secret. The caller commits."""
    _seal(row, _new(), None)


def roll(row: Destination) -> None:
    """Give a destination a new secret; the one that it had signs beside it for a day. The caller commits."""
    _seal(row, _new(), secret_of(row).get_secret_value())
    row.previous_until = now() + OVERLAP


def secret_of(row: Destination) -> SecretStr:
    """The secret that signs what is sent now."""
    return SecretStr(_opened(row)["secret"])


def secrets_of(row: Destination) -> list[SecretStr]:
    """The secrets that sign what is sent now, the newest first."""
    held = _opened(row)
    is_rolling = row.previous_until is not None and row.previous_until > now() and held.get("previous")
    return [SecretStr(held["secret"]), *([SecretStr(held["previous"])] if is_rolling else [])]


def headers(message_id: str, at: datetime, body: bytes, signed_with: Sequence[SecretStr]) -> dict[str, str]:
    """The headers that prove to a receiver who sent a body, and when."""
    signatures = [_sign(secret.get_secret_value(), message_id, at, body) for secret in signed_with]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    try:
        return Webhook(secret).sign(message_id, at, body.decode())
    except UnicodeDecodeError:  # the library signs text only; what came in may be anything
        signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
        digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"


def _new() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def _seal(row: Destination, secret: str, previous: str | None) -> None:
    held = json.dumps({"secret": secret, "previous": previous})
    row.sealed_secret = vault().seal(SecretStr(held), destination_place(row))


def _opened(row: Destination) -> dict[str, str]:
    held: dict[str, str] = json.loads(vault().open(row.sealed_secret, destination_place(row)).get_secret_value())
    return held
