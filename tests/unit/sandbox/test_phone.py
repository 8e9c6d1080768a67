"""The page that stands in for a phone: RFC 6238's own examples, keys as people paste them, and where they are kept."""

import base64
import time

import pytest

from portal.sandbox.client import SandboxControl, SandboxControlError
from portal.sandbox.pages import phone
from portal.sandbox.server import Sandbox

KEY = base64.b32encode(b"12345678901234567890").decode()
ADDRESS = f"otpauth://totp/Pera%20Mesaj:jane%40example.com?secret={KEY}&issuer=Pera%20Mesaj"


@pytest.mark.parametrize(
    ("at", "code"), [(59, "94287082"), (1_111_111_109, "07081804"), (2_000_000_000, "69279037")]
)
def test_codes_are_those_of_the_standard(monkeypatch, at, code):
    monkeypatch.setattr(time, "time", lambda: float(at))
    key = phone.parsed(f"{ADDRESS}&digits=8", "")
    shown = phone._shown(key)
    assert (shown["code"], shown["left"]) == (code, 30 - at % 30)


@pytest.mark.parametrize("typed", [KEY, KEY.lower(), " ".join(KEY[i : i + 4] for i in range(0, 32, 4)), f"{KEY}="])
def test_a_key_is_taken_as_people_paste_it(control, typed):
    control.add_phone_key(typed, " jane@example.com ")
    control.add_phone_key(ADDRESS)
    assert list(control.phone_codes()) == ["jane@example.com"]
    assert len(set(control.phone_codes().values())) == 1


def test_an_address_brings_its_names_and_another_app_takes_the_place_of_the_first(api, control):
    control.add_phone_key(ADDRESS)
    control.add_phone_key(ADDRESS.replace(KEY, "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA"))
    page = api.get("/phone").text
    assert page.count("<output>") == 1
    assert "jane@example.com" in page
    assert "Pera Mesaj" in page


@pytest.mark.parametrize(
    "typed",
    ["", "not a key!", "otpauth://hotp/x?secret=" + KEY, "otpauth://totp/x", f"{ADDRESS}&algorithm=SHA512"],
)
def test_what_is_no_key_is_refused_and_nothing_typed_is_lost(api, control, typed):
    reply = api.form("/phone", key=typed, name="Jane")
    assert reply.status == 422
    assert "Paste the setup key" in reply.text
    assert 'value="Jane"' in reply.text
    assert control.phone_codes() == {}
    with pytest.raises(SandboxControlError, match="Paste the setup key"):
        control.add_phone_key(typed)


def test_a_key_that_was_not_copied_whole_is_refused(api, control):
    reply = api.form("/phone", key=KEY[:16])
    assert (reply.status, "This key is too short. Copy all of it." in reply.text) == (422, True)
    assert api.get("/phone").status == 200


def test_the_form_adds_and_removes(api, control):
    assert "No key yet." in api.get("/phone").text
    assert api.form("/phone", key=KEY, name="Jane").status == 200
    [row] = api.get("/_control/phone").json
    assert row["name"] == "Jane"
    assert KEY not in api.get("/phone").text + api.get("/_control/phone").text
    api.form(f"/_page/phone/{row['number']}/remove")
    assert control.phone_codes() == {}


def test_keys_outlive_a_restart_and_other_sites_are_kept_out(tmp_path, api):
    state = tmp_path / "sandbox.json"
    for _start in range(2):
        with Sandbox(state_path=state) as sandbox:
            control = SandboxControl(sandbox.api_url)
            if not control.phone_codes():
                control.add_phone_key(ADDRESS)
            assert list(control.phone_codes()) == ["jane@example.com"]
    for path in ("/phone", "/_control/phone"):
        assert api.get(path, headers={"Origin": "https://elsewhere.example.com"}).status == 403
