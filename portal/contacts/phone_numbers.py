"""Phone numbers in words: whole for those who may read them, masked for everybody else."""

import phonenumbers

from portal.contact import international

SHOWN_OF_A_MASKED = 2


def national(number: str) -> str:
    """The digits of a number as its own country dials it, such as 05321234567."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return phonenumbers.normalize_digits_only(number)
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.normalize_digits_only(written)


def masked(number: str) -> str:
    """Enough of a number to tell messages apart, too little to call it: +90 ••• 67."""
    if not number:
        return ""
    code = international(number).partition(" ")[0] if " " in international(number) else number[:3]
    return f"{code} ••• {number[-SHOWN_OF_A_MASKED:]}"
