"""The rows of a campaign, wherever its people come from: a file, or the account's contacts."""

from collections.abc import Iterator, Sequence

from portal.campaigns.people import file_reading
from portal.contacts import query as contacts
from portal.contacts.csv_reading import Line
from portal.contacts.kept_file import MOST_ROWS
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Audience, Campaign, Contact

AT_ONCE = 500
_KNOWN = 3
"""What is known of every contact, before the account's own fields: number, name, language."""


def columns_of_contacts(account: Account, tag: str) -> list[str]:
    """What can be known of contacts, as the columns of a table.

    Raises:
        DomainError: there are none with this tag, or too many, at `tag`.
    """
    found = contacts.count(account, tag, MOST_ROWS + 1)
    if found == 0:
        raise DomainError(
            _("No contact has this tag. Enter another one.") if tag else _("You have no contacts yet."), "tag"
        )
    if found > MOST_ROWS:
        raise DomainError(
            _("These are more than %(most)d contacts. Choose a tag that fewer have.", most=MOST_ROWS), "tag"
        )
    return [_("Phone number"), _("Name"), _("Language"), *contacts.own_fields(account, tag)]


def rows(account: Account, campaign: Campaign, place: int = 0, number: int = 0) -> Iterator[Line]:
    """The rows from a place on.

    Args:
        place: 0, or the `end` of a row that was read.
        number: of that row.
    """
    if campaign.audience == Audience.FILE:
        return file_reading.lines(campaign, place, number)
    return _of_contacts(account, campaign, place, number)


def _of_contacts(account: Account, campaign: Campaign, after: int, number: int) -> Iterator[Line]:
    while found := contacts.oldest_first(account, campaign.tag, after, AT_ONCE):
        for contact in found:
            number, after = number + 1, contact.id or 0
            yield Line(number, after, _cells(contact, campaign.columns[_KNOWN:]))


def _cells(contact: Contact, own: Sequence[str]) -> list[str]:
    known = [contact.number, contact.name, contact.language]
    return [*known, *(contact.fields.get(name, "") for name in own)]


def column_name(campaign: Campaign, column: int) -> str:
    """What a column is called: its name, else its letter in a spreadsheet."""
    name = campaign.columns[column] if column < len(campaign.columns) else ""
    return name or _("Column %(letter)s", letter=_letter(column))


def _letter(column: int) -> str:
    high, low = divmod(column, 26)
    return (_letter(high - 1) if high else "") + chr(ord("A") + low)
