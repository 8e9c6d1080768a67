"""The channels of events, and those that are tried again

An event has no channel before it was looked at: until then the index of channels leaves it out, and taking it in
costs that much less. What failed and is tried again has an index of its own, however much waits beside it.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_NAME, _COLUMNS = "ix_delivery_log_channel", ["account_id", "channel_uuid", "id"]


def upgrade() -> None:
    """Leave out what has no channel."""
    there = sa.text("channel_uuid IS NOT NULL")
    op.drop_index(_NAME, table_name="delivery")
    op.create_index(_NAME, "delivery", _COLUMNS, sqlite_where=there, postgresql_where=there)
    tried = sa.text("state = 'received' AND attempts > 0")
    columns = ["state", "received_at"]
    op.create_index("ix_delivery_tried", "delivery", columns, sqlite_where=tried, postgresql_where=tried)


def downgrade() -> None:
    """Take it in again."""
    op.drop_index("ix_delivery_tried", table_name="delivery")
    op.drop_index(_NAME, table_name="delivery")
    op.create_index(_NAME, "delivery", _COLUMNS)
