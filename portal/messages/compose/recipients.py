"""Phone numbers to write to, in any way that people write them."""

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from babel import Locale, UnknownLocaleError
from flask_babel import get_locale
from phonenumbers import PhoneNumber, PhoneNumberFormat

from portal import contact
from portal.contact import country_of
from portal.errors import DomainError
from portal.i18n import _

LONGEST = 64
SHORTEST = 7
"""Digits, country code included, that the gateway takes."""
MOST_DIGITS = 15
"""Of any number in the world."""
_PLAIN = re.compile(r"\+?[0-9][0-9() -]{5,30}[0-9]")
"""As most numbers are written: nothing has to be tidied."""
_CHAT_LINK = re.compile(
    r"(?:https?://)?(?:wa\.me/|(?:api|web)\.whatsapp\.com/send/?\?(?:\S*&)?phone=)\+?([0-9]+)\S*", re.I
)

_OF_AN_OLDER_PLAN = re.compile(r"\+22[59][0-9]{8}")
"""Numbers of Benin had eight digits until 2024, those of Côte d'Ivoire until 2021."""
_BETWEEN = re.compile(r"[,;/|&]|\s(?=\+)")
_OLD_MEXICAN = re.compile(r"521([0-9]{10})")
"""Mobile numbers of Mexico had a 1 behind the country code until 2019, and many a chat's address still has."""


@dataclass(frozen=True)
class Recipient:
    """Somebody's number. `is_doubtful`: its length is right, but its country's numbering plan has none such."""

    e164: str
    international: str
    country: str
    is_doubtful: bool = False


class Reason(StrEnum):
    """Why a text is no number."""

    NOTHING = "no_number"
    SEVERAL = "several"
    LETTERS = "letters"
    NO_COUNTRY = "no_country_code"
    NO_SUCH_COUNTRY = "no_such_country"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_SUCH_NUMBER = "no_such_number"


@dataclass(frozen=True)
class Found:
    """The number that a text means; none, and why, where it means none."""

    typed: str
    number: PhoneNumber | None = None
    is_doubtful: bool = False
    reason: Reason = Reason.NOTHING


def read(text: str, time_zone: str, field: str = "to") -> Recipient:
    """The number that somebody means; a national one is of the time zone's country.

    Raises:
        DomainError: it is none, at `field`; the message says what to write.
    """
    region = country_of(time_zone)
    found = find(text, region)
    if found.number is None:
        raise DomainError(_why_not(found, region), field)
    return _recipient(found.number, is_doubtful=found.is_doubtful)


def find(text: str, region: str | None) -> Found:
    """The number that a text means; a national one is of this country."""
    typed = _tidy(text)
    if not typed:
        return Found(typed)
    found = [number for number in _readings(typed, region) if number and _is_long_enough(number)]
    valid = next((number for number in found if phonenumbers.is_valid_number(number)), None)
    if valid is not None:
        return Found(typed, valid)
    if typed.startswith("+") and found and _may_be_one(found[0]):
        return Found(typed, found[0], is_doubtful=True)
    return Found(typed, reason=_reason(typed, found, region))


def are_several(text: str) -> bool:
    """Whether a text is more than one number."""
    return _are_several(_tidy(text))


def hint(time_zone: str) -> str:
    """What may be written, and which country is meant without a country code."""
    country = _country_name(country_of(time_zone))
    if not country:
        return _("A phone number with its country code, in any format.")
    return _("A phone number in any format. Without a country code, we assume %(country)s.", country=country)


def known(e164: str) -> Recipient:
    """A number that was read before."""
    number = phonenumbers.parse(e164, None)
    return _recipient(number, is_doubtful=not phonenumbers.is_valid_number(number))


def _tidy(text: str) -> str:
    """Without what comes along when a number is copied: invisible signs, `tel:`, the address of a chat."""
    if _PLAIN.fullmatch(text):
        return text
    visible = contact.visible(text)[: LONGEST * 4]
    if link := _CHAT_LINK.fullmatch(visible):
        return f"+{link[1]}"
    visible = re.sub(r"^(tel:|whatsapp:)\s*", "", visible, flags=re.I).replace("\uff0b", "+")
    return re.sub(r"\+\s+", "+", visible)[:LONGEST]


def _readings(typed: str, region: str | None) -> list[PhoneNumber | None]:
    """What the text can mean, the likeliest first: of the country itself, or with a country code without its +."""
    if typed.startswith("+"):
        return [_parse(typed, None)]
    digits = phonenumbers.normalize_digits_only(typed)
    readings = [_parse(typed, region)]
    if digits.startswith("00"):
        readings.append(_parse(f"+{digits[2:]}", None))
    elif not digits.startswith("0"):
        readings.append(_parse(f"+{digits}", None))
    return readings


