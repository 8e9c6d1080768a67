"""What an admin does for one of a customer's people."""

from uuid import UUID

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue

from portal.errors import DomainError
from portal.i18n import _
from portal.identity.forms import PasswordForm
from portal.identity.step_up import confirm
from portal.mirror import directory
from portal.models import Person, StaffRole
from portal.staff.accounts import customer_people
from portal.staff.blueprint import blueprint
from portal.web import access, htmx

APP = "/staff/accounts/<uuid:uuid>/people/<uuid:person_id>/app"


@blueprint.get(APP)
@access.staff_page(StaffRole.ADMIN)
def customer_app(uuid: UUID, person_id: UUID) -> ResponseReturnValue:
    """What taking a customer's app away does."""
    _account_id, person = _person_or_404(uuid, person_id)
    return _reset_page(person, uuid, PasswordForm())


@blueprint.post(APP)
@access.staff_page(StaffRole.ADMIN)
def reset_customer_app(uuid: UUID, person_id: UUID) -> ResponseReturnValue:
    """Take the app away from a customer who lost it."""
    account_id, person = _person_or_404(uuid, person_id)
    form = PasswordForm()
    try:
        if form.validate():
            confirm(form)
            customer_people.reset_app(access.person_or_401(), account_id, person_id)
            flash(
                _(
                    "The authenticator app of %(person)s was reset. They now log in with their password "
                    "alone, and we've told them by email.",
                    person=person.full_name,
                )
            )
            return htmx.redirect(url_for("staff.account", uuid=uuid))
    except DomainError as error:
        form.show_refusal(error)
    return _reset_page(person, uuid, form, 422)


def _person_or_404(uuid: UUID, person_id: UUID) -> tuple[UUID, Person]:
    row = directory.find(uuid)
    person = customer_people.with_an_app(row.account_id, person_id) if row is not None and row.account_id else None
    if row is None or row.account_id is None or person is None:
        abort(404)
    return row.account_id, person


def _reset_page(person: Person, uuid: UUID, form: PasswordForm, status: int = 200) -> ResponseReturnValue:
    return htmx.page(
        "staff/people/app_reset.html",
        None,
        status,
        who=person,
        back=url_for("staff.account", uuid=uuid),
        form=form,
    )
