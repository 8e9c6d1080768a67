"""Whatever accent a reseller chooses, what is drawn in it can be read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portal
from portal.brand import colours
from portal.brand.colours import DARK, LIGHT, Scheme, contrast, palette

TOKENS = (Path(portal.__file__).parent / "static/css/tokens.css").read_text()
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SCHEMES = st.sampled_from([LIGHT, DARK])


@given(COLOURS, SCHEMES)
def test_any_accent_can_be_read(accent: str, scheme: Scheme) -> None:
    found = palette(accent, scheme)
    assert all(contrast(found.accent, ground) >= 3 for ground in scheme.grounds)
    assert all(contrast(found.link, ground) >= 4.5 for ground in (*scheme.grounds, found.soft))
    assert contrast(found.on_accent, found.accent) >= 4.5
    assert contrast(found.on_accent, found.pressed) >= 4.5
    assert found.pressed != found.accent


@pytest.mark.parametrize(("accent", "shown"), [("#0b6e4f", "#0b6e4f"), ("#1A56DB", "#1a56db")])
def test_an_accent_that_can_be_read_stays(accent: str, shown: str) -> None:
    assert palette(accent, LIGHT).accent == shown


def test_the_grounds_are_those_of_the_tokens() -> None:
    light, dark = TOKENS.split("@media screen", 1)
    for scheme, text in ((LIGHT, light), (DARK, dark)):
        written = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", text))
        full = {
            name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
            for name, value in written.items()
        }
        assert (full["page"], full["surface"], full["sunken"]) == scheme.grounds
        assert full["on-accent"] in scheme.on_accent
    assert f"--accent: {colours.DEFAULT};" in light
