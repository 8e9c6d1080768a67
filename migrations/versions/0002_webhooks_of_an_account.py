"""Webhooks of an account

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_listing",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_webhook_listing_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_webhook_listing")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("connexease_uuid", sa.Uuid(), nullable=True),
        sa.Column("portal_webhook_id", sa.Uuid(), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("wanted", sa.JSON(), nullable=True),
        sa.Column("sealed_headers", sa.String(), nullable=True),
        sa.Column("secret_headers", sa.JSON(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=True),
        sa.Column("headers_differ", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("call_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_webhook_account_id_account")),
        sa.ForeignKeyConstraint(
            ["portal_webhook_id"], ["portal_webhook.id"], name=op.f("fk_webhook_portal_webhook_id_portal_webhook")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("account_id", "connexease_uuid", name=op.f("uq_webhook_account_id_connexease_uuid")),
        sa.UniqueConstraint("intent", name=op.f("uq_webhook_intent")),
        sa.UniqueConstraint("portal_webhook_id", name=op.f("uq_webhook_portal_webhook_id")),
    )
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_webhook_is_pending"), ["is_pending"], unique=False)

    with op.batch_alter_table("portal_webhook", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scope", sa.String(length=64), nullable=False, server_default=""))
        batch_op.drop_constraint(batch_op.f("uq_portal_webhook_account_id_purpose"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_portal_webhook_account_id_purpose_scope"), ["account_id", "purpose", "scope"]
        )


def downgrade() -> None:
    with op.batch_alter_table("portal_webhook", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_portal_webhook_account_id_purpose_scope"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_portal_webhook_account_id_purpose"), ["account_id", "purpose"]
        )
        batch_op.drop_column("scope")

    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_is_pending"))
        batch_op.drop_index(batch_op.f("ix_webhook_account_id"))

    op.drop_table("webhook")
    op.drop_table("webhook_listing")
