"""How every state is looked at: axe, light and dark, at both widths; with `--shots DIR` a picture of each.

It is looked at in two languages that nobody speaks, into which the page's words are turned where they stand:
written from right to left where there is room, and half as long again, with accents, where there is little. What
holds in them holds in English; that no sentence is left in English says `tests/integration/web/test_i18n.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AxeResults
from playwright.sync_api import Page

from e2e.browser.answers import answer_of

Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[int, Scheme, str], ...] = ((1280, "light", "mirrored"), (390, "dark", "long"))
"""Each width, scheme and pseudo-language once. Pictures are taken in English, of all widths and schemes."""

SPEAK = Path(__file__).with_name("pseudo.js").read_text()
MEASURE_ONCE = Path(__file__).with_name("contrast.js").read_text()
CUT_OFF = """
() => [...document.querySelectorAll('body *')].filter(element => {
  const style = getComputedStyle(element), box = element.getBoundingClientRect()
  if (style.overflowX !== 'hidden' && style.overflowX !== 'clip') return false
  if (box.width < 8 || box.height < 8 || style.textOverflow === 'ellipsis') return false
  return element.scrollWidth > element.clientWidth + 1
}).map(element => element.outerHTML.slice(0, 120))
"""
"""Elements that hide a part of their words. Those that end in an ellipsis do so on purpose."""

GET_AXE = """
async () => {
  if (window.axe) return
  const script = document.createElement('script')
  script.src = '/_side_door/axe.js'
  await new Promise((done, fail) => {
    Object.assign(script, {onload: done, onerror: fail})
    document.head.append(script)
  })
  script.remove()
  const {Color} = axe.commons.color, read = Color.prototype.parseString, known = new Map()
  Color.prototype.parseString = function (text) {
    if (!known.has(text)) {
      read.call(this, text)
      known.set(text, [this.r, this.g, this.b, this.alpha])
    }
    [this.r, this.g, this.b, this.alpha] = known.get(text)
    return this
  }
}
"""
"""The portal's own address serves it (`e2e.running.served`): the browser compiles it once, and not for each page.
It would read the same few colours again for every element, which takes a quarter of its time."""

EXAMINE = f"""
async ([language, known]) => {{
  const speak = {SPEAK}
  await ({GET_AXE})()
  speak(language)
  const passed = ({MEASURE_ONCE})(known)
  const {{violations}} = await axe.run({{resultTypes: ['violations'], preload: {{assets: ['media']}}}})
  const {{scrollWidth, clientWidth}} = document.documentElement
  const found = {{violations, passed: [...passed], overflow: scrollWidth - clientWidth, cutOff: ({CUT_OFF})()}}
  speak('own')
  return found
}}
"""
"""The many checks that pass stay in the browser: to hand them over takes as long as to make them. Style sheets are
not fetched again: only axe's experimental rule about the orientation of a screen reads them, and that is off.
A journey may go on from here, so the page speaks its own language again."""

_passed: list[str] = []
"""How texts look whose contrast is enough (`contrast.js`): to measure it on each page takes half of axe's time."""


def look(page: Page, name: str, folder: str | None) -> None:
    """Assert that axe finds nothing and that nothing is wider than the window, and leave the page as it was."""
    page.bring_to_front()
    before = page.viewport_size
    if folder:
        _take_pictures(page, name, Path(folder))
    for width, scheme, language in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = answer_of(page, EXAMINE, [language, _passed])
        axe, overflow = AxeResults(found), found["overflow"]
        assert axe.violations_count == 0, f"{width}, {scheme}, {language}:\n{axe.generate_report()}"
        assert overflow <= 0, f"{width}, {language}: the page is {overflow} pixels wider than the window"
        assert found["cutOff"] == [], f"{width}, {language}: words are cut off"
        _passed[:] = found["passed"]
    assert before is not None
    page.set_viewport_size(before)


def _take_pictures(page: Page, name: str, folder: Path) -> None:
    for width, _scheme, _language in LOOKS:
        page.set_viewport_size({"width": width, "height": 844})
        for _width, scheme, _language in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            file = folder / f"{name}-{width}-{scheme}.png"
            # To hide the caret, Playwright would add a style, which the page's own policy refuses once htmx swaps.
            page.screenshot(path=file, full_page=True, caret="initial")
