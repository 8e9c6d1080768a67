"""The template as it was seen by whoever sent the message

Of messages from before, what the list says now may be another text: none is kept for them.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("template_seen", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "template_seen")
