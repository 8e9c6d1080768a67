"""Each kind of fault as a client meets it, and whether the change was made."""

import http.client
import json
import time

import pytest
from werkzeug.test import create_environ

from portal.sandbox.core import Core
from portal.sandbox.faults import Fault
from portal.sandbox.front import Front
from portal.sandbox.settings import Settings
from tests.support.suite.concurrent import beside, outcome
from tests.support.suite.patience import wait_until


@pytest.fixture
def create(api, fields):
    return lambda **more: api.post("/accounts/", fields(), **more)


def made(control):
    return len(control.accounts())


def until_struck(control, inner_status=None):
    """Wait until a call has met its fault, and was worked on as far as it will be."""
    wait_until(lambda: [call["inner_status"] for call in control.requests() if call["fault"]] == [inner_status])


@pytest.mark.parametrize(("kind", "accounts"), [("timeout_before", 0), ("timeout_after", 1)])
def test_timeout(create, control, kind, accounts):
    control.fault(kind, "^/accounts/$", "POST")

    with pytest.raises(TimeoutError):
        create(timeout=0.2)
    until_struck(control, 201 if accounts else None)
    assert made(control) == accounts
    (call,) = control.requests("POST", "/accounts/")
    assert (call["status"], call["inner_status"], call["fault"]) == (None, 201 if accounts else None, kind)


def test_a_held_call_is_let_go_after_its_seconds(create, control):
    control.fault("timeout_after", seconds=0.1)

    with pytest.raises(http.client.RemoteDisconnected):
        create()


def test_clearing_faults_lets_held_calls_go(create, control):
    control.fault("timeout_before")
    asked = beside(create)
    until_struck(control)
    control.clear_faults()
    with pytest.raises(http.client.RemoteDisconnected):
        outcome(asked, 20)


def test_a_slow_answer_is_let_go_that_is_cleared_just_before_it_begins():
    core = Core("token", Settings())
    core.faults.add(Fault("slow", seconds=30))

    def application(_environ, start_response):
        core.faults.clear()
        start_response("200 OK", [])
        return [b"x" * 50]

    environ = {**create_environ("/accounts/"), "werkzeug.socket": None}
    began = time.monotonic()
    assert b"".join(Front(application, core)(environ, lambda *_: None)) == b"x" * 50
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("kind", "accounts"), [("reset_before", 0), ("reset_after", 1)])
def test_reset(create, control, kind, accounts):
    control.fault(kind, "^/accounts/$", "POST")

    with pytest.raises(ConnectionResetError):
        create()
    assert made(control) == accounts


def test_status_with_body_and_headers(create, control):
    control.fault("status", status=429, headers={"Retry-After": "3"}, body={"detail": "Slow down."})

    reply = create()
    assert (reply.status, reply.json, reply.headers["Retry-After"]) == (429, {"detail": "Slow down."}, "3")
    assert made(control) == 0
    assert create().status == 201


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_bare_status_has_a_sentence(create, control, status):
    control.fault("status", status=status)

    reply = create()
    assert (reply.status, list(reply.json)) == (status, ["detail"])


def test_status_with_plain_text_or_nothing(create, control):
    control.fault("status", status=503, body="upstream is down")
    control.fault("status", status=503, body="")

    first, second = create(), create()
    assert (first.text, first.headers["Content-Type"]) == ("upstream is down", "text/plain")
    assert second.text == ""


@pytest.mark.parametrize("after", [False, True])
def test_html_from_a_proxy_before_or_after_the_change(create, control, after):
    control.fault("html", after=after)

    reply = create()
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    assert "<h1>502 Bad Gateway</h1>" in reply.text
    assert made(control) == after


def test_truncated_body_with_the_whole_length(create, control):
    control.fault("truncated")

    with pytest.raises(http.client.IncompleteRead):
        create()
    assert made(control) == 1


def test_truncated_body_with_its_own_length(create, control):
    control.fault("truncated", length="cut")

    reply = create()
    assert reply.status == 201
    with pytest.raises(json.JSONDecodeError):
        assert reply.json
    assert made(control) == 1


def test_empty(create, control):
    control.fault("empty")

    reply = create()
    assert (reply.status, reply.text, reply.headers["Content-Length"]) == (201, "", "0")
    assert made(control) == 1


def test_slow_drips_the_whole_answer(create, control):
    control.fault("slow", seconds=0.4)

    began = time.monotonic()
    assert create().json["name"] == "Acme Corp"
    assert time.monotonic() - began > 0.3


def test_gateway_fault_has_the_vendors_body(api, control):
    control.fault("gateway", code="RATE_001", params={"limit_type": "min", "retry_after": "1 seconds"})

    reply = api.post("/v1/wa/message", {})
    assert reply.status == 429
    assert reply.json["errors"]["code"] == "RATE_001"
    assert reply.json["errors"]["params"] == {"limit_type": "min", "retry_after": "1 seconds"}


def test_a_fault_strikes_only_calls_that_fit(api, create, control):
    control.fault("status", "^/accounts/$", "POST", status=500)

    assert api.get("/accounts/").status == 200
    assert api.get("/accounts/x/channels/").status == 404
    assert create().status == 500


def test_times_skip_and_order(api, control):
    control.fault("status", status=500, times=2, skip=1)
    control.fault("status", status=503, times=None)

    statuses = [api.get("/accounts/").status for _ in range(5)]
    assert statuses == [503, 500, 500, 503, 503]
    (left,) = control.faults()
    assert left["struck"] == 3
    control.remove_fault(left["number"])
    assert api.get("/accounts/").status == 200


def test_the_dialog_can_fail_too_but_never_the_control_calls(dialog, onboard, control):
    token = onboard()
    control.fault("status", status=500, times=None)

    assert dialog.get(f"/reseller/channels/whatsapp/connect?token={token}").status == 500
    assert control.accounts()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explode"},
        {"kind": "status", "status": "many"},
        {"kind": "status", "path": "("},
        {"kind": "status", "colour": "red"},
        {},
    ],
)
def test_a_senseless_fault_is_refused(api, fault):
    reply = api.post("/_control/faults", fault)

    assert (reply.status, list(reply.json)) == (400, ["error"])
