"""Mail about tokens: once a year, and once before they expire."""

from datetime import timedelta

from portal.models import now
from tests.integration.vault.conftest import Owner
from tests.integration.vault.test_rotate_revoke import revoke

JANE = "jane@acme.example.com"


def mails(owner: Owner, words: str) -> list[dict]:
    owner.portal.sweep()
    return [mail for mail in owner.portal.mails(JANE) if words in mail["subject"]]


def test_once_before_it_expires(owner: Owner) -> None:
    owner.made()
    assert mails(owner, "expires soon") == []
    owner.portal.sql("UPDATE credential SET expires_at = :at", at=now() + timedelta(days=59))
    (mail,) = mails(owner, "expires soon")
    assert "Order system" in mail["text"]
    assert f"/tokens/{owner.row('Order system').id}" in mail["text"]
    assert len(mails(owner, "expires soon")) == 1
    assert mails(owner, "Review your access token") == []


def test_once_a_year(owner: Owner) -> None:
    owner.made()
    owner.portal.sql("UPDATE credential SET issued_at = :at", at=now() - timedelta(days=366))
    assert len(mails(owner, "Review your access token")) == 1
    assert len(mails(owner, "Review your access token")) == 1
    owner.portal.sql("UPDATE credential SET reminded_at = :at", at=now() - timedelta(days=366))
    assert len(mails(owner, "Review your access token")) == 2


def test_nothing_about_what_is_over(owner: Owner) -> None:
    owner.made()
    revoke(owner)
    owner.portal.sql(
        "UPDATE credential SET issued_at = :old, expires_at = :soon",
        old=now() - timedelta(days=800),
        soon=now() + timedelta(days=3),
    )
    assert mails(owner, "Order system") == []


def test_what_was_revoked_elsewhere_is_found_out_first(owner: Owner) -> None:
    row, _key = owner.made()
    owner.portal.sql("UPDATE credential SET issued_at = :at", at=now() - timedelta(days=366))
    owner.portal.sql("UPDATE credential_listing SET tried_at = :at", at=now() - timedelta(hours=2))
    reseller = owner.portal.app.extensions["connexease"].reseller
    reseller.revoke_access_token(owner.uuid, row.connexease_uuid)
    assert mails(owner, "Review your access token") == []
    assert not owner.row("Order system").is_active


def test_what_was_made_elsewhere_becomes_known_within_a_day(owner: Owner) -> None:
    owner.index()
    owner.make_elsewhere()
    owner.portal.sweep()
    assert owner.rows() == []
    owner.portal.sql("UPDATE credential_listing SET tried_at = :at", at=now() - timedelta(hours=25))
    owner.portal.sweep()
    assert len(owner.rows()) == 1
