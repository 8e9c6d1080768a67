"""What events are about

A line of the log says who and what. The worker finds it for the events that are there already, newest first. On
SQLite the body becomes the last column, as what stands after a large one takes long to read.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    about = sa.Column("about", sa.JSON(), nullable=True)
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table(
            "delivery", recreate="always", partial_reordering=[("about", "body")]
        ) as batch_op:
            batch_op.add_column(about)
    else:
        op.add_column("delivery", about)


def downgrade() -> None:
    op.drop_column("delivery", "about")
