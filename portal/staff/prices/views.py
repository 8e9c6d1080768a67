"""The rate card's pages: the list, one price, and a file of them."""

from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.campaigns.prices import rate_card
from portal.errors import DomainError
from portal.i18n import _, _n
from portal.models import MessagePrice, StaffRole
from portal.staff.blueprint import blueprint
from portal.staff.prices.forms import CATEGORY_WORDS, PriceFileForm, PriceForm
from portal.web import access, htmx

ROOT = "/staff/prices/"
ONE = f"{ROOT}<uuid:price_id>"


@blueprint.get(ROOT, endpoint="prices")
@access.staff_page(StaffRole.ADMIN)
def index() -> ResponseReturnValue:
    """The whole rate card."""
    return _index(PriceFileForm())


@blueprint.post(f"{ROOT}import")
@access.staff_page(StaffRole.ADMIN)
def import_prices() -> ResponseReturnValue:
    """Take in a file, all of it or nothing."""
    form, file = PriceFileForm(), request.files.get("file")
    try:
        if form.validate():
            body = file.read() if file is not None else b""
            if not body.strip():
                raise DomainError(_("Choose a CSV file."), "file")
            count = rate_card.take(access.person_or_401(), body)
            flash(_n("%(num)d price imported.", "%(num)d prices imported.", count))
            return htmx.redirect(url_for("staff.prices"))
    except DomainError as error:
        form.show_refusal(error)
    return _index(form, 422)


@blueprint.get(f"{ROOT}new")
@access.staff_page(StaffRole.ADMIN)
def new_price() -> ResponseReturnValue:
    """An empty form."""
    return htmx.page("staff/prices/edit.html", form=PriceForm(since=rate_card.today()), price=None)


@blueprint.post(f"{ROOT}new")
@access.staff_page(StaffRole.ADMIN)
def add_price() -> ResponseReturnValue:
    """Add a price."""
    return _save(None)


@blueprint.get(ONE)
@access.staff_page(StaffRole.ADMIN)
def edit_price(price_id: UUID) -> ResponseReturnValue:
    """The form, filled in."""
    price, form = _price_or_404(price_id), PriceForm()
    form.show(price)
    return htmx.page("staff/prices/edit.html", form=form, price=price)


@blueprint.post(ONE)
@access.staff_page(StaffRole.ADMIN)
def correct_price(price_id: UUID) -> ResponseReturnValue:
    """Correct a price."""
    return _save(_price_or_404(price_id))


@blueprint.post(f"{ONE}/remove")
@access.staff_page(StaffRole.ADMIN)
def remove_price(price_id: UUID) -> ResponseReturnValue:
    """Take a price off the rate card."""
    rate_card.remove(access.person_or_401(), price_id)
    flash(_("Price removed."))
    return htmx.redirect(url_for("staff.prices"))


def _save(price: MessagePrice | None) -> ResponseReturnValue:
    form = PriceForm()
    try:
        if form.validate():
            rate_card.save(access.person_or_401(), form.price(), price.id if price else None)
            flash(_("Price saved."))
            return htmx.redirect(url_for("staff.prices"))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("staff/prices/edit.html", "form", 422, form=form, price=price)


def _index(form: PriceFileForm, status: int = 200) -> ResponseReturnValue:
    every, today = rate_card.every(), rate_card.today()
    return htmx.page(
        "staff/prices/index.html",
        None,
        status,
        form=form,
        prices=every,
        counting=rate_card.counting(every, today),
        today=today,
        words=CATEGORY_WORDS,
        country=rate_card.country,
    )


def _price_or_404(price_id: UUID) -> MessagePrice:
    found = rate_card.find(price_id)
    if found is None:
        abort(404)
    return found
