"""What WhatsApp says

How an account, its numbers and its templates stand; which number a channel has, and when it was proven to work.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is found out."""
    op.create_table(
        "standing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_standing_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing")),
        sa.UniqueConstraint("account_id", "subject", "name", "language", name=op.f("uq_standing_thing")),
    )
    op.add_column("channel", sa.Column("number", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("channel", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("key_trial", sa.Column("number", sa.String(length=20), nullable=False, server_default=""))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("key_trial", "number")
    op.drop_column("channel", "proven_at")
    op.drop_column("channel", "number")
    op.drop_table("standing")
