"""A mirror to run, and accounts at Connexease to find in it."""

from datetime import timedelta

import pytest

from portal.extensions import session
from portal.mirror import runs
from portal.models import MirroredAccount, MirrorRun, now
from portal.sandbox.client import SandboxControl
from tests.support.application.portal import Portal


class Mirror:
    """The mirror of one portal."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.control: SandboxControl = portal.control

    def begin(self) -> int:
        """What the button does; the worker has not looked yet."""
        with self.portal.app.app_context():
            return runs.begin(None).id or 0

    def run(self) -> MirrorRun:
        """A whole run."""
        self.begin()
        self.portal.work()
        return self.last()

    def take_up(self) -> MirrorRun:
        """What the worker does when the pause that a run waits for is over, and every claim with it."""
        past = now() - timedelta(days=1)
        self.portal.sql("UPDATE mirror_run SET next_attempt_at = :past, claimed_until = NULL", past=past)
        self.portal.sweep(runs.advance)
        self.portal.work()
        return self.last()

    def last(self) -> MirrorRun:
        return max(self.portal.rows(MirrorRun), key=lambda run: run.id or 0)

    def rows(self) -> dict[str, MirroredAccount]:
        """By contact e-mail."""
        return {row.contact_email: row for row in self.portal.rows(MirroredAccount)}

    def names(self) -> list[str]:
        return sorted(row.name for row in self.portal.rows(MirroredAccount))

    def gone(self) -> list[str]:
        return sorted(row.name for row in self.portal.rows(MirroredAccount) if row.gone_at is not None)

    def is_indexed_as_it_is(self) -> None:
        """Every row has exactly one entry in the index."""
        with self.portal.app.app_context():
            key = "rowid" if session().get_bind().dialect.name == "sqlite" else "mirrored_id"
            entries = [
                row[0] for row in session().connection().exec_driver_sql(f"SELECT {key} FROM account_search")
            ]
        assert sorted(entries) == sorted(row.id for row in self.portal.rows(MirroredAccount))


@pytest.fixture
def mirror(portal: Portal) -> Mirror:
    return Mirror(portal)
