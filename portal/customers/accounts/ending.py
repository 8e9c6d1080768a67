"""Why an account's set-up ended."""

from sqlmodel import col, select

from portal.extensions import session
from portal.models import Account, AuditEntry


def said_at_the_end(account: Account) -> str:
    """What the staff said when they declined a sign-up or gave its set-up up; empty where they said nothing."""
    ended = ("account.declined", "account.given_up")
    query = select(AuditEntry).where(AuditEntry.account_id == account.id, col(AuditEntry.action).in_(ended))
    entry = session().exec(query.order_by(col(AuditEntry.id).desc()).limit(1)).first()
    return str(entry.details.get("note", "")) if entry else ""
