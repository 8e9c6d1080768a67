"""Drift: where the webhook that Connexease holds differs from the one that was last set here."""

import json
from urllib.parse import urlsplit

from pydantic import SecretStr

from portal.connexease import schemas
from portal.extensions import vault
from portal.models import Webhook
from portal.secrets.stored import webhook_place

Headers = dict[str, str]


def plain(data: schemas.WebhookData) -> Headers:
    """Header names and values, to be used and forgotten."""
    return {name: value.get_secret_value() for name, value in (data.headers or {}).items()}


def sealed_headers(row: Webhook) -> Headers:
    """The headers as they were last set."""
    if row.sealed_headers is None:
        return {}
    found: Headers = json.loads(vault().open(row.sealed_headers, webhook_place(row)).get_secret_value())
    return found


def seal_headers(row: Webhook, headers: Headers) -> None:
    """Keep the headers that are wanted, encrypted."""
    row.sealed_headers = vault().seal(SecretStr(json.dumps(headers)), webhook_place(row)) if headers else None


def differences(row: Webhook) -> list[str]:
    """In which parts Connexease holds something else than was last set here."""
    wanted, seen = row.wanted or {}, row.seen or {}
    differs = {
        "callback_url": not is_same_address(wanted.get("callback_url", ""), seen.get("callback_url", "")),
        **{key: set(wanted.get(key, [])) != set(seen.get(key, [])) for key in ("triggers", "channels")},
        "headers": row.headers_differ,
        "is_active": wanted.get("is_active") != seen.get("is_active"),
    }
    return [part for part, is_other in differs.items() if is_other]


def is_same(row: Webhook, listed: schemas.Webhook) -> bool:
    """Whether a listed webhook is the one whose creation was begun: same callback, triggers and channels."""
    wanted = row.wanted or {}
    return (
        is_same_address(listed.callback_url, wanted.get("callback_url", ""))
        and set(listed.triggers) == set(wanted.get("triggers", []))
        and {str(channel) for channel in listed.channels} == set(wanted.get("channels", []))
    )


def is_same_address(one: str, other: str) -> bool:
    """Whether two addresses lead to the same place: a server may write what it was sent in another way."""
    return _normal(one) == _normal(other)


def is_same_headers(some: Headers, others: Headers) -> bool:
    """Whether two are sent alike: the case of a header's name means nothing."""
    return _folded(some) == _folded(others)


def _normal(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    return parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, parts.fragment


def _folded(headers: Headers) -> Headers:
    return {name.casefold(): value for name, value in headers.items()}
