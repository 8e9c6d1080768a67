"""What the list's filters tell apart

One number holds every filter that an account passes, and each order has an index that begins with it. The worker's
next sweep marks the accounts whose tokens expire soon.

Revision ID: 0017
Revises: 0016
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MARKS = (
    *("here", "onlythere", "gone", "nochannel", "disconnected", "nowebhook", "expiring"),
    *("ready", "settingup", "waitingforemail", "waitingforapproval"),
    *("needsdetails", "needsproof", "declined", "givenup"),
)
INDEXES = {
    "ix_mirrored_account_kind_name": ["kind", "name_key", "id"],
    "ix_mirrored_account_kind_created": ["kind", "created_at", "id"],
    "ix_mirrored_account_kind_activity": ["kind", "last_activity_at", "id"],
}
_ACCOUNT = sa.table(
    "mirrored_account",
    sa.column("kind", sa.Integer()),
    sa.column("marks", sa.String()),
    sa.column("last_activity_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.add_column("mirrored_account", sa.Column("kind", sa.Integer(), nullable=False, server_default="0"))
    at = datetime.now(UTC)
    ages = [
        sa.case((_ACCOUNT.c.last_activity_at < at - timedelta(days=days), 1), else_=0) for days in (1, 7, 30, 90)
    ]
    bits = [
        sa.case((_ACCOUNT.c.marks.like(f"% {mark} %"), 8 << place), else_=0) for place, mark in enumerate(MARKS)
    ]
    op.execute(_ACCOUNT.update().values(kind=sum([*ages, *bits], start=sa.literal(0))))
    with op.batch_alter_table("mirrored_account", schema=None) as batch_op:
        batch_op.alter_column("kind", server_default=None)
    for name, columns in INDEXES.items():
        op.create_index(name, "mirrored_account", columns)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="mirrored_account")
    with op.batch_alter_table("mirrored_account", schema=None) as batch_op:
        batch_op.drop_column("kind")
