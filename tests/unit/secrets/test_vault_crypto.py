"""The vault: what it stands on is AES-GCM as published, and nothing but the right key and place opens it."""

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from portal.secrets import crypto
from portal.secrets.crypto import Place, Vault, VaultError

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
    # NIST, Cryptographic Algorithm Validation Program, GCM test vectors (CAVS 14.0), gcmEncryptExtIV256.rsp:
    # 96-bit IV, 128-bit tag; the lengths of plaintext and associated data in bits, and the count.
    # 128, 128, 0
    (
        "92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b",
        "ac93a1a6145299bde902f21a",
        "2d71bcfa914e4ac045b2aa60955fad24",
        "1e0889016f67601c8ebea4943bc23ad6",
        "8995ae2e6df3dbf96fac7b7137bae67feca5aa77d51d4a0a14d9c51e1da474ab",
    ),
    # 256, 0, 0
    (
        "268ed1b5d7c9c7304f9cae5fc437b4cd3aebe2ec65f0d85c3918d3d3b5bba89b",
        "9ed9d8180564e0e945f5e5d4",
        "fe29a40d8ebf57262bdb87191d01843f4ca4b2de97d88273154a0b7d9e2fdb80",
        "",
        "791a4a026f16f3a5ea06274bf02baab469860abde5e645f3dd473a5acddeecfc05b2b74db0662550435ef1900e136b15",
    ),
    # 256, 384, 0
    (
        "dc776f0156c15d032623854b625c61868e5db84b7b6f9fbd3672f12f0025e0f6",
        "67130951c4a57f6ae7f13241",
        "9378a727a5119595ad631b12a5a6bc8a91756ef09c8d6eaa2b718fe86876da20",
        "fd0920faeb7b212932280a009bac969145e5c316cf3922622c3705c3457c4e9f124b2076994323fbcfb523f8ed16d241",
        "6d958c20870d401a3c1f7a0ac092c97774d451c09f7aae992a8841ff0ab9d60db876831b4ecd7242963b040aa45c4114",
    ),
    # 408, 160, 0
    (
        "24501ad384e473963d476edcfe08205237acfd49b5b8f33857f8114e863fec7f",
        "9ff18563b978ec281b3f2794",
        "27f348f9cdc0c5bd5e66b1ccb63ad920ff2219d14e8d631b3872265cf117ee86757accb158bd9abb3868fdc0d0b074b5f01b2c",
        "adb5ec720ccf9898500028bf34afccbcaca126ef",
        "eb7cb754c824e8d96f7c6d9b76c7d26fb874ffbf1d65c6f64a698d839b0b06145dae82057ad55994cf59ad7f67c0fa5e85fab8"
        "bc95c532fecc594c36d1550286a7a3f0",
    ),
]
# The same collection, gcmDecrypt256.rsp, where the expected result is FAIL: 128, 128, 2 and 408, 160, 0.
REFUSED = [
    (
        "9a0343f850a6427120f764789ffec6d237447b898fbf51d2182f065d3861497d",
        "3deef6f453dd70d92143adcd",
        "dbb8226a624520863db6897017b2a4f8",
        "e93165935ac18e3a2845d15fe31a9286f5fc50d18766bc3d9e16dd136d45816b",
    ),
    (
        "e9d381a9c413bee66175d5586a189836e5c20f5583535ab4d3f3e612dc21700e",
        "23e81571da1c7821c681c7ca",
        "6f39c9ae7b8e8a58a95f0dd8ea6a9087cbccdfd6",
        "a25f3f580306cd5065d22a6b7e9660110af7204bb77d370f7f34bee547feeff7b32a596fce29c9040e68b1589aad48da881990"
        "5b6dcd70eefb0892fab1539298b92a4b",
    ),
]


def bound_to(data: bytes) -> Place:
    """A place with this associated data."""

    class Here(Place):
        def __bytes__(self) -> bytes:
            return data

    return Here("", "", "")


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def key_id(key: bytes) -> str:
    return base64url(hashlib.sha256(b"vault key id" + key).digest()[:6])


@pytest.mark.parametrize(("key", "nonce", "plain", "bound", "sealed"), VECTORS)
def test_the_cipher_is_the_published_one(monkeypatch, key, nonce, plain, bound, sealed):
    monkeypatch.setattr(os, "urandom", lambda _count: bytes.fromhex(nonce))
    cipher, here = AESGCM(bytes.fromhex(key)), bound_to(bytes.fromhex(bound))
    made = crypto._encrypt(cipher, bytes.fromhex(plain), here)
    assert made.hex() == nonce + sealed
    assert crypto._decrypt(cipher, made, here).hex() == plain


@pytest.mark.parametrize(("key", "nonce", "bound", "sealed"), REFUSED)
def test_what_the_published_cipher_refuses_is_refused(key, nonce, bound, sealed):
    with pytest.raises(VaultError):
        crypto._decrypt(AESGCM(bytes.fromhex(key)), bytes.fromhex(nonce + sealed), bound_to(bytes.fromhex(bound)))


