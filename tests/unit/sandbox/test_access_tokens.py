"""Access tokens of an account, and the account API that they open."""

import re
from datetime import datetime

import pytest


@pytest.fixture
def tokens(account):
    return f"/accounts/{account}/access-token/"


def test_the_key_is_shown_once(api, tokens):
    created = api.post(tokens)

    assert created.status == 201
    assert re.fullmatch(r"[\w-]{43}", created.json["key"])
    shown = {name: value for name, value in created.json.items() if name != "key"}
    assert list(shown) == ["uuid", "name", "is_active", "created_at", "expires_at", "revoked_at"]
    assert api.get(tokens).json["results"] == [shown]
    assert api.get(f"{tokens}{shown['uuid']}/").json == shown


def test_only_a_hash_of_the_key_is_kept(api, tokens, sandbox):
    key = api.post(tokens).json["key"]

    assert key not in repr(sandbox.core.state)


def test_timestamps_have_microseconds_and_no_zone_and_span_five_years(api, tokens):
    token = api.post(tokens).json

    for name in ("created_at", "expires_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", token[name])
    span = datetime.fromisoformat(token["expires_at"]) - datetime.fromisoformat(token["created_at"])
    assert span.days == 1825


def test_revoking_answers_only_is_active_and_is_idempotent(api, tokens):
    path = f"{tokens}{api.post(tokens).json['uuid']}/"

    assert api.patch(path, {"is_active": False}).json == {"is_active": False}
    revoked_at = api.get(path).json["revoked_at"]
    assert revoked_at is not None
    assert api.patch(path, {"is_active": False}).status == 200
    assert api.get(path).json["revoked_at"] == revoked_at


def test_a_revoked_token_stays_revoked(api, tokens):
    path = f"{tokens}{api.post(tokens).json['uuid']}/"
    assert api.patch(path, {"is_active": True}).json == {"is_active": True}
    api.patch(path, {"is_active": False})

    reply = api.patch(path, {"is_active": True})
    assert (reply.status, list(reply.json)) == (400, ["is_active"])


def test_the_limit_counts_active_tokens(api, tokens, control):
    control.set(access_token_limit=2)
    first = api.post(tokens).json["uuid"]
    api.post(tokens)

    reply = api.post(tokens)
    assert (reply.status, list(reply.json)) == (400, ["detail"])
    api.patch(f"{tokens}{first}/", {"is_active": False})
    assert api.post(tokens).status == 201


def test_unknown_and_others_tokens_are_404(api, tokens, control):
    other = control.create_account("else@example.com")["uuid"]
    foreign = api.post(f"/accounts/{other}/access-token/").json["uuid"]

    assert api.get(f"{tokens}unknown/").status == 404
    assert api.get(f"{tokens}{foreign}/").status == 404
    assert api.patch(f"{tokens}{foreign}/", {"is_active": False}).status == 404


def test_templates_come_with_the_first_channel(api, tokens, control, account):
    key = api.post(tokens).json["key"]
    assert api.get("/templates/?is_active=true", token=key).json == []

    channel = control.create_channel(account, name="Main")["uuid"]
    active = api.get("/templates/?is_active=true", token=key).json
    assert list(active[0]) == [
        "uuid",
        "account",
        "channels",
        "namespace",
        "element_name",
        "is_active",
        "content",
        "params",
    ]
    assert active[0]["channels"] == [{"uuid": channel, "name": "Main", "is_active": True}]
    for template in active:
        placeholders = [field["placeholder"] for field in template["params"]["fields"]]
        assert placeholders == re.findall(r"\$\d|\{\{\w+\}\}", template["content"])
    inactive = api.get("/templates/?is_active=false", token=key).json
    assert [row["is_active"] for row in inactive] == [False]
    assert len(api.get("/templates/", token=key).json) == len(active) + 1


def test_the_account_api_refuses_with_403(api, tokens, control):
    token = api.post(tokens).json
    old = api.post(tokens).json
    api.patch(f"{tokens}{old['uuid']}/", {"is_active": False})

    for key in (None, "guessed", old["key"], "reseller-secret"):
        reply = api.get("/templates/", token=key)
        assert (reply.status, list(reply.json)) == (403, ["detail"])
    assert api.get("/templates/", token=token["key"]).status == 200
    control.advance(1825 * 86400 + 1)
    assert api.get("/templates/", token=token["key"]).status == 403
