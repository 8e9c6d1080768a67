"""Logos made safe: a PNG is drawn again, an SVG keeps only what draws. And the picture for shared links."""

import hashlib
import io
import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from portal.errors import DomainError
from portal.i18n import _

LARGEST = 256 * 1024
"""Bytes of a file."""
WIDEST = 2000
"""Pixels of a side."""
PNG, SVG = "image/png", "image/svg+xml"
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
ELEMENTS = frozenset(
    "svg g path rect circle ellipse line polyline polygon text tspan defs linearGradient radialGradient stop "
    "clipPath mask symbol use title desc".split()
)
ATTRIBUTES = frozenset(
    "class clip-path clip-rule clipPathUnits color cx cy d display dominant-baseline dx dy fill fill-opacity "
    "fill-rule font-family font-size font-style font-weight fx fy gradientTransform gradientUnits height id "
    "letter-spacing mask maskContentUnits maskUnits offset opacity paint-order points preserveAspectRatio r "
    "rotate rx ry spreadMethod stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset "
    "stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width style text-anchor textLength "
    "transform vector-effect version viewBox visibility width x x1 x2 y y1 y2".split()
)
_WITHIN = re.compile(r"#[\w.-]+")
_URL = re.compile(r"url\(\s*['\"]?(.*?)['\"]?\s*\)", re.IGNORECASE | re.DOTALL)
_TRICK = re.compile(r"[\\<]|/\*|@|expression|javascript:|image-set|-moz-binding", re.IGNORECASE)


@dataclass(frozen=True)
class Picture:
    """A picture that may be shown."""

    content: bytes
    type: str

    @property
    def hash(self) -> str:
        """What names it in addresses; empty where there is no picture."""
        return hashlib.sha256(self.content).hexdigest()[:12] if self.content else ""


def safe(content: bytes) -> Picture:
    """A PNG or SVG as somebody uploaded it, made safe.

    Raises:
        DomainError: it is neither, too large, or nothing of it may be shown.
    """
    if len(content) > LARGEST:
        raise DomainError(_("Choose a file of at most 256 KB."), "logo")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture(_drawn_again(content), PNG)
    if b"<svg" in content[:4096] or content.lstrip()[:5] == b"<?xml":
        return Picture(_only_what_draws(content), SVG)
    raise DomainError(_("Choose a PNG or SVG file."), "logo")


def _drawn_again(content: bytes) -> bytes:
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - takes long to import, and few need it

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > WIDEST:
                raise DomainError(_("Choose a picture of at most 2,000 pixels on a side."), "logo")
            drawn = io.BytesIO()
            picture.convert("RGBA").save(drawn, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise DomainError(_("This PNG file can't be read. Save it again, or choose another."), "logo") from None
    return drawn.getvalue()


def _only_what_draws(content: bytes) -> bytes:
    from defusedxml import ElementTree  # noqa: PLC0415
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415

    try:
        root = ElementTree.fromstring(content, forbid_dtd=False)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise DomainError(_("This SVG file can't be read. Save it as plain SVG or PNG."), "logo") from None
    kept = _kept(root)
    if kept is None or kept.tag != "svg" or not len(kept):
        raise DomainError(_("Nothing in this SVG file can be shown. Save it as plain SVG or PNG."), "logo")
    kept.set("xmlns", SVG_NAMESPACE)
    written: bytes = ElementTree.tostring(kept, encoding="utf-8")
    return written


def _kept(element: Element) -> Element | None:
    """An element with what of it may stay; none where it may not."""
    if not isinstance(element.tag, str):
        return None
    namespace, _brace, name = element.tag.rpartition("}")
    if namespace.lstrip("{") not in ("", SVG_NAMESPACE) or name not in ELEMENTS:
        return None
    kept = Element(name, dict(_attributes(element)))
    kept.text, kept.tail = element.text, element.tail
    kept.extend(child for each in element if (child := _kept(each)) is not None)
    return kept


def _attributes(element: Element) -> list[tuple[str, str]]:
    found = []
    for full, value in element.items():
        name = full.rpartition("}")[2]
        if name == "href" and _WITHIN.fullmatch(value.strip()):
            found.append((name, value.strip()))
        elif full in ATTRIBUTES and not _TRICK.search(value) and all(map(_WITHIN.fullmatch, _URL.findall(value))):
            found.append((name, value))
    return found


def card(name_initial: str, accent: str, on_accent: str, logo: Picture | None) -> bytes:
    """The picture that goes with a link shared elsewhere, 1200 by 630: the logo, or the first letter of the name.

    Only a PNG logo can be put in.
    """
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    ground = Image.new("RGB", (1200, 630), accent)
    drawing = ImageDraw.Draw(ground)
    if logo is not None and logo.type == PNG:
        drawing.rounded_rectangle((300, 115, 900, 515), 48, fill="#ffffff")
        with Image.open(io.BytesIO(logo.content)) as picture:
            shown = picture.convert("RGBA")
            shown.thumbnail((500, 300))
            ground.paste(shown, ((1200 - shown.width) // 2, (630 - shown.height) // 2), shown)
    else:
        drawing.rounded_rectangle((475, 190, 725, 440), 56, fill=on_accent)
        drawing.text((600, 315), name_initial, fill=accent, anchor="mm", font=ImageFont.load_default(160))
    written = io.BytesIO()
    ground.save(written, "PNG", optimize=True)
    return written.getvalue()
