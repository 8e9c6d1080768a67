"""What a load balancer and an operator's monitoring ask."""

from flask import Response, jsonify

from portal.operations import health
from portal.operations.blueprint import blueprint
from portal.web.access import machine


@blueprint.get("/healthz")
@machine
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@machine
def readyz() -> tuple[Response, int]:
    """The database answers and has the tables that this version needs."""
    problem = health.problem()
    if problem is not None:
        return jsonify(status="unavailable", problem=problem), 503
    return jsonify(status="ok"), 200
