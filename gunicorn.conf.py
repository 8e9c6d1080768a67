"""How gunicorn serves the portal. GUNICORN_CMD_ARGS overrides any of it."""

import contextlib
import threading

import sqlalchemy.exc

bind = "0.0.0.0:8000"
worker_class = "portal.web.gunicorn_worker.PatientWorker"
workers = 2
threads = 8
preload_app = True
reuse_port = True
timeout = 60
graceful_timeout = 30
max_requests = 20_000
max_requests_jitter = 2_000


def post_fork(server, worker):
    """Give each worker database connections of its own; the parent's must not be shared.

    The first is opened at once, beside what the worker does, so that the first visitor does not wait for it.
    """
    from portal.extensions import db  # noqa: PLC0415
    from wsgi import app  # noqa: PLC0415

    with app.app_context():
        db.engine.dispose(close=False)
        threading.Thread(target=_open_one, args=(db.engine,), daemon=True).start()


def _open_one(engine):
    with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):  # who visits is told, as ever
        engine.connect().close()
