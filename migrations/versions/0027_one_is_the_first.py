"""One is the first

Of equal deliveries one is the first, however many come at once: a unique index says so. Those that were each taken
for the first become repeats of the oldest.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

IS_FIRST, IS_REPEAT = sa.text("repeat_of IS NULL"), sa.text("repeat_of IS NOT NULL")


def upgrade() -> None:
    oldest = (
        "SELECT min(other.id) FROM delivery AS other "
        "WHERE other.webhook_id = delivery.webhook_id AND other.body_hash = delivery.body_hash"
    )
    op.execute(f"UPDATE delivery SET repeat_of = ({oldest}) WHERE repeat_of IS NULL AND id > ({oldest})")  # noqa: S608
    op.create_index(
        *("uq_delivery_first", "delivery", ["webhook_id", "body_hash"]),
        unique=True,
        sqlite_where=IS_FIRST,
        postgresql_where=IS_FIRST,
    )
    op.create_index(
        "ix_delivery_repeat_of", "delivery", ["repeat_of"], sqlite_where=IS_REPEAT, postgresql_where=IS_REPEAT
    )
    op.drop_index("ix_delivery_repeat", table_name="delivery")


def downgrade() -> None:
    op.create_index("ix_delivery_repeat", "delivery", ["webhook_id", "body_hash", "id"])
    op.drop_index("ix_delivery_repeat_of", table_name="delivery")
    op.drop_index("uq_delivery_first", table_name="delivery")
