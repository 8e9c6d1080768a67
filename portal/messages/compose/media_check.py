"""Files that WhatsApp fetches by itself: which addresses are refused, and whether a file is what it should be."""

from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from portal import outbound
from portal.extensions import settings
from portal.i18n import _, decimal

LONGEST = 2000
_ALLOWED = "!$&'()*+,;=:@/?%-._~[]"
_AGENT = {"User-Agent": "Portal-Link-Check/1", "Accept": "*/*", "Accept-Encoding": "identity"}
_NO_HEAD = (400, 403, 404, 405, 500, 501)
"""What servers answer that do not know HEAD, or do not like it."""
MB = 1_000_000


@dataclass(frozen=True)
class Rule:
    """What WhatsApp takes. `types` are what a server may call such a file; `names` is that for people."""

    limit: int
    types: frozenset[str]
    names: str


RULES = {
    "image": Rule(5 * MB, frozenset({"image/jpeg", "image/jpg", "image/png"}), "JPEG, PNG"),
    "audio": Rule(
        16 * MB,
        frozenset(
            {
                *("audio/mpeg", "audio/mp3", "audio/aac", "audio/aacp", "audio/mp4", "audio/x-m4a", "audio/amr"),
                *("audio/ogg", "audio/opus", "application/ogg"),
            }
        ),
        "MP3, AAC, AMR, OGG (Opus)",
    ),
    "video": Rule(16 * MB, frozenset({"video/mp4", "video/3gpp"}), "MP4, 3GP"),
    "document": Rule(100 * MB, frozenset(), "PDF"),
}
"""Of images and audio by Connexease; of a template's videos and documents by Meta."""


@dataclass(frozen=True)
class Report:
    """What a look at the file brought: what speaks against it, in sentences, and what its server calls it."""

    doubts: tuple[str, ...] = ()
    type: str = ""
    size: int | None = None


def normal(link: str) -> str:
    """The address as it goes over the wire: in ASCII, and without what is never sent."""
    parts = urlsplit(link.strip())
    host = parts.netloc
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    return urlunsplit(
        (parts.scheme.lower(), host, quote(parts.path, _ALLOWED) or "/", quote(parts.query, _ALLOWED), "")
    )


def problem_with(link: str) -> str | None:
    """Why this cannot be a file's address, in a sentence; none when it can."""
    if not link.strip():
        return _("Enter the URL of the file.")
    try:
        parts, plain = urlsplit(link.strip()), normal(link)
        is_odd = parts.port == 0 or not parts.hostname or not urlsplit(plain).netloc.isascii()
    except ValueError:
        return _("Enter a full URL, for example https://example.com/picture.jpg.")
    if any(c.isspace() or c == "\\" for c in link.strip()) or (is_odd and parts.scheme == "https"):
        return _("Enter a full URL, for example https://example.com/picture.jpg.")
    if parts.scheme != "https":
        return _("Enter a URL that starts with https://. WhatsApp downloads the file from it.")
    if parts.username is not None or parts.password is not None:
        return _("Remove the user name and password from the URL. Everyone who gets the message could see them.")
    return _("This URL is too long. Enter a shorter one.") if len(plain) > LONGEST else None


def check(kind: str, link: str) -> Report:
    """Look at the file as WhatsApp will, without fetching it. Nothing here keeps anybody from sending."""
    host = urlsplit(link).hostname or ""
    try:
        answer = _ask(link)
    except outbound.SlowLookUpError:
        return _doubt(_("We couldn't look up %(host)s just now.", host=host))
    except outbound.UnknownHostError:
        return _doubt(_("We found no server called %(host)s. Check the spelling.", host=host))
    except outbound.RefusedAddressError:
        return _doubt(_("%(host)s is in a private network, where WhatsApp can't download the file.", host=host))
    except outbound.NoAnswerError as trouble:
        return _doubt(_in_words(trouble.kind, host))
    return _judged(RULES[kind], answer)


def _doubt(sentence: str) -> Report:
    return Report((sentence,))


def _ask(link: str) -> outbound.Answer:
    """HEAD; where a server refuses that, the file's first byte."""
    answer = _send("HEAD", link, _AGENT)
    if answer.status in _NO_HEAD:
        answer = _send("GET", link, {**_AGENT, "Range": "bytes=0-0"})
    return answer


def _send(method: str, link: str, headers: dict[str, str]) -> outbound.Answer:
    return outbound.send(method, link, headers=headers, allow_loopback=not settings().is_production)


def _judged(rule: Rule, answer: outbound.Answer) -> Report:
    headers = {name.lower(): value for name, value in answer.headers}
    if 300 <= answer.status < 400:
        return _doubt(_("This URL redirects to another one. Enter the URL of the file itself."))
    if answer.status in (401, 403):
        return _doubt(
            _("The server doesn't let everyone download the file (status %(status)d).", status=answer.status)
        )
    if not 200 <= answer.status < 300 and answer.status != 416:
        return _doubt(
            _("There's no file at this URL. The server answered with status %(status)d.", status=answer.status)
        )
    kind, size = headers.get("content-type", ""), _size(answer.status, headers)
    doubts = [*_type_doubts(rule, kind), *_size_doubts(rule, size)]
    return Report(tuple(doubts), kind.partition(";")[0].strip().lower(), size)


def _size(status: int, headers: dict[str, str]) -> int | None:
    text = headers.get("content-length", "")
    if status in (206, 416):
        text = headers.get("content-range", "").rpartition("/")[2]
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _type_doubts(rule: Rule, kind: str) -> list[str]:
    name, _semicolon, details = kind.lower().partition(";")
    name = name.strip()
    if not rule.types:
        return [_("This URL leads to a web page, not a file.")] if name == "text/html" else []
    if not name:
        return [_("The server doesn't say what type of file it is. WhatsApp accepts %(names)s.", names=rule.names)]
    is_other_codec = name.endswith("/ogg") and "codecs" in details and "opus" not in details
    if name not in rule.types or is_other_codec:
        return [
            _(
                "The server says the file is %(type)s. WhatsApp accepts %(names)s.",
                type=name[:80],
                names=rule.names,
            )
        ]
    return []


def _size_doubts(rule: Rule, size: int | None) -> list[str]:
    most = rule.limit // MB
    if size is None:
        return [_("The server doesn't say how large the file is. WhatsApp accepts up to %(most)d MB.", most=most)]
    if size == 0:
        return [_("The file is empty.")]
    if size > rule.limit:
        return [
            _("The file is %(size)s MB. WhatsApp accepts up to %(most)d MB.", size=decimal(size / MB), most=most)
        ]
    return []


def _in_words(kind: outbound.Trouble, host: str) -> str:
    return {
        "late": _("%(host)s didn't answer within 5 seconds.", host=host),
        "tls": _("The TLS certificate of %(host)s isn't valid.", host=host),
        "not_http": _("The answer from %(host)s wasn't HTTP or was cut off.", host=host),
        "no_connection": _("We couldn't reach %(host)s.", host=host),
    }[kind]
