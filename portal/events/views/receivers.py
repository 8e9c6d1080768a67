"""The receivers that Connexease and its gateway deliver events to."""

from uuid import UUID

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from portal.db.queue import wake
from portal.events import receiver, unpacking
from portal.events.blueprint import blueprint
from portal.extensions import csrf
from portal.web import access
from portal.webhooks.portal_webhooks import SECRET_HEADER


@blueprint.post("/hooks/connexease/<key>", strict_slashes=False)
@access.machine
def connexease(key: str) -> ResponseReturnValue:
    """Take in an event. Whatever its body is, it is kept: only a wrong secret or a huge body is refused."""
    return _take_in(receiver.authenticate(key, request.headers.get(SECRET_HEADER, "")))


@blueprint.post("/hooks/gateway/<key>", strict_slashes=False)
@access.machine
def gateway(key: str) -> ResponseReturnValue:
    """Take in what the gateway reports of messages. It proves itself by the secret from its dashboard."""
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    secret = secret.strip() if scheme.casefold() == "bearer" else ""
    return _take_in(receiver.authenticate(key, secret, of_gateway=True))


csrf.exempt(connexease)  # their callers are machines without a cookie; the secret is what counts
csrf.exempt(gateway)


def _take_in(owner: tuple[UUID, UUID] | None) -> ResponseReturnValue:
    if owner is None:
        return _answer("unknown address or wrong secret", 401)
    request.max_content_length = receiver.BODY_LIMIT + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return _answer("too large", 413)
    if len(body) > receiver.BODY_LIMIT:  # a body without a length is cut at the limit and not refused
        return _answer("too large", 413)
    try:
        taken = unpacking.unpack(body, request.headers.get("Content-Encoding", ""), receiver.BODY_LIMIT)
    except unpacking.TooLargeError:
        return _answer("too large", 413)
    delivery_id = receiver.store(*owner, taken.body, taken.problem)
    wake("delivery", str(delivery_id))
    return _answer("stored", 200)


def _answer(status: str, code: int) -> tuple[Response, int]:
    return jsonify(status=status), code
