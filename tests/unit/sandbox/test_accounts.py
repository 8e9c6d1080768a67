"""POST and GET /accounts/: fields, refusals, who may call."""

from concurrent.futures import ThreadPoolExecutor

import pytest


def test_created_account_answers_the_four_fields_of_the_guide(api, fields):
    reply = api.post("/accounts/", fields(contact_name="Jane", contact_phone_number="+10000000000"))

    assert reply.status == 201
    assert list(reply.json) == ["uuid", "name", "is_active", "contact_email"]
    assert reply.json["name"] == "Acme Corp"
    assert reply.json["is_active"] is True


def test_all_missing_fields_are_named_at_once(api):
    reply = api.post("/accounts/", {})

    assert reply.status == 400
    assert reply.json == {
        name: ["This field is required."] for name in ("name", "contact_email", "billing_email", "time_zone")
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "x" * 81, "Ensure this field has no more than 80 characters."),
        ("name", "  ", "This field may not be blank."),
        ("name", None, "This field may not be null."),
        ("name", ["Acme"], "Not a valid string."),
        ("contact_email", "jane@", "Enter a valid email address."),
        ("contact_email", "jane@example", "Enter a valid email address."),
        ("billing_email", "a b@example.com", "Enter a valid email address."),
        ("time_zone", "Europe/Atlantis", '"Europe/Atlantis" is not a valid choice.'),
        ("time_zone", "europe/istanbul", '"europe/istanbul" is not a valid choice.'),
        ("contact_name", None, "This field may not be null."),
        ("contact_phone_number", {}, "Not a valid string."),
    ],
)
def test_refused_field(api, control, fields, field, value, sentence):
    reply = api.post("/accounts/", fields(**{field: value}))

    assert (reply.status, reply.json) == (400, {field: [sentence]})
    assert control.accounts() == []


def test_name_of_exactly_eighty_characters_is_taken(api, fields):
    assert api.post("/accounts/", fields(name="ğ" * 80)).status == 201


def test_contact_email_is_unique_whatever_its_case(api, fields, account):
    reply = api.post("/accounts/", fields(contact_email="JANE@Example.com"))

    assert reply.status == 400
    assert list(reply.json) == ["contact_email"]


def test_of_many_creates_at_once_one_wins(api, control, fields):
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: api.post("/accounts/", fields()), range(8)))

    assert sorted(reply.status for reply in replies) == [201] + [400] * 7
    assert len(control.accounts()) == 1


def test_billing_email_need_not_be_unique(api, fields, account):
    assert api.post("/accounts/", fields(contact_email="other@example.com")).status == 201


def test_email_of_another_resellers_account_is_taken_but_not_listed(api, control, fields):
    other = control.create_account("jane@example.com", foreign=True)

    assert api.post("/accounts/", fields()).status == 400
    assert api.get("/accounts/").json["count"] == 0
    for path in ("webhooks", "channels", "access-token"):
        reply = api.get(f"/accounts/{other['uuid']}/{path}/")
        assert (reply.status, reply.json) == (404, {"detail": "No Account matches the given query."})


def test_unknown_fields_are_ignored(api, fields):
    assert api.post("/accounts/", fields(plan="gold")).status == 201


def test_broken_json_is_one_sentence(api):
    reply = api.post("/accounts/", b'{"name": ')

    assert reply.status == 400
    assert reply.json["detail"].startswith("JSON parse error")


def test_a_list_is_not_an_account(api):
    reply = api.post("/accounts/", [])

    assert (reply.status, list(reply.json)) == (400, ["non_field_errors"])


def test_a_form_is_not_json(api):
    assert api.form("/accounts/", name="Acme").status == 415


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "Bearer a b", "Token reseller-secret"])
def test_missing_or_malformed_credentials_are_401(api, header):
    headers = {"Authorization": header} if header else {}
    reply = api.get("/accounts/", token=None, headers=headers)

    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert "detail" in reply.json


def test_a_wrong_token_is_403_and_changes_nothing(api, control, fields):
    reply = api.post("/accounts/", fields(), token="guessed")

    assert (reply.status, list(reply.json)) == (403, ["detail"])
    assert control.accounts() == []


def test_an_access_token_does_not_open_the_reseller_api(api, account):
    key = api.post(f"/accounts/{account}/access-token/").json["key"]

    assert api.get("/accounts/", token=key).status == 403


def test_there_is_no_delete(api, account):
    assert api.send("DELETE", "/accounts/").status == 405
    assert api.send("DELETE", "/accounts/", token=None).status == 401


def test_a_missing_slash_is_404_not_a_redirect(api):
    assert api.get("/accounts").status == 404