@pytest.mark.parametrize(
    ("key", "nonce", "plain", "bound", "sealed"), [each for each in VECTORS if len(each[2]) == 64]
)
def test_a_published_vector_wraps_a_data_key(monkeypatch, key, nonce, plain, bound, sealed):
    """Those with 256 bits of plaintext are wrapped data keys: the whole vault works on them."""
    here, data_key, master = bound_to(bytes.fromhex(bound)), bytes.fromhex(plain), bytes.fromhex(key)
    ciphertext = bytes(12) + AESGCM(data_key).encrypt(bytes(12), b"a secret", bytes.fromhex(bound))
    text = f"v1.{key_id(master)}.{base64url(bytes.fromhex(nonce + sealed))}.{base64url(ciphertext)}"
    vault = Vault([master])
    assert vault.open(text, here).get_secret_value() == "a secret"
    monkeypatch.setattr(os, "urandom", lambda _count: bytes.fromhex(nonce))
    assert vault.rewrap(text, here) == text


def test_what_the_first_release_sealed_still_opens():
    sealed = (
        "v1.PYyPYlyX.5eWH3YArPwh4SoQ8XAODnsVZ6z_LIBLh7MxZaxfVuhVMTOtxaD6zEWnyGlz1RMzbgoNWCK8EiHUQmn5y"
        ".NDIuwFJ672F7AkVOTfWZJnbueypzUg61fjNcSjIDpWWbCF1CYNyewuvRlmZbZSz5e4o"
    )
    assert Vault([OLD]).open(sealed, PLACE) == SECRET


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


@pytest.mark.parametrize("part", range(4), ids=["version", "key id", "wrapped key", "ciphertext"])
def test_every_letter_is_guarded(part):
    """Also where base64 has a second spelling of the same bytes."""
    vault = Vault([NEW])
    parts = vault.seal(SECRET, PLACE).split(".")
    for position, letter in enumerate(parts[part]):
        for other in {"A", "B", "Q", "g", "-", "_", "+", "/", "=", "é", "\0", ""} - {letter}:
            changed = parts[part][:position] + other + parts[part][position + 1 :]
            with pytest.raises(VaultError):
                vault.open(".".join([*parts[:part], changed, *parts[part + 1 :]]), PLACE)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        pytest.param(part, field, id=f"{name} of the {whole}")
        for part, whole in ((2, "wrapped key"), (3, "ciphertext"))
        for name, field in (("nonce", slice(12)), ("text", slice(12, -16)), ("tag", slice(-16, None)))
    ],
)
def test_every_bit_is_guarded(part, field):
    vault = Vault([NEW])
    parts = vault.seal(SECRET, PLACE).split(".")
    raw = base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4))
    for position in range(len(raw))[field]:
        for bit in range(8):
            changed = bytearray(raw)
            changed[position] ^= 1 << bit
            with pytest.raises(VaultError):
                vault.open(".".join([*parts[:part], base64url(changed), *parts[part + 1 :]]), PLACE)


def test_another_known_key_does_not_open_it():
    """The key id says which key to try; a false one names a key that cannot open it."""
    version, _, wrapped, ciphertext = Vault([NEW]).seal(SECRET, PLACE).split(".")
    with pytest.raises(VaultError, match="damaged"):
        Vault([NEW, OLD]).open(".".join((version, key_id(OLD), wrapped, ciphertext)), PLACE)


@pytest.mark.parametrize("broken", ["", "v1", "v1...", "v1.a.b.c", "v2.a.b.c", "v1.a.!!.c", "v1.a.b.c.d"])
def test_what_is_no_sealed_secret_is_said_to_be_none(broken):
    with pytest.raises(VaultError):
        Vault([NEW]).open(broken, PLACE)


def test_a_cut_secret_does_not_open():
    vault = Vault([NEW])
    sealed = vault.seal(SECRET, PLACE)
    for length in range(len(sealed)):
        with pytest.raises(VaultError):
            vault.open(sealed[:length], PLACE)


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
    for mixed in ([*one[:3], two[3]], [*one[:2], two[2], one[3]], [*one[:2], one[3], one[2]]):
        with pytest.raises(VaultError):
            vault.open(".".join(mixed), PLACE)


def test_places_never_run_together():
    """Whatever the names hold, two places have the same bytes only when they are the same."""
    names = ["", "a", "b", "ab", "a.b", "\0", "\0\0\0\1a"]
    places = {bytes(Place(table, account, record)) for table in names for account in names for record in names}
    assert len(places) == len(names) ** 3


def test_rotation():
    sealed = Vault([OLD]).seal(SECRET, PLACE)
    both = Vault([NEW, OLD])
    assert both.open(sealed, PLACE) == SECRET
    assert not both.is_current(sealed)
    moved = both.rewrap(sealed, PLACE)
    assert both.is_current(moved)
    assert moved.split(".")[3] == sealed.split(".")[3]
    assert Vault([NEW]).open(moved, PLACE) == SECRET
    for without_its_key in (Vault([NEW]), Vault([OTHER, NEW])):
        with pytest.raises(VaultError, match="not in VAULT_KEYS"):
            without_its_key.open(sealed, PLACE)
        with pytest.raises(VaultError, match="not in VAULT_KEYS"):
            without_its_key.rewrap(sealed, PLACE)


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
