"""The template that a message was written with

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("template_uuid", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "template_uuid")
