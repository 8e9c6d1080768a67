"""The kinds of an event

One event may tell of several things, and each is found by its own filter. What the index of triggers held now
stands in a table, a row for each kind.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery_kind",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("delivery_id", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "kind", "delivery_id", name=op.f("pk_delivery_kind")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO delivery_kind (account_id, kind, delivery_id) "
        "SELECT account_id, hook, id FROM delivery WHERE hook <> '' ORDER BY account_id, hook, id"
    )
    op.drop_index("ix_delivery_log_hook", table_name="delivery")


def downgrade() -> None:
    op.create_index("ix_delivery_log_hook", "delivery", ["account_id", "hook", "id"])
    op.drop_table("delivery_kind")
