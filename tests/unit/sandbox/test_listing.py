"""Pages of results."""

import pytest


@pytest.fixture
def twelve(api, fields):
    return [api.post("/accounts/", fields(contact_email=f"p{n}@example.com")).json["uuid"] for n in range(12)]


def uuids(reply):
    return [row["uuid"] for row in reply.json["results"]]


def test_next_leads_through_everything_once(api, twelve):
    seen, url = [], "/accounts/"
    while url:
        assert len(seen) <= len(twelve), "pages without an end"
        reply = api.get(url)
        seen += uuids(reply)
        url = reply.json["next"]

    assert seen == twelve


def test_a_page_has_the_guides_shape(api, sandbox, twelve):
    middle = api.get("/accounts/?page=2").json

    assert list(middle) == ["next", "previous", "count", "results"]
    assert middle["next"] == f"{sandbox.api_url}/accounts/?page=3"
    assert middle["previous"] == f"{sandbox.api_url}/accounts/"
    assert middle["count"] == 12
    assert len(middle["results"]) == 5


def test_the_ends_have_no_neighbour(api, twelve):
    assert api.get("/accounts/").json["previous"] is None
    assert api.get("/accounts/?page=last").json["next"] is None


@pytest.mark.parametrize("page", ["0", "-1", "4", "x", "1.5", ""])
def test_a_page_that_is_not_there_is_404(api, twelve, page):
    reply = api.get(f"/accounts/?page={page}")

    assert (reply.status, reply.json) == (404, {"detail": "Invalid page."})


def test_an_empty_list_has_one_page(api):
    reply = api.get("/accounts/?page=1")

    assert reply.json == {"next": None, "previous": None, "count": 0, "results": []}


def test_page_size_and_order_are_settings(api, control, twelve):
    control.set(page_size=7, list_order="newest")

    assert uuids(api.get("/accounts/")) == twelve[:4:-1]


def test_channels_webhooks_and_tokens_come_in_pages_too(api, control, account):
    for number in range(6):
        control.create_channel(account, name=f"Number {number}")
        control.create_webhook(account, "https://example.com/")
    control.set(access_token_limit=6)
    for _ in range(6):
        assert api.post(f"/accounts/{account}/access-token/").status == 201

    for path in ("channels", "webhooks", "access-token"):
        first = api.get(f"/accounts/{account}/{path}/").json
        second = api.get(first["next"]).json
        assert (first["count"], len(first["results"]), len(second["results"])) == (6, 5, 1)
