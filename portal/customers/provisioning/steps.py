"""What the steps of an account's set-up share: asking Connexease, and committing before and after."""

from portal.connexease.reseller import Reseller
from portal.db import leases
from portal.extensions import connexease, session
from portal.models import Provisioning, Step, now


def reseller() -> Reseller:
    """The Reseller API. No transaction stays open while another machine is asked."""
    session().commit()
    return connexease().reseller


def begin(row: Provisioning) -> None:
    """Commit that a call begins, of which nobody knows the end until it is noted."""
    row.call_started_at = row.call_started_at or now()
    row.claimed_until = leases.until()
    save(row)


def go_on(row: Provisioning, step: Step) -> None:
    """This step is done; the next is due."""
    row.step, row.call_started_at, row.attempts = step, None, 0
    row.problem, row.problem_text, row.refused_fields = None, "", {}
    row.next_attempt_at = now()
    save(row)


def save(row: Provisioning) -> None:
    """Commit what happened."""
    row.updated_at = now()
    session().add(row)
    session().commit()
