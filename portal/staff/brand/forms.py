"""The form for the reseller's own name and look."""

from typing import Any
from urllib.parse import urlsplit

from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from portal import contact
from portal.brand.current import is_colour
from portal.errors import DomainError
from portal.i18n import _, _l
from portal.translations import languages
from portal.web.forms import Choice, Form, stripped, text

AS_SET, HIDDEN, NAMED = "", "hidden", "named"
"""Whether customers read the vendor's name: as the settings say, no, yes."""


def _line(label: str, description: str = "", limit: int = 80, **attributes: str) -> StringField:
    too_long = Length(max=limit, message=_l("This is too long."))
    return StringField(label, [too_long], description=description, filters=[stripped], render_kw=attributes)


def _address(label: str) -> StringField:
    return _line(label, limit=500, inputmode="url", placeholder="https://")


class BrandForm(Form):
    """What carries the reseller's name. What is left empty comes from the portal's settings."""

    name = _line(_l("Name"), _l("Your company or product, as customers know it."))
    logo = FileField(_l("Logo"), description=_l("PNG or SVG, at most 256 KB. A square picture works best."))
    without_logo = BooleanField(_l("Remove the logo"))
    accent = _line(
        _l("Accent color"),
        _l("For buttons and links, such as #0b6e4f."),
        7,
        placeholder="#rrggbb",
        spellcheck="false",
    )
    support_email = EmailField(
        _l("Support email"), [Optional(), Length(max=254, message=_l("This is too long."))], filters=[stripped]
    )
    support_url = _address(_l("Help pages"))
    terms_url = _address(_l("Terms of service"))
    privacy_url = _address(_l("Privacy notice"))
    status_url = _address(_l("Status page"))
    sender_name = _line(_l("Sender of emails"), _l("The name beside the email address that emails come from."))
    imprint = TextAreaField(
        _l("Imprint"),
        [Length(max=1000, message=_l("This is too long."))],
        description=_l("Who you are, for the foot of pages and emails."),
        filters=[stripped],
        render_kw={"rows": 3},
    )
    vendor = Choice(
        _l("Connexease's name"),
        choices=lambda: [
            (AS_SET, _("As the portal's settings say")),
            (NAMED, _("Customers read “Connexease”")),
            (HIDDEN, _("Customers read your own word")),
        ],
        description=_l(
            "Your staff always read “Connexease”. Its own window and its dashboard show its name anyway."
        ),
    )

    def validate_accent(self, field: StringField) -> None:
        if text(field) and not is_colour(text(field)):
            raise ValidationError(_("Enter a color as # and six digits or letters from a to f, such as #0b6e4f."))

    def validate_support_email(self, field: EmailField) -> None:
        if text(field):
            try:
                contact.email(text(field), "support_email")
            except DomainError as error:
                raise ValidationError(error.message) from None

    def _validate_address(self, field: StringField) -> None:
        if text(field) and not _is_https(text(field)):
            raise ValidationError(_("Enter a full address that begins with https://."))

    validate_support_url = validate_terms_url = validate_privacy_url = validate_status_url = _validate_address


WORD = "vendor_word_"


def brand_form(**values: Any) -> BrandForm:
    """The form with a field for the reseller's word in each language."""
    words = {f"{WORD}{code}": _word(code, name) for code, name in languages().items()}
    form: BrandForm = type("BrandForm", (BrandForm,), words)(**values)
    return form


def _word(code: str, name: str) -> StringField:
    label = _("Your own word in %(language)s", language=name)
    return _line(label, _l("As it stands within a sentence, such as “our messaging platform”."), lang=code)


def words_of(form: BrandForm) -> dict[str, str]:
    """The reseller's word by language, where there is one."""
    typed = {code: text(form[f"{WORD}{code}"]) for code in languages()}
    return {code: word for code, word in typed.items() if word}


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and address.isprintable() and " " not in address
