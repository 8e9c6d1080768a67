"""Which error each trouble on the wire becomes: not done, refused, or nobody knows."""

import gzip
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from portal.connexease import Connexease, Timeouts, errors, schemas
from portal.connexease.texts import filled

ACCOUNT = uuid.UUID("eabd44ac-9639-4f6d-8885-abec634893d4")
TOKEN_ID = uuid.UUID("9934c96c-5341-43bb-b2ce-625f61cef388")
ONE_ACCOUNT = {"uuid": str(ACCOUNT), "name": "Acme Corp", "is_active": True, "contact_email": "a@acme.test"}
EMPTY_PAGE = {"next": None, "previous": None, "count": 0, "results": []}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

Call = Callable[[Connexease], object]


def create(cx: Connexease) -> object:
    return cx.reseller.create_account(
        schemas.NewAccount(
            name="Acme Corp", contact_email="a@acme.test", billing_email="a@acme.test", time_zone="Europe/Istanbul"
        )
    )


def revoke(cx: Connexease) -> object:
    return cx.reseller.revoke_access_token(ACCOUNT, TOKEN_ID)


def send(cx: Connexease) -> object:
    message = schemas.TextMessage(to="+905551112233", text=schemas.Text(body="Hello"))
    return cx.gateway.send(SecretStr("pk_live_abcdef"), message)


def read(cx: Connexease) -> object:
    return list(cx.reseller.accounts())


def read_one(cx: Connexease) -> object:
    return cx.reseller.access_token(ACCOUNT, TOKEN_ID)


WRITES = pytest.mark.parametrize("write", [create, send], ids=["create", "send"])
CALLS = pytest.mark.parametrize("call", [create, revoke, send, read], ids=["create", "revoke", "send", "read"])


def outcome(cx: Connexease, call: Call) -> errors.ConnexeaseError:
    with pytest.raises(errors.ConnexeaseError) as caught:
        call(cx)
    return caught.value


