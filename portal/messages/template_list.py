"""The account's templates: read from the account API with a token of the vault, and kept for when it is away."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from babel import Locale, UnknownLocaleError
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.contact import country_of, folded
from portal.db.engine import storable, writing
from portal.db.unit_of_work import unit_of_work
from portal.extensions import connexease, session
from portal.messages import notices
from portal.messages.compose.drafts import Draft
from portal.messages.compose.parameters import name_of
from portal.messages.reports import standings
from portal.models import (
    Account,
    Credential,
    CredentialKind,
    CredentialStep,
    Person,
    Standing,
    TemplateListing,
    now,
)
from portal.secrets.crypto import VaultError
from portal.vault import keys

STALE_AFTER = timedelta(minutes=15)
TOKENS_TRIED = 3
NOTED_EVERY = timedelta(days=1)
"""A key that is used all day long has one line of it in the history."""
MOST = 2000
MOST_VALUES = 60
"""A template with more of them is not offered: the form has no room for it, nor has WhatsApp."""
REFUSED = cx.Unauthorized.sentence


@dataclass(frozen=True)
class Listed:
    """One template. `labels` are what it calls its values, in the order of `placeholders`."""

    uuid: UUID
    name: str
    content: str
    labels: tuple[str, ...]
    placeholders: tuple[str, ...]
    channels: tuple[tuple[str, str], ...]
    """UUID and name of each."""

    @property
    def value(self) -> str:
        return str(self.uuid)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value, empty where it goes by its number."""
        return tuple(map(name_of, self.placeholders))

    @property
    def kept(self) -> dict[str, Any]:
        """What is kept with a message: enough to show it as it was; `of_kept` reads it."""
        fields = [list(field) for field in zip(self.labels, self.placeholders, strict=True)]
        return {"uuid": self.value, "name": self.name, "content": self.content, "fields": fields}


@dataclass(frozen=True)
class TemplateList:
    """What is known of the templates, and how fresh that is."""

    templates: tuple[Listed, ...]
    listing: TemplateListing
    has_token: bool
    stands: Mapping[str, Sequence[Standing]]
    """By name, what WhatsApp said of a template in each language."""

    @property
    def read_at(self) -> datetime | None:
        return self.listing.read_at

    @property
    def is_refused(self) -> bool:
        return self.listing.problem_text == REFUSED

    @property
    def channels(self) -> dict[str, str]:
        """All channels that a template belongs to: name by UUID."""
        return dict(channel for template in self.templates for channel in template.channels)

    def find(self, uuid: str) -> Listed | None:
        return next((template for template in self.templates if template.value == uuid), None)

    def troubles(self, uuid: str) -> list[tuple[str, str]]:
        """The languages in which WhatsApp said that it does not deliver a template, each with its state."""
        listed = self.find(uuid)
        rows = self.stands.get(listed.name, ()) if listed else ()
        return [(row.language, notices.word(row.state)) for row in rows if row.state not in standings.WELL]

    def search(self, words: str, channel: str) -> list[Listed]:
        """Those that hold every word, of one channel where one is named."""
        wanted = folded(words).split()
        return [
            template
            for template in self.templates
            if all(word in folded(f"{template.name} {template.content}") for word in wanted)
            and (not channel or channel in dict(template.channels))
        ]


def known(account: Account) -> TemplateList:
    """The list as it was last read; Connexease is not asked."""
    listing = _listing(account)
    every = map(of_kept, listing.templates)
    templates = tuple(template for template in every if len(template.placeholders) <= MOST_VALUES)
    stands = standings.of_templates(account)
    return TemplateList(templates, listing, has_token=bool(_tokens(account)), stands=stands)


def places(placeholders: Iterable[str]) -> re.Pattern[str]:
    """Finds placeholders in a template's text: the longest first, so that $1 is not found in $10."""
    return re.compile("|".join(map(re.escape, sorted(placeholders, key=len, reverse=True))))


def current(account: Account, person: Person | None = None, at_most: timedelta = STALE_AFTER) -> TemplateList:
    """The list as it is now, unless it was asked for a moment ago; as it was when Connexease cannot be asked.

    Args:
        person: who wanted it read, for the history; none when the portal does it by itself.
        at_most: how old what we know may be.
    """
    tried = _listing(account).tried_at
    if (tried is None or tried < now() - at_most) and (tokens := _tokens(account)):
        with writing():
            _read(account, tokens, person)
    return known(account)


def language_for(account: Account, draft: Draft) -> str:
    """The language that a template was last sent in, else any was, else that of the account's country."""
    listing = _listing(account)
    own = listing.languages.get(language_key(draft))
    return own or listing.last_language or _language_of(country_of(account.time_zone))


def language_key(draft: Draft) -> str:
    """What a template's language is remembered by: its name is that of several, one for each language."""
    return str(draft.template or draft.name)


