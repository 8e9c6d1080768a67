"""How the Reseller and account API speak: Django REST framework's answers, refusals and pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Response, request

from portal.sandbox.core import current_core


class Refusal(Exception):
    """An answer other than success, raised from wherever it becomes clear."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers

    def response(self) -> Response:
        return answer(self.body, self.status, self.headers)


class Invalid(Exception):
    """A value that a field does not take; ``detail`` is what stands under the field's name."""

    def __init__(self, detail: Any) -> None:
        super().__init__(detail)
        self.detail = [detail] if isinstance(detail, str) else detail


class Rule(NamedTuple):
    check: Callable[[Any], Any]
    required: bool = True


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, headers, mimetype="application/json")


def detail(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(status, {"detail": sentence}, headers)


def not_found(what: str) -> Refusal:
    return detail(404, f"No {what} matches the given query.")


def bearer_token() -> str:
    """The token of the Authorization header; refuses (401) when it is missing or malformed."""
    words = request.headers.get("Authorization", "").split()
    sentence = ""
    if not words or words[0].lower() != "bearer":
        sentence = "Authentication credentials were not provided."
    elif len(words) == 1:
        sentence = "Invalid token header. No credentials provided."
    elif len(words) > 2:
        sentence = "Invalid token header. Token string should not contain spaces."
    if sentence:
        raise detail(401, sentence, {"WWW-Authenticate": "Bearer"})
    return words[1]


def json_object() -> dict[str, Any]:
    """The request's JSON object, empty when there is no body; refuses anything else."""
    raw = request.get_data()
    if not raw:
        return {}
    if request.mimetype != "application/json":
        raise detail(415, f'Unsupported media type "{request.content_type or ""}" in request.')
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise detail(400, f"JSON parse error - {error}") from None
    if not isinstance(data, dict):
        kind = type(data).__name__
        raise Refusal(400, {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    return data


def check_fields(data: dict[str, Any], rules: Mapping[str, Rule], *, partial: bool = False) -> dict[str, Any]:
    """The fields that the rules know, checked; refuses (400) with all complaints at once."""
    clean: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, rule in rules.items():
        try:
            if name in data:
                clean[name] = _check(data[name], rule)
            elif rule.required and not partial:
                raise Invalid("This field is required.")
        except Invalid as invalid:
            errors[name] = invalid.detail
    if errors:
        raise Refusal(400, errors)
    return clean


def _check(value: Any, rule: Rule) -> Any:
    if value is None:
        raise Invalid("This field may not be null.")
    return rule.check(value)


def page_of(rows: Sequence[dict[str, Any]]) -> Response:
    """One page of the rows, as ``?page=`` asks; 404 for a page that does not exist."""
    settings = current_core().settings
    if settings.list_order == "newest":
        rows = rows[::-1]
    last = max(1, -(-len(rows) // settings.page_size))
    number = _page_number(last)
    start = (number - 1) * settings.page_size
    return answer(
        {
            "next": _page_url(number + 1) if number < last else None,
            "previous": _page_url(number - 1) if number > 1 else None,
            "count": len(rows),
            "results": list(rows[start : start + settings.page_size]),
        }
    )


def _page_number(last: int) -> int:
    asked = request.args.get("page", "1")
    if asked == "last":
        return last
    try:
        number = int(asked)
    except ValueError:
        number = 0
    if not 1 <= number <= last:
        raise detail(404, "Invalid page.")
    return number


def _page_url(number: int) -> str:
    query = request.args.to_dict()
    query.pop("page", None)
    if number > 1:
        query["page"] = str(number)
    return current_core().api_url + request.path + (f"?{urlencode(query)}" if query else "")
