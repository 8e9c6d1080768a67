"""What a person noted of a message; no number in the names of erased messages; the age of the gateway's events

Revision ID: 0014
Revises: 0013
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MESSAGE = sa.table(
    "message",
    sa.column("id", sa.Uuid()),
    sa.column("wamid", sa.String()),
    sa.column("erased_at", sa.DateTime(timezone=True)),
    sa.column("state", sa.String()),
    sa.column("settled_at", sa.DateTime(timezone=True)),
    sa.column("settled_arrived", sa.Boolean()),
)
_STATUS = sa.table("message_status", sa.column("message_id", sa.Uuid()), sa.column("wamid", sa.String()))


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("settled_arrived", sa.Boolean(), nullable=True))
    op.create_index("ix_delivery_webhook_time", "delivery", ["webhook_id", "received_at"])
    settled = _MESSAGE.c.settled_at.is_not(None)
    op.execute(_MESSAGE.update().where(settled).values(settled_arrived=_MESSAGE.c.state != "failed"))
    _erase_names(op.get_bind())


def _erase_names(connection: sa.Connection) -> None:
    """As `portal.messages.sending.wamids` does it from now on."""
    named = sa.select(_MESSAGE.c.id, _MESSAGE.c.wamid).where(
        _MESSAGE.c.erased_at.is_not(None), _MESSAGE.c.wamid.is_not(None)
    )
    for key, wamid in connection.execute(named).all():
        name = "erased:" + hashlib.sha256(wamid.encode()).hexdigest()
        connection.execute(_MESSAGE.update().where(_MESSAGE.c.id == key).values(wamid=name))
        connection.execute(_STATUS.update().where(_STATUS.c.message_id == key).values(wamid=name))


def downgrade() -> None:
    op.drop_index("ix_delivery_webhook_time", table_name="delivery")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("settled_arrived")
