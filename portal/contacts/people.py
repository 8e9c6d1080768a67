"""Who somebody is: by phone number, by user id, or by both."""

import re
from typing import NamedTuple

import phonenumbers

from portal import contact
from portal.contacts import phone_numbers
from portal.errors import DomainError
from portal.i18n import _

_MEXICO = re.compile(r"\+521?([0-9]{10})")
_ARGENTINA = re.compile(r"\+549?([0-9]{10})")
_SPELLED_TWICE = ("+52", "+54", "+55")
_BRAZIL = re.compile(r"\+55([1-9][0-9])9?([6-9][0-9]{7})")


class Who(NamedTuple):
    """A person, as far as somebody names them. Two who are named by nothing are not the same."""

    number: str = ""
    """E.164 with `+`; empty where it is hidden."""
    user_id: str = ""
    name: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is anything to know them by again."""
        return bool(self.number or self.user_id)

    @property
    def masked(self) -> str:
        """Enough to tell people apart in the history, and too little to call anybody."""
        return phone_numbers.masked(self.number) if self.number else _("a contact without a number")


def spellings(number: str) -> tuple[str, ...]:
    """Every way in which a number is written: in three countries WhatsApp and the phone book differ by a digit."""
    if not number.startswith(_SPELLED_TWICE):
        return (number,) if number else ()
    if found := _MEXICO.fullmatch(number):
        return f"+52{found[1]}", f"+521{found[1]}"
    if found := _ARGENTINA.fullmatch(number):
        return f"+54{found[1]}", f"+549{found[1]}"
    if found := _BRAZIL.fullmatch(number):
        return f"+55{found[1]}{found[2]}", f"+55{found[1]}9{found[2]}"
    return (number,)


def read(typed: str, time_zone: str, field: str) -> str:
    """The number that somebody means, in E.164 form; one that is spelled as WhatsApp does it, as phones dial it.

    Raises:
        DomainError: it is no number, at `field`.
    """
    try:
        return contact.phone(typed, time_zone, field)
    except DomainError as error:
        found = spellings(f"+{phonenumbers.normalize_digits_only(typed).removeprefix('00')}")
        others = found if len(found) > 1 else ()
        for spelling in others:
            if phonenumbers.is_valid_number(phonenumbers.parse(spelling)):
                return spelling
        raise error


def one_spelling(number: str) -> str:
    """The first of the spellings, to compare numbers by; empty for no number."""
    return next(iter(spellings(number)), "")
