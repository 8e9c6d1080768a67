"""Words for what people want and how we know it."""

from portal.i18n import _, _l
from portal.models import ConsentEntry, ConsentSource, ContactSource, Scope, Wish

SCOPE_WORDS = {Scope.MARKETING: _l("Marketing"), Scope.EVERYTHING: _l("All messages")}
WISH_WORDS = {Wish.OUT: _l("No"), Wish.IN: _l("Yes")}
SOURCE_WORDS = {
    ConsentSource.KEYWORD: _l("By message"),
    ConsentSource.BUTTON: _l("By button"),
    ConsentSource.USER_PREFERENCES: _l("In WhatsApp"),
    ConsentSource.REFUSED_MESSAGE: _l("From a message that WhatsApp refused"),
    ConsentSource.HAND: _l("Recorded by your team"),
    ConsentSource.STAFF: _l("Recorded by our staff"),
    ConsentSource.IMPORT: _l("Imported"),
}
ORIGIN_WORDS = {
    ContactSource.WROTE: _l("Wrote to you"),
    ContactSource.HAND: _l("Added by your team"),
    ContactSource.IMPORT: _l("Imported"),
    ContactSource.CAMPAIGN: _l("From a campaign"),
}
OUT_WORDS = {Scope.MARKETING: _l("No marketing"), Scope.EVERYTHING: _l("No messages")}


def line(entry: ConsentEntry) -> str:
    """An entry of the ledger as a sentence's beginning."""
    match entry.scope, entry.wish:
        case Scope.MARKETING, Wish.OUT:
            return _("Opted out of marketing")
        case Scope.MARKETING, Wish.IN:
            return _("Opted in to marketing")
        case Scope.EVERYTHING, Wish.OUT:
            return _("Opted out of all messages")
        case _:
            return _("Opted in to messages")
