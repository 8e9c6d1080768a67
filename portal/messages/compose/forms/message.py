"""The form that a message is written in."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    StringField,
    TextAreaField,
    URLField,
)

from portal.i18n import _, _l
from portal.messages.compose import drafts
from portal.messages.compose.drafts import Draft
from portal.messages.compose.forms.template import TemplateFields, lines
from portal.messages.compose.parameters import bare_name
from portal.models import Credential, MessageType
from portal.vault import keys
from portal.web.forms import Choice, stripped, text

_NEVER = datetime.min.replace(tzinfo=UTC)


class ComposeForm(TemplateFields):
    """A message. The fields of all kinds are there; those of the chosen one count."""

    to = StringField(
        # Translators: the recipient of a message.
        _l("To"),
        filters=[stripped],
        render_kw={"autocomplete": "off", "inputmode": "tel", "maxlength": 120, "dir": "ltr"},
    )
    credential = Choice(_l("API key"), validate_choice=False)
    kind = RadioField(
        _l("Type"),
        choices=lambda: [
            (MessageType.TEXT.value, _("Text")),
            (MessageType.IMAGE.value, _("Image")),
            (MessageType.AUDIO.value, _("Audio")),
            (MessageType.TEMPLATE.value, _("Template")),
        ],
        default=MessageType.TEXT.value,
        validate_choice=False,
    )
    body = TextAreaField(
        _l("Message"), filters=[lines], render_kw={"rows": 6, "dir": "auto", "aria-describedby": "body-left"}
    )
    link_preview = BooleanField(_l("Show a preview of the first link"), default=True)
    image_link = URLField(
        _l("Image URL"),
        filters=[stripped],
        description=_l("WhatsApp downloads the image from this public https:// URL. JPEG or PNG, up to 5 MB."),
        render_kw={"autocomplete": "off", "placeholder": "https://example.com/picture.jpg"},
    )
    caption = TextAreaField(
        _l("Caption (optional)"),
        filters=[lines],
        render_kw={"rows": 3, "dir": "auto", "aria-describedby": "caption-left"},
    )
    audio_link = URLField(
        _l("Audio URL"),
        filters=[stripped],
        description=_l("A public https:// URL. MP3, AAC, AMR or OGG (Opus), up to 16 MB."),
        render_kw={"autocomplete": "off", "placeholder": "https://example.com/voice.ogg"},
    )

    is_fake = BooleanField(
        _l("Test mode"),
        description=_l("%(Vendor)s checks the message and answers as usual, but doesn't send it to WhatsApp."),
    )
    mode_of = HiddenField()
    """The key that the test mode was chosen for: another key brings its own."""
    intent = HiddenField()

    # --- before it is shown or read

    def offer(self, credentials: Sequence[Credential]) -> None:
        """The keys to choose from: the one that was used last at first, and a key for trying out in test mode."""
        self.credential.choices = [(str(row.id), key_words(row)) for row in credentials]
        self.intent.data = text(self.intent)[:64] or secrets.token_urlsafe(16)
        by_id = {str(row.id): row for row in credentials}
        if not self.is_submitted() and self.credential.data not in by_id:
            last = max(credentials, key=lambda row: (row.last_used_at or _NEVER, row.created_at))
            self.credential.data = str(last.id)
        if not self.is_submitted() and not self.mode_of.data:
            self.follow_key(credentials)
        for number, row in enumerate(self.buttons, start=1):
            row.form.number.data = row.form.number.data or str(number)

    def follow_key(self, credentials: Sequence[Credential]) -> bool:
        """Let another key bring its own test mode; whether it did."""
        if self.mode_of.data == self.credential.data:
            return False
        self.is_fake.data = any(row.is_trial for row in credentials if str(row.id) == self.credential.data)
        self.mode_of.data = self.credential.data
        return True

    def follow_key_unseen(self, credentials: Sequence[Credential]) -> None:
        """The same where nobody saw the box since, as without JavaScript; but no test becomes a real message."""
        was_ticked = bool(self.is_fake.data)
        if self.follow_key(credentials):
            self.is_fake.data = was_ticked or self.is_fake.data

    def fill(self, draft: Draft) -> None:
        """Show a message that was written before."""
        self.to.data, self.kind.data = draft.to, draft.kind.value
        self.body.data, self.caption.data, self.link_preview.data = draft.body, draft.caption, draft.link_preview
        if draft.kind == MessageType.IMAGE:
            self.image_link.data = draft.link
        if draft.kind == MessageType.AUDIO:
            self.audio_link.data = draft.link
        self.name.data, self.language.data = draft.name, draft.language
        self.header.data, self.header_value.data = draft.header, draft.header_value
        self.header_name.data = draft.header_name
        self.make_room(0)
        for value, name in zip(draft.values, draft.names, strict=True):
            self.values.append_entry(value)
            self.names.append_entry(name)
        for index, button in enumerate(draft.buttons):
            if index >= len(self.buttons):
                self.buttons.append_entry()
            row = self.buttons[index].form
            row.number.data, row.kind.data, row.value.data = str(button.number), button.kind, button.value

    # --- what was typed

    def draft(self) -> Draft:
        """What stands in the form, finished or not."""
        kind = self.chosen_kind
        link = {MessageType.IMAGE: self.image_link, MessageType.AUDIO: self.audio_link}.get(kind)
        buttons = [button for row in self.buttons if (button := row.form.button())]
        values, names = self._filled_in()
        return Draft(
            kind,
            text(self.to),
            body=text(self.body),
            link_preview=bool(self.link_preview.data),
            link=text(link) if link is not None else "",
            caption=text(self.caption) if kind == MessageType.IMAGE else "",
            template=self.listed.uuid if self.listed else None,
            name=self.listed.name if self.listed else text(self.name),
            language=drafts.language_code(text(self.language)),
            header=self.header.data if self.header.data in ("text", *drafts.HEADER_FILES) else "",
            header_value=text(self.header_value),
            header_name=bare_name(text(self.header_name)),
            values=values,
            value_names=names if any(names) else (),
            expected=self.listed.labels if self.listed else None,
            buttons=tuple(buttons),
        ).with_code()

    def _filled_in(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values of the template's text, and the name of each."""
        if self.listed:
            return self.all_values(), self.listed.names
        typed = self.typed_values()
        return tuple(value for value, _name in typed), tuple(name for _value, name in typed)

    @property
    def chosen_kind(self) -> MessageType:
        try:
            return MessageType(self.kind.data or "")
        except ValueError:
            return MessageType.TEXT

    @property
    def is_marketing(self) -> bool:
        return bool(self.mmlite.data) and self.chosen_kind == MessageType.TEMPLATE

    # --- what was refused

    @property
    def refused(self) -> list[Field]:
        """The fields with a refusal, in the order of the page."""
        return [field for field in self._flat() if field.errors]

    def _flat(self) -> Iterator[Field]:
        about_the_template = {field.name for field in self if hasattr(TemplateFields, field.name)}
        for field in sorted(self, key=lambda field: field.name in about_the_template):
            if field is self.values:
                yield from (entry for pair in zip(self.names, self.values, strict=True) for entry in pair)
            elif field is self.names:
                continue
            elif field.name not in ("csrf_token", "intent", "mode_of", "language_of"):
                yield field


def key_words(row: Credential) -> str:
    """A gateway key to choose."""
    words = {"name": keys.label(row), "end": row.last_four}
    if row.is_trial:
        trial = _("%(name)s (…%(end)s, test key)", **words)
        return trial if row.last_four else _("%(name)s (test key)", **words)
    return _("%(name)s (…%(end)s)", **words) if row.last_four else words["name"]
