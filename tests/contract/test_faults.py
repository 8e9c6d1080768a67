"""What the adapter says after a fault, against what the sandbox knows to have happened."""

import pytest

from portal.connexease import Timeouts, errors, schemas

HELLO = schemas.TextMessage(to="+905301112233", text=schemas.Text(body="Hello"))

# The kind, whether the change was made, and how it is struck.
STRIKES = {
    "timeout before": ("timeout_before", False, {}),
    "timeout after": ("timeout_after", True, {}),
    "reset before": ("reset_before", False, {}),
    "reset after": ("reset_after", True, {}),
    "500": ("status", False, {"status": 500}),
    "500 after": ("status", True, {"status": 500, "after": True}),
    "503": ("status", False, {"status": 503, "headers": {"Retry-After": "1"}}),
    "504 after": ("status", True, {"status": 504, "after": True}),
    "a proxy's page": ("html", False, {}),
    "a proxy's page after": ("html", True, {"after": True}),
    "a success that is a page": ("html", True, {"after": True, "status": 200}),
    "truncated": ("truncated", True, {}),
    "truncated and said to be whole": ("truncated", True, {"length": "cut"}),
    "empty": ("empty", True, {}),
    "too slow": ("slow", True, {"seconds": 30}),
}
EVERY_STRIKE = pytest.mark.parametrize("strike", STRIKES)


@pytest.fixture
def hasty(adapter):
    return adapter(timeouts=Timeouts(connect=2, read=1, total=2.5))


@EVERY_STRIKE
def test_an_account_whose_creation_is_unknown_is_found_if_it_was_made(hasty, cx, control, new_account, strike):
    kind, was_made, how = STRIKES[strike]
    control.fault(kind, "^/accounts/$", "POST", **how)
    wanted = new_account()
    with pytest.raises(errors.OutcomeUnknown):
        hasty.reseller.create_account(wanted)
    found = cx.reseller.find_account(wanted.contact_email)
    assert bool(found) is was_made
    assert len(control.accounts()) == (1 if was_made else 0), "nothing is done twice"
    assert len(control.requests("POST", "/accounts/")) == 1


@EVERY_STRIKE
def test_a_message_whose_sending_is_unknown_is_not_sent_again(hasty, control, gateway_key, strike):
    kind, was_made, how = STRIKES[strike]
    control.fault(kind, "^/v1/wa/message$", **how)
    with pytest.raises(errors.OutcomeUnknown):
        hasty.gateway.send(gateway_key, HELLO)
    assert len(control.gateway_messages()) == (1 if was_made else 0)
    assert len(control.requests("POST", "/v1/wa/message")) == 1


@pytest.mark.parametrize("strike", [name for name in STRIKES if "slow" not in name])
def test_a_token_is_revoked_although_the_first_answer_is_lost(adapter, control, account, strike):
    cx = adapter(timeouts=Timeouts(connect=2, read=1, total=6))
    kind, _, how = STRIKES[strike]
    token = cx.reseller.create_access_token(account.uuid)
    control.fault(kind, "/access-token/", "PATCH", **how)
    repeats = strike not in ("a success that is a page", "truncated and said to be whole")
    if repeats:  # or, where the answer is empty, looks how the token stands
        cx.reseller.revoke_access_token(account.uuid, token.uuid)
    else:  # an answer that came whole is not asked for again: it would be the same
        with pytest.raises(errors.OutcomeUnknown):
            cx.reseller.revoke_access_token(account.uuid, token.uuid)
    assert not cx.reseller.access_token(account.uuid, token.uuid).is_active


@pytest.mark.parametrize(
    "strike", ["timeout before", "reset before", "500", "503", "a proxy's page", "truncated", "timeout after"]
)
def test_a_read_gets_past_a_passing_fault(adapter, control, account, strike):
    cx = adapter(timeouts=Timeouts(connect=2, read=1, total=6))
    kind, _, how = STRIKES[strike]
    control.fault(kind, "^/accounts/$", "GET", **how)
    assert [found.uuid for found in cx.reseller.accounts()] == [account.uuid]