def cut_short(peer):
    peer.send(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"uuid": "eabd')


def cut_short_chunks(peer):
    peer.send(b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"uuid":\r\n')


def reset(peer):
    peer.reset()


def reset_in_body(peer):
    peer.send(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"next')
    peer.reset()


def close(peer):
    pass


LONG = 9
"""Seconds: far beyond every deadline here, and far below what a call without one would take."""


def stay_silent(peer):
    peer.wait_for_the_client_to_leave()


def garbage(peer):
    peer.send(b"\x16\x03\x01 this is not HTTP\r\n\r\n")


def drip_body(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    peer.drip(b"[" * 5000)


def drip_headers(peer):
    peer.send(b"HTTP/1.1 200 OK\r\n")
    peer.drip(b"X-Slow: " + b"x" * 5000)


BRIEF = Timeouts(connect=2, read=1, total=2)

NO_ANSWERS = pytest.mark.parametrize(
    "step", [reset, close, stay_silent, garbage, drip_headers], ids=lambda step: step.__name__
)
BROKEN_ANSWERS = pytest.mark.parametrize(
    "step", [cut_short, cut_short_chunks, reset_in_body, drip_body], ids=lambda step: step.__name__
)


@WRITES
@NO_ANSWERS
def test_a_write_that_got_no_answer_may_have_been_done(connect, server, write, step):
    cx = connect(timeouts=BRIEF)
    server.script(step)
    error = outcome(cx, write)
    assert type(error) is errors.OutcomeUnknown
    assert error.status is None
    assert len(server.requests) == 1, "a write is never repeated"


@WRITES
@BROKEN_ANSWERS
def test_a_write_whose_answer_broke_off_may_have_been_done(connect, server, write, step):
    cx = connect(timeouts=BRIEF)
    server.script(step)
    error = outcome(cx, write)
    assert type(error) is errors.OutcomeUnknown
    assert error.status in (200, 201)


@pytest.mark.parametrize("step", [reset, close, garbage], ids=lambda step: step.__name__)
def test_a_read_that_gets_no_answer_is_repeated_and_then_unavailable(cx, server, step):
    server.script(step, step, step)
    assert type(outcome(cx, read)) is errors.Unavailable
    assert len(server.requests) == 3


def test_a_read_that_meets_silence_is_unavailable_within_the_deadline(connect, server):
    cx = connect(timeouts=Timeouts(connect=2, read=2, total=1))
    server.script(stay_silent)
    started = time.monotonic()
    assert type(outcome(cx, read)) is errors.Unavailable
    assert time.monotonic() - started < LONG


@pytest.mark.parametrize("step", [drip_body, drip_headers], ids=lambda step: step.__name__)
def test_a_drip_cannot_hold_a_read_beyond_the_deadline(connect, server, step):
    cx = connect(timeouts=Timeouts(connect=2, read=2, total=1))
    server.script(step)
    started = time.monotonic()
    assert isinstance(outcome(cx, read), errors.Unavailable)
    assert time.monotonic() - started < LONG


@pytest.mark.parametrize("step", [cut_short, cut_short_chunks, reset_in_body], ids=lambda step: step.__name__)
def test_a_read_whose_answer_broke_off_is_repeated(cx, server, step):
    server.script(step)
    server.reply(200, EMPTY_PAGE)
    assert read(cx) == []


def test_a_read_whose_answers_all_break_off_is_a_bad_answer(cx, server):
    server.script(cut_short, cut_short, cut_short)
    error = outcome(cx, read)
    assert type(error) is errors.BadAnswer
    assert error.message == filled(errors.BadAnswer.cut_short, {})


@CALLS
def test_a_refused_connection_is_unavailable_even_for_a_write(connect, call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = outcome(connect(url=f"http://127.0.0.1:{port}"), call)
    assert type(error) is errors.Unavailable
    assert error.status is None


@CALLS
def test_a_name_that_does_not_resolve_is_unavailable_even_for_a_write(connect, call):
    assert type(outcome(connect(url="http://connexease.invalid/"), call)) is errors.Unavailable


@CALLS
def test_a_connection_that_is_never_accepted_is_unavailable(connect, call):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        try:
            for each in waiting:  # the queue is full: further connections are not answered at all
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
            cx = connect(url=f"http://127.0.0.1:{port}", timeouts=Timeouts(connect=0.2, read=5, total=6))
            assert type(outcome(cx, call)) is errors.Unavailable
        finally:
            for each in waiting:
                each.close()


@CALLS
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_server_error_leaves_a_write_open_and_makes_a_read_unavailable(cx, server, call, status):
    tries = 3 if call in (revoke, read) and status != 520 else 1
    server.reply(status, HTML, times=tries)
    error = outcome(cx, call)
    assert type(error) is (errors.Unavailable if call is read else errors.OutcomeUnknown)
    assert error.status == status
    assert "<" not in error.message


@CALLS
def test_a_timed_out_request_at_a_proxy_leaves_a_write_open(cx, server, call):
    server.reply(408, HTML, times=3 if call in (revoke, read) else 1)
    assert type(outcome(cx, call)) is (errors.Unavailable if call is read else errors.OutcomeUnknown)


@CALLS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(cx, server, call, status):
    server.reply(status, HTML, headers={"Location": server.url + "elsewhere/"})
    error = outcome(cx, call)
    assert type(error) is (errors.BadAnswer if call is read else errors.OutcomeUnknown)
    assert len(server.requests) == 1


def test_a_redirect_with_an_unreadable_location_is_still_only_a_redirect(cx, server):
    server.reply(302, b"", headers={"Location": "http://[::1"})
    assert type(outcome(cx, read)) is errors.BadAnswer


@pytest.mark.parametrize("body", [HTML, b"", b"null", b"7", b'"ok"', b"{", b"[" * 100_000, b"\xff\xfe\x00"])
def test_a_success_that_cannot_be_read(cx, server, body):
    server.reply(201, body)
    assert type(outcome(cx, create)) is errors.OutcomeUnknown
    server.reply(200, body)
    assert type(outcome(cx, read)) is errors.BadAnswer
    server.reply(200, body)
    assert type(outcome(cx, send)) is errors.OutcomeUnknown
    if body:
        server.reply(200, body)
        assert type(outcome(cx, revoke)) is errors.OutcomeUnknown


@pytest.mark.parametrize("head", [b"204 No Content", b"200 OK\r\nContent-Length: 0"])
def test_a_change_answered_with_nothing_is_looked_up(cx, server, head):
    def nothing(peer):
        peer.send(b"HTTP/1.1 " + head + b"\r\nConnection: close\r\n\r\n")

    token = {
        "uuid": str(TOKEN_ID),
        "name": "",
        "created_at": "2026-03-26T18:30:41",
        "expires_at": "2031-03-26T18:30:41",
    }
    server.script(nothing)
    server.reply(200, token | {"is_active": False, "revoked_at": "2026-03-27T18:30:41"})
    revoke(cx)
    server.script(nothing)
    server.reply(200, token | {"is_active": True, "revoked_at": None})
    assert type(outcome(cx, revoke)) is errors.OutcomeUnknown
    server.script(nothing)
    server.reply(404, {"detail": "Not found."})
    error = outcome(cx, revoke)
    assert (type(error), error.method, error.__context__) == (errors.OutcomeUnknown, "PATCH", None)


@pytest.mark.parametrize("field", ["uuid", "name", "is_active", "contact_email"])
def test_a_missing_documented_field_is_named(cx, server, field):
    lacking = {name: value for name, value in ONE_ACCOUNT.items() if name != field}
    server.reply(201, lacking)
    error = outcome(cx, create)
    assert type(error) is errors.OutcomeUnknown
    assert error.field == field
    assert f"“{field}”" in error.message

    server.reply(200, EMPTY_PAGE | {"results": [ONE_ACCOUNT, lacking]})
    error = outcome(cx, read)
    assert type(error) is errors.BadAnswer
    assert error.field == f"results.1.{field}"
    assert f"“results.1.{field}”" in error.message


@pytest.mark.parametrize("field", ["next", "previous", "count", "results"])
def test_a_missing_field_of_a_page_is_named(cx, server, field):
    server.reply(200, {name: value for name, value in EMPTY_PAGE.items() if name != field})
    error = outcome(cx, read)
    assert type(error) is errors.BadAnswer
    assert error.field == field


def test_a_field_of_the_wrong_type_is_named(cx, server):
    server.reply(201, ONE_ACCOUNT | {"uuid": "not a uuid"})
    error = outcome(cx, create)
    assert type(error) is errors.OutcomeUnknown
    assert error.field == "uuid"
    assert "unreadable" in error.message


def test_a_list_where_an_object_belongs(cx, server):
    server.reply(201, [ONE_ACCOUNT])
    error = outcome(cx, create)
    assert type(error) is errors.OutcomeUnknown
    assert error.field is None


def test_a_field_name_from_outside_stays_short(cx, server):
    server.reply(201, {"uuid": str(ACCOUNT)} | ONE_ACCOUNT | {"name": {"x" * 5000: 1}})
    assert len(outcome(cx, create).message) < 300


def test_unknown_fields_are_no_error(cx, server):
    server.reply(201, ONE_ACCOUNT | {"plan": {"name": "gold"}, "model_config": 1})
    assert create(cx).contact_email == "a@acme.test"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, errors.Rejected),
        (401, errors.Unauthorized),
        (403, errors.Unauthorized),
        (404, errors.NotFound),
        (405, errors.Rejected),
        (409, errors.Rejected),
        (410, errors.NotFound),
        (413, errors.Rejected),
        (422, errors.Rejected),
    ],
)
@CALLS
def test_a_refusal_is_certain_and_never_repeated(cx, server, call, status, expected):
    server.reply(status, HTML)
    error = outcome(cx, call)
    assert type(error) is expected
    assert error.status == status
    assert "<" not in error.message


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_whose_body_breaks_off_is_still_a_refusal(cx, server, status):
    server.script(lambda peer: peer.send(b'HTTP/1.1 %d No\r\nContent-Length: 900\r\n\r\n{"name": ["to' % status))
    error = outcome(cx, create)
    assert type(error) is {400: errors.Rejected, 401: errors.Unauthorized, 404: errors.NotFound}[status]


def test_401_and_403_are_told_apart(cx, server):
    server.reply(401, {"detail": "no"})
    server.reply(403, {"detail": "no"})
    unknown, forbidden = outcome(cx, read), outcome(cx, read)
    assert (unknown.status, forbidden.status) == (401, 403)
    assert unknown.message != forbidden.message


def huge(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while True:  # ends when the client hangs up
        peer.send(chunk)


def test_a_body_without_end_is_not_read_to_its_end(connect, server):
    cx = connect(body_limit=200_000, timeouts=Timeouts(connect=1, read=5, total=30))
    server.script(huge)
    error = outcome(cx, read)
    assert type(error) is errors.BadAnswer
    assert error.message == filled(errors.BadAnswer.too_large, {})
    server.script(huge)
    assert type(outcome(cx, create)) is errors.OutcomeUnknown


def test_a_refusal_or_redirect_without_end_is_not_read_to_its_end(connect, server):
    cx = connect(body_limit=200_000, timeouts=Timeouts(connect=1, read=5, total=30))

    def endless(status: bytes):
        def step(peer):
            peer.send(b"HTTP/1.1 " + status + b"\r\nLocation: /\r\n\r\n")
            while True:
                peer.send(b" " * 65536)

        return step

    server.script(endless(b"400 Bad"), endless(b"302 Found"))
    assert type(outcome(cx, create)) is errors.Rejected
    assert type(outcome(cx, read)) is errors.BadAnswer


def test_a_small_body_that_unpacks_to_a_huge_one(connect, server):
    cx = connect(body_limit=100_000)
    packed = gzip.compress(b" " * 50_000_000)
    assert len(packed) < 100_000
    server.reply(200, packed, headers={"Content-Encoding": "gzip"})
    assert outcome(cx, read).message == filled(errors.BadAnswer.too_large, {})


def test_a_body_within_the_limit_is_read(connect, server):
    cx = connect(body_limit=200_000)
    server.reply(200, EMPTY_PAGE | {"padding": "x" * 150_000})
    assert read(cx) == []


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve", "tab\t"])
def test_a_token_that_no_header_can_carry_is_not_sent(connect, server, token):
    cx = connect(reseller_token=SecretStr(token))
    error = outcome(cx, create)
    assert type(error) is errors.Unauthorized
    assert error.status is None
    assert not server.requests
    assert not token or token not in str(error)


def test_the_error_says_which_call_it_was(cx, server):
    server.reply(404, {"detail": "Not found."})
    error = outcome(cx, read_one)
    assert error.method == "GET"
    assert error.path == f"/accounts/{ACCOUNT}/access-token/{TOKEN_ID}/"
    assert error.request_id == server.requests[0].headers["x-request-id"]
    assert uuid.UUID(error.request_id)


def test_reads_share_a_connection_and_a_write_has_its_own(connect, server):
    server.keep_alive = True
    cx = connect()
    server.reply(200, EMPTY_PAGE, times=2)
    server.reply(201, ONE_ACCOUNT, times=2)
    assert read(cx) == read(cx) == []
    assert create(cx) == create(cx)
    first, second, third, fourth = (seen.port for seen in server.requests)
    assert first == second
    assert len({second, third, fourth}) == 3


def test_threads_share_an_adapter_without_mixing_their_calls(cx, server):
    server.keep_alive = True
    tokens = [f"token-of-thread-{number}" for number in range(24)]

    def answer_to(peer):
        owner = peer.seen.headers["authorization"].removeprefix("Bearer ")
        body = f'{{"isSuccess": true, "data": {{"messages": [{{"id": "{owner}"}}]}}}}'
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    server.script(*[answer_to] * len(tokens))
    message = schemas.TextMessage(to="905551112233", text=schemas.Text(body="Hello"))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda token: cx.gateway.send(SecretStr(token), message).wamid, tokens))
    assert results == tokens
