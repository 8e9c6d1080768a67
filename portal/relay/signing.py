"""Signatures as Standard Webhooks describes them, and what is sealed of a destination.

A secret that was rolled signs beside the new one for a day, so that a receiver can change over at its leisure.
Where somebody chose a public key, a private key signs besides (`v1a`), and is rolled with the secret.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from portal.extensions import vault
from portal.models import Destination, now
from portal.secrets.stored import destination_place

OVERLAP = timedelta(hours=24)
"""How long the secret before is still good."""
PREFIX, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
BYTES = 32


@dataclass(frozen=True)
class Held:
    """What is used to send something to a destination, in clear, to be used and forgotten."""

    signed_with: Sequence[SecretStr] = field(repr=False)
    """Secrets and private keys, the newest first."""
    headers: Mapping[str, str] = field(repr=False)
    """What is sent along."""
    secret_headers: Collection[str]
    """The names of those whose values are shown nowhere."""


def make(row: Destination) -> None:
    """Give a destination its first secret. The caller commits."""
    _seal(row, {"secret": _new()})


def roll(row: Destination) -> None:
    """Give a destination a new secret; the one that it had signs beside it for a day. The caller commits."""
    held = _opened(row)
    held |= {"previous": held["secret"], "secret": _new(), "previous_private": held.get("private")}
    if row.public_key is not None:
        row.public_key, held["private"] = _new_pair()
    row.previous_until = now() + OVERLAP
    _seal(row, held)


def use_public_key(row: Destination, *, wanted: bool) -> None:
    """Sign with a private key besides, or no longer. The caller commits."""
    if wanted == (row.public_key is not None):
        return
    held = _opened(row) | {"private": None, "previous_private": None}
    row.public_key = None
    if wanted:
        row.public_key, held["private"] = _new_pair()
    _seal(row, held)


def set_headers(row: Destination, values: Mapping[str, str]) -> None:
    """Seal what is sent along to a destination. The caller commits."""
    held = _opened(row)
    if held.get("headers", {}) != values:
        _seal(row, held | {"headers": dict(values)})


def secret_of(row: Destination) -> SecretStr:
    """The secret that signs what is sent now."""
    return SecretStr(_opened(row)["secret"])


def headers_of(row: Destination) -> dict[str, str]:
    """What is sent along, in clear, to be used and forgotten."""
    return dict(_opened(row).get("headers", {}))


def held_by(row: Destination) -> Held:
    """What is needed to send it something now."""
    held = _opened(row)
    is_rolling = row.previous_until is not None and row.previous_until > now()
    names = ("secret", "previous", "private", "previous_private") if is_rolling else ("secret", "private")
    secret = frozenset(header["name"] for header in row.headers if header["is_secret"])
    return Held([SecretStr(held[name]) for name in names if held.get(name)], held.get("headers", {}), secret)


def headers(message_id: str, at: datetime, body: bytes, signed_with: Sequence[SecretStr]) -> dict[str, str]:
    """The headers that prove to a receiver who sent a body, and when."""
    signatures = [_sign(secret.get_secret_value(), message_id, at, body) for secret in signed_with]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
    if secret.startswith(PRIVATE):
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.removeprefix(PRIVATE)))
        return f"v1a,{base64.b64encode(key.sign(signed)).decode()}"
    try:
        return Webhook(secret).sign(message_id, at, body.decode())
    except UnicodeDecodeError:  # the library signs text only; what came in may be anything
        digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"


def _new() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def _new_pair() -> tuple[str, str]:
    """A public key and its private one."""
    key = Ed25519PrivateKey.generate()
    public, private = key.public_key().public_bytes_raw(), key.private_bytes_raw()
    return PUBLIC + base64.b64encode(public).decode(), PRIVATE + base64.b64encode(private).decode()


def _seal(row: Destination, held: dict[str, Any]) -> None:
    row.sealed_secret = vault().seal(SecretStr(json.dumps(held)), destination_place(row))


def _opened(row: Destination) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(vault().open(row.sealed_secret, destination_place(row)).get_secret_value())
    return held
