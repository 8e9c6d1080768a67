"""The mirror

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.String(160).with_variant(sa.String(160, collation="C"), "postgresql")
INDEXES = {
    "ix_mirrored_account_name": ["name_key", "id"],
    "ix_mirrored_account_created": ["created_at", "id"],
    "ix_mirrored_account_activity": ["last_activity_at", "id"],
    "ix_mirrored_account_expiry": ["token_expires_at", "id"],
}


def upgrade() -> None:
    op.create_table(
        "mirrored_account",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("connexease_uuid", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", BYTEWISE, nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("channels_disconnected", sa.Integer(), nullable=False),
        sa.Column("webhooks", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed", sa.JSON(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("marks", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_run", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mirrored_account_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirrored_account")),
        sa.UniqueConstraint("account_id", name=op.f("uq_mirrored_account_account_id")),
        sa.UniqueConstraint("connexease_uuid", name=op.f("uq_mirrored_account_connexease_uuid")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "mirrored_account", columns)
    op.create_table(
        "mirror_run",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("active", sa.String(length=8), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("page_size", sa.Integer(), nullable=False),
        sa.Column("previous_first", sa.String(length=40), nullable=False),
        sa.Column("broken_pages", sa.JSON(), nullable=False),
        sa.Column("is_second_try", sa.Boolean(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem_text", sa.String(length=500), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_run")),
        sa.UniqueConstraint("active", name=op.f("uq_mirror_run_active")),
    )
    op.create_table(
        "read_position",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_read_position")),
    )
    _make_search()


def _make_search() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # The words are split and folded before they get here, so the tokenizer has nothing left to decide.
        op.execute(
            "CREATE VIRTUAL TABLE account_search USING fts5(marks, words, "
            "tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3')"
        )
    else:
        op.create_table(
            "account_search",
            sa.Column("mirrored_id", sa.BigInteger(), nullable=False, autoincrement=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("mirrored_id", name=op.f("pk_account_search")),
        )
        op.create_index("ix_account_search_words", "account_search", ["words"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("account_search")
    op.drop_table("read_position")
    op.drop_table("mirror_run")
    for name in INDEXES:
        op.drop_index(name, table_name="mirrored_account")
    op.drop_table("mirrored_account")
