"""Forms of contacts: the filter of the list, one contact, what somebody wants, a file, the account's words."""

import secrets

from flask_wtf.file import FileField
from wtforms import HiddenField, RadioField, SearchField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.contacts.book import MOST_FIELDS, MOST_TAGS, Details
from portal.contacts.consent.keywords import START, STOP, STOP_ALL, Words
from portal.contacts.consent.noting import Choice as Wanted
from portal.contacts.consent.noting import Noted
from portal.contacts.people import Who, read
from portal.contacts.query import Filter
from portal.contacts.words import OUT_WORDS
from portal.db.engine import uuid_or_none
from portal.errors import DomainError
from portal.i18n import _, _l
from portal.models import Account, Contact, Scope
from portal.web.forms import Choice, Form, stripped, text
from portal.web.listing import FilterForm

LIST_FIELDS = ("q", "tag", "out")
TOO_LONG = _l("This is too long.")


class ListForm(FilterForm):
    """What to show of the contacts. Nothing chosen shows everybody."""

    q = SearchField(
        _l("Search"),
        [Length(max=100)],
        description=_l("Name, phone number or any other word."),
        render_kw={"autocomplete": "off"},
    )
    tag = StringField(_l("Tag"), [Length(max=40)], filters=[stripped], render_kw={"autocomplete": "off"})
    out = Choice(
        _l("Opted out"),
        choices=lambda: [("", _("Any")), *((scope.value, str(word)) for scope, word in OUT_WORDS.items())],
    )

    def filter(self) -> Filter:
        """What was chosen; only after the form has validated."""
        out_of = Scope(self.out.data) if self.out.data else None
        return Filter(text(self.q).strip(), text(self.tag), out_of)


class ContactForm(Form):
    """One contact."""

    number = StringField(
        _l("Phone number"),
        [Length(max=64, message=TOO_LONG)],
        filters=[stripped],
        render_kw={"autocomplete": "off", "inputmode": "tel", "dir": "ltr"},
    )
    user_id = StringField(
        _l("WhatsApp user ID"),
        [Length(max=160, message=TOO_LONG)],
        filters=[stripped],
        description=_l("For people who hide their number. It arrives with their messages."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off", "dir": "ltr"},
    )
    name = StringField(
        _l("Name"), [Length(max=100, message=TOO_LONG)], filters=[stripped], render_kw={"autocomplete": "off"}
    )
    language = StringField(
        _l("Language"),
        [Length(max=16, message=TOO_LONG)],
        filters=[stripped],
        description=_l("The code of the language you write to them in, for example tr or en."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"},
    )
    tags = StringField(
        _l("Tags"),
        [Length(max=1000, message=TOO_LONG)],
        filters=[stripped],
        description=_l("Words to group people by. Separate them with commas."),
        render_kw={"autocomplete": "off"},
    )
    own = TextAreaField(
        _l("Your own fields"),
        [Length(max=20_000, message=TOO_LONG)],
        description=_l("One per line: a name, a colon and a value. For example “City: Izmir”."),
        render_kw={"rows": 4, "autocomplete": "off"},
    )

    def show(self, known: Contact) -> None:
        """Fill the form with what is known."""
        self.number.data, self.user_id.data, self.name.data = known.number, known.user_id, known.name
        self.language.data, self.tags.data = known.language, ", ".join(known.tags)
        self.own.data = "\n".join(f"{name}: {value}" for name, value in known.fields.items())

    def details(self, account: Account) -> Details:
        """What was typed.

        Raises:
            DomainError: a field means nothing, at that field.
        """
        typed = text(self.number)
        number = read(typed, account.time_zone, "number") if typed else ""
        return Details(
            number,
            text(self.user_id),
            text(self.name),
            text(self.language),
            self._tags(),
            self._own_fields(),
        )

    def _tags(self) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(" ".join(tag.split()) for tag in text(self.tags).split(",") if tag.strip()))
        if len(found) > MOST_TAGS or any(len(tag) > 40 for tag in found):
            raise DomainError(_("Enter up to %(most)d tags of up to 40 characters.", most=MOST_TAGS), "tags")
        return found

    def _own_fields(self) -> dict[str, str]:
        found = {}
        for line in text(self.own).splitlines():
            name, colon, value = (part.strip() for part in line.partition(":"))
            if line.strip() and not (name and colon):
                raise DomainError(_("Enter a name, a colon and a value on each line."), "own")
            if name:
                found[name[:40]] = value[:500]
        if len(found) > MOST_FIELDS:
            raise DomainError(_("Enter up to %(most)d fields.", most=MOST_FIELDS), "own")
        return found


class ConsentForm(Form):
    """What a contact wants, as they told somebody."""

    choice = RadioField(
        _l("What this person wants"),
        choices=lambda: [
            (Wanted.EVERYTHING.value, _("All messages")),
            (Wanted.NO_MARKETING.value, _("No marketing, but other messages")),
            (Wanted.NOTHING.value, _("No messages at all")),
        ],
        validate_choice=False,
    )
    reason = StringField(
        _l("How you know"),
        [
            DataRequired(_l("Say how you know, for example “By phone on 3 March”.")),
            Length(max=200, message=TOO_LONG),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "off"},
    )

    def noted(self) -> Noted:
        """What was chosen.

        Raises:
            DomainError: nothing was.
        """
        if self.choice.data not in list(Wanted):
            raise DomainError(_("Choose one from the list."), "choice")
        return Noted(Wanted(self.choice.data), text(self.reason))


class AnybodyForm(ConsentForm):
    """The same for somebody who need not be a contact."""

    number = StringField(
        _l("Phone number"),
        [DataRequired(_l("Enter a phone number.")), Length(max=64, message=TOO_LONG)],
        filters=[stripped],
        render_kw={"autocomplete": "off", "inputmode": "tel", "dir": "ltr"},
    )

    def who(self, account: Account) -> Who:
        """Whom it is about.

        Raises:
            DomainError: it is no number.
        """
        return Who(read(text(self.number), account.time_zone, "number"))


class ImportForm(Form):
    """A file of contacts."""

    file = FileField(
        _l("CSV file"),
        description=_l("Up to 100,000 rows and 30 MB. The first row names the columns."),
        render_kw={"accept": ".csv,.txt,text/csv"},
    )
    tag = StringField(
        _l("Tag for everyone in the file (optional)"),
        [Length(max=40, message=TOO_LONG)],
        filters=[stripped],
        render_kw={"autocomplete": "off"},
    )
    intent = HiddenField()

    def begin(self) -> None:
        """Mark an empty form, so that it makes one import however often it is sent."""
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)


