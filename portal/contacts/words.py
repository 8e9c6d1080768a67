"""Words for what people want and how we know it."""

from portal.i18n import _, _l
from portal.models import ConsentEntry, ConsentSource, ContactSource, Scope, Wish

SCOPE_WORDS = {Scope.MARKETING: _l("Marketing"), Scope.EVERYTHING: _l("All messages")}
WISH_WORDS = {Wish.OUT: _l("No"), Wish.IN: _l("Yes")}
SOURCE_WORDS = {
    ConsentSource.KEYWORD: _l("They wrote it"),
    ConsentSource.BUTTON: _l("They pressed a button"),
    ConsentSource.USER_PREFERENCES: _l("They told WhatsApp"),
    ConsentSource.REFUSED_MESSAGE: _l("WhatsApp refused a message for it"),
    ConsentSource.HAND: _l("Noted by your team"),
    ConsentSource.STAFF: _l("Noted by our staff"),
    ConsentSource.IMPORT: _l("Imported"),
}
ORIGIN_WORDS = {
    ContactSource.WROTE: _l("Wrote to you"),
    ContactSource.HAND: _l("Added by hand"),
    ContactSource.IMPORT: _l("Imported"),
}
OUT_WORDS = {Scope.MARKETING: _l("No marketing"), Scope.EVERYTHING: _l("No messages")}


def line(entry: ConsentEntry) -> str:
    """An entry of the ledger as a sentence's beginning."""
    match entry.scope, entry.wish:
        case Scope.MARKETING, Wish.OUT:
            return _("Does not want marketing")
        case Scope.MARKETING, Wish.IN:
            return _("Wants marketing")
        case Scope.EVERYTHING, Wish.OUT:
            return _("Does not want any messages")
        case _:
            return _("Wants messages")


def against(entry: ConsentEntry) -> str:
    """Why a message to somebody is refused."""
    if entry.scope == Scope.EVERYTHING:
        return _("This person does not want any messages from you.")
    return _("This person does not want marketing from you.")
