"""How many were counted

The charts of accounts and channels begin with how many there are, which nobody counts again each time.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TALLY = sa.table("tally", sa.column("kind", sa.String()), sa.column("count", sa.Integer()))
_PLACE = sa.table("tally_place", sa.column("kind", sa.String()), sa.column("total", sa.BigInteger()))


def upgrade() -> None:
    op.add_column("tally_place", sa.Column("total", sa.BigInteger(), nullable=False, server_default="0"))
    counted = sa.select(sa.func.coalesce(sa.func.sum(_TALLY.c["count"]), 0)).where(_TALLY.c.kind == _PLACE.c.kind)
    op.execute(_PLACE.update().values(total=counted.scalar_subquery()))
    with op.batch_alter_table("tally_place", schema=None) as batch_op:
        batch_op.alter_column("total", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("tally_place", schema=None) as batch_op:
        batch_op.drop_column("total")
