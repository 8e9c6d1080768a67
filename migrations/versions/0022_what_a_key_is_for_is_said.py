"""What a gateway key is for is said by a person

It was guessed from the key's first letters, which say nothing. Keys that were taken for ones for trying out stay
so until somebody says what they are for, since a test that goes out for real is the worse mistake.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("credential", "message"):
        op.alter_column(table, "is_staging", new_column_name="is_trial")
    op.add_column(
        "credential", sa.Column("is_trial_guessed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute("UPDATE credential SET is_trial_guessed = is_trial")


def downgrade() -> None:
    op.drop_column("credential", "is_trial_guessed")
    for table in ("message", "credential"):
        op.alter_column(table, "is_trial", new_column_name="is_staging")
