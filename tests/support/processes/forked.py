"""Workers and web servers of the portal, forked from a process that has the code loaded: see `tests.support.processes.prepared`."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from gunicorn.app.wsgiapp import WSGIApplication

import portal.web.serving.gunicorn_worker
from portal.cli import main as portal_command
from tests.support.processes.running import WSGI

ROOT = Path(__file__).resolve().parents[3]


def start(environment: dict[str, str], port: int | None, said: str, app: str) -> int:
    """Start a worker, or a web server at a port; the number of its process, which leads a group of its own.

    Args:
        said: the file that takes what it says.
        app: what a web server serves.
    """
    child = os.fork()
    with suppress(OSError):  # by both, as each may be the first, and the second finds it done or ended
        os.setpgid(child, 0)
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(ROOT)
        _speak_into(said)
        try:
            work() if port is None else serve(port, app)
        except SystemExit:
            pass
        except BaseException:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(0)
    return child


def _speak_into(file: str) -> None:
    for stream, opened in ((0, os.open(os.devnull, os.O_RDONLY)), (1, os.open(file, os.O_WRONLY | os.O_APPEND))):
        os.dup2(opened, stream)
    os.dup2(1, 2)


def work() -> None:
    """Be a worker until the end."""
    portal_command(["worker"], prog_name="portal")


def serve(port: int, app: str) -> None:
    """Be a web server until the end; what `wsgi.py` makes is served without trying the pages before anybody comes."""
    if app == WSGI:
        made = ModuleType("wsgi")
        made.app = portal.create_app()  # type: ignore[attr-defined]
        sys.modules["wsgi"] = made
    sys.argv = ["gunicorn", "--bind", f"127.0.0.1:{port}", app]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()
