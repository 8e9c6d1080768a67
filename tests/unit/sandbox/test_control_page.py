"""The control page: what it shows and what its buttons do, without a browser."""

import pytest


@pytest.fixture
def channel(control, account):
    return control.create_channel(account, name="Main")["uuid"]


def test_it_shows_what_there_is(api, control, account, channel, onboard):
    control.create_webhook(account, "https://example.com/hook", headers={"X-Secret": "header-value"})
    control.emit("channel.created", account, channel, hold=True)
    control.fault("timeout_after", "^/nowhere$")

    page = api.get("/").text
    for words in ("Acme Corp", "Main", "https://example.com/hook", "X-Secret", "held", "timeout after"):
        assert words in page
    assert "header-value" not in page


def test_an_empty_page_says_so(api, control):
    assert "No account yet." in api.get("/").text
    assert "No mail yet." in api.get("/mailbox").text


def test_buttons(api, control, account, channel, receiver):
    api.form(f"/_page/channels/{channel}", change="connected")
    api.form(f"/_page/channels/{channel}", change="is_active")
    assert [(row["connected"], row["is_active"]) for row in control.channels()] == [(False, False)]

    api.form(f"/_page/accounts/{account}/gateway-key")
    api.form(f"/_page/accounts/{account}/gateway-key", staging="1")
    assert [key["key"][:3] for key in control.gateway_keys()] == ["pk_", "sk_"]
    assert control.gateway_keys()[0]["key"] in api.get("/").text
    api.form(f"/_page/accounts/{account}/callback", url=receiver.url, secret="s")
    assert api.get("/_control/gateway/callbacks").json[0]["url"] == receiver.url

    now = control.now()
    api.form("/_page/clock/600")
    assert control.now() >= now + 600

    api.form("/_page/dialog", outcome="fail")
    assert "Next: fail." in api.get("/").text
    api.form("/_page/dialog/clear")
    assert api.get("/_control/dialog").json == []

    api.form("/_page/reset")
    assert control.accounts() == []


def test_delivery_buttons(api, control, account, channel, receiver):
    control.create_webhook(account, receiver.url, triggers=["message.created"])
    api.form("/_page/deliveries/hold")
    api.form(f"/_page/channels/{channel}", change="conversation")
    first, second = control.deliveries()
    assert {first["status"], second["status"]} == {"held"}

    api.form(f"/_page/deliveries/{second['number']}/release")
    receiver.wait_for(1)
    assert control.settle()
    api.form(f"/_page/deliveries/{second['number']}/duplicate")
    api.form("/_page/deliveries/release")
    receiver.wait_for(3)


def test_fault_form(api, control):
    fields = {"kind": "status", "method": "GET", "path": "^/accounts/$", "status": "503", "code": "GW_001"}
    api.form("/_page/faults", **fields, times="0", seconds="60", after="1")
    api.form("/_page/faults", **fields, times="2", seconds="")

    endless, twice = control.faults()
    assert (endless["times"], endless["after"], twice["times"], twice["after"]) == (None, True, 2, False)
    assert api.get("/accounts/").status == 503
    api.form(f"/_page/faults/{endless['number']}/remove")
    assert [row["number"] for row in control.faults()] == [twice["number"]]
    api.form("/_page/faults/clear")
    assert control.faults() == []
    assert api.form("/_page/faults", kind="status", path="(").status == 400


def test_emptying_the_mailbox(api, control, sandbox):
    assert api.form("/_page/mails/clear").status == 200
