"""The page that checks the connection with each gateway key."""

from collections.abc import Sequence
from uuid import UUID

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.db.engine import uuid_or_none
from portal.errors import DomainError
from portal.messages.blueprint import blueprint
from portal.messages.sending import outbox
from portal.messages.trial import lines, trials
from portal.messages.trial.facts import candidates, gather
from portal.messages.trial.forms import CheckForm
from portal.models import Account, Credential, KeyTrial
from portal.vault import keys
from portal.web import access, htmx, rate_limits
from portal.web.access import SENDERS
from portal.web.forms import text
from portal.web.rate_limits import Limit

ROOT = "/accounts/<uuid:account_id>/messages/check"


@blueprint.get(ROOT)
@access.account_page(*SENDERS, set_up=True)
def check(account: Account) -> ResponseReturnValue:
    """The last check of each key, and the form for another one."""
    for trial in trials.latest(account).values():
        trials.advance_if_overdue(trial)
    return _page(account, outbox.gateway_keys(account), CheckForm())


@blueprint.post(ROOT)
@access.account_page(*SENDERS, set_up=True)
def begin_check(account: Account) -> ResponseReturnValue:
    """Begin a check of one key, or of all."""
    credentials, form = outbox.gateway_keys(account), CheckForm()
    if not credentials:
        return _page(account, credentials, form)
    form.offer(credentials)
    try:
        if form.validate():
            rate_limits.take_for_account(Limit.KEY_CHECKS, account.id)
            trials.begin(
                access.person_or_401(),
                account,
                form.chosen(credentials),
                text(form.to),
                wants_real=bool(form.wants_real.data),
                intent=text(form.intent),
            )
            return htmx.redirect(url_for("compose.check", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return _page(account, credentials, form, 422)


@blueprint.post(f"{ROOT}/<uuid:trial_id>/channel")
@access.account_page(*SENDERS, set_up=True)
def name_channel(account: Account, trial_id: UUID) -> ResponseReturnValue:
    """Say which channel a check's message came from."""
    trial, channel = trials.find_check(account, trial_id), uuid_or_none(request.form.get("channel"))
    if trial is None or channel is None:
        abort(404)
    try:
        trials.name_channel(access.person_or_401(), account, trial, channel)
    except DomainError as error:
        flash(error.message, "danger")
    return htmx.redirect(url_for("compose.check", account_id=account.id))


def _page(
    account: Account, credentials: Sequence[Credential], form: CheckForm, status: int = 200
) -> ResponseReturnValue:
    if credentials:
        form.offer(credentials, request.args.get("key", ""))
    latest = trials.latest(account)
    checked = [(row, latest[row.id]) for row in credentials if row.id in latest]
    return htmx.page(
        "messages/trial/check.html",
        "check",
        status,
        account=account,
        form=form if credentials else None,
        channels=candidates(account) if checked else [],
        checks=[_checked(row, trial) for row, trial in checked],
        is_running=any(trial.ended_at is None for _row, trial in checked),
    )


def _checked(row: Credential, trial: KeyTrial) -> dict[str, object]:
    return {"id": row.id, "name": keys.label(row), "trial": trial, "lines": lines.of(gather(trial))}
