"""The page "Brand", and the files that carry it: the logo, the colours, the picture for shared links."""

from typing import Any

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.brand import colours, pictures
from portal.brand.current import brand, draft, is_colour, logo, made_of
from portal.errors import DomainError
from portal.i18n import _
from portal.models import BrandRow, StaffRole
from portal.staff.blueprint import blueprint
from portal.staff.brand import editing
from portal.staff.brand.forms import AS_SET, HIDDEN, NAMED, WORD, BrandForm, brand_form, words_of
from portal.web import access, htmx
from portal.web.forms import text

FIELDS = (
    *("name", "accent", "support_email", "support_url", "terms_url", "privacy_url", "status_url"),
    *("sender_name", "imprint"),
)
FOR_A_YEAR = "public, max-age=31536000, immutable"


@blueprint.get("/staff/brand/")
@access.staff_page(StaffRole.ADMIN)
def brand_page() -> ResponseReturnValue:
    """The form, and below it what is being tried."""
    row = editing.edited()
    hides = {None: AS_SET, True: HIDDEN, False: NAMED}[row.hides_vendor]
    words = {f"{WORD}{code}": word for code, word in row.vendor_words.items()}
    return _page(brand_form(obj=row, vendor=hides, **words))


@blueprint.post("/staff/brand/")
@access.staff_page(StaffRole.ADMIN)
def preview_brand() -> ResponseReturnValue:
    """Keep what was typed, and show how it looks."""
    form = brand_form()
    try:
        if form.validate():
            upload = form.logo.data.read(pictures.LARGEST + 1) if form.logo.data else None
            editing.save_draft(_facts(form), upload, without_logo=bool(form.without_logo.data))
            return htmx.redirect(url_for("staff.brand_page", _anchor="preview"))
    except DomainError as error:
        form.show_refusal(error)
    return _page(form, 422)


@blueprint.post("/staff/brand/publish")
@access.staff_page(StaffRole.ADMIN)
def publish_brand() -> ResponseReturnValue:
    """Show it to customers."""
    editing.publish(access.person_or_401())
    flash(_("Published. Customers see it within a few seconds."))
    return htmx.redirect(url_for("staff.brand_page"))


@blueprint.post("/staff/brand/discard")
@access.staff_page(StaffRole.ADMIN)
def discard_brand() -> ResponseReturnValue:
    """Go back to what is published."""
    editing.discard()
    flash(_("Your changes are discarded."))
    return htmx.redirect(url_for("staff.brand_page"))


@blueprint.get("/staff/brand/preview.css")
@access.staff_page(StaffRole.ADMIN)
def brand_preview_css() -> ResponseReturnValue:
    """The two schemes side by side, for the preview."""
    accent = request.args.get("accent", "")
    if not is_colour(accent):
        abort(404)
    rules = {"light": colours.LIGHT, "dark": colours.DARK}
    sheet = "\n".join(f".preview-{name} {{{colours.tokens(accent, scheme)}}}" for name, scheme in rules.items())
    return Response(sheet, mimetype="text/css", headers={"Cache-Control": "private, max-age=60"})


@blueprint.get("/brand/<hash_>.css")
@access.public
def brand_css(hash_: str) -> ResponseReturnValue:
    """The accent colour, under a name that changes with it."""
    if not is_colour(f"#{hash_}"):
        abort(404)
    return Response(colours.stylesheet(f"#{hash_}"), mimetype="text/css", headers={"Cache-Control": FOR_A_YEAR})


@blueprint.get("/brand/logo/<hash_>")
@access.public
def brand_logo(hash_: str) -> ResponseReturnValue:
    """The logo. Opened by itself it can load and run nothing."""
    picture = logo(hash_)
    if picture is None:
        abort(404)
    headers = {
        "Cache-Control": FOR_A_YEAR,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(picture.content, mimetype=picture.type, headers=headers)


@blueprint.get("/brand/card.png")
@access.public
def brand_card() -> ResponseReturnValue:
    """The picture that goes with a link to the portal that somebody shares."""
    shown = brand()
    shade = colours.palette(shown.accent or colours.DEFAULT, colours.LIGHT)
    card = pictures.card(shown.initial, shade.accent, shade.on_accent, logo(shown.logo_hash))
    return Response(card, mimetype="image/png", headers={"Cache-Control": "public, max-age=3600"})


def _facts(form: BrandForm) -> dict[str, Any]:
    return {
        **{name: text(form[name]) for name in FIELDS},
        "hides_vendor": {AS_SET: None, HIDDEN: True, NAMED: False}[form.vendor.data],
        "vendor_words": words_of(form),
    }


def _page(form: BrandForm, status: int = 200) -> ResponseReturnValue:
    row: BrandRow | None = draft()
    tried = made_of(row) if row else None
    shades = editing.shades(tried) if tried else []
    return htmx.page(
        "staff/brand/index.html", None, status, form=form, tried=tried, shades=shades, given=made_of(None)
    )