def _parse(text: str, region: str | None) -> PhoneNumber | None:
    digits = phonenumbers.normalize_digits_only(text)
    if text.startswith("+") and (mexican := _OLD_MEXICAN.fullmatch(digits)):
        text = f"+52{mexican[1]}"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return None if number.extension else number


def _is_long_enough(number: PhoneNumber) -> bool:
    return len(phonenumbers.format_number(number, PhoneNumberFormat.E164)) > SHORTEST


def _may_be_one(number: PhoneNumber) -> bool:
    """Whether its length is right, by the plan of today or by one that many an address book still has."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return phonenumbers.is_possible_number(number) or _OF_AN_OLDER_PLAN.fullmatch(e164) is not None


def _are_several(typed: str) -> bool:
    """Whether it is more than one number: with something between them, or two in the place of one."""
    if sum(len(_digits(part)) >= SHORTEST for part in _BETWEEN.split(typed)) > 1:
        return True
    words = typed.split()
    halves = [(_digits(" ".join(words[:at])), _digits(" ".join(words[at:]))) for at in range(1, len(words))]
    are_alike = any(min(map(len, pair)) >= SHORTEST and abs(len(pair[0]) - len(pair[1])) <= 1 for pair in halves)
    return are_alike and len(_digits(typed)) > MOST_DIGITS


def _digits(text: str) -> str:
    return phonenumbers.normalize_digits_only(text)


def _recipient(number: PhoneNumber, *, is_doubtful: bool = False) -> Recipient:
    return Recipient(
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        _country_name(phonenumbers.region_code_for_number(number)),
        is_doubtful,
    )


def _country_name(region: str | None) -> str:
    locale = get_locale() or Locale("en")
    try:
        return str(locale.territories.get(region or "", ""))
    except UnknownLocaleError:
        return ""


def _reason(typed: str, found: list[PhoneNumber], region: str | None) -> Reason:
    if _are_several(typed):
        return Reason.SEVERAL
    if re.search(r"[^\W\d_]", typed):
        return Reason.LETTERS
    if not found and not typed.startswith("+") and region is None:
        return Reason.NO_COUNTRY
    reason = phonenumbers.is_possible_number_with_reason(found[0]) if found else None
    if not found and typed.startswith("+") and len(typed) > SHORTEST:
        reason = phonenumbers.ValidationResult.INVALID_COUNTRY_CODE
    if reason == phonenumbers.ValidationResult.INVALID_COUNTRY_CODE:
        return Reason.NO_SUCH_COUNTRY
    if reason == phonenumbers.ValidationResult.TOO_SHORT or not found:
        return Reason.TOO_SHORT
    is_too_long = reason == phonenumbers.ValidationResult.TOO_LONG
    return Reason.TOO_LONG if is_too_long else Reason.NO_SUCH_NUMBER


def _why_not(found: Found, region: str | None) -> str:
    example = _example(_written_region(found.typed) or region)
    return {
        Reason.NOTHING: _("Enter the recipient's phone number, for example +90 501 234 56 78."),
        Reason.SEVERAL: _(
            "This is more than one number. Enter one number here, for example %(example)s. For many people, use a "
            "campaign.",
            example=example,
        ),
        Reason.LETTERS: _(
            "Phone numbers have no letters. Enter a number, for example %(example)s.", example=example
        ),
        Reason.NO_COUNTRY: _("Start with + and the country code, for example %(example)s.", example=example),
        Reason.NO_SUCH_COUNTRY: _(
            "No country has this code. Enter a number with its country code, for example %(example)s.",
            example=example,
        ),
        Reason.TOO_SHORT: _("The number is too short. Enter all of it, for example %(example)s.", example=example),
        Reason.TOO_LONG: _(
            "The number is too long. Enter a number with its country code, for example %(example)s.",
            example=example,
        ),
        Reason.NO_SUCH_NUMBER: _(
            "This number doesn't exist in that country. Enter a number with its country code, for example "
            "%(example)s.",
            example=example,
        ),
    }[found.reason]


def _written_region(typed: str) -> str | None:
    """The country whose code was written, whatever stands behind it."""
    digits = _digits(typed)
    code = digits if typed.startswith("+") else digits[2:] if digits.startswith("00") else ""
    codes = [int(code[:size]) for size in (1, 2, 3) if len(code) >= size]
    regions = map(phonenumbers.region_code_for_country_code, codes)
    return next((region for region in regions if region not in ("ZZ", "001")), None)


def _example(region: str | None) -> str:
    number = phonenumbers.example_number_for_type(region or "TR", phonenumbers.PhoneNumberType.MOBILE)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) if number else "+90 501 234 56 78"
