"""The choice of a language, at the foot of every page."""

from flask import abort, request
from flask.typing import ResponseReturnValue

from portal.extensions import csrf
from portal.identity import authentication
from portal.identity.blueprint import blueprint
from portal.translations import languages
from portal.web import access, htmx
from portal.web.rendering.languages import remember


@blueprint.post("/language")
@access.public
def choose_language() -> ResponseReturnValue:
    """Read the same page in another language, and all others too."""
    chosen = request.form.get("language", "")
    if chosen not in languages():
        abort(404)
    if person := access.current_person():
        authentication.choose_language(person, chosen)
    return remember(htmx.redirect(htmx.page_to_read()), chosen)


# Else every page would need a cookie. Another site can change no more than the language that a visitor reads.
csrf.exempt(choose_language)
