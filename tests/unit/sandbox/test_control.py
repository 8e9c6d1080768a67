"""The control calls themselves: reset, clock, settings, the log, and who may turn the dials."""

import http.client
import json

import pytest

from portal.sandbox.client import SandboxControlError


def test_reset_puts_everything_back(api, control, account, onboard, sandbox):
    before = (sandbox.api_url, sandbox.dialog_url, sandbox.smtp_url)
    channel = control.create_channel(account)["uuid"]
    control.create_webhook(account, "https://example.com/")
    api.post(f"/accounts/{account}/access-token/")
    onboard()
    control.issue_gateway_key(account)
    control.set_gateway_callback(account, "https://example.com/", "s")
    control.emit("channel.created", account, channel, hold=True)
    control.fault("status", times=None)
    control.preset_dialog("fail", times=None)
    control.advance(3600)
    control.set(page_size=1)

    control.reset()

    rows = [
        control.accounts,
        control.channels,
        control.webhooks,
        control.access_tokens,
        control.onboarding_tokens,
        control.gateway_keys,
        control.gateway_messages,
        control.deliveries,
        control.faults,
        control.requests,
        control.mails,
    ]
    assert [list_rows() for list_rows in rows] == [[]] * len(rows)
    assert api.get("/_control/clock").json["offset"] == 0
    assert control.settings()["page_size"] == 5
    assert api.get("/_control/dialog").json == []
    assert api.get("/accounts/").status == 200
    assert (sandbox.api_url, sandbox.dialog_url, sandbox.smtp_url) == before


@pytest.mark.parametrize("changes", [{"colour": "red"}, {"page_size": "many"}, {"list_order": "random"}])
def test_a_senseless_setting_is_refused_and_changes_nothing(control, changes):
    before = control.settings()

    with pytest.raises(SandboxControlError, match=next(iter(changes))):
        control.set(**changes)
    assert control.settings() == before


def test_unknown_things_are_404_with_a_sentence(control, account):
    for call in (
        lambda: control.create_channel("nobody"),
        lambda: control.change_channel("nothing", connected=False),
        lambda: control.release_delivery(99),
        lambda: control.emit("channel.created", "nobody"),
        lambda: control.remove_fault(99),
        lambda: control.spend_onboarding_token("none"),
    ):
        with pytest.raises(SandboxControlError, match="There is no such"):
            call()
    with pytest.raises(SandboxControlError, match="has no colour"):
        control.create_account("a@example.com", colour="red")
    with pytest.raises(SandboxControlError, match="outcomes are"):
        control.preset_dialog("explode")


def test_channels_change_from_behind(api, control, account, receiver):
    control.create_webhook(account, receiver.url)
    channel = control.create_channel(account, name="Elsewhere", backend="whatsapp_core", announce=True)
    receiver.wait_for(1)

    control.change_channel(channel["uuid"], connected=False, is_active=False)
    (row,) = api.get(f"/accounts/{account}/channels/").json["results"]
    assert (row["backend"], row["is_active"], row["data"]) == ("whatsapp_core", False, {"connected": False})
    control.delete_channel(channel["uuid"])
    assert control.channels(account) == []


def test_the_log_counts_calls_and_hides_tokens(api, control, account, webhook_fields):
    body = webhook_fields(data={"headers": {"Authorization": "Bearer endpoint-secret"}})
    api.post(f"/accounts/{account}/webhooks/", body)
    key = api.post(f"/accounts/{account}/access-token/").json["key"]
    api.get("/accounts/?page=1")

    path = f"/accounts/{account}/webhooks/"
    (call,) = control.requests("POST", path)
    assert (call["status"], call["path"]) == (201, path)
    assert json.loads(call["body"])["callback_url"] == "https://portal.example.com/hooks"
    (listing,) = control.requests("GET", "/accounts/")
    assert listing["query"] == "page=1"
    everything = json.dumps(control.requests())
    for secret in ("endpoint-secret", key, "reseller-secret"):
        assert secret not in everything
    control.clear_requests()
    assert control.requests() == []


def test_control_calls_are_not_in_the_log(api, control):
    api.get("/")
    api.get("/mailbox")

    assert control.requests() == []


def raw(sandbox, headers):
    connection = http.client.HTTPConnection(sandbox.api_url.removeprefix("http://"), timeout=20)
    connection.request("POST", "/_control/reset", headers=headers)
    with connection.getresponse() as response:
        connection.close()
        return response.status


def test_other_sites_and_other_hosts_may_not_control_it(sandbox):
    assert raw(sandbox, {"Origin": "https://evil.example.com"}) == 403
    assert raw(sandbox, {"Origin": sandbox.dialog_url}) == 403
    assert raw(sandbox, {"Host": "evil.example.com"}) == 403
    assert raw(sandbox, {"Origin": sandbox.api_url}) == 200