@EVERY_STRIKE
def test_a_read_that_does_not_get_past_it_is_unavailable(adapter, control, strike):
    cx = adapter(timeouts=Timeouts(connect=2, read=0.5, total=1.2))
    kind, _, how = STRIKES[strike]
    control.fault(kind, "^/accounts/$", "GET", times=None, **how)
    with pytest.raises(errors.Unavailable):
        list(cx.reseller.accounts())


def test_a_slow_answer_within_the_time_is_an_answer(cx, control, new_account):
    control.fault("slow", "^/accounts/$", "POST", seconds=1)
    assert cx.reseller.create_account(new_account()).is_active


def test_an_onboarding_that_was_lost_is_asked_for_again(cx, control, account):
    control.fault("reset_after", "/channels/onboarding/", "POST")
    with pytest.raises(errors.OutcomeUnknown):
        cx.reseller.request_onboarding(account.uuid)
    assert cx.reseller.request_onboarding(account.uuid).onboarding_url
    assert len(control.onboarding_tokens()) == 2


def test_a_token_whose_key_was_lost_is_found_as_an_orphan(cx, control, account):
    before = {token.uuid for token in cx.reseller.access_tokens(account.uuid)}
    control.fault("truncated", "/access-token/", "POST")
    with pytest.raises(errors.OutcomeUnknown):
        cx.reseller.create_access_token(account.uuid)
    (orphan,) = [token for token in cx.reseller.access_tokens(account.uuid) if token.uuid not in before]
    cx.reseller.revoke_access_token(account.uuid, orphan.uuid)


def test_a_webhook_whose_making_is_unknown_is_found_by_what_it_is(cx, control, account, webhook):
    wanted = webhook("channel.created")
    control.fault("reset_after", "/webhooks/", "POST")
    with pytest.raises(errors.OutcomeUnknown):
        cx.reseller.create_webhook(account.uuid, wanted)
    (found,) = cx.reseller.webhooks(account.uuid)
    assert (found.callback_url, found.triggers) == (wanted.callback_url, wanted.triggers)


@pytest.mark.parametrize("after", [None, "0", "2", "3600", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_too_many_requests(adapter, control, new_account, after):
    cx = adapter()
    headers = {} if after is None else {"Retry-After": after}
    control.fault("status", "^/accounts/$", status=429, headers=headers)
    with pytest.raises(errors.RateLimited) as caught:
        cx.reseller.create_account(new_account())
    expected = {None: None, "Wed, 21 Oct 2015 07:28:00 GMT": 0.0}
    assert caught.value.retry_after == (expected[after] if after in expected else float(after))
    assert control.accounts() == []


@pytest.mark.parametrize(
    ("status", "expected"), [(401, errors.Unauthorized), (403, errors.Unauthorized), (404, errors.NotFound)]
)
def test_a_refusal_by_fault(cx, control, new_account, status, expected):
    control.fault("status", "^/accounts/$", status=status)
    with pytest.raises(expected) as caught:
        cx.reseller.create_account(new_account())
    assert caught.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        {"contact_email": ["In use."], "data": {"headers": ["Bad."]}},
        {"non_field_errors": ["No."]},
        {"detail": "No."},
        "Plain text.",
        "<html>400</html>",
        "",
    ],
)
def test_a_400_of_any_shape(cx, control, new_account, body):
    control.fault("status", "^/accounts/$", status=400, body=body)
    with pytest.raises(errors.Rejected) as caught:
        cx.reseller.create_account(new_account())
    assert "<" not in caught.value.message


def test_a_fault_on_a_later_page(cx, control, new_account):
    control.set(page_size=2)
    for _ in range(5):
        cx.reseller.create_account(new_account())
    control.fault("status", "^/accounts/$", "GET", times=1, skip=1, status=502)
    assert len(list(cx.reseller.accounts())) == 5


def test_an_account_that_vanishes_between_pages_is_not_a_missing_account(cx, control, account):
    control.set(page_size=2)
    for _ in range(3):
        control.create_channel(str(account.uuid))
    control.fault("status", "/channels/", "GET", skip=1, status=404)
    with pytest.raises(errors.BadAnswer):
        cx.reseller.channels(account.uuid)
