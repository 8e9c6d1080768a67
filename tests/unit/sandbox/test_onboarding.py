"""Onboarding requests and the dialog's rules about its tokens, over HTTP."""

import time

import pytest

PATH = "/reseller/channels/whatsapp/connect"


@pytest.fixture
def finish(dialog):
    return lambda token, outcome, **more: dialog.form(PATH, token=token, outcome=outcome, **more)


@pytest.fixture
def ask(api, account):
    return lambda body: api.post(f"/accounts/{account}/channels/onboarding/", body)


def test_the_url_is_on_another_origin_and_lasts_ten_minutes(ask, sandbox):
    reply = ask({"type": "whatsapp"})

    assert reply.status == 201
    assert list(reply.json) == ["onboarding_url", "expires_at"]
    assert reply.json["onboarding_url"].startswith(f"{sandbox.dialog_url}{PATH}?token=")
    assert sandbox.dialog_url != sandbox.api_url
    assert isinstance(reply.json["expires_at"], int)
    assert reply.json["expires_at"] - time.time() == pytest.approx(600, abs=30)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "type"),
        ({"type": "telegram"}, "type"),
        ({"type": ["whatsapp"]}, "type"),
        ({"type": "whatsapp", "channel_uuid": "x"}, "channel_uuid"),
        ({"type": "whatsapp", "channel_uuid": None}, "channel_uuid"),
        ({"type": "whatsapp", "channel_uuid": "3990d863-3734-4088-aca3-f91c70b21a55"}, "channel_uuid"),
    ],
)
def test_refused_request(ask, body, field):
    reply = ask(body)

    assert (reply.status, list(reply.json)) == (400, [field])


def test_unknown_account_is_404(api):
    assert api.post("/accounts/nobody/channels/onboarding/", {"type": "whatsapp"}).status == 404


def test_the_page_shows_the_account_and_leaves_the_token_usable(dialog, onboard, finish):
    token = onboard()

    for _ in range(2):
        page = dialog.get(f"{PATH}?token={token}")
        assert page.status == 200
        assert "Acme Corp" in page.text
    assert finish(token, "connect").status == 200


@pytest.mark.parametrize("outcome", ["connect", "cancel", "fail", "connect_silently", "spent"])
def test_however_it_ends_the_token_is_spent(dialog, onboard, finish, control, outcome):
    token = onboard()
    finish(token, outcome)
    channels = control.channels()

    for reply in (dialog.get(f"{PATH}?token={token}"), finish(token, "connect")):
        assert reply.status == 410
        assert "This link has already been used." in reply.text
        assert '"status": "error"' in reply.text
    assert control.channels() == channels


def test_a_token_expires_after_ten_minutes(dialog, onboard, finish, control):
    token = onboard()
    control.advance(595)
    assert dialog.get(f"{PATH}?token={token}").status == 200

    control.advance(6)
    for reply in (dialog.get(f"{PATH}?token={token}"), finish(token, "connect")):
        assert (reply.status, "This link has expired." in reply.text) == (410, True)
    assert control.channels() == []


def test_a_token_can_be_spent_or_expired_from_behind(dialog, onboard, control, finish):
    spent, expired, said = onboard(), onboard(), onboard()
    control.spend_onboarding_token(spent)
    control.expire_onboarding_token(expired)

    assert "already been used" in dialog.get(f"{PATH}?token={spent}").text
    assert "has expired" in dialog.get(f"{PATH}?token={expired}").text
    assert "has expired" in finish(said, "expired").text
    assert "has expired" in dialog.get(f"{PATH}?token={said}").text


@pytest.mark.parametrize("query", ["", "?token=", "?token=unknown"])
def test_an_unknown_token_is_404(dialog, query):
    page = dialog.get(PATH + query)

    assert page.status == 404
    assert "This link is not valid." in page.text


def test_an_unknown_outcome_does_not_spend_the_token(onboard, finish):
    token = onboard()

    assert finish(token, "explode").status == 400
    assert finish(token, "cancel").status == 200


def test_connecting_makes_a_channel(api, account, onboard, finish):
    page = finish(onboard(), "connect", name="  Support   desk ")

    (channel,) = api.get(f"/accounts/{account}/channels/").json["results"]
    assert channel == {
        "uuid": channel["uuid"],
        "name": "Support desk",
        "type": "whatsapp",
        "backend": "whatsapp_cloud",
        "is_active": True,
        "data": {"connected": True},
    }
    assert f'{{"channel_uuid": "{channel["uuid"]}", "status": "ok"}}' in page.text


@pytest.mark.parametrize("outcome", ["cancel", "fail", "spent", "expired"])
def test_other_ends_make_none(control, onboard, finish, outcome):
    finish(onboard(), outcome)

    assert control.channels() == []


def test_reconnecting_switches_the_same_channel_on_again(control, account, onboard, finish):
    channel = control.create_channel(account, connected=False, is_active=False)

    page = finish(onboard(channel_uuid=channel["uuid"]), "connect", name="Ignored")

    assert channel["uuid"] in page.text
    assert control.channels() == [{**channel, "connected": True, "is_active": True}]


def test_the_dialog_may_lose_its_opener(dialog, onboard, control):
    control.set(dialog_opener_policy="same-origin")

    page = dialog.get(f"{PATH}?token={onboard()}")
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_preset_is_for_one_token_and_survives_a_reload(dialog, onboard, control):
    control.preset_dialog("fail")
    first, second = onboard(), onboard()

    for _ in range(2):
        assert 'const preset = "fail"' in dialog.get(f"{PATH}?token={first}").text
    assert "const preset = null" in dialog.get(f"{PATH}?token={second}").text


def test_account_names_are_escaped(api, dialog, fields):
    account = api.post("/accounts/", fields(name="<b>Acme</b>", contact_email="x@example.com")).json["uuid"]
    url = api.post(f"/accounts/{account}/channels/onboarding/", {"type": "whatsapp"}).json["onboarding_url"]

    assert "<b>Acme</b>" not in dialog.get(url).text
