"""Channels that are not connected

The staff's first page looks for them among all channels.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_channel_connected", "channel", ["is_connected", "gone_at"])


def downgrade() -> None:
    op.drop_index("ix_channel_connected", table_name="channel")
