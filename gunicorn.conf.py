"""How gunicorn serves the portal. GUNICORN_CMD_ARGS overrides any of it."""

import threading

bind = "0.0.0.0:8000"
worker_class = "portal.web.serving.gunicorn_worker.PatientWorker"
workers = 2
threads = 8
preload_app = True
reuse_port = True
timeout = 60
graceful_timeout = 30
max_requests = 20_000
# As large as the count, so that the processes are rarely replaced at the same moment.
max_requests_jitter = 20_000


def post_fork(server, worker):
    """Give each worker database connections of its own; the parent's must not be shared."""
    from portal.extensions import db  # noqa: PLC0415

    with worker.app.wsgi().app_context():
        db.engine.dispose(close=False)


def post_worker_init(worker):
    """Ask for pages, so that the first visitor does not wait for what a process does once.

    A database that doesn't answer keeps nobody waiting for that. A worker that is told to stop meanwhile stops:
    before this hook it would not hear it.
    """
    from portal.warm_up import visit, warm_up_fork  # noqa: PLC0415

    warm_up_fork(worker.app.wsgi())
    visitor = threading.Thread(target=visit, args=(worker.app.wsgi(),), daemon=True)
    visitor.start()
    visitor.join(timeout=1)
