"""The gateway's error codes with their HTTP status, as its public table has them.

The table gives no code for 403 and for 502: `403` and `502` here are errors without one, PERM_001 and META_001 are
the sandbox's own.
"""

from __future__ import annotations

from typing import Any

CODES: dict[str, tuple[int, str]] = {
    "AUTH_001": (401, "The API key is invalid or has expired."),
    "AUTH_002": (401, "The Authorization header is missing."),
    "AUTH_003": (401, "The Authorization header must be in the form 'Bearer <API key>'."),
    "AUTH_004": (500, "The authentication service could not be reached."),
    "AUTH_005": (500, "The authentication service answered with an error."),
    "BILL_001": (402, "The balance is too low."),
    "PERM_001": (403, "This API key may not send messages."),
    "403": (403, "This API key may not send messages."),
    "RATE_001": (429, "The rate limit was exceeded."),
    "GW_001": (400, "The request is malformed."),
    "META_001": (502, "Meta did not accept the request."),
    "502": (502, "Meta did not accept the request."),
}


def gateway_error(
    code: str, params: dict[str, str] | None = None, description: str | None = None
) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of one gateway error; an unknown code counts as a malformed request (400)."""
    status, usual = CODES.get(code, (400, "The request is malformed."))
    errors: dict[str, Any] = {"description": description or usual}
    if not code.isdigit():
        errors |= {"code": code, "group": code.partition("_")[0]}
    if code == "RATE_001" and params is None:
        params = {"limit_type": "sec", "retry_after": "1s"}
    if params is not None:
        errors["params"] = params
    return status, {"isSuccess": False, "errors": errors}
