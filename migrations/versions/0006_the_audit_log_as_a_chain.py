"""The audit log as a chain

Entries that are there already are chained in their order. What seals the end needs the vault's keys, which a
migration does not have: `portal db upgrade` seals it afterwards.

Revision ID: 0006
Revises: 0005
"""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BATCH = 1000
ONLY_ADDED = "entries of the audit log are only ever added"
ENTRIES = sa.table(
    "audit_entry",
    sa.column("id", sa.BigInteger()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor_id", sa.Uuid()),
    sa.column("actor", sa.String()),
    sa.column("account_id", sa.Uuid()),
    sa.column("action", sa.String()),
    sa.column("target", sa.String()),
    sa.column("details", sa.JSON()),
    sa.column("address", sa.String()),
    sa.column("hash", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_end", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.add_column("audit_entry", sa.Column("hash", sa.String(length=64), nullable=True))
    chain()
    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        batch_op.drop_index("ix_audit_entry_account_id")
        batch_op.create_index("ix_audit_entry_account", ["account_id", "id"])
        batch_op.create_index("ix_audit_entry_by", ["actor", "id"])
        batch_op.create_index("ix_audit_entry_at", ["at", "id"])
    refuse_changes()


def chain() -> None:
    connection, before, after = op.get_bind(), "0" * 64, None
    while True:
        query = sa.select(ENTRIES).order_by(ENTRIES.c.id).limit(BATCH)
        rows = connection.execute(query if after is None else query.where(ENTRIES.c.id > after)).all()
        hashes = []
        for row in rows:
            before = hash_of(row, before)
            hashes.append({"number": row.id, "made": before})
        if hashes:
            change = sa.update(ENTRIES).where(ENTRIES.c.id == sa.bindparam("number"))
            connection.execute(change.values(hash=sa.bindparam("made")), hashes)
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def hash_of(row: sa.Row, before: str) -> str:
    at = row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC)
    people = [None if value is None else str(value) for value in (row.actor_id, row.account_id)]
    facts = [before, row.id, at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), people[0], row.actor, people[1]]
    facts += [row.action, row.target, row.details, row.address]
    written = json.dumps(facts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def refuse_changes() -> None:
    """A later migration that copies the table on SQLite loses these, and has to make them again."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER audit_entry_no_{verb} BEFORE {verb.upper()} ON audit_entry "
                f"BEGIN SELECT RAISE(ABORT, '{ONLY_ADDED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_entry_only_added() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{ONLY_ADDED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_only_added()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER audit_entry_no_{verb}")
    else:
        op.execute("DROP TRIGGER audit_entry_only_added ON audit_entry")
        op.execute("DROP FUNCTION audit_entry_only_added()")
    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.drop_index("ix_audit_entry_at")
        batch_op.drop_index("ix_audit_entry_by")
        batch_op.drop_index("ix_audit_entry_account")
        batch_op.create_index("ix_audit_entry_account_id", ["account_id"])
        batch_op.drop_column("hash")
    op.drop_table("audit_chain")