class WordsForm(Form):
    """The words by which people opt out and in, and what they are answered."""

    stop = TextAreaField(_l("Stop marketing"), render_kw={"rows": 6})
    stop_all = TextAreaField(_l("Stop all messages"), render_kw={"rows": 3})
    start = TextAreaField(_l("Start messages again"), render_kw={"rows": 3})
    confirmation = TextAreaField(
        _l("Reply to someone who opts out of marketing"),
        [Length(max=1000, message=TOO_LONG)],
        description=_l(
            "Sent within a minute, and only while you may answer with free text. Leave it empty to send nothing."
        ),
        filters=[stripped],
        render_kw={"rows": 3},
    )
    credential = Choice(_l("API key for the reply"), validate_choice=False)

    def offer(self, keys: dict[str, str]) -> None:
        """The gateway keys that an answer can go out with."""
        self._offered = keys
        self.credential.choices = [("", _("None")), *keys.items()]

    def show(self, words: Words) -> None:
        """Fill the form with what counts."""
        for kind, box in ((STOP, self.stop), (STOP_ALL, self.stop_all), (START, self.start)):
            box.data = "\n".join(words.lists.get(kind, ()))
        self.confirmation.data = words.confirmation
        self.credential.data = str(words.credential_id or "")

    def words(self) -> Words:
        """What was typed.

        Raises:
            DomainError: an answer is to go out with no key.
        """
        boxes = ((STOP, self.stop), (STOP_ALL, self.stop_all), (START, self.start))
        lists = {kind: [line.strip() for line in text(box).splitlines() if line.strip()] for kind, box in boxes}
        chosen = uuid_or_none(self.credential.data) if self.credential.data in self._offered else None
        if text(self.confirmation) and chosen is None:
            raise DomainError(_("Choose the API key to send the reply with."), "credential")
        return Words(lists, text(self.confirmation), chosen)
