"""Templates, read with an account's own token."""

import uuid

import pytest
from pydantic import SecretStr

from portal.connexease import errors

TOKEN = SecretStr("account-access-token")
TEMPLATE = {
    "uuid": str(uuid.UUID(int=1)),
    "account": str(uuid.UUID(int=2)),
    "channels": [{"uuid": str(uuid.UUID(int=3)), "name": "Main", "is_active": True}],
    "namespace": "ns",
    "element_name": "greeting",
    "is_active": True,
    "content": "Hi $1,\nyour order $2 is ready",
    "params": {"fields": [{"label": "Name", "placeholder": "$1"}, {"label": "Order", "placeholder": "$2"}]},
}


def test_templates(cx, server):
    server.reply(200, [TEMPLATE, TEMPLATE | {"namespace": None, "params": None, "language": "tr"}])
    first, second = cx.account.templates(TOKEN)
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("GET", "/templates/?is_active=true")
    assert seen.headers["authorization"] == "Bearer account-access-token"
    assert first.content == "Hi $1,\nyour order $2 is ready"
    assert [field.placeholder for field in first.params.fields] == ["$1", "$2"]
    assert first.channels[0].uuid.int == 3
    assert second.params.fields == []


def test_all_templates(cx, server):
    server.reply(200, [])
    assert cx.account.templates(TOKEN, active_only=False) == []
    assert server.requests[0].target == "/templates/"


@pytest.mark.parametrize("field", list(TEMPLATE))
def test_a_template_that_lacks_a_field(cx, server, field):
    server.reply(200, [{name: value for name, value in TEMPLATE.items() if name != field}])
    with pytest.raises(errors.BadAnswer) as caught:
        cx.account.templates(TOKEN)
    assert caught.value.field == f"0.{field}"


def test_a_token_that_is_not_allowed(cx, server):
    server.reply(403, {"detail": "You do not have permission to perform this action."})
    with pytest.raises(errors.Unauthorized) as caught:
        cx.account.templates(TOKEN)
    assert caught.value.status == 403
