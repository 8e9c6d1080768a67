"""The mirror goes by age

Accounts are read in the order of the run that asked for them last, and a run has its time. A run that is under way
goes on where it was.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
IS_THERE = sa.text("connexease_uuid IS NOT NULL AND gone_at IS NULL")
INDEX = "ix_mirrored_account_asked"


def upgrade() -> None:
    op.add_column("mirrored_account", sa.Column("asked_run", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE mirrored_account SET asked_run = seen_run WHERE tried_at IS NOT NULL")
    op.execute(
        "UPDATE mirrored_account SET asked_run = asked_run - 1 WHERE asked_run > 0 "
        'AND id > (SELECT "position" FROM mirror_run WHERE active IS NOT NULL)'
    )
    op.drop_column("mirrored_account", "tried_at")
    op.create_index(
        INDEX, "mirrored_account", ["asked_run", "id"], sqlite_where=IS_THERE, postgresql_where=IS_THERE
    )
    op.add_column("mirror_run", sa.Column("reads_until", MOMENT, nullable=True))
    op.add_column("mirror_run", sa.Column("followed_by", sa.String(length=254), nullable=False, server_default=""))
    op.add_column("mirror_run", sa.Column("waiting", sa.Integer(), nullable=False, server_default="0"))
    op.drop_column("mirror_run", "position")


def downgrade() -> None:
    op.add_column("mirror_run", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    for column in ("waiting", "followed_by", "reads_until"):
        op.drop_column("mirror_run", column)
    op.drop_index(INDEX, table_name="mirrored_account")
    op.add_column("mirrored_account", sa.Column("tried_at", MOMENT, nullable=True))
    op.drop_column("mirrored_account", "asked_run")
