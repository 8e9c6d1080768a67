"""`portal audit verify`, as an operator runs it."""

import re

from tests.support.application.portal import PASSWORD


def test_the_log_is_walked_and_its_end_is_printed(command, portal):
    portal.customer()
    done = command("audit", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "entries. Each one matches its hash." in done.stdout
    kept = re.search(r"\d+:[0-9a-f]{64}", done.stdout)[0]
    command("staff", "create", "boss@reseller.example.com", PORTAL_STAFF_PASSWORD=PASSWORD)
    again = command("audit", "verify", "--kept", kept)
    assert again.returncode == 0
    portal.sql("DROP TRIGGER audit_entry_no_update")
    portal.sql("UPDATE audit_entry SET actor = 'nobody' WHERE id = 2")
    broken = command("audit", "verify", "--kept", kept)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.startswith("Error: Entry 2 doesn't match its hash")


def test_a_log_that_was_sealed_anew_ends_with_an_error_until_somebody_knows_of_it(command, portal):
    portal.customer()
    portal.sql("UPDATE audit_chain SET sealed_end = NULL")
    command("staff", "create", "boss@reseller.example.com", PORTAL_STAFF_PASSWORD=PASSWORD)
    broken = command("audit", "verify")
    assert broken.returncode == 1
    assert "Error: The log was resealed at entry" in broken.stderr
    assert "Keep this" not in broken.stdout
    printed = re.search(r"--resealed (\d+:[0-9a-f]{64})", broken.stderr)[1]
    number, _, hash_ = printed.partition(":")
    for wrong in (f"{number}:{hash_[::-1]}", f"1:{hash_}"):
        assert command("audit", "verify", "--resealed", wrong).returncode == 1
    known = command("audit", "verify", "--resealed", printed)
    assert known.returncode == 0, known.stderr
    assert "Keep this somewhere else" in known.stdout
    assert command("audit", "verify").returncode == 0


def test_a_kept_end_that_is_none_is_refused(command, portal):
    done = command("audit", "verify", "--kept", "12")
    assert done.returncode == 2
    assert "as it was printed" in done.stderr


def test_an_empty_database_is_sealed_from_its_start(command, tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert command("db", "upgrade", DATABASE_URL=url).returncode == 0
    done = command("audit", "verify", DATABASE_URL=url)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "Checked 0 entries. Each one matches its hash.",
    )
