"""Mail that failed: how much there is, and sending it again."""

from portal import audit
from portal.db.queue import wake
from portal.extensions import session
from portal.mail import outbox
from portal.models import Person
from portal.operations import backlog


def failed_mails() -> int:
    """Mails that were tried to the end."""
    return backlog.failed_mails()


def send_mails_again(actor: Person) -> int:
    """Put them back into the outbox; how many there were."""
    found = outbox.try_again()
    if found:
        audit.record(actor, None, "system.mails_tried_again", str(len(found)))
    session().commit()
    for mail_id in found:
        wake("mail", str(mail_id))
    return len(found)
