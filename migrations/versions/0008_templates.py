"""Templates as Connexease lists them

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "template_listing",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("templates", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("last_language", sa.String(length=16), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_template_listing_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_template_listing")),
    )


def downgrade() -> None:
    op.drop_table("template_listing")
