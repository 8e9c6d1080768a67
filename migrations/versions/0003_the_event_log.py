"""The event log

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_delivery_log": ["account_id", "id"],
    "ix_delivery_log_hook": ["account_id", "hook", "id"],
    "ix_delivery_log_channel": ["account_id", "channel_uuid", "id"],
    "ix_delivery_log_state": ["account_id", "state", "id"],
    "ix_delivery_log_time": ["account_id", "received_at", "id"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(name, "delivery", columns)
    op.drop_index("ix_delivery_account_id", table_name="delivery")
    op.execute("UPDATE delivery SET state = 'kept' WHERE state = 'unknown'")
    if op.get_bind().dialect.name == "sqlite":
        # The words are split and folded before they get here, so the tokenizer has nothing left to decide.
        op.execute(
            "CREATE VIRTUAL TABLE delivery_search USING fts5(account, words, "
            "tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.create_table(
            "delivery_search",
            sa.Column("delivery_id", sa.BigInteger(), nullable=False, autoincrement=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery_search")),
        )
        op.create_index("ix_delivery_search_words", "delivery_search", ["words"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("delivery_search")
    op.execute("UPDATE delivery SET state = 'unknown' WHERE state = 'kept'")
    op.create_index("ix_delivery_account_id", "delivery", ["account_id"])
    for name in INDEXES:
        op.drop_index(name, table_name="delivery")
