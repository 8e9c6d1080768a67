"""Imports of contacts

Files of contacts that the worker takes in, with their wrong rows; and the time zones of a campaign's people.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
COUNTS = (
    "rows",
    "read_rows",
    "read_bytes",
    "position",
    "added",
    "changed",
    "same",
    "opted_out",
    "opted_in",
    "wrong",
)


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "contact_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("separator", sa.String(length=1), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("next_attempt_at", AT, nullable=True),
        sa.Column("claimed_until", AT, nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_import_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_import")),
        sa.UniqueConstraint("intent", name=op.f("uq_contact_import_intent")),
    )
    op.create_index("ix_contact_import_due", "contact_import", ["state", "next_attempt_at"])
    op.create_index("ix_contact_import_age", "contact_import", ["ended_at"])
    op.create_index("ix_contact_import_account", "contact_import", ["account_id", "state"])
    op.create_table(
        "contact_import_part",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["contact_import.id"], name=op.f("fk_contact_import_part_import_id_contact_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_contact_import_part")),
    )
    op.create_table(
        "contact_import_wrong",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("column", sa.String(length=100), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["contact_import.id"], name=op.f("fk_contact_import_wrong_import_id_contact_import")
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_contact_import_wrong")),
    )
    op.add_column("campaign", sa.Column("zones", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Take them back."""
    op.drop_column("campaign", "zones")
    op.drop_table("contact_import_wrong")
    op.drop_table("contact_import_part")
    op.drop_index("ix_contact_import_account", table_name="contact_import")
    op.drop_index("ix_contact_import_age", table_name="contact_import")
    op.drop_index("ix_contact_import_due", table_name="contact_import")
    op.drop_table("contact_import")
