"""Changing webhooks at Connexease: intent first, nothing made twice.

What is wanted is committed before Connexease is asked. A refusal, or a call that was certainly not made, takes the
wish back and says why.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from portal import audit
from portal.channels.snapshot import channels_of
from portal.connexease import errors as cx
from portal.connexease import schemas
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, Person, PortalWebhook, Webhook, now
from portal.webhooks import portal_webhooks, snapshot
from portal.webhooks.desired import DesiredWebhook, desire_observed, seen_subscription, set_desired
from portal.webhooks.drift import plain, sealed_headers
from portal.webhooks.owner_notice import tell_owners
from portal.webhooks.reconcile import Before, begin, host_of, not_saved, push_or_take_back, url_of
from portal.webhooks.rules import placeholder
from portal.webhooks.rules.headers import Header
from portal.webhooks.rules.subscriptions import Broken, Subscription, broken_by


class RulesBroken(DomainError):
    """The wish breaks rules of Connexease; `broken` names each and the webhook in the way."""

    def __init__(self, broken: list[Broken]) -> None:
        super().__init__(_("%(Vendor)s doesn't allow this combination."))
        self.broken = broken


def create(person: Person, account: Account, desired: DesiredWebhook, intent: str) -> Webhook:
    """Make a webhook. A form that is sent twice makes one.

    Args:
        intent: what this form was marked with when it was shown.

    Raises:
        RulesBroken, DomainError: nothing was made.
    """
    if (made_before := _of_intent(account, intent)) is not None:
        return made_before
    _refuse_broken(account, desired.subscription())
    row = Webhook(account_id=account.id, intent=intent)
    set_desired(row, desired, {})
    audit.record(person, account, "webhook.created", host_of(desired.callback_url))
    try:
        begin(row)
    except IntegrityError:  # the same form, a moment ago, in another request
        session().rollback()
        if (made_before := _of_intent(account, intent)) is not None:
            return made_before
        raise DomainError(_("This form was already submitted. Reload the page to start again.")) from None
    push_or_take_back(account, row, before=None)
    tell_owners(person, account, row, made=True)
    return row


def _of_intent(account: Account, intent: str) -> Webhook | None:
    query = select(Webhook).where(Webhook.intent == intent, Webhook.account_id == account.id)
    return session().exec(query).first()


def change(person: Person, account: Account, row: Webhook, desired: DesiredWebhook) -> None:
    """Change a webhook. Headers without a value keep theirs; triggers that we do not know stay.

    Raises:
        RulesBroken, DomainError: nothing was changed.
    """
    refuse_locked(row)
    listed = _refuse_broken(account, desired.subscription(row), row)
    current = next((webhook for webhook in listed if webhook.uuid == row.connexease_uuid), None)
    stored = plain(current.data) if current else sealed_headers(row)
    before = Before.of(row)
    set_desired(row, desired, stored)
    audit.record(person, account, "webhook.changed", host_of(desired.callback_url))
    begin(row)
    push_or_take_back(account, row, before)
    tell_owners(person, account, row, made=False)


def switch(person: Person, account: Account, row: Webhook, *, on: bool) -> None:
    """Switch a webhook on or off. Everything else of it stays as Connexease holds it, a foreign change too.

    Raises:
        RulesBroken, DomainError: nothing was changed.
    """
    refuse_locked(row)
    listed = _refuse_broken(account, seen_subscription(row), row) if on else _read(account)
    before = Before.of(row)
    desire_observed(row, listed)
    row.wanted = {**(row.wanted or {}), "is_active": on}
    row.hidden_at = None if on else row.hidden_at
    action = "webhook.switched_on" if on else "webhook.switched_off"
    audit.record(person, account, action, host_of(row.wanted.get("callback_url", "")))
    begin(row)
    push_or_take_back(account, row, before)


def set_right(person: Person, account: Account, row: Webhook) -> None:
    """Make Connexease hold again what was last set here, whether it differs or is gone.

    Raises:
        RulesBroken, DomainError: nothing was changed.
    """
    _refuse_busy(row)
    wanted = row.wanted or {}
    channels = [UUID(text) for text in wanted.get("channels", [])]
    _refuse_broken(account, Subscription(wanted.get("triggers", []), channels, row.id), row)
    before = Before.of(row)
    if row.gone_at is not None:
        row.connexease_uuid, row.seen = None, None
    audit.record(person, account, "webhook.set_right", host_of(wanted.get("callback_url", "")))
    begin(row)
    push_or_take_back(account, row, before)


def accept(person: Person, account: Account, row: Webhook) -> None:
    """Take what Connexease holds as what is wanted.

    Raises:
        DomainError: what it holds cannot be read now.
    """
    refuse_locked(row)
    desire_observed(row, _read(account))
    row.problem_text, row.is_pending = "", False
    audit.record(person, account, "webhook.accepted", host_of((row.seen or {}).get("callback_url", "")))
    session().add(row)
    session().commit()


def hide(person: Person, account: Account, row: Webhook, *, hidden: bool) -> None:
    """Hide a webhook that is switched off or gone, or show it again.

    Raises:
        DomainError: it is active, so hiding it would hide that it delivers.
    """
    _refuse_own(row)
    if hidden and row.gone_at is None and (row.seen or row.wanted or {}).get("is_active"):
        raise DomainError(_("Switch the webhook off before you hide it."))
    row.hidden_at = now() if hidden else None
    audit.record(person, account, "webhook.hidden" if hidden else "webhook.shown", host_of(url_of(row)))
    session().add(row)
    session().commit()


def hold(
    account: Account,
    hook: PortalWebhook,
    triggers: Sequence[str],
    channels: Sequence[UUID],
    wanted: Subscription | None = None,
) -> Webhook:
    """Make Connexease hold a webhook of the portal's own with these triggers; none of them switches it off.

    Args:
        channels: those of the triggers; one that is switched off stays with them where it can.
        wanted: what it makes way for, when it is switched off.

    Raises:
        RulesBroken, DomainError: nothing was changed.
    """
    row = session().exec(select(Webhook).where(Webhook.portal_webhook_id == hook.id)).first()
    row = row or Webhook(account_id=account.id, portal_webhook_id=hook.id)
    if not triggers and row.connexease_uuid is None and not row.is_pending:
        return row
    held = Subscription(triggers, channels, row.id)
    if triggers:
        _refuse_broken(account, held, row)
    else:
        held = _placeholder(account, row, channels, wanted)
    before = Before.of(row) if row.wanted is not None else None
    headers = [Header(name, value, is_secret=True) for name, value in portal_webhooks.headers(hook).items()]
    set_desired(
        row,
        DesiredWebhook(portal_webhooks.callback_url(hook), held.triggers, held.channels, bool(triggers), headers),
        {},
    )
    if row.gone_at is not None:
        row.connexease_uuid, row.seen = None, None
    begin(row)
    push_or_take_back(account, row, before)
    if row.connexease_uuid is not None:
        hook.connexease_uuid, hook.registered_at = row.connexease_uuid, hook.registered_at or now()
        session().add(hook)
        session().commit()
    return row


def _placeholder(
    account: Account, row: Webhook, channels: Sequence[UUID], wanted: Subscription | None
) -> Subscription:
    _read(account)
    others = [held.subscription for held in snapshot.known(account).at_connexease if held.id != row.id]
    others += [wanted] if wanted else []
    mine = [channel.connexease_uuid for channel in channels_of(account) if channel.gone_at is None]
    found = placeholder.find([channel for channel in [*channels, *mine] if channel in mine], others)
    return found or seen_subscription(row)


def _make_way(account: Account, new: Subscription, held: Sequence[snapshot.KnownWebhook]) -> None:
    """Let those of the portal's own webhooks that only lie there hold something else.

    Raises:
        RulesBroken, DomainError: one cannot.
    """
    for other in held:
        hook = other.portal_webhook
        if hook is None or not other.is_placeholder or not broken_by(new, [other.subscription], is_held=True):
            continue
        row = hold(account, hook, [], other.channels, wanted=new)
        if broken := broken_by(new, [seen_subscription(row)], is_held=True):
            raise RulesBroken(broken)


def _refuse_broken(account: Account, new: Subscription, row: Webhook | None = None) -> list[schemas.Webhook]:
    listed = _read(account)
    known = snapshot.known(account)
    held = [other.subscription for other in known.in_the_way]
    seen = seen_subscription(row) if row is not None and row.seen else None
    is_held = seen is not None and (set(seen.triggers), set(seen.channels)) == (
        set(new.triggers),
        set(new.channels),
    )
    if broken := broken_by(new, held, is_held=is_held):
        raise RulesBroken(broken)
    _make_way(account, new, known.at_connexease)
    return listed


def _read(account: Account) -> list[schemas.Webhook]:
    try:
        return snapshot.read(account)
    except cx.ConnexeaseError as error:
        raise not_saved(error) from None


def refuse_locked(row: Webhook) -> None:
    """Refuse to change what is the portal's own, or what is being changed.

    Raises:
        DomainError: it is one of these.
    """
    _refuse_own(row)
    _refuse_busy(row)


def busy() -> DomainError:
    """What somebody is told while the last change is being saved."""
    return DomainError(
        _("The last change to this webhook is still being saved. Wait until it's done, then try again.")
    )


def _refuse_own(row: Webhook) -> None:
    if row.portal_webhook_id is not None:
        raise DomainError(_("The portal manages this webhook itself, so you can't edit it."))


def _refuse_busy(row: Webhook) -> None:
    if row.is_pending:
        raise busy()
