"""The vault

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("ending", sa.String(length=40), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sealed_key", sa.String(), nullable=True),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("is_staging", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("revoke_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connexease_uuid", sa.Uuid(), nullable=True),
        sa.Column("connexease_name", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("known_before", sa.JSON(), nullable=False),
        sa.Column("call_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expiry_reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credential_account_id_account")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["credential.id"], name=op.f("fk_credential_replaces_id_credential")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint(
            "account_id", "connexease_uuid", name=op.f("uq_credential_account_id_connexease_uuid")
        ),
        sa.UniqueConstraint("intent", name=op.f("uq_credential_intent")),
    )
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credential_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credential_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_credential_revoke_at"), ["revoke_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_credential_step"), ["step"], unique=False)

    op.create_table(
        "credential_listing",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_credential_listing_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credential_listing")),
    )
    op.create_table(
        "hand_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_from", sa.String(length=64), nullable=False),
        sa.Column("opened_with", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hand_over_account_id_account")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_hand_over_created_by_id_person")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credential.id"], name=op.f("fk_hand_over_credential_id_credential")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("intent", name=op.f("uq_hand_over_intent")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_hand_over_token_hash")),
    )
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hand_over_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hand_over_credential_id"), ["credential_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hand_over_credential_id"))
        batch_op.drop_index(batch_op.f("ix_hand_over_account_id"))

    op.drop_table("hand_over")
    op.drop_table("credential_listing")
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credential_step"))
        batch_op.drop_index(batch_op.f("ix_credential_revoke_at"))
        batch_op.drop_index(batch_op.f("ix_credential_expires_at"))
        batch_op.drop_index(batch_op.f("ix_credential_account_id"))

    op.drop_table("credential")
