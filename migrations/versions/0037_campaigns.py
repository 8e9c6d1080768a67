"""Campaigns

One template to many people, at the pace of its key; and what messages cost, as staff enter it.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PERSON = sa.text("recipient <> '' AND state NOT IN ('wrong', 'double')")
MADE = sa.text("campaign_id IS NOT NULL")


def upgrade() -> None:
    """Add the tables, and the campaign of a message."""
    op.create_table(
        "message_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_price")),
        sa.UniqueConstraint("region", "category", "since", name="uq_message_price_region"),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("separator", sa.String(length=1), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("template_uuid", sa.Uuid(), nullable=True),
        sa.Column("template_name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("template_seen", sa.JSON(), nullable=True),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("credential_name", sa.String(length=200), nullable=False),
        sa.Column("credential_last_four", sa.String(length=4), nullable=False),
        sa.Column("mmlite", sa.Boolean(), nullable=False),
        sa.Column("is_fake", sa.Boolean(), nullable=False),
        sa.Column("is_marketing", sa.Boolean(), nullable=False),
        sa.Column("starts_at", AT, nullable=True),
        sa.Column("ends_at", AT, nullable=True),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("rate", sa.Integer(), nullable=True),
        sa.Column("most_failures", sa.Integer(), nullable=False),
        sa.Column("most_opt_outs", sa.Integer(), nullable=False),
        sa.Column("with_recent", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author", sa.String(length=254), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("introduced", NUMBER, nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("reason_detail", sa.String(length=500), nullable=False),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.Column("again_of", sa.Uuid(), nullable=True),
        sa.Column("checked_rows", sa.Integer(), nullable=False),
        sa.Column("checked_bytes", sa.Integer(), nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("next_attempt_at", AT, nullable=True),
        sa.Column("claimed_until", AT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("checked_at", AT, nullable=True),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("resumed_at", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("erased_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_campaign_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("intent", name=op.f("uq_campaign_intent")),
    )
    op.create_index("ix_campaign_age", "campaign", ["erased_at", "created_at"])
    op.create_index("ix_campaign_due", "campaign", ["state", "next_attempt_at"])
    op.create_index("ix_campaign_list", "campaign", ["account_id", "created_at", "id"])
    op.create_table(
        "campaign_file_part",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_file_part_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_campaign_file_part")),
    )
    op.create_table(
        "campaign_row",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.Column("column", sa.String(length=100), nullable=False),
        sa.Column("due_at", AT, nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_row_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_campaign_row_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_row")),
        sa.UniqueConstraint("message_id", name=op.f("uq_campaign_row_message_id")),
    )
    op.create_index("ix_campaign_row_due", "campaign_row", ["campaign_id", "state", "due_at", "id"])
    op.create_index("ix_campaign_row_list", "campaign_row", ["campaign_id", "id"])
    op.create_index("ix_campaign_row_state", "campaign_row", ["campaign_id", "state", "id"])
    op.create_index(
        "uq_campaign_row_recipient",
        "campaign_row",
        ["campaign_id", "recipient"],
        unique=True,
        sqlite_where=PERSON,
        postgresql_where=PERSON,
    )
    op.create_table(
        "campaign_tally",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_tally_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "state", name=op.f("pk_campaign_tally")),
    )
    op.create_table(
        "campaign_reason",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_reason_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "state", "problem", name=op.f("pk_campaign_reason")),
    )
    op.create_table(
        "key_pace",
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("ready_at", AT, nullable=True),
        sa.Column("slowed_until", AT, nullable=True),
        sa.Column("changed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credential.id"], name=op.f("fk_key_pace_credential_id_credential")
        ),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_key_pace")),
    )
    op.add_column("message", sa.Column("campaign_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_message_log_campaign",
        "message",
        ["campaign_id", "confirmed_at", "id"],
        sqlite_where=MADE,
        postgresql_where=MADE,
    )


def downgrade() -> None:
    """Take them back."""
    op.drop_index("ix_message_log_campaign", table_name="message")
    op.drop_column("message", "campaign_id")
    op.drop_table("key_pace")
    op.drop_table("campaign_reason")
    op.drop_table("campaign_tally")
    op.drop_index("uq_campaign_row_recipient", table_name="campaign_row")
    op.drop_index("ix_campaign_row_state", table_name="campaign_row")
    op.drop_index("ix_campaign_row_list", table_name="campaign_row")
    op.drop_index("ix_campaign_row_due", table_name="campaign_row")
    op.drop_table("campaign_row")
    op.drop_table("campaign_file_part")
    op.drop_index("ix_campaign_list", table_name="campaign")
    op.drop_index("ix_campaign_due", table_name="campaign")
    op.drop_index("ix_campaign_age", table_name="campaign")
    op.drop_table("campaign")
    op.drop_table("message_price")
