"""An accent colour in shades that can be read, light and dark (WCAG 2.2: text 4.5:1, edges and signs 3:1)."""

import colorsys
from dataclasses import dataclass
from functools import lru_cache

TEXT, SIGN = 4.5, 3.0
DEFAULT = "#0b6e4f"
"""The accent of a portal that chose none: of `tokens.css`."""
STEPS = 200


@dataclass(frozen=True)
class Scheme:
    """What the accent is seen on: `portal/static/css/tokens.css` says the same."""

    page: str
    surface: str
    sunken: str
    on_accent: tuple[str, str]
    soft: float
    """How much of the accent is mixed into the surface for a soft ground."""

    @property
    def grounds(self) -> tuple[str, ...]:
        return self.page, self.surface, self.sunken


LIGHT = Scheme("#f6f8f6", "#ffffff", "#eef2ef", ("#ffffff", "#15211b"), 0.1)
DARK = Scheme("#0e1311", "#161d19", "#1d2521", ("#04150e", "#ffffff"), 0.18)


@dataclass(frozen=True)
class Palette:
    """The shades of an accent in one scheme, each as `#rrggbb`."""

    accent: str
    pressed: str
    on_accent: str
    link: str
    soft: str


@lru_cache(maxsize=64)
def palette(accent: str, scheme: Scheme) -> Palette:
    """The nearest shades that can be read, of any accent."""
    shade = next(each for each in shades(accent) if _can_be_accent(each, scheme))
    on_accent = max(scheme.on_accent, key=lambda ink: contrast(ink, shade))
    soft = mix(shade, scheme.surface, scheme.soft)
    darker = _luminance(on_accent) > _luminance(shade)
    pressed = next(
        each
        for each in shades(_lighter(shade, -0.08 if darker else 0.08))
        if each != shade and contrast(each, on_accent) >= TEXT
    )
    link = next(
        each for each in shades(shade) if all(contrast(each, on) >= TEXT for on in (*scheme.grounds, soft))
    )
    return Palette(shade, pressed, on_accent, link, soft)


def stylesheet(accent: str) -> str:
    """The tokens that an accent replaces, for light and dark."""
    light, dark = tokens(accent, LIGHT), tokens(accent, DARK)
    return f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def tokens(accent: str, scheme: Scheme) -> str:
    """The declarations of one scheme."""
    shade = palette(accent, scheme)
    values = {
        "accent": shade.accent,
        "accent-pressed": shade.pressed,
        "on-accent": shade.on_accent,
        "link": shade.link,
        "soft-accent": shade.soft,
    }
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def shades(colour: str) -> list[str]:
    """The colour in every lightness, the nearest first; itself before all others."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    others = sorted((step / STEPS for step in range(STEPS + 1)), key=lambda step: abs(step - lightness))
    return [colour.lower(), *(_hex(*colorsys.hls_to_rgb(hue, step, saturation)) for step in others)]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, ground: str, part: float) -> str:
    """A colour laid thinly over a ground."""
    pairs = zip(_rgb(colour), _rgb(ground), strict=True)
    return _hex(*(over * part + under * (1 - part) for over, under in pairs))


def _can_be_accent(colour: str, scheme: Scheme) -> bool:
    is_sign = all(contrast(colour, ground) >= SIGN for ground in scheme.grounds)
    return is_sign and any(contrast(colour, ink) >= TEXT for ink in scheme.on_accent)


def _lighter(colour: str, by: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return _hex(*colorsys.hls_to_rgb(hue, min(1.0, max(0.0, lightness + by)), saturation))


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, part)) * 255):02x}" for part in parts)
