"""The words by which people opt out and in: a message that is one of them, and nothing else, counts.

Each account has its own lists, which begin with these. Case, accents and signs around a word make no difference.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from sqlmodel import select

from portal import audit
from portal.contact import folded
from portal.contacts.consent import hashing
from portal.db import account_lock
from portal.db.unit_of_work import unit_of_work
from portal.errors import FieldErrors
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, ConsentSettings, Person, Scope, Wish, now

STOP, STOP_ALL, START = "stop", "stop_all", "start"
MOST_WORDS, LONGEST = 100, 60
DEFAULTS: dict[str, tuple[str, ...]] = {
    STOP: (
        *("STOP", "UNSUBSCRIBE", "OPT OUT", "STOP PROMOTIONS"),  # English
        *("DUR", "İPTAL", "ABONELİKTEN ÇIK", "ÇIKIŞ"),  # Turkish
        *("STOPP", "ABMELDEN"),  # German
        *("ARRÊT", "DÉSABONNER"),  # French
        *("BAJA", "CANCELAR"),  # Spanish
        *("SAIR", "PARAR"),  # Portuguese
        "СТОП",
        "توقف",
    ),
    STOP_ALL: ("STOP ALL", "HEPSİNİ DURDUR"),
    START: ("START", "BAŞLA", "BAŞLAT"),
}
_MEANT: dict[str, tuple[tuple[Scope, Wish], ...]] = {
    STOP: ((Scope.MARKETING, Wish.OUT),),
    STOP_ALL: ((Scope.EVERYTHING, Wish.OUT),),
    START: ((Scope.MARKETING, Wish.IN), (Scope.EVERYTHING, Wish.IN)),
}
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True)
class Words:
    """An account's words, and what it answers."""

    lists: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULTS)
    confirmation: str = ""
    credential_id: UUID | None = None

    def kind_of(self, text: str) -> str:
        """Which list a message is in; empty where it says something else."""
        said = compared(text)
        return self._kinds.get(said, "") if said else ""

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """By a word as it is compared, the first list that it is in."""
        kinds: dict[str, str] = {}
        for kind in _MEANT:
            for word in self.lists.get(kind, ()):
                kinds.setdefault(compared(word), kind)
        return kinds


_USUAL = Words()


def meant(kind: str) -> Sequence[tuple[Scope, Wish]]:
    """What a word of a list says that somebody wants."""
    return _MEANT.get(kind, ())


def compared(text: str) -> str:
    """A message as it is compared; empty where it is too long to be one of the words."""
    if len(text) > LONGEST * 2:
        return ""
    return " ".join(_AROUND.sub("", folded(text)).split())


def of(account_id: UUID) -> Words:
    """The account's words."""
    row = session().exec(select(ConsentSettings).where(ConsentSettings.account_id == account_id)).first()
    if row is None:
        return _USUAL
    lists = {kind: tuple((row.words or {}).get(kind, DEFAULTS[kind])) for kind in _MEANT}
    return Words(lists, row.confirmation, row.credential_id)


def change(person: Person, account: Account, words: Words) -> None:
    """Keep other words, or another answer.

    Raises:
        FieldErrors: a word would mean two things, or is too long.
    """
    lists = {kind: _tidy(words.lists.get(kind, ())) for kind in _MEANT}
    _check(lists)
    with unit_of_work():
        account_lock.take(account.id)
        row = hashing.settings_of(account.id)
        row.words = {kind: list(some) for kind, some in lists.items()}
        row.confirmation, row.credential_id = words.confirmation, words.credential_id
        row.changed_at = now()
        session().add(row)
        audit.record(person, account, "consent.words_changed")
        session().commit()


def _tidy(words: Sequence[str]) -> list[str]:
    found: dict[str, str] = {}
    for word in words:
        if compared(word):
            found.setdefault(compared(word), " ".join(word.split()))
    return list(found.values())


def _check(lists: Mapping[str, Sequence[str]]) -> None:
    wrong: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for kind, words in lists.items():
        if len(words) > MOST_WORDS:
            wrong.setdefault(kind, []).append(_("Enter up to %(most)d words.", most=MOST_WORDS))
        for word in words:
            if len(word) > LONGEST:
                wrong.setdefault(kind, []).append(
                    _("“%(word)s” is too long. Enter a word or a short phrase.", word=word)
                )
            if compared(word) in seen:
                wrong.setdefault(kind, []).append(_("“%(word)s” is already in another list.", word=word))
            seen[compared(word)] = kind
    if wrong:
        raise FieldErrors(_("Check what you entered."), wrong)
