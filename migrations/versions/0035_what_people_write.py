"""What people write

Kept for conversations and for the 24 hours in which somebody may be answered freely.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table, its index, and when somebody was heard and read."""
    op.add_column("contact", sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contact", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_contact_heard", "contact", ["account_id", "heard_at", "id"])
    op.create_table(
        "inbound_message",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", NUMBER, nullable=False),
        sa.Column("wamid", sa.String(length=200), nullable=False),
        sa.Column("business_number", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=4096), nullable=False),
        sa.Column("delivery_id", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_inbound_message_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_inbound_message_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
        sa.UniqueConstraint("account_id", "wamid", name=op.f("uq_inbound_message_account_id_wamid")),
    )
    op.create_index("ix_inbound_message_thread", "inbound_message", ["contact_id", "at", "id"])
    op.create_index("ix_inbound_message_age", "inbound_message", ["received_at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE inbound_search USING fts5(marks, words, "
            "tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.create_table(
            "inbound_search",
            sa.Column("inbound_id", sa.BigInteger(), nullable=False, autoincrement=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("inbound_id", name=op.f("pk_inbound_search")),
        )
        op.create_index("ix_inbound_search_words", "inbound_search", ["words"], postgresql_using="gin")


def downgrade() -> None:
    """Take them back."""
    op.drop_table("inbound_search")
    op.drop_table("inbound_message")
    op.drop_index("ix_contact_heard", table_name="contact")
    op.drop_column("contact", "read_at")
    op.drop_column("contact", "heard_at")
