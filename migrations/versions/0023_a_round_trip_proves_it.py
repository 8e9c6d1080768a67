"""A round trip proves it

Of messages: whether Meta held one back, and what it says it charges.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("message_status", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("message_status", sa.Column("pricing", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("message_status", "pricing")
    op.drop_column("message", "message_status")
