"""What the worker does by itself every night: try again, remind, and forget."""

from datetime import timedelta

from portal.demo.logins import ZEYNEP
from portal.demo.stage import Scenes, Stage
from portal.identity.authentication import request_reset
from portal.mail import outbox
from portal.mirror import projection, runs
from portal.worker import scheduler


def nights(stage: Stage) -> Scenes:
    """A sweep every few nights; four of them read everything at Connexease, one of which is refused."""
    for day in (30, 24, 18, 14, 6, 2):
        yield stage.ago(day, "03:30")
        scheduler.sweep(stage.app)
        if day == 18:
            stage.vendor.fault("status", "GET", "^/accounts/$", status=401)
        if day in (30, 18, 14, 6):
            _read_everything(stage)


def last_look(stage: Stage) -> Scenes:
    """Just now: everything was read, and everything is counted."""
    yield stage.end
    _read_everything(stage)
    yield stage.end
    with stage.visitor():
        projection.project_all()
    scheduler.sweep(stage.app)


def _read_everything(stage: Stage) -> None:
    with stage.visitor():
        runs.begin(None)


def refused_mail(stage: Stage) -> Scenes:
    """A night on which the mail server took nothing: one mail was tried to the end."""
    yield stage.ago(13, "00:30")
    stage.vendor.set(mail_refusal="451 Try again later")
    with stage.visitor():
        request_reset(ZEYNEP.email)
    for hour in range(1, outbox.MAX_ATTEMPTS + 1):
        yield stage.ago(13, "00:40") + timedelta(minutes=hour * 61)
        with stage.visitor():
            for mail in outbox.due():
                outbox.send(mail)
    stage.vendor.set(mail_refusal="")
