"""Why a row is wrong, in words."""

from portal.campaigns.checking import rows
from portal.i18n import _l
from portal.messages.compose.recipients import Reason

WORDS = {
    Reason.NOTHING: _l("There's no phone number."),
    Reason.SEVERAL: _l("This is more than one number. Give each person a row."),
    Reason.LETTERS: _l("Phone numbers have no letters."),
    Reason.NO_COUNTRY: _l("The country code is missing. Start with + and the country code."),
    Reason.NO_SUCH_COUNTRY: _l("No country has this code."),
    Reason.TOO_SHORT: _l("The number is too short."),
    Reason.TOO_LONG: _l("The number is too long."),
    Reason.NO_SUCH_NUMBER: _l("This number doesn't exist in that country."),
    rows.ROUNDED: _l(
        "The spreadsheet rounded this number, so digits are lost. Format the column as text, then enter it again."
    ),
    rows.MISSING: _l("The cell is empty. WhatsApp doesn't accept empty values."),
    rows.UNEVEN: _l("The cell has a line break, a tab or four spaces in a row."),
    rows.TOO_LONG: _l("The text is too long. WhatsApp accepts up to 1,024 characters."),
    rows.NO_LINK: _l("This isn't a full https:// URL of a file."),
    rows.CODE_TOO_LONG: _l("The code is longer than 15 characters."),
    rows.MORE_CELLS: _l(
        "This row has more cells than the first row has names. Put quotation marks around cells with separators."
    ),
}


def word(problem: str) -> str:
    """One problem in a sentence."""
    return str(WORDS.get(problem, problem))
