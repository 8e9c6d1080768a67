"""Who may turn the sandbox's dials: programs and pages on this machine, and no other site's pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import abort, request

from portal.sandbox.api.fields import is_loopback


def only_from_here() -> None:
    """403 for another machine, for a host name that is not loopback, and for another site's form."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if not is_loopback(request.remote_addr or "") or not is_loopback(host):
        abort(403, "The control calls answer only on this machine.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        abort(403, "Another site may not control the sandbox.")
