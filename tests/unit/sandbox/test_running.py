"""Starting, stopping, remembering: the sandbox as an object and as a process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from portal.sandbox.client import SandboxControl
from portal.sandbox.server import Sandbox
from portal.sandbox.storage import UnreadableStateError
from tests.support.processes.running import line_of
from tests.support.suite.patience import patient


def test_the_defaults_are_free_ports_on_loopback():
    with Sandbox() as sandbox:
        urls = (sandbox.api_url, sandbox.dialog_url, sandbox.smtp_url)
        assert re.fullmatch(
            r"http://127\.0\.0\.1:\d+ http://127\.0\.0\.1:\d+ smtp://127\.0\.0\.1:\d+", " ".join(urls)
        )
        assert len(set(urls)) == 3
    with pytest.raises(OSError, match="refused"):
        SandboxControl(urls[0]).accounts()


def test_a_taken_port_is_an_error():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        Sandbox(smtp_port=taken.getsockname()[1]),
    ):
        pass


def test_it_remembers_across_restarts(tmp_path):
    path = tmp_path / "state" / "sandbox.json"
    with Sandbox(state_path=path) as sandbox:
        control = SandboxControl(sandbox.api_url)
        account = control.create_account("jane@example.com")
        channel = control.create_channel(account["uuid"])
        control.create_webhook(account["uuid"], "https://example.com/", headers={"X-A": "b"})
        control.emit("channel.created", account["uuid"], channel["uuid"], hold=True)
        control.advance(100)
        before = (control.accounts(), control.channels(), control.webhooks(), control.deliveries())

    assert path.stat().st_mode & 0o777 == 0o600
    with Sandbox(state_path=path) as sandbox:
        control = SandboxControl(sandbox.api_url)
        after = (control.accounts(), control.channels(), control.webhooks(), control.deliveries())
        assert after == before
        control.reset()
    with Sandbox(state_path=path) as sandbox:
        assert SandboxControl(sandbox.api_url).accounts() == []


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "state.json"
    path.write_text('{"accounts": 7}')

    with pytest.raises(UnreadableStateError, match=r"state\.json"):
        Sandbox(state_path=path)


@contextmanager
def process(*arguments, **environment):
    command = [sys.executable, "-m", "portal.sandbox", "--port", "0", "--dialog-port", "0", "--smtp-port", "0"]
    with subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(end, tmp_path):
    state = tmp_path / "state.json"
    with process("--state", str(state), CONNEXEASE_RESELLER_TOKEN="from-environment") as running:
        line = line_of(running)
        url = re.search(r"http://\S+", line)[0]
        assert "from-environment" not in line
        SandboxControl(url).create_account("jane@example.com")
        running.send_signal(end)
        assert running.communicate(timeout=patient(30))[1] == ""
        assert running.returncode == 0
    assert len(json.loads(state.read_text())["accounts"]) == 1


def test_the_command_says_why_it_cannot_start(tmp_path):
    state = tmp_path / "state.json"
    state.write_text("not json")
    with process("--state", str(state)) as running:
        error = running.communicate(timeout=patient(30))[1]
        assert running.returncode == 1
    assert "The sandbox cannot start" in error
    assert "Traceback" not in error
