"""Testing a callback: what is sent, what is shown, and where nothing is ever sent."""

import pytest

from portal import outbound
from portal.models import AuditEntry
from tests.integration.webhooks.conftest import Customer, Receiver
from tests.support.application.browser import Page

SECRET = "Bearer planted-probe-secret-31"


def probe(customer: Customer, trigger: str = "message.created", htmx: bool = False) -> Page:
    return customer.browser.post(f"{customer.root}{customer.only_row().id}/test", {"trigger": trigger}, htmx=htmx)


@pytest.mark.parametrize("htmx", [False, True])
def test_a_sample_is_sent_with_the_headers_and_the_answer_is_shown(
    customer: Customer, receiver: Receiver, htmx: bool
) -> None:
    receiver.headers = {"X-Receiver": "was here"}
    customer.save(callback_url=receiver.url, headers=[("Authorization", SECRET)])
    page = probe(customer, htmx=htmx)
    ((headers, event),) = receiver.got
    assert headers["Authorization"] == SECRET
    assert event["hook"] == "message.created"
    assert event["account"] == {"uuid": customer.uuid, "name": "Acme Corp"}
    assert event["channel"]["uuid"] == customer.channels[0]
    assert "Accepted" in page.text
    assert "Status 200 after" in page.text
    assert "X-Receiver: was here" in page.text
    assert "thank you" in page.text


def test_a_receiver_that_echoes_the_secret_does_not_show_it_on_our_page(
    customer: Customer, receiver: Receiver
) -> None:
    receiver.headers, receiver.body = {"X-Echo": SECRET}, f"<b>you sent {SECRET}</b>".encode()
    customer.save(callback_url=receiver.url, headers=[("Authorization", SECRET)])
    page = probe(customer)
    assert "planted-probe-secret" not in page.response.text
    assert "<b>you sent" not in page.response.text
    assert "you sent •••" in page.text


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(500, "tries up to 30 times"), (404, "tries up to"), (302, "answered with a redirect")],
)
def test_an_answer_that_does_not_count_is_explained(
    customer: Customer, receiver: Receiver, status: int, sentence: str
) -> None:
    receiver.status, receiver.headers = status, {"Location": "http://127.0.0.1:1/elsewhere"}
    customer.save(callback_url=receiver.url)
    page = probe(customer)
    assert "Not accepted" in page.text
    assert sentence in page.text
    assert len(receiver.got) == 1


def test_a_receiver_that_is_not_there(customer: Customer) -> None:
    customer.save(callback_url="http://127.0.0.1:9/hook")
    assert "refused or dropped" in probe(customer).text


def test_a_name_without_an_address(customer: Customer) -> None:
    customer.save(callback_url="https://no-such-host.invalid/hook")
    assert "We found no server" in probe(customer).text


def test_a_receiver_that_drips_is_cut_off(
    customer: Customer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = f"didn't answer within {outbound.DEADLINE:.0f} seconds"
    monkeypatch.setattr(outbound, "DEADLINE", 0.5)
    receiver.drip = 5
    customer.save(callback_url=receiver.url)
    assert sentence in probe(customer).text


@pytest.mark.parametrize("host", ["10.0.0.8", "169.254.169.254", "[::ffff:10.0.0.8]", "[fd00::1]", "100.64.0.1"])
def test_nothing_is_ever_sent_to_a_private_address(customer: Customer, host: str) -> None:
    customer.save(callback_url=f"https://{host}/hook")
    assert "leads to a private address" in probe(customer).text


def test_a_name_that_leads_to_a_private_address(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "addresses_of", lambda *_args, **_more: ["93.184.216.34", "10.0.0.8"])
    customer.save(callback_url="https://rebinding.example.com/")
    assert "leads to a private address" in probe(customer).text


def test_loopback_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(outbound.RefusedAddressError):
        outbound.send("POST", "http://127.0.0.1:9/", headers={})


def test_only_the_webhooks_own_triggers_can_be_sampled(customer: Customer, receiver: Receiver) -> None:
    customer.save(callback_url=receiver.url)
    assert probe(customer, "feedback.received").status == 422
    assert receiver.got == []


def test_tests_are_audited_and_throttled(customer: Customer, receiver: Receiver) -> None:
    customer.portal.app.config["SETTINGS"].throttle_factor = 1
    customer.save(callback_url=receiver.url)
    pages = [probe(customer) for _ in range(11)]
    assert [page.status for page in pages] == [200] * 10 + [422]
    assert "Too many attempts" in pages[-1].text
    assert len(receiver.got) == 10
    assert sum(entry.action == "webhook.tested" for entry in customer.portal.rows(AuditEntry)) == 10
