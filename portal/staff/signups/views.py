"""The board of sign-ups under way or stuck, and one of them with all that can be done about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.engine import uuid_or_none
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Person, StaffRole, Step
from portal.staff.blueprint import blueprint
from portal.staff.signups import board as sign_up_board
from portal.staff.signups import decisions, dropoffs
from portal.staff.signups.forms import AdoptForm, DeclineForm, GiveUpForm
from portal.web import access, htmx, rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

ROOT = "/staff/provisioning/"
ONE = f"{ROOT}<uuid:account_id>"
HELPERS = (StaffRole.ADMIN, StaffRole.SUPPORT)


@blueprint.get(ROOT)
@access.staff_page()
def board() -> ResponseReturnValue:
    """Sign-ups that are not finished, and attempts to connect a number that came to nothing."""
    step = _step()
    return htmx.page(
        "staff/signups/board.html",
        "board",
        step=step,
        counts=sign_up_board.counts(),
        set_ups=sign_up_board.unfinished(step),
        most=sign_up_board.MOST,
        ended=sign_up_board.ended() if step is None else [],
        dropoffs=dropoffs.lately() if step is None else [],
    )


@blueprint.get(ONE)
@access.staff_page()
def set_up(account_id: UUID) -> ResponseReturnValue:
    """One set-up: where it stands and why, and what can be done."""
    return _page(account_id)


@blueprint.post(f"{ONE}/approve")
@access.staff_page(*HELPERS)
def approve(account_id: UUID) -> ResponseReturnValue:
    """Let a sign-up go on."""
    return _do(decisions.approve, account_id, _("%(name)s was approved and is being set up."))


@blueprint.post(f"{ONE}/decline")
@access.staff_page(*HELPERS)
def decline(account_id: UUID) -> ResponseReturnValue:
    """Turn a sign-up down."""
    form = DeclineForm()
    if not form.validate():
        return _page(account_id, 422, decline_form=form)
    note = text(form.note)
    return _do(lambda actor, of: decisions.decline(actor, of, note), account_id, _("%(name)s was declined."))


@blueprint.post(f"{ONE}/retry")
@access.staff_page(*HELPERS)
def retry(account_id: UUID) -> ResponseReturnValue:
    """Try at once."""
    return _do(decisions.retry, account_id, _("We're trying to set up %(name)s again."))


@blueprint.post(f"{ONE}/link")
@access.staff_page(*HELPERS)
def mail_link(account_id: UUID) -> ResponseReturnValue:
    """Mail the link again that proves the address."""

    def mail(actor: Person, of: UUID) -> Account:
        if found := sign_up_board.find(of):
            rate_limits.take_for_email(Limit.MAILS, found.owner.email)
        return decisions.mail_link(actor, of)

    return _do(mail, account_id, _("We've emailed a new link to %(name)s."))


@blueprint.post(f"{ONE}/take-up")
@access.staff_page(*HELPERS)
def take_up(account_id: UUID) -> ResponseReturnValue:
    """Go on with what was given up or declined."""
    return _do(
        decisions.take_up,
        account_id,
        _("%(name)s is being set up again."),
        {
            Step.WAITING_FOR_APPROVAL: _("%(name)s is waiting for approval again."),
            Step.WAITING_FOR_EMAIL: _("We've emailed %(name)s a new link to confirm the address."),
        },
    )


@blueprint.post(f"{ONE}/adopt")
@access.staff_page(*HELPERS)
def adopt(account_id: UUID) -> ResponseReturnValue:
    """Vouch that an account at Connexease is this customer's."""
    form = AdoptForm()
    seen = uuid_or_none(request.form.get("found"))
    if not form.validate() or seen is None:
        return _page(account_id, 422, adopt_form=form)
    try:
        account = decisions.adopt(access.person_or_401(), account_id, seen, text(form.reason))
    except DomainError as error:
        form.show_refusal(error)
        return _page(account_id, 422, adopt_form=form)
    flash(_("%(name)s is being connected to its account at Connexease.", name=account.name))
    return htmx.redirect(url_for("staff.set_up", account_id=account_id))


@blueprint.post(f"{ONE}/give-up")
@access.staff_page(*HELPERS)
def give_up(account_id: UUID) -> ResponseReturnValue:
    """End what leads nowhere."""
    form = GiveUpForm()
    if not form.validate():
        return _page(account_id, 422, give_up_form=form)
    note = text(form.note)
    return _do(
        lambda actor, of: decisions.give_up(actor, of, note), account_id, _("The setup of %(name)s was stopped.")
    )


@blueprint.post(f"{ROOT}attempts/<uuid:attempt_id>/resume")
@access.staff_page(*HELPERS)
def mail_way_back(attempt_id: UUID) -> ResponseReturnValue:
    """Mail a customer the way back to where an attempt ended."""
    return _do(dropoffs.mail_way_back, attempt_id, _("We've emailed %(name)s a link to continue."))


def _do(
    action: Callable[[Person, UUID], Account], of: UUID, sentence: str, others: dict[Step, str] | None = None
) -> ResponseReturnValue:
    """Do it and say so; `others`: the sentence for where it may stand afterwards instead."""
    try:
        account = action(access.person_or_401(), of)
        found = sign_up_board.find(of) if others else None
        said = others.get(found.row.step, sentence) if others and found else sentence
        flash(said % {"name": account.name})
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("staff.board"))


def _page(account_id: UUID, status: int = 200, **forms: Any) -> ResponseReturnValue:
    found = sign_up_board.find(account_id)
    if found is None:
        abort(404)
    if htmx.is_fragment_request() and request.method == "GET" and found.row.step == Step.READY:
        # Nothing is left to decide on the page.
        return htmx.redirect(url_for("staff.set_up", account_id=account_id))
    context = {
        "adopt_form": AdoptForm(),
        "decline_form": DeclineForm(),
        "give_up_form": GiveUpForm(),
        "history": sign_up_board.history(account_id),
        "unfinished": sign_up_board.UNFINISHED,
        **forms,
    }
    return htmx.page("staff/signups/set_up.html", "set_up", status, item=found, **context)


def _step() -> Step | None:
    """The step that the board is narrowed to."""
    wanted = request.args.get("step", "")
    return Step(wanted) if wanted in set(sign_up_board.UNFINISHED) else None
