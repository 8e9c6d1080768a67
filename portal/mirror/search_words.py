"""The words that an account is found by, and those of somebody who looks for one."""

import re
from collections.abc import Iterable
from uuid import UUID

import phonenumbers

from portal.db.words import words_in

MOST_TERMS = 300
MOST_WANTED = 10
KEY_LENGTH = 160

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]{0,28}", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9(][0-9\s().\-/]{4,}")


def name_key(name: str) -> str:
    """A name as it is put in order: without case and accents, those that begin with no letter first."""
    return " ".join(words_in(name))[:KEY_LENGTH]


def terms_of(texts: Iterable[str], uuids: Iterable[UUID | str | None], phone: str) -> str:
    """The words that find an account, each after a space."""
    found = dict.fromkeys(str(uuid).replace("-", "") for uuid in uuids if uuid)
    found |= dict.fromkeys(_numbers(phone))
    found |= dict.fromkeys(word for text in texts for word in words_in(text))
    return "".join(f" {word}" for word in list(found)[:MOST_TERMS])


def wanted(typed: str) -> list[str]:
    """The words that must all occur, each as the beginning of one: a UUID or a phone number is one word."""
    typed = typed.strip()
    if _UUID.fullmatch(typed) and re.search("[a-f-]", typed, re.IGNORECASE):
        return [typed.replace("-", "").lower()]
    if _NUMBER.fullmatch(typed):
        return [digits] if (digits := re.sub(r"\D", "", typed).lstrip("0")) else []
    return words_in(typed)[:MOST_WANTED]


def _numbers(phone: str) -> list[str]:
    """A phone number with its country's code and without, as people type either."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return []
    return [
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:],
        str(number.national_number),
    ]
