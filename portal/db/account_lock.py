"""The lock of an account: all who change its messages, contacts, consent or gateway keys take turns.

SQLite has one writer at a time, so there it costs a look-up and changes nothing.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from portal.extensions import session
from portal.models import Account

# Rows that refer to the account can be written meanwhile.
_LOCK = (
    sa.select(col(Account.id)).where(col(Account.id) == sa.bindparam("account")).with_for_update(key_share=True)
)


def take(account_id: UUID) -> None:
    """Wait until nobody else has it; it is held until the transaction ends."""
    session().execute(_LOCK, {"account": account_id})
