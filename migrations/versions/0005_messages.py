"""Messages

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("credential_name", sa.String(length=200), nullable=False),
        sa.Column("credential_last_four", sa.String(length=4), nullable=False),
        sa.Column("is_staging", sa.Boolean(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("preview", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("mmlite", sa.Boolean(), nullable=False),
        sa.Column("is_fake", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wamid", sa.String(length=200), nullable=True),
        sa.Column("is_recognised", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("code_group", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rate_limits", sa.JSON(), nullable=True),
        sa.Column("settled_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("account_id", "wamid", name=op.f("uq_message_account_id_wamid")),
        sa.UniqueConstraint("intent", name=op.f("uq_message_intent")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_age", ["erased_at", "created_at"], unique=False)
        batch_op.create_index("ix_message_due", ["state", "next_attempt_at"], unique=False)
        batch_op.create_index("ix_message_log", ["account_id", "confirmed_at", "id"], unique=False)
        batch_op.create_index(
            "ix_message_log_recipient", ["account_id", "recipient", "confirmed_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_message_log_sender", ["account_id", "sender_id", "confirmed_at", "id"], unique=False
        )
        batch_op.create_index("ix_message_log_state", ["account_id", "state", "confirmed_at", "id"], unique=False)
        batch_op.create_index("ix_message_log_type", ["account_id", "type", "confirmed_at", "id"], unique=False)
        batch_op.create_index(
            "ix_message_look_alike", ["account_id", "content_hash", "confirmed_at"], unique=False
        )

    op.create_table(
        "message_status",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("wamid", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_status_account_id_account")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_status_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_status")),
        sa.UniqueConstraint(
            "account_id", "wamid", "status", name=op.f("uq_message_status_account_id_wamid_status")
        ),
    )
    with op.batch_alter_table("message_status", schema=None) as batch_op:
        batch_op.create_index("ix_message_status_message", ["message_id", "received_at"], unique=False)
        batch_op.create_index(
            "ix_message_status_waiting", ["account_id", "message_id", "received_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("message_status", schema=None) as batch_op:
        batch_op.drop_index("ix_message_status_waiting")
        batch_op.drop_index("ix_message_status_message")

    op.drop_table("message_status")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_look_alike")
        batch_op.drop_index("ix_message_log_type")
        batch_op.drop_index("ix_message_log_state")
        batch_op.drop_index("ix_message_log_sender")
        batch_op.drop_index("ix_message_log_recipient")
        batch_op.drop_index("ix_message_log")
        batch_op.drop_index("ix_message_due")
        batch_op.drop_index("ix_message_age")

    op.drop_table("message")
