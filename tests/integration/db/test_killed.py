"""Work killed between any two steps: it is done once, or found out and put right, and nothing is in the way."""

import pytest

from portal.mirror import runs
from portal.models import Credential, MirroredAccount, MirrorRun, RunState, now
from portal.vault import issuing
from tests.support.processes.victim import REHEARSAL
from tests.support.suite.marks import both_databases

MOST = 60


@pytest.mark.parametrize(
    ("database_kind", "is_proven"), [("sqlite", False), ("sqlite", True), ("postgresql", False)]
)
def test_killed_anywhere_it_is_done_once(portal, victim, database_url, is_proven):
    """An address that is proven skips the first step alone, so the databases do the same for it."""
    portal.control.set(page_size=500)
    ends = []
    _, account_id = portal.newcomer(contact_email="first@acme.example.com")
    assert victim(database_url, account_id, REHEARSAL) == "done"
    for boundary in range(1, MOST):
        email = f"jane{boundary}@acme.example.com"
        _, account_id = portal.newcomer(contact_email=email)
        if is_proven:
            portal.sql("UPDATE person SET email_verified_at = :t", t=now())
        portal.control.clear_requests()
        ends.append(victim(database_url, account_id, boundary))
        assert ends[-1] in ("killed", "done"), boundary
        portal.let_time_pass()
        portal.sweep()
        portal.is_set_up_once(email)
        calls = portal.control.requests("POST")
        made = [call for call in calls if call["status"] == 201]
        assert len(made) == 2, (boundary, calls)
        if ends[-1] == "done":
            break
    assert ends[-1] == "done"
    assert ends.count("killed") >= (14 if is_proven else 16)


def test_killed_twice_in_the_same_place(portal, victim, database_url):
    """Again and again at the first boundary after the account was asked for."""
    _, account_id = portal.newcomer()
    for boundary in (9, 9, 9, 5, 3, 1):
        assert victim(database_url, account_id, boundary) == "killed"
        portal.let_time_pass()
    portal.settle()
    portal.is_set_up_once()


def test_killed_while_a_token_is_made(portal, victim, database_url):
    """Every token that works has its key in the vault, and the next one can be made."""
    _, account_id = portal.customer()
    portal.control.set(page_size=50)
    ends = []
    for boundary in range(1, MOST):
        ends.append(victim(database_url, account_id, boundary, "token"))
        assert ends[-1] in ("killed", "done"), boundary
        for _ in range(issuing.LOOKS + 2):
            rows = portal.rows(Credential)
            if not [row for row in rows if row.step in ("creating", "revoking")]:
                break
            portal.sql(
                "UPDATE credential SET next_attempt_at = created_at, claimed_until = NULL"
                " WHERE step IN ('creating', 'revoking')"
            )
            portal.sweep()
            portal.work()
        else:
            raise AssertionError(f"not settled after boundary {boundary}: {rows}")
        held = {
            str(row.connexease_uuid) for row in rows if row.step == "listed" and row.is_active and row.sealed_key
        }
        works = {token["uuid"] for token in portal.control.access_tokens() if token["is_active"]}
        assert works == held, boundary
        if ends[-1] == "done":
            break
    assert ends[-1] == "done"
    assert ends.count("killed") >= 8
    assert {row.ending for row in portal.rows(Credential)} >= {None, "not_made", "revoked"}


@both_databases
def test_a_run_of_the_mirror_that_is_killed_goes_on_where_it_was(portal, victim, database_url):
    control = portal.control
    control.set(page_size=3)
    portal.customer()
    uuids = control.create_accounts(8)
    for boundary in (1, 3, 5, 8, 13, 21, 34, 55):
        with portal.app.app_context():
            run_id = runs.begin(None).id
        vanished, uuids = uuids[0], [*uuids[1:], *control.create_accounts(1, "New")]
        control.delete_account(vanished)
        assert victim(database_url, run_id, boundary, "mirror") == "killed", boundary
        portal.sql("UPDATE mirror_run SET claimed_until = NULL")
        portal.sweep()
        portal.work()
        rows = [row for row in portal.rows(MirroredAccount) if row.account_id is None]
        assert sorted(str(row.connexease_uuid) for row in rows if row.gone_at is None) == sorted(uuids), boundary
        assert {str(row.connexease_uuid) for row in rows if row.gone_at is not None}.isdisjoint(uuids)
        run = next(run for run in portal.rows(MirrorRun) if run.id == run_id)
        assert (run.state, run.is_complete, run.listed) == (RunState.DONE, True, 9), boundary
        assert run.read == run.total - run.gone, boundary
