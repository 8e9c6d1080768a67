"""What a load balancer and an operator's monitoring ask."""

from alembic.migration import MigrationContext
from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.db.migrate import newest_revision
from portal.extensions import db
from portal.web.access import machine

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
@machine
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@machine
def readyz() -> tuple[Response, int]:
    """The database answers and has the tables that this version needs."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return jsonify(status="unavailable", problem="the database does not answer"), 503
    if current != newest_revision():
        return jsonify(status="unavailable", problem="run `portal db upgrade`"), 503
    return jsonify(status="ok"), 200
