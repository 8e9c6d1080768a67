"""Envelope encryption of stored secrets, and the rotation of the keys that wrap them.

Each secret gets a fresh 256-bit data key; the secret is sealed with it by AES-256-GCM, and the data key is
sealed by the newest of `VAULT_KEYS`. Where the secret lives (table, account, record) is bound to both as
associated data, so that a ciphertext copied into another row does not open there.

The sealed form is one string: `v1.<key id>.<wrapped data key>.<ciphertext>`, each part base64url.
"""

import base64
import hashlib
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

VERSION = "v1"
NONCE_BYTES = 12
KEY_ID_BYTES = 6


class VaultError(Exception):
    """A sealed secret does not open. The message never holds key material or a secret."""


@dataclass(frozen=True)
class Place:
    """Where a secret lives. A sealed secret opens only for the place that it was sealed for."""

    table: str
    account: str
    record: str

    def __bytes__(self) -> bytes:
        parts = (VERSION, self.table, self.account, self.record)
        return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


class Vault:
    """Seals with the first key, opens with any of them.

    Args:
        keys: 32 bytes each, newest first.
    """

    def __init__(self, keys: list[bytes]) -> None:
        if not keys:
            raise VaultError("The vault has no key.")
        self._keys = {_key_id(key): AESGCM(key) for key in keys}
        self._newest = _key_id(keys[0])

    def __repr__(self) -> str:
        return f"<Vault with {len(self._keys)} key(s)>"

    def seal(self, secret: SecretStr, place: Place) -> str:
        """Encrypt a secret for one place."""
        data_key = AESGCM.generate_key(256)
        sealed = _encrypt(AESGCM(data_key), secret.get_secret_value().encode(), place)
        return self._join(self._wrap(data_key, place), sealed)

    def open(self, sealed: str, place: Place) -> SecretStr:
        """Decrypt a secret.

        Raises:
            VaultError: damaged, sealed for another place, or by a key that is not in `VAULT_KEYS`.
        """
        data_key, ciphertext = self._unwrap(sealed, place)
        return SecretStr(_decrypt(AESGCM(data_key), ciphertext, place).decode())

    def rewrap(self, sealed: str, place: Place) -> str:
        """The same secret with its data key wrapped by the newest key; the ciphertext stays as it is."""
        data_key, ciphertext = self._unwrap(sealed, place)
        return self._join(self._wrap(data_key, place), ciphertext)

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key wraps this secret."""
        return _split(sealed)[0] == self._newest

    def _wrap(self, data_key: bytes, place: Place) -> bytes:
        return _encrypt(self._keys[self._newest], data_key, place)

    def _unwrap(self, sealed: str, place: Place) -> tuple[bytes, bytes]:
        key_id, wrapped, ciphertext = _split(sealed)
        if key_id not in self._keys:
            raise VaultError("This secret was sealed by a key that is not in VAULT_KEYS.")
        return _decrypt(self._keys[key_id], wrapped, place), ciphertext

    def _join(self, wrapped: bytes, ciphertext: bytes) -> str:
        return ".".join((VERSION, self._newest, _text(wrapped), _text(ciphertext)))


def _key_id(key: bytes) -> str:
    return _text(hashlib.sha256(b"vault key id" + key).digest()[:KEY_ID_BYTES])


def _encrypt(cipher: AESGCM, plaintext: bytes, place: Place) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, bytes(place))


def _decrypt(cipher: AESGCM, sealed: bytes, place: Place) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bytes(place))
    except (InvalidTag, ValueError):
        raise VaultError("This secret is damaged or belongs to another record.") from None


def _split(sealed: str) -> tuple[str, bytes, bytes]:
    parts = sealed.split(".")
    if len(parts) != 4 or parts[0] != VERSION:
        raise VaultError("This is not a sealed secret.")
    try:
        return parts[1], _bytes(parts[2]), _bytes(parts[3])
    except ValueError:
        raise VaultError("This is not a sealed secret.") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(raw) != text:  # base64 has several spellings of the same bytes: only ours will do
        raise ValueError
    return raw
