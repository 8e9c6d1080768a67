"""A round trip proves it

Checks of keys, and the value that statuses may bring back. Of messages: whether Meta held one back, and what it
says it charges.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
IS_CALLBACK = sa.text("callback_data IS NOT NULL")


def upgrade() -> None:
    op.add_column("message", sa.Column("message_status", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("message_status", sa.Column("pricing", sa.JSON(), nullable=True))
    op.add_column("message", sa.Column("is_matched", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table in ("message", "message_status"):
        op.add_column(table, sa.Column("callback_data", sa.String(length=64), nullable=True))
        op.create_index(
            f"ix_{table}_callback",
            table,
            ["account_id", "callback_data"],
            sqlite_where=IS_CALLBACK,
            postgresql_where=IS_CALLBACK,
        )
    op.add_column("credential", sa.Column("echoes_callback_data", sa.Boolean(), nullable=True))
    op.add_column("credential", sa.Column("proven_at", MOMENT, nullable=True))
    _create_trials()


def _create_trials() -> None:
    op.create_table(
        "key_trial",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("wants_real", sa.Boolean(), nullable=False),
        sa.Column("refuses_callback_data", sa.Boolean(), nullable=False),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("next_attempt_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_key_trial_account_id_account")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_key_trial_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_trial")),
        sa.UniqueConstraint("credential_id", "intent", name=op.f("uq_key_trial_credential_id_intent")),
    )
    op.create_index("ix_key_trial_latest", "key_trial", ["account_id", "credential_id", "created_at"])
    op.create_index("ix_key_trial_due", "key_trial", ["ended_at", "next_attempt_at"])


def downgrade() -> None:
    op.drop_table("key_trial")
    for column in ("proven_at", "echoes_callback_data"):
        op.drop_column("credential", column)
    for table in ("message_status", "message"):
        op.drop_index(f"ix_{table}_callback", table_name=table)
        op.drop_column(table, "callback_data")
    op.drop_column("message", "is_matched")
    op.drop_column("message_status", "pricing")
    op.drop_column("message", "message_status")
