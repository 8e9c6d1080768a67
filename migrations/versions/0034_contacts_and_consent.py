"""Contacts and consent

Who an account's contacts are, and what each wants: what people told WhatsApp moves into the ledger.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOVE = """
INSERT INTO consent_entry (id, account_id, number, user_id, scope, wish, source, detail, business_number, noted_by,
    at, added_at, delivery_id)
SELECT id, account_id, number, user_id, 'marketing', CASE value WHEN 'stop' THEN 'out' ELSE 'in' END, source,
    detail, business_number, '', at, received_at, delivery_id
FROM contact_preference WHERE category = 'marketing_messages' AND value IN ('stop', 'resume')
"""
MOVE_BACK = """
INSERT INTO contact_preference (id, account_id, number, user_id, category, value, source, detail, business_number,
    at, received_at, delivery_id)
SELECT id, account_id, number, user_id, 'marketing_messages', CASE wish WHEN 'out' THEN 'stop' ELSE 'resume' END,
    source, detail, business_number, at, added_at, delivery_id
FROM consent_entry WHERE source IN ('user_preferences', 'refused_message') AND length(number) <= 20
"""


def upgrade() -> None:
    """Add the tables, and move what is known."""
    _contacts()
    _consent()
    op.add_column("message", sa.Column("is_marketing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("template_listing", sa.Column("categories", sa.JSON(), nullable=False, server_default="{}"))
    op.execute(
        "UPDATE message SET is_marketing = true WHERE type = 'template' AND state IN ('prepared', 'queued')"
    )
    op.execute(MOVE)
    op.drop_table("contact_preference")


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("out_of", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    for name, column in (("uq_contact_number", "number"), ("uq_contact_user", "user_id")):
        is_there = sa.text(f"{column} <> ''")
        op.create_index(
            *(name, "contact", ["account_id", column]),
            unique=True,
            sqlite_where=is_there,
            postgresql_where=is_there,
        )
    op.create_index("ix_contact_list", "contact", ["account_id", "id"])
    op.create_index("ix_contact_out", "contact", ["account_id", "out_of", "id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE contact_search USING fts5(marks, words, "
            "tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.create_table(
            "contact_search",
            sa.Column("contact_id", sa.BigInteger(), nullable=False, autoincrement=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_search")),
        )
        op.create_index("ix_contact_search_words", "contact_search", ["words"], postgresql_using="gin")


def _consent() -> None:
    op.create_table(
        "consent_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("user_id", sa.String(length=160), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("wish", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("business_number", sa.String(length=20), nullable=False),
        sa.Column("noted_by", sa.String(length=254), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery_id", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_consent_entry_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entry")),
        sa.UniqueConstraint(
            *("account_id", "number", "user_id", "scope", "wish", "source", "at"),
            name=op.f("uq_consent_entry_told"),
        ),
    )
    op.create_index("ix_consent_entry_user", "consent_entry", ["account_id", "user_id", "at"])
    op.create_index("ix_consent_entry_log", "consent_entry", ["account_id", "at", "id"])
    op.create_table(
        "consent_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=True),
        sa.Column("confirmation", sa.String(length=1000), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_hash_key", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_consent_settings_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_settings")),
        sa.UniqueConstraint("account_id", name=op.f("uq_consent_settings_account_id")),
    )


def downgrade() -> None:
    """Take them back."""
    op.create_table(
        "contact_preference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=160), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("business_number", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery_id", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_contact_preference_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_preference")),
        sa.UniqueConstraint(
            *("account_id", "number", "user_id", "category", "value", "at"),
            name=op.f("uq_contact_preference_told"),
        ),
    )
    op.create_index("ix_contact_preference_user", "contact_preference", ["account_id", "user_id", "at"])
    op.execute(MOVE_BACK)
    op.drop_column("template_listing", "categories")
    op.drop_column("message", "is_marketing")
    op.drop_table("consent_settings")
    op.drop_table("consent_entry")
    op.drop_table("contact_search")
    op.drop_table("contact")
