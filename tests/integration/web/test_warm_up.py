"""What a server does before it forks its workers, so that the first visitor waits no longer than the second."""

import runpy
import socket
import sys
from types import SimpleNamespace

from flask import request, request_started

from portal import create_app
from portal.extensions import connexease, db, session
from portal.warm_up import visit, warm_up, warm_up_fork
from tests.support.application.portal import Portal
from tests.support.processes.running import START, STOP, started


def test_pages_are_tried_and_their_statements_compiled_without_the_database(settings_for, caplog):
    app = create_app(settings_for(database_url="postgresql://nobody@127.0.0.1:1/none"))
    with app.app_context():
        engine, adapter = db.engine, connexease()
    warm_up(app)
    assert caplog.messages == [], "a page could not be tried"
    with app.app_context():
        assert (db.engine, connexease(), session().get_bind()) == (engine, adapter, engine)
        assert engine.pool.status().startswith("Pool size: 8  Connections in pool: 0 ")
        assert len(engine._compiled_cache) > 50


def test_a_forked_process_tries_the_pages_without_its_database_and_asks_for_one_with_it(portal: Portal, caplog):
    asked = []

    def note(_app) -> None:
        asked.append((request.path, db.engine is own))

    with portal.app.app_context():
        own = db.engine
    with request_started.connected_to(note, portal.app):
        warm_up_fork(portal.app)
        visit(portal.app)
    *tried, last = asked
    assert {path.rpartition("/")[2] for path, _own in tried} >= {"", "login", "new"}
    assert {is_own for _path, is_own in tried} == {False}
    assert (last, caplog.messages) == (("/login", True), [])


def test_the_application_that_gunicorn_serves_is_the_one_that_it_prepares(portal: Portal, monkeypatch):
    """Another one would be made in every process, for nobody."""
    monkeypatch.setitem(sys.modules, "wsgi", None)  # an import of it fails
    hooks, asked = runpy.run_path("gunicorn.conf.py"), []
    worker = SimpleNamespace(app=SimpleNamespace(wsgi=lambda: portal.app))
    with request_started.connected_to(asked.append, portal.app):
        hooks["post_fork"](None, worker)
        hooks["post_worker_init"](worker)
    assert {*asked} == {portal.app}


def test_a_database_that_does_not_answer_is_no_reason_not_to_start(settings_for, caplog):
    visit(create_app(settings_for(database_url="postgresql://nobody@127.0.0.1:1/none")))
    assert caplog.messages == []


def test_a_server_that_is_told_to_stop_before_its_first_visitor_stops(environment):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(START)
        nowhere = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        mute = {**environment, "DATABASE_URL": nowhere, "REDIS_URL": "redis://127.0.0.1:1"}
        with started(mute, "--workers=1", "--graceful-timeout=600") as (_url, process, _said):
            asked, _ = silent.accept()  # it tries a page
            with asked:
                process.terminate()
                assert process.wait(STOP) == 0
