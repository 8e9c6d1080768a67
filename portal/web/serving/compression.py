"""Answers that are made while somebody waits, compressed.

A page holds a secret, its CSRF token, beside what a visitor typed. From the length of such a page, compressed,
somebody who listens in could find the secret out letter by letter (BREACH). So the length is made random, by a
file name in gzip's header: https://ieeexplore.ieee.org/document/9754554.
"""

import gzip
import secrets
from io import BytesIO

from flask import Flask, Response, request

LEAST = 1024
"""Bytes. A smaller answer fits into a packet as it is."""
LEVEL = 4
"""A page of 40 KB takes half a millisecond, and is a tenth larger than it could be."""
_NAME = 100
_KINDS = {"text/html", "application/json"}


def init_app(app: Flask) -> None:
    """Compress what is large enough, for browsers that can read it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.is_streamed or response.mimetype not in _KINDS or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0 and (response.content_length or 0) >= LEAST:
        response.set_data(_packed(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _packed(body: bytes) -> bytes:
    packed = BytesIO()
    name = "x" * (1 + secrets.randbelow(_NAME))
    with gzip.GzipFile(filename=name, mode="wb", fileobj=packed, compresslevel=LEVEL, mtime=0) as file:
        file.write(body)
    return packed.getvalue()
