"""WhatsApp's way of marking text, turned into HTML as a chat shows it.

`*bold*`, `_italic_`, `~struck~`, `code` between one or three backticks, quotes, bullets, numbers, and addresses
that can be pressed. Everything else is escaped, and no other tag than `TAGS` ever comes out.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from markupsafe import Markup, escape

TAGS = frozenset({"p", "blockquote", "ul", "ol", "li", "b", "i", "s", "code", "a", "mark"})

# Two code points that Unicode leaves to a program for its own use.
_DONE = "\ufdd0"
"""Stands for what is HTML already, so that nothing inside it is read a second time."""
HOLE = "\ufdd1"
"""Stands in a text for something that is still missing."""
_OWN = str.maketrans("", "", _DONE + HOLE)

_WHOLE = re.compile(
    r"```(?!`)(?P<block>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    rf"|(?<![^\W_])(?P<address>(?:https?://|www\.)[^\s<>\"`{_DONE}{HOLE}]+)",
    re.DOTALL | re.IGNORECASE,
)
_EMPHASIS = {"*": "b", "_": "i", "~": "s"}
_LINES = {
    "quote": re.compile(r"> (?P<text>.*)"),
    "bullets": re.compile(r"[*-] (?=\S)(?P<text>.*)"),
    "numbers": re.compile(r"(?P<number>[0-9]{1,3})\. (?=\S)(?P<text>.*)"),
}
_BREAK = "\n"
"""The page keeps line breaks as they are."""


def html(text: str, missing: Sequence[str] = ()) -> Markup:
    """The text as a chat shows it.

    Args:
        missing: in words, what is missing at each `HOLE` of the text, in order.
    """
    done: list[Markup] = []

    def set_aside(match: re.Match[str]) -> str:
        # Code and addresses are full of signs that mark elsewhere.
        finished, rest = _address(match["address"]) if match["address"] else (_code(match), "")
        if finished:
            done.append(finished)
        return (_DONE if finished else "") + rest

    visible = _WHOLE.sub(set_aside, text.replace(_DONE, "").replace("\r\n", "\n"))
    whole = "".join(_blocks(visible.split("\n")))
    whole = _fill(whole, _DONE, iter(done))
    marks = (Markup("<mark>{}</mark>").format(name) for name in missing)
    return Markup(_fill(whole, HOLE, marks))  # noqa: S704 - made of escaped parts alone


def clean(text: str) -> str:
    """Text from elsewhere, without the two code points that mean something here."""
    return text.translate(_OWN)


def _fill(whole: str, sign: str, parts: Iterator[Markup]) -> str:
    return re.sub(sign, lambda _sign: str(next(parts, "")), whole)


def _code(match: re.Match[str]) -> Markup:
    if match["block"]:
        return Markup('<code class="chat-block">{}</code>').format(match["block"].strip("\n"))
    return Markup("<code>{}</code>").format(match["code"])


def _address(text: str) -> tuple[Markup | None, str]:
    """A link, and what follows the address without belonging to it."""
    address = text.rstrip(".,;:!?'*_~")
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(".,;:!?'*_~")
    host = re.sub(r"^(https?://|www\.)", "", address, flags=re.IGNORECASE)
    if not host[:1].isalnum():
        return None, text
    target = address if address.lower().startswith("http") else f"https://{address}"
    link = Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>')
    return link.format(target, address), text[len(address) :]


def _blocks(lines: list[str]) -> Iterator[str]:
    for kind, group in groupby(map(_read, lines), itemgetter(0)):
        items = [(number, _marked(text, frozenset(_EMPHASIS))) for _kind, number, text in group]
        texts = [text for _number, text in items]
        match kind:
            case "quote":
                yield f"<blockquote>{_BREAK.join(texts)}</blockquote>"
            case "bullets":
                yield "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>"
            case "numbers":
                yield "<ol>" + "".join(f'<li value="{number}">{text}</li>' for number, text in items) + "</ol>"
            case _:
                yield f"<p>{_BREAK.join(texts)}</p>"


def _read(line: str) -> tuple[str, int, str]:
    """What kind of line it is, the number it begins with, and the rest."""
    for kind, shape in _LINES.items():
        if match := shape.fullmatch(line):
            number = int(match["number"]) if kind == "numbers" else 0
            return kind, number, match["text"]
    return "", 0, line


def _marked(line: str, left: frozenset[str]) -> str:
    """A line with its emphasis. `left`: the signs that still mean something, as none works inside itself."""
    ends = {sign: _ends(line, sign) for sign in left}
    parts: list[str] = []
    start = at = 0
    while at < len(line):
        end = _end(line, at, ends)
        if end is None:
            at += 1
            continue
        sign = line[at]
        inner = _marked(line[at + 1 : end], left - {sign})
        tag = _EMPHASIS[sign]
        parts += [str(escape(line[start:at])), f"<{tag}>{inner}</{tag}>"]
        start = at = end + 1
    return "".join([*parts, str(escape(line[start:]))])


def _ends(line: str, sign: str) -> list[int]:
    """Where something that began with the sign may end: behind a letter, and not in the middle of a word."""
    places = (match.start() for match in re.finditer(re.escape(sign), line))
    return [at for at in places if at and not line[at - 1].isspace() and not line[at + 1 : at + 2].isalnum()]


def _end(line: str, at: int, ends: dict[str, list[int]]) -> int | None:
    """Where the emphasis that begins here ends; none when none does."""
    sign, following = line[at], line[at + 1 : at + 2]
    if sign not in ends or not following.strip() or following == sign or line[at - 1 : at].isalnum():
        return None
    places = ends[sign]
    index = bisect_left(places, at + 2)
    return places[index] if index < len(places) else None
