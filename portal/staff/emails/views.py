"""The page "Emails": every kind of mail as people get it, and "send me this one"."""

from typing import NamedTuple

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from portal.db.queue import wake
from portal.extensions import session
from portal.i18n import _, language
from portal.mail import outbox, samples, writing
from portal.mail.writing import Letter
from portal.models import MailKind, StaffRole
from portal.staff.blueprint import blueprint
from portal.translations import languages
from portal.web import access, htmx, rate_limits
from portal.web.rate_limits import Limit

ONE = "/staff/emails/<kind>"


class Sample(NamedTuple):
    """A kind of mail, which of its texts, and what that says."""

    kind: MailKind
    variant: str
    letter: Letter


@blueprint.get("/staff/emails/")
@access.staff_page()
def emails() -> ResponseReturnValue:
    """Every mail there is, by its subject."""
    found = [Sample(kind, variant, _letter(kind, variant, language())) for kind, variant in samples.variants()]
    return htmx.page("staff/emails/index.html", samples=found)


@blueprint.get(ONE)
@access.staff_page()
def email(kind: str) -> ResponseReturnValue:
    """One of them, as HTML and as text."""
    found, variant, chosen = _wanted(kind)
    letter = _letter(found, variant, chosen)
    return htmx.page("staff/emails/email.html", kind=found, variant=variant, chosen=chosen, letter=letter)


@blueprint.get(f"{ONE}/html")
@access.staff_page()
def email_html(kind: str) -> ResponseReturnValue:
    """The HTML part by itself, for the frame of the page. It can load and run nothing."""
    response = Response(_letter(*_wanted(kind)).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.post(ONE)
@access.staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
def send_email_sample(kind: str) -> ResponseReturnValue:
    """Send this one to whoever looks at it."""
    found, variant, chosen = _wanted(kind)
    person = access.person_or_401()
    rate_limits.take_for_person(Limit.CODES, person.id)
    with force_locale(chosen):
        mail = outbox.promise(found, person.email, **{samples.SAMPLE: variant})
    session().commit()
    wake("mail", str(mail.id))
    flash(_("The email is on its way to %(email)s.", email=person.email))
    return htmx.redirect(url_for("staff.email", kind=kind, variant=variant, language=chosen))


def _wanted(kind: str) -> tuple[MailKind, str, str]:
    variant, chosen = request.values.get("variant", ""), request.values.get("language", language())
    if (kind, variant) not in samples.variants() or chosen not in languages():
        abort(404)
    return MailKind(kind), variant, chosen


def _letter(kind: MailKind, variant: str, chosen: str) -> Letter:
    with force_locale(chosen):
        return writing.write(kind, samples.context(kind, variant))
