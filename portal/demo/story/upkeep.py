"""What the worker does by itself every night: try again, remind, and forget."""

from portal.demo.stage import Scenes, Stage
from portal.mirror import runs
from portal.worker import scheduler


def nights(stage: Stage) -> Scenes:
    """A sweep every few nights; three of them read everything at Connexease, one of which is refused."""
    for day in range(30, 0, -3):
        yield stage.ago(day, "03:30")
        scheduler.sweep(stage.app)
        if day == 18:
            stage.vendor.fault("status", "GET", "^/accounts/$", status=401)
        if day in (18, 15, 6):
            _read_everything(stage)


def last_look(stage: Stage) -> Scenes:
    """Just now: everything was read, and everything is counted."""
    yield stage.end
    _read_everything(stage)
    yield stage.end
    scheduler.sweep(stage.app)


def _read_everything(stage: Stage) -> None:
    with stage.visitor():
        runs.begin(None)
