"""Mail to an account's owners when staff made or changed one of its webhooks."""

from uuid import UUID

from portal.db.queue import wake
from portal.extensions import session
from portal.identity.memberships import owners_of
from portal.mail import outbox
from portal.models import Account, Mail, MailKind, Membership, Person, Webhook
from portal.web.rendering.template_context import host
from portal.webhooks.snapshot import KnownWebhook


def tell_owners(person: Person, account: Account, row: Webhook, *, made: bool) -> None:
    """Mail the owners of an account, where it was somebody of the staff who made or changed a webhook."""
    if not person.is_staff or _belongs(person, account):
        return
    facts = {"webhook": str(row.id), "staff": person.email, "made": made}
    mails = [outbox.promise(MailKind.WEBHOOK_BY_STAFF, to, **facts) for to in owners_of(account.id)]
    session().commit()
    for mailed in mails:
        wake("mail", str(mailed.id))


def _belongs(person: Person, account: Account) -> bool:
    return session().get(Membership, (person.id, account.id)) is not None


@outbox.writes(MailKind.WEBHOOK_BY_STAFF)
def _write(mailed: Mail) -> outbox.Context | None:
    row = session().get(Webhook, UUID(mailed.context["webhook"]))
    if row is None:
        return None
    account = session().get_one(Account, row.account_id)
    return {"account": account, "host": host(KnownWebhook(row, None).callback_url), **mailed.context}
