"""The next to process

The worker takes the oldest that is unprocessed, however many wait: their index yields that order.

Revision ID: 0028
Revises: 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Order the index of states."""
    op.drop_index("ix_delivery_state", table_name="delivery")
    op.create_index("ix_delivery_state", "delivery", ["state", "id"])


def downgrade() -> None:
    """Take the order away."""
    op.drop_index("ix_delivery_state", table_name="delivery")
    op.create_index("ix_delivery_state", "delivery", ["state"])
