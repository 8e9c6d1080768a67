"""What a server does before it forks its workers, so that the first visitor waits no longer than the second."""

from flask import request, request_started

from portal import create_app
from portal.extensions import connexease, db, session
from portal.warm_up import visit, warm_up
from tests.support.portal import Portal


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


def test_a_forked_process_is_visited_once(portal: Portal, caplog):
    asked = []
    with request_started.connected_to(lambda _app: asked.append(request.path), portal.app):
        visit(portal.app)
    assert (asked, caplog.messages) == (["/login"], [])


def test_a_database_that_does_not_answer_is_no_reason_not_to_start(settings_for, caplog):
    visit(create_app(settings_for(database_url="postgresql://nobody@127.0.0.1:1/none")))
    assert caplog.messages == []
