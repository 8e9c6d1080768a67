"""What the reader knows the vendor by: its name, or for customers the word that the reseller wants instead."""

from flask import Flask, g, has_request_context

from portal import i18n
from portal.brand.current import brand
from portal.i18n import _
from portal.web.access import current_person


def init_app(app: Flask) -> None:
    """Let sentences name the vendor so."""
    app.extensions[i18n.VENDOR_WORD] = vendor_word


def vendor_word() -> str:
    """The vendor's name, or the reseller's word for it."""
    at_hand = brand()
    if not at_hand.hides_vendor or _reader_is_staff():
        return i18n.VENDOR
    words = at_hand.vendor_words
    return words.get(i18n.language()) or words.get("") or _("our messaging platform")


def _reader_is_staff() -> bool:
    if i18n.READER_IS_STAFF in g:
        return bool(g.get(i18n.READER_IS_STAFF))
    person = current_person() if has_request_context() else None
    return person is not None and person.is_staff
