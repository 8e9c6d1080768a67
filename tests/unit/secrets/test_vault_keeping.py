"""The one list of what is sealed, and where each secret lives."""

import ast
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import SQLModel

import portal
from portal.models import (
    AuditChain,
    Authenticator,
    Credential,
    CredentialKind,
    OnboardingAttempt,
    PortalWebhook,
    Webhook,
    WebhookPurpose,
)
from portal.secrets.crypto import Place
from portal.secrets.stored import PLACES

ACCOUNT, PERSON = uuid4(), uuid4()


def test_every_sealed_column_is_known():
    """A column that is missing here would keep its old key, and be lost with it."""
    columns = [column for table in SQLModel.metadata.tables.values() for column in table.c]
    assert {str(column) for column in columns if column.name.startswith("sealed_")} == set(PLACES)


@pytest.mark.parametrize(
    ("column", "row", "record"),
    [
        ("authenticator.sealed_secret", Authenticator(person_id=ACCOUNT, sealed_secret=""), "id"),
        ("credential.sealed_key", Credential(account_id=ACCOUNT, kind=CredentialKind.GATEWAY_KEY), "id"),
        ("onboarding_attempt.sealed_url", OnboardingAttempt(account_id=ACCOUNT, person_id=PERSON), "id"),
        (
            "portal_webhook.sealed_secret",
            PortalWebhook(
                account_id=ACCOUNT, purpose=WebhookPurpose.WATCH, key="the-key", secret_hash="", sealed_secret=""
            ),
            "key",
        ),
        ("webhook.sealed_headers", Webhook(account_id=ACCOUNT), "id"),
    ],
)
def test_where_a_secret_lives(column, row, record):
    """What is sealed already opens at exactly this place: it can never be written otherwise."""
    assert PLACES[column](row) == Place(column, str(ACCOUNT), str(getattr(row, record)))


def test_where_the_end_of_the_audit_log_lives():
    assert PLACES["audit_chain.sealed_end"](AuditChain()) == Place("audit_chain.sealed_end", "", "1")


def test_nobody_else_says_where_a_secret_lives():
    texts = {path: path.read_text() for path in Path(portal.__file__).parent.rglob("*.py")}
    for path in (path for path, text in texts.items() if "portal.secrets.crypto" in text):
        imported = {
            alias.name
            for node in ast.walk(ast.parse(texts[path]))
            if isinstance(node, ast.ImportFrom) and node.module == "portal.secrets.crypto"
            for alias in node.names
        }
        assert "Place" not in imported or path.name == "stored.py", path
