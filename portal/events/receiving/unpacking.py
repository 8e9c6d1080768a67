"""Unpacking a body that its sender packed, never beyond a limit: a small body may pretend to be a huge one."""

import zlib
from dataclasses import dataclass

from portal.connexease.texts import gettext_noop

UNKNOWN = gettext_noop(
    "This event arrived in a compression format that we don't support, so it was stored as it arrived."
)
BROKEN = gettext_noop("This event couldn't be decompressed, so it was stored as it arrived.")

_GZIP_OR_ZLIB, _BARE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_KNOWN = ("gzip", "x-gzip", "deflate")
MOST_LAYERS = 2


class TooLargeError(Exception):
    """It would be larger than it may be."""


@dataclass(frozen=True)
class Unpacked:
    """A body as it was before it was packed, or as it came where that is not known."""

    body: bytes
    problem: str = ""
    """Why it is kept as it came."""


def unpack(body: bytes, encodings: str, limit: int) -> Unpacked:
    """Undo what a `Content-Encoding` names, the last first.

    Raises:
        TooLargeError: it would be larger than the limit; no more than that was unpacked.
    """
    layers = [name for part in encodings.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if not body or not layers:
        return Unpacked(body)
    if len(layers) > MOST_LAYERS or not set(layers) <= set(_KNOWN):
        return Unpacked(body, UNKNOWN)
    plain = body
    try:
        for name in reversed(layers):
            plain = _inflated(plain, name, limit)
    except zlib.error:
        return Unpacked(body, BROKEN)
    return Unpacked(plain)


def _inflated(packed: bytes, name: str, limit: int) -> bytes:
    if name != "deflate":
        return _streams(packed, _GZIP_OR_ZLIB, limit)
    try:
        return _streams(packed, _GZIP_OR_ZLIB, limit)
    except zlib.error:  # some senders leave the head out, though the standard wants it
        return _streams(packed, _BARE, limit)


def _streams(packed: bytes, wbits: int, limit: int) -> bytes:
    """What was packed, in one stream or in several that follow each other."""
    pieces: list[bytes] = []
    while packed:
        stream = zlib.decompressobj(wbits)
        room = limit - sum(map(len, pieces))
        pieces.append(stream.decompress(packed, room + 1))
        if len(pieces[-1]) > room:
            raise TooLargeError
        if not stream.eof:
            raise zlib.error("it ends too early")
        packed = stream.unused_data.lstrip(b"\0")
    return b"".join(pieces)
