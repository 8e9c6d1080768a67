"""The reseller's own name

What an admin published of the brand, and what is being tried: a row for each.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "brand",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("support_email", sa.String(length=254), nullable=False),
        sa.Column("support_url", sa.String(length=500), nullable=False),
        sa.Column("terms_url", sa.String(length=500), nullable=False),
        sa.Column("privacy_url", sa.String(length=500), nullable=False),
        sa.Column("status_url", sa.String(length=500), nullable=False),
        sa.Column("sender_name", sa.String(length=80), nullable=False),
        sa.Column("imprint", sa.String(length=1000), nullable=False),
        sa.Column("hides_vendor", sa.Boolean(), nullable=True),
        sa.Column("vendor_words", sa.JSON(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_type", sa.String(length=20), nullable=False),
        sa.Column("logo_hash", sa.String(length=12), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("brand")
