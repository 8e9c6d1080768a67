"""Destinations as customers want them

What a destination is sent along, which events pass, its public key, and webhooks whose events it took over.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    """Add them."""
    op.add_column("destination", sa.Column("headers", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("destination", sa.Column("conditions", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("destination", sa.Column("public_key", sa.String(length=60), nullable=True))
    op.create_table(
        "switch_over",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("destination_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", AT, nullable=False),
        sa.Column("settled_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_switch_over_webhook_id_webhook")),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destination.id"], name=op.f("fk_switch_over_destination_id_destination")
        ),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_switch_over")),
    )
    op.create_index("ix_switch_over_destination_id", "switch_over", ["destination_id"])
    op.create_index("ix_switch_over_open", "switch_over", ["webhook_id"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("switch_over")
    for column in ("public_key", "conditions", "headers"):
        op.drop_column("destination", column)
