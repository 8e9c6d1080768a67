"""Email addresses, phone numbers and time zones, as people type them and as we keep them."""

import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from portal.errors import DomainError
from portal.i18n import _

_DOTLESS = str.maketrans("\N{LATIN SMALL LETTER DOTLESS I}", "i")


def email(text: str, field: str) -> str:
    """The address in its normal form.

    Raises:
        DomainError: it is no address; the message says what is wrong, at `field`.
    """
    address = normal_email(text)
    if address is None:
        raise DomainError(_("Enter an email address, for example name@company.com."), field)
    return address


def normal_email(text: str) -> str | None:
    """The address in its normal form, in ASCII; none when it is no address.

    In ASCII because comparing regardless of case would make one address of "straße" and "strasse", which are
    two domains, and because every mail server takes it.
    """
    try:
        return validate_email(visible(text), check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        return None


def compared(text: str) -> str:
    """An e-mail address as addresses are compared, or what was typed in its place, as it is."""
    return (normal_email(text) or visible(text)).casefold()


def visible(text: str) -> str:
    """What was typed or pasted, without the invisible signs that come along when something is copied."""
    seen = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))
    return "".join(seen).strip()


def folded(text: str) -> str:
    """Text as people compare it: without case, accents and marks. Turkish has four letters i; all are one here."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    plain = unicodedata.normalize("NFKD", plain).translate(_DOTLESS)
    return "".join(char for char in plain if not unicodedata.combining(char))


def phone(text: str, time_zone: str, field: str) -> str:
    """A phone number in E.164 form; a national number is read as one of the time zone's country.

    Raises:
        DomainError: it is no possible number, at `field`.
    """
    try:
        number = phonenumbers.parse(visible(text), country_of(time_zone))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise DomainError(_("Enter a phone number with its country code, for example +90 532 123 45 67."), field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=2_000)
def international(number: str) -> str:
    """A number as people write it abroad, such as +90 532 123 45 67."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@cache
def _all_time_zones() -> frozenset[str]:
    """Every IANA zone, read once: it takes a walk through a few hundred files."""
    return frozenset(available_timezones())


@cache
def time_zones() -> list[str]:
    """The IANA zones that people choose from: those named after a place, and UTC."""
    places = [name for name in _all_time_zones() if "/" in name and not name.startswith("Etc/")]
    return [*sorted(places), "UTC"]


def time_zone(text: str) -> str:
    """The zone that somebody means: its name, or the city in it, such as "berlin"; else what was typed."""
    wanted = folded(text.strip()).replace(" ", "_")
    named = [zone for zone in time_zones() if wanted in (zone.casefold(), zone.rpartition("/")[2].casefold())]
    if len(named) > 1:  # Istanbul is in Europe, and in Asia by an older name
        named = [zone for zone in named if zone in _places()]
    return named[0] if len(named) == 1 else text.strip()


def is_time_zone(text: str) -> bool:
    """Whether this is the name of a zone."""
    return text in _all_time_zones()


def country_of(time_zone: str) -> str | None:
    """The ISO code of the country that a zone lies in, if it lies in one."""
    return _places().get(time_zone) or _places().get(_older_names().get(time_zone, ""))


@cache
def _places() -> dict[str, str]:
    """The zones by the names of today, with their countries."""
    rows = (line.split("\t") for line in _table("zone.tab") if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


@cache
def _older_names() -> dict[str, str]:
    """What browsers still call some zones, such as Asia/Calcutta, and their names of today."""
    links = (line.split() for line in _table("tzdata.zi") if line.startswith("L "))
    return {older: today for _kind, today, older in links}


def _table(name: str) -> list[str]:
    return files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8").splitlines()
