"""Following the pages of a list, without leaving the host that the token is meant for."""

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from pydantic import TypeAdapter

from portal.connexease.errors import BadAnswer
from portal.connexease.http.calls import Call
from portal.connexease.http.transport import Transport
from portal.connexease.schemas import Page

T = TypeVar("T")

MOST_PAGES = 5000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT = "/%:@!$&'()*+,;=~?-._"  # what may stand in a path or query as it is


def items(transport: Transport, first: Call, shape: TypeAdapter[Page[T]]) -> Iterator[T]:
    """Every item of a list, a page at a time as they are asked for.

    Raises `BadAnswer` when a next page lies elsewhere, is gone, was there before, or the list has no end.
    """
    seen: set[str] = set()
    call: Call | None = first
    while call is not None:
        if call.url in seen or len(seen) >= MOST_PAGES:
            raise BadAnswer(call.record(), BadAnswer.endless_pages)
        seen.add(call.url)
        page = _page(transport, call, shape, is_first=call is first)
        yield from page.results
        call = _next(transport, call, page.next)


def _page(transport: Transport, call: Call, shape: TypeAdapter[Page[T]], *, is_first: bool) -> Page[T]:
    answer = transport.call(call)
    if answer.status in (404, 410) and not is_first:
        raise BadAnswer(answer.record)  # the page is gone, not what the list belongs to
    return answer.read(shape)


def _next(transport: Transport, call: Call, link: str | None) -> Call | None:
    if not link:
        return None
    url = same_host(transport.base_url, call.url, link)
    if url is None:
        raise BadAnswer(call.record(), BadAnswer.foreign_page)
    return Call(method="GET", url=url, token=call.token)


def same_host(base_url: str, current_url: str, link: str) -> str | None:
    """`link` on the scheme, host and port of `base_url`; None if it points anywhere else.

    The URL is put together anew on our own base, so no other reading of an odd link can move the host.
    """
    base = urlsplit(base_url)
    try:
        target = urlsplit(urljoin(current_url, link))
        elsewhere = _origin(target) != _origin(base) or "@" in target.netloc
    except ValueError:
        return None
    if elsewhere or not target.path.startswith("/"):
        return None
    query = f"?{quote(target.query, safe=_KEPT)}" if target.query else ""
    return f"{base.scheme}://{base.netloc}{quote(target.path, safe=_KEPT.replace('?', ''))}{query}"


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)
