"""The staff's overview: vouching, ways back, tallies and signs of life

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provisioning", sa.Column("found_uuid", sa.Uuid(), nullable=True))
    op.add_column(
        "provisioning", sa.Column("found_name", sa.String(length=200), nullable=False, server_default="")
    )
    op.add_column("provisioning", sa.Column("vouched_uuid", sa.Uuid(), nullable=True))
    op.add_column("onboarding_attempt", sa.Column("resume_mailed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_message_confirmed", "message", ["confirmed_at", "id"])
    op.create_index("ix_mail_state", "mail", ["state", "created_at"])
    op.create_table(
        "tally",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("quarter", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "quarter", name=op.f("pk_tally")),
    )
    op.create_table(
        "tally_place",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_tally_place")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )


def downgrade() -> None:
    op.drop_table("heartbeat")
    op.drop_table("tally_place")
    op.drop_table("tally")
    op.drop_index("ix_mail_state", table_name="mail")
    op.drop_index("ix_message_confirmed", table_name="message")
    op.drop_column("onboarding_attempt", "resume_mailed_at")
    for column in ("vouched_uuid", "found_name", "found_uuid"):
        op.drop_column("provisioning", column)
