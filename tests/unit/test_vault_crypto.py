"""The vault: what it stands on is AES-GCM as published, and nothing but the right key and place opens it."""

import base64
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from portal import vault_crypto
from portal.vault_crypto import Place, Vault, VaultError

OLD, NEW, OTHER = (bytes([number]) * 32 for number in (1, 2, 3))
PLACE = Place("table.column", "account", "record")
SECRET = SecretStr("planted-webhook-secret")

# McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14, 15 and 16: AES-256.
_KEY = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
_NONCE = "cafebabefacedbaddecaf888"
_LONG = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
_SEALED = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
)
VECTORS = [
    ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    ("00" * 32, "00" * 12, "00" * 16, "", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
    (
        _KEY,
        _NONCE,
        _LONG + "1aafd255",
        "",
        _SEALED + "898015ad" + "b094dac5d93471bdec1a502270e3cc6c",
    ),
    (
        _KEY,
        _NONCE,
        _LONG,
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        _SEALED + "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize(("key", "nonce", "plain", "bound", "sealed"), VECTORS)
def test_the_cipher_is_the_published_one(monkeypatch, key, nonce, plain, bound, sealed):
    class Here(Place):
        def __bytes__(self) -> bytes:
            return bytes.fromhex(bound)

    monkeypatch.setattr(os, "urandom", lambda _count: bytes.fromhex(nonce))
    cipher, here = AESGCM(bytes.fromhex(key)), Here("", "", "")
    made = vault_crypto._encrypt(cipher, bytes.fromhex(plain), here)
    assert made.hex() == nonce + sealed
    assert vault_crypto._decrypt(cipher, made, here).hex() == plain


@given(secret=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens(secret):
    vault = Vault([NEW])
    assert vault.open(vault.seal(SecretStr(secret), PLACE), PLACE).get_secret_value() == secret


def test_the_same_secret_never_looks_the_same():
    vault = Vault([NEW])
    sealed = {vault.seal(SECRET, PLACE) for _ in range(20)}
    assert len(sealed) == 20
    assert len({text.split(".")[2] for text in sealed}) == 20
    assert not [text for text in sealed if "planted" in text]


@pytest.mark.parametrize("part", range(4))
def test_every_part_is_guarded(part):
    vault = Vault([NEW])
    sealed = vault.seal(SECRET, PLACE)
    parts = sealed.split(".")
    for position in range(len(parts[part])):
        changed = list(parts)
        letter = "B" if parts[part][position] != "B" else "C"
        changed[part] = parts[part][:position] + letter + parts[part][position + 1 :]
        if _means_the_same(changed[part], parts[part]):
            continue
        with pytest.raises(VaultError):
            vault.open(".".join(changed), PLACE)


def _means_the_same(one: str, other: str) -> bool:
    """The last letter of base64 may carry bits that count for nothing."""
    padded = [text + "=" * (-len(text) % 4) for text in (one, other)]
    try:
        return base64.urlsafe_b64decode(padded[0]) == base64.urlsafe_b64decode(padded[1])
    except ValueError:
        return False


@pytest.mark.parametrize("broken", ["", "v1", "v1...", "v1.a.b.c", "v2.a.b.c", "v1.a.!!.c", "v1.a.b.c.d"])
def test_what_is_no_sealed_secret_is_said_to_be_none(broken):
    with pytest.raises(VaultError):
        Vault([NEW]).open(broken, PLACE)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_cut_ciphertext_does_not_open(cut):
    vault = Vault([NEW])
    with pytest.raises(VaultError):
        vault.open(vault.seal(SECRET, PLACE)[:-cut], PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("other.column", "account", "record"),
        Place("table.column", "other", "record"),
        Place("table.column", "account", "other"),
        Place("table.columnaccount", "", "record"),
        Place("table.column", "accountrecord", ""),
    ],
)
def test_it_opens_only_where_it_was_sealed(elsewhere):
    vault = Vault([NEW])
    with pytest.raises(VaultError):
        vault.open(vault.seal(SECRET, PLACE), elsewhere)
    assert bytes(elsewhere) != bytes(PLACE)


def test_parts_of_two_secrets_do_not_mix():
    vault = Vault([NEW])
    one, two = (vault.seal(SecretStr(text), PLACE).split(".") for text in ("one", "two"))
    with pytest.raises(VaultError):
        vault.open(".".join([*one[:3], two[3]]), PLACE)


def test_rotation():
    sealed = Vault([OLD]).seal(SECRET, PLACE)
    both = Vault([NEW, OLD])
    assert both.open(sealed, PLACE) == SECRET
    assert not both.is_current(sealed)
    moved = both.rewrap(sealed, PLACE)
    assert both.is_current(moved)
    assert moved.split(".")[3] == sealed.split(".")[3]
    assert Vault([NEW]).open(moved, PLACE) == SECRET
    with pytest.raises(VaultError):
        Vault([NEW]).open(sealed, PLACE)
    with pytest.raises(VaultError):
        Vault([OTHER]).rewrap(sealed, PLACE)


def test_nothing_of_a_key_or_secret_shows():
    vault = Vault([NEW, OLD])
    sealed = vault.seal(SECRET, PLACE)
    with pytest.raises(VaultError) as caught:
        Vault([OTHER]).open(sealed, PLACE)
    for text in (repr(vault), str(caught.value), repr(vars(vault))):
        assert "planted" not in text
        assert NEW.hex() not in text
        assert base64.b64encode(NEW).decode() not in text
    with pytest.raises(VaultError):
        Vault([])
