"""What the demo's processes do, and the code that they share."""

import gc
import os
import sys
from typing import NoReturn

from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]
from sqlalchemy.orm import configure_mappers

from portal import create_app, discovery
from portal.worker.consumer import run


def load() -> None:
    """Load what a process would load before it begins."""
    for name in ("views", "tasks", "blueprint"):
        discovery.load(name)
    configure_mappers()
    gc.collect()
    gc.freeze()  # what is not looked through stays shared


def connexease(*arguments: str) -> NoReturn:
    """Be the local Connexease, which shares no code with the portal."""
    os.execv(sys.executable, [sys.executable, "-m", "portal.sandbox", *arguments])  # noqa: S606


def web(bind: str) -> None:
    """Be the portal's web server."""
    sys.argv = ["gunicorn", "--bind", bind, "--threads", "8", "--log-level", "warning", "wsgi:app"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def worker() -> None:
    """Be the portal's worker."""
    run(create_app())
