"""Accounts: made once, found again, and nobody else's."""

import uuid

import pytest

from portal.connexease import errors, schemas

NOBODY = uuid.uuid4()


def said(error: errors.Rejected, field: str) -> bool:
    """Whether the refusal is explained, at the field or in general: the shape of a 400 is not documented."""
    return field in error.fields or bool(error.messages)


def test_an_account_comes_back_as_it_was_made(cx, new_account):
    wanted = new_account(name="Ağaç & Söğüt")
    account = cx.reseller.create_account(wanted)
    assert (account.name, account.contact_email, account.is_active) == (
        "Ağaç & Söğüt",
        wanted.contact_email,
        True,
    )
    assert cx.reseller.find_account(wanted.contact_email) == account


def test_an_account_without_what_is_optional(cx, new_account):
    wanted = new_account(contact_name=None, contact_lastname=None, contact_phone_number=None)
    assert cx.reseller.create_account(wanted).contact_email == wanted.contact_email


def test_a_contact_email_is_used_once(cx, new_account):
    wanted = new_account()
    cx.reseller.create_account(wanted)
    with pytest.raises(errors.Rejected) as caught:
        cx.reseller.create_account(wanted)
    assert said(caught.value, "contact_email")


def test_names_up_to_80_characters(cx, new_account):
    assert len(cx.reseller.create_account(new_account(name="ğ" * schemas.ACCOUNT_NAME_LIMIT)).name) == 80
    with pytest.raises(errors.Rejected) as caught:
        cx.reseller.create_account(new_account(name="ğ" * (schemas.ACCOUNT_NAME_LIMIT + 1)))
    assert said(caught.value, "name")


@pytest.mark.parametrize(
    ("field", "value"),
    [("contact_email", "not an address"), ("billing_email", "not an address"), ("time_zone", "Mars/Olympus")],
)
def test_a_value_that_makes_no_sense(cx, new_account, field, value):
    with pytest.raises(errors.Rejected) as caught:
        cx.reseller.create_account(new_account(**{field: value}))
    assert said(caught.value, field)


@pytest.mark.parametrize("field", ["name", "contact_email", "billing_email", "time_zone"])
def test_required_fields(implementation, new_account, field):
    body = new_account().as_json()
    del body[field]
    status, answer = implementation.call("POST", "/accounts/", body)
    assert (status, list(answer)) == (400, [field])


def test_all_accounts_are_listed_once(cx, new_account):
    made = {cx.reseller.create_account(new_account()).uuid for _ in range(7)}
    listed = [account.uuid for account in cx.reseller.accounts()]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_pages(cx, control, new_account, order):
    control.set(list_order=order, page_size=3)
    made = [cx.reseller.create_account(new_account()).uuid for _ in range(7)]
    pages = [cx.reseller.accounts_page(number) for number in (1, 2, 3)]
    listed = [account.uuid for page in pages for account in page.results]
    assert [len(page.results) for page in pages] == [3, 3, 1]
    assert {page.count for page in pages} == {7}
    assert listed == (made if order == "oldest" else made[::-1])
    assert [bool(page.next) for page in pages] == [True, True, False]
    assert [bool(page.previous) for page in pages] == [False, True, True]


def test_a_page_beyond_the_last(cx, account):
    with pytest.raises(errors.NotFound):
        cx.reseller.accounts_page(100_000)


def test_an_account_is_found_whatever_its_case(cx, account):
    assert cx.reseller.find_account(account.contact_email.upper()) == account
    assert cx.reseller.find_account(f"x{account.contact_email}") is None


@pytest.mark.parametrize("token", ["wrong-token", "another.wrong-token"])
def test_a_wrong_token(adapter, token, new_account):
    cx = adapter(reseller_token=token)
    with pytest.raises(errors.Unauthorized):
        list(cx.reseller.accounts())
    with pytest.raises(errors.Unauthorized):
        cx.reseller.create_account(new_account())


def account_calls(reseller, account):
    some = uuid.uuid4()
    yield lambda: reseller.webhooks(account)
    yield lambda: reseller.create_webhook(
        account, schemas.NewWebhook(callback_url="https://a.example.com/", triggers=["channel.created"])
    )
    yield lambda: reseller.update_webhook(account, some, schemas.WebhookChange(is_active=False))
    yield lambda: reseller.request_onboarding(account)
    yield lambda: reseller.channels(account)
    yield lambda: reseller.channels_page(account)
    yield lambda: reseller.access_tokens(account)
    yield lambda: reseller.create_access_token(account)
    yield lambda: reseller.access_token(account, some)
    yield lambda: reseller.revoke_access_token(account, some)


@pytest.mark.parametrize("number", range(10))
def test_an_account_that_does_not_exist(cx, number):
    call = list(account_calls(cx.reseller, NOBODY))[number]
    with pytest.raises(errors.NotFound):
        call()


@pytest.mark.parametrize("number", range(10))
def test_an_account_of_another_reseller(cx, control, number):
    other = control.create_account(f"other.{uuid.uuid4().hex}@contract.example.com", foreign=True)
    call = list(account_calls(cx.reseller, uuid.UUID(other["uuid"])))[number]
    with pytest.raises(errors.NotFound):
        call()


def test_another_resellers_account_is_not_listed_but_its_address_is_taken(cx, control, new_account):
    wanted = new_account()
    control.create_account(wanted.contact_email, foreign=True)
    assert cx.reseller.find_account(wanted.contact_email) is None
    with pytest.raises(errors.Rejected):
        cx.reseller.create_account(wanted)
