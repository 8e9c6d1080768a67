"""What a start of the demo does with a folder that is there already, and with a port that is taken."""

import socket

import pytest

from portal.demo import logins, prepare
from portal.demo.folder import BEGUN, TOLD, has_story, lasting_faults, note_end
from portal.demo.processes import Demo


@pytest.fixture
def demo(tmp_path):
    return Demo(str(tmp_path), 8000, 8001, 8002, 8025)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_story_that_was_not_told_to_its_end_begins_anew(demo, tmp_path):
    for name in ("portal.db", "portal.db-wal", "portal.db.queue", "sandbox.json", "vault_keys", BEGUN):
        (tmp_path / name).touch()
    demo._forget_half_a_story()
    assert names(tmp_path) == ["vault_keys"]


def test_a_start_that_failed_before_its_story_does_not_spoil_the_folder(demo, tmp_path, monkeypatch):
    def fail():
        (tmp_path / "portal.db").touch()
        raise RuntimeError("something else uses its port")

    monkeypatch.setattr(prepare, "create_app", fail)
    with pytest.raises(RuntimeError, match="uses its port"):
        prepare.prepare(tmp_path, is_empty=True)
    demo._forget_half_a_story()
    assert names(tmp_path) == []


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"port {taken} is in use.* name another with --dialog-port"):
            Demo(str(tmp_path), 0, 0, taken, 0)._find_taken_ports()
    Demo(str(tmp_path), 0, 0, taken, 0)._find_taken_ports()


def test_one_that_was_told_stays(demo, tmp_path):
    (tmp_path / "portal.db").touch()
    (tmp_path / BEGUN).touch()
    note_end(tmp_path, [{"kind": "status", "path": "^/accounts/$"}], is_empty=False)
    demo._forget_half_a_story()
    assert names(tmp_path) == ["portal.db", TOLD]
    assert has_story(tmp_path)
    assert lasting_faults(tmp_path) == [{"kind": "status", "path": "^/accounts/$"}]


def test_a_folder_of_an_earlier_version_is_left_alone(demo, tmp_path):
    (tmp_path / "portal.db").touch()
    with pytest.raises(RuntimeError, match="is from an earlier version"):
        demo._start()
    assert names(tmp_path) == ["portal.db"]
    assert demo.processes == {}


def test_the_table_of_logins_fits_a_terminal():
    lines = logins.table()
    assert len(lines) == len((*logins.CUSTOMERS, *logins.STAFF)) + 1
    assert max(map(len, lines)) <= 78