def remember_language(account: Account, draft: Draft) -> None:
    """Keep the language that a template is sent in, for the next time."""
    with unit_of_work():
        listing = _kept_listing(account)
        listing.languages = {**listing.languages, language_key(draft): draft.language}
        listing.last_language = draft.language[:16]
        session().add(listing)
        session().commit()


def _language_of(country: str | None) -> str:
    try:
        return Locale.parse(f"und_{country}").language if country else "en"
    except (UnknownLocaleError, ValueError):
        return "en"


def _listing(account: Account) -> TemplateListing:
    return session().get(TemplateListing, account.id) or TemplateListing(account_id=account.id)


def _kept_listing(account: Account) -> TemplateListing:
    """The row to write to; when two make it at once, the second finds the first's."""
    found = session().get(TemplateListing, account.id, populate_existing=True)
    if found is not None:
        return found
    made = TemplateListing(account_id=account.id)
    try:
        with session().begin_nested():
            session().add(made)
    except IntegrityError:
        return session().get_one(TemplateListing, account.id)
    return made


def _tokens(account: Account) -> Sequence[Credential]:
    """The live access tokens in the vault, the portal's own first."""
    query = select(Credential).where(
        Credential.account_id == account.id,
        Credential.kind == CredentialKind.ACCESS_TOKEN,
        Credential.step == CredentialStep.LISTED,
        col(Credential.sealed_key).is_not(None),
        col(Credential.keep),
        col(Credential.is_active),
        col(Credential.revoked_at).is_(None),
        col(Credential.gone_at).is_(None),
        col(Credential.expires_at).is_(None) | (col(Credential.expires_at) > now()),
    )
    return session().exec(query.order_by(col(Credential.is_ours).desc(), col(Credential.created_at).desc())).all()


def _read(account: Account, tokens: Sequence[Credential], person: Person | None) -> None:
    """Ask with one token after the other, until one is accepted."""
    problem = REFUSED
    for row in tokens[:TOKENS_TRIED]:
        try:
            found = _ask(account, row, person)
        except (cx.Unauthorized, VaultError, keys.NoKey):
            continue
        except cx.ConnexeaseError as error:
            problem = error.message
            break
        _keep(account, found)
        return
    _keep_problem(account, problem)


def _ask(account: Account, row: Credential, person: Person | None) -> list[schemas.Template]:
    key: SecretStr = keys.kept_key(row)
    session().commit()  # no transaction stays open while another machine is asked
    try:
        return connexease().account.templates(key)
    finally:
        _note_use(account, row, person)


def _note_use(account: Account, row: Credential, person: Person | None) -> None:
    if row.last_used_at is None or row.last_used_at < now() - NOTED_EVERY:
        keys.note_used(account, row, "templates", person)
    else:
        row.last_used_at = now()
        session().add(row)
        session().commit()


def _keep(account: Account, found: list[schemas.Template]) -> None:
    listing = _kept_listing(account)
    listing.templates = [_to_keep(template) for template in found[:MOST] if template.is_active]
    listing.read_at = listing.tried_at = now()
    listing.problem_text = ""
    session().add(listing)
    session().commit()


def _keep_problem(account: Account, problem: str) -> None:
    listing = _kept_listing(account)
    listing.tried_at, listing.problem_text = now(), problem[:500]
    session().add(listing)
    session().commit()


def _to_keep(template: schemas.Template) -> dict[str, Any]:
    return {
        "uuid": str(template.uuid),
        "name": storable(template.element_name, 512),
        "content": storable(template.content, 8000),
        "fields": [[storable(f.label, 200), storable(f.placeholder, 40)] for f in template.params.fields],
        "channels": [[str(channel.uuid), storable(channel.name, 255)] for channel in template.channels],
    }


def of_kept(kept: dict[str, Any]) -> Listed:
    """A template from what was kept of it."""
    labels = _labels(kept)
    return Listed(
        uuid=UUID(kept["uuid"]),
        name=kept["name"],
        content=kept["content"],
        labels=tuple(labels.values()),
        placeholders=tuple(labels),
        channels=tuple((uuid, name) for uuid, name in kept.get("channels", ())),
    )


def _labels(kept: dict[str, Any]) -> dict[str, str]:
    """What the template calls each of its placeholders; a field that stands for nothing in its text is none."""
    named = {placeholder: label or placeholder for label, placeholder in reversed(kept["fields"]) if placeholder}
    used = list(dict.fromkeys(places(named).findall(kept["content"]))) if named else []
    # WhatsApp fills in by position: the order is that of the placeholders' numbers, whatever the list's is.
    return {place: named[place] for place in sorted(used, key=_number)}


def _number(placeholder: str) -> int:
    """Of one with a name, 0: they stay in the order of the text."""
    digits = re.sub(r"[^0-9]", "", placeholder)
    return int(digits) if digits and not name_of(placeholder) else 0
