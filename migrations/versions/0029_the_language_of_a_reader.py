"""The language of a reader

A person may choose a language, and a mail remembers that of the page it was promised on.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns."""
    op.add_column("person", sa.Column("language", sa.String(16), nullable=True))
    op.add_column("mail", sa.Column("language", sa.String(16), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("mail", "language")
    op.drop_column("person", "language")
