"""Access tokens: a key that is shown once, and what it opens."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from portal.connexease import errors


def test_a_new_token_shows_its_key_once(cx, account):
    made = cx.reseller.create_access_token(account.uuid)
    assert made.is_active
    assert made.revoked_at is None
    assert len(made.key.get_secret_value()) >= 16
    listed = cx.reseller.access_token(account.uuid, made.uuid)
    assert "key" not in (listed.model_extra or {})
    assert cx.reseller.access_tokens(account.uuid) == [listed]
    assert (listed.uuid, listed.created_at, listed.expires_at) == (made.uuid, made.created_at, made.expires_at)


def test_timestamps_are_utc_and_five_years_apart(cx, account):
    made = cx.reseller.create_access_token(account.uuid)
    assert abs(datetime.now(UTC) - made.created_at) < timedelta(minutes=5)
    assert abs(made.expires_at - made.created_at - timedelta(days=5 * 365)) <= timedelta(days=2)


def test_revoking(cx, account):
    made = cx.reseller.create_access_token(account.uuid)
    cx.reseller.revoke_access_token(account.uuid, made.uuid)
    revoked = cx.reseller.access_token(account.uuid, made.uuid)
    assert not revoked.is_active
    assert revoked.revoked_at is not None
    assert revoked.revoked_at >= made.created_at


def test_revoking_again_changes_nothing(cx, account):
    made = cx.reseller.create_access_token(account.uuid)
    cx.reseller.revoke_access_token(account.uuid, made.uuid)
    before = cx.reseller.access_token(account.uuid, made.uuid)
    cx.reseller.revoke_access_token(account.uuid, made.uuid)
    assert cx.reseller.access_token(account.uuid, made.uuid) == before


def test_a_revoked_token_stays_revoked(cx, implementation, account):
    made = cx.reseller.create_access_token(account.uuid)
    cx.reseller.revoke_access_token(account.uuid, made.uuid)
    path = f"/accounts/{account.uuid}/access-token/{made.uuid}/"
    status, _ = implementation.call("PATCH", path, {"is_active": True})
    assert status == 400
    assert not cx.reseller.access_token(account.uuid, made.uuid).is_active


def test_a_token_that_does_not_exist(cx, account):
    with pytest.raises(errors.NotFound):
        cx.reseller.access_token(account.uuid, uuid.uuid4())
    with pytest.raises(errors.NotFound):
        cx.reseller.revoke_access_token(account.uuid, uuid.uuid4())


def test_a_token_of_another_account(cx, account, new_account):
    other = cx.reseller.create_account(new_account())
    made = cx.reseller.create_access_token(other.uuid)
    with pytest.raises(errors.NotFound):
        cx.reseller.access_token(account.uuid, made.uuid)


def test_the_limit_of_active_tokens(cx, control, account):
    control.set(access_token_limit=3)
    made = [cx.reseller.create_access_token(account.uuid) for _ in range(3)]
    with pytest.raises(errors.Rejected) as caught:
        cx.reseller.create_access_token(account.uuid)
    assert caught.value.messages
    cx.reseller.revoke_access_token(account.uuid, made[0].uuid)
    assert cx.reseller.create_access_token(account.uuid).is_active


def test_tokens_over_several_pages(cx, control, account):
    control.set(page_size=2, access_token_limit=5)
    made = [cx.reseller.create_access_token(account.uuid).uuid for _ in range(5)]
    assert [token.uuid for token in cx.reseller.access_tokens(account.uuid)] == made


def test_a_token_opens_the_accounts_templates(cx, connected):
    token = cx.reseller.create_access_token(connected.account)
    templates = cx.account.templates(token.key)
    assert all(template.is_active for template in templates)
    for template in templates:
        assert all(field.placeholder in template.content for field in template.params.fields)
    cx.reseller.revoke_access_token(connected.account, token.uuid)
    with pytest.raises(errors.Unauthorized):
        cx.account.templates(token.key)


def test_all_templates_are_more_than_the_active_ones(cx, control, connected):
    key = cx.reseller.create_access_token(connected.account).key
    active = cx.account.templates(key)
    every = cx.account.templates(key, active_only=False)
    assert active
    assert active == [template for template in every if template.is_active]
    assert len(every) > len(active)
    assert {channel.uuid for channel in every[0].channels} == set(connected.channels)


def test_a_wrong_token_opens_nothing(cx, implementation):
    for wrong in ("wrong", implementation.reseller_token):
        with pytest.raises(errors.Unauthorized):
            cx.account.templates(SecretStr(wrong))
