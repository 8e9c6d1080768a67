"""A process that has the portal's code loaded and forks a worker or a web server whenever it is asked to.

    python -m tests.support.workers

It reads a line of JSON for each: the environment, and for a web server the port. It answers with the number of the
process, which leads a group of its own. To load the code anew for every one takes longer than most of them live
here; a web server also takes the application that was made when the first was asked for, as `--preload` does. When
its input ends, it kills what still runs.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType

from gunicorn.app.wsgiapp import WSGIApplication

import portal.app
import portal.web.serving.gunicorn_worker
from portal.cli import main as portal_command
from tests.support.templates import TemplateCache


@cache
def application(_database_url: str) -> ModuleType:
    """What `wsgi.py` makes, without trying the pages before anybody comes."""
    made = ModuleType("wsgi")
    made.app = portal.create_app()  # type: ignore[attr-defined]
    made.app.jinja_env.bytecode_cache = TemplateCache(os.environ["TEMPLATE_CACHE"])  # type: ignore[attr-defined]
    return made


def work() -> None:
    """Be a worker until the end."""
    portal_command(["worker"], prog_name="portal")


def serve(port: int) -> None:
    """Be a web server until the end."""
    sys.argv = ["gunicorn", "--bind", f"127.0.0.1:{port}", "wsgi:app"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def become(port: int | None) -> None:
    """Be what was asked for, in a process that says nothing."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with suppress(BaseException):
        work() if port is None else serve(port)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    os.chdir(Path(__file__).resolve().parents[2])
    started = []
    for line in sys.stdin:
        environment, port = json.loads(line)
        os.environ.clear()
        os.environ.update(environment)
        if port is not None:
            sys.modules["wsgi"] = application(environment["DATABASE_URL"])
        child = os.fork()
        if child == 0:
            become(port)
        started.append(child)
        print(child, flush=True)
    for child in started:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
