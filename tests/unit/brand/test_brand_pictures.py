"""A logo shows what it shows, and does nothing else."""

import io

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.brand import pictures
from portal.errors import DomainError

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 8 8">'
DRAWN = '<path d="M0 0h8v8z" fill="#123456"/>'


@pytest.fixture(autouse=True, scope="module")
def _language():
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def cleaned(inside: str) -> str:
    return pictures.safe(f"{HEAD}{DRAWN}{inside}</svg>".encode()).content.decode()


def png(width: int = 4, height: int = 4, **saved: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "#ff0000").save(written, "PNG", **saved)
    return written.getvalue()


@pytest.mark.parametrize(
    "trick",
    [
        "<script>alert(1)</script>",
        "<style>@import 'https://evil.example/x.css'</style>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></body></foreignObject>",
        "<image href='https://evil.example/x.png'/>",
        "<use href='https://evil.example/x.svg#a'/>",
        "<use xlink:href='data:image/svg+xml,evil'/>",
        "<a href='javascript:alert(1)'><path d='M0 0'/></a>",
        "<path d='M0 0' onclick='alert(1)'/>",
        "<path d='M0 0' fill='url(https://evil.example/x)'/>",
        "<path d='M0 0' style='background:url(https://evil.example/x)'/>",
        "<path d='M0 0' style='fill:u\\72l(https://evil.example/x)'/>",
        "<animate attributeName='href' to='javascript:alert(1)'/>",
        "<set attributeName='onload' to='alert(1)'/>",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    ],
)
def test_what_does_more_than_draw_is_left_out(trick: str) -> None:
    found = cleaned(trick)
    assert "M0 0h8v8z" in found
    assert not [word for word in ("evil", "alert", "script", "onclick", "import") if word in found.casefold()]


def test_what_draws_stays() -> None:
    found = cleaned(
        '<defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs><use href="#g" fill="url(#g)"/>'
    )
    assert 'href="#g"' in found
    assert 'fill="url(#g)"' in found


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg",
        b"<html><svg/></html>",
        b"\x89PNG\r\n\x1a\nnothing",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'><path d='&a;'/></svg>",
        b"x" * (pictures.LARGEST + 1),
        png(pictures.WIDEST + 1, 1),
    ],
    ids=range(9),
)
def test_anything_else_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(DomainError):
        pictures.safe(content)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(content: bytes) -> None:
    for prefix in (b"", b"\x89PNG\r\n\x1a\n", HEAD.encode()):
        with pytest.raises(DomainError):
            pictures.safe(prefix + content)


def test_a_png_is_drawn_again_without_what_it_carried() -> None:
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    notes = PngInfo()
    notes.add_text("Comment", "secret")
    found = pictures.safe(png(pnginfo=notes))
    assert found.type == "image/png"
    assert b"secret" not in found.content
    assert Image.open(io.BytesIO(found.content)).size == (4, 4)


@pytest.mark.parametrize(
    "logo", [None, pictures.Picture(png(), pictures.PNG), pictures.Picture(b"<svg/>", pictures.SVG)]
)
def test_a_card_is_of_the_size_that_others_expect(logo: pictures.Picture | None) -> None:
    card = Image.open(io.BytesIO(pictures.card("A", "#0b6e4f", "#ffffff", logo)))
    assert (card.size, card.format) == ((1200, 630), "PNG")
