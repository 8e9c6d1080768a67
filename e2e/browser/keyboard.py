"""Going through a page with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the thing with this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(NAME_OF_FOCUS) == name:
            return
    raise AssertionError(f"Tab never came to {name!r}")


def press_link(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


NAME_OF_FOCUS = """() => {
    const { labels, textContent } = document.activeElement;
    return (labels?.length ? labels[0].textContent : textContent).trim();
}"""
