"""Everything that the page of a webhook's form needs, gathered once and then rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.channels.snapshot import channels_of
from portal.connexease import triggers as catalogue
from portal.extensions import session
from portal.models import Account, Channel
from portal.web import rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit
from portal.webhooks import portal_webhooks
from portal.webhooks.forms import WebhookForm
from portal.webhooks.rules import callback_addresses
from portal.webhooks.rules.headers import SECRET_NAMES
from portal.webhooks.rules.subscriptions import Broken, Subscription, broken_by
from portal.webhooks.snapshot import KnownWebhook, Snapshot


@dataclass(frozen=True)
class Editor:
    """A form that is being filled in, with the webhooks and channels of its account."""

    account: Account
    known: Snapshot
    channels: Sequence[Channel]
    webhook: KnownWebhook | None
    """The one that is changed; none while a new one is made."""
    form: WebhookForm

    @property
    def doubt(self) -> str | None:
        """What speaks against the address; nothing while somebody only plays with the form."""
        url = text(self.form.callback_url)
        if not url or callback_addresses.problem_with(url):
            return None
        try:
            rate_limits.take_for_account(Limit.LOOK_UPS, self.account.id)
        except rate_limits.TooManyTries:
            return None
        session().commit()  # no lock is held while a stranger's name server thinks
        return callback_addresses.doubt_about(url)

    def refusals(self) -> dict[str, list[str]]:
        """What would be refused now of what was typed and chosen, by the ids of the fields that say so."""
        tried = WebhookForm()
        tried.prepare(self.channels, self.webhook)
        tried.validate()
        return {"callback_url": list(tried.callback_url.errors), "triggers-field": list(tried.triggers.errors)}

    def parts(self, broken: list[Broken] | None = None) -> dict[str, Any]:
        """What the parts of the form show that change while it is filled in.

        Args:
            broken: the rules that Connexease or we refused it for; those that it breaks now when none are given.
        """
        chosen = list(self.form.triggers.data or [])
        if broken is None and chosen:
            subscription = Subscription(
                chosen, self.form.chosen_channels(), self.webhook.id if self.webhook else None
            )
            broken = broken_by(subscription, [other.subscription for other in self.known.in_the_way])
        return {
            "account": self.account,
            "form": self.form,
            "webhook": self.webhook,
            "snapshot": self.known,
            "broken": broken or [],
            "names": {channel.connexease_uuid: channel.label for channel in self.channels},
            "account_wide": [name for name in chosen if catalogue.is_account_scoped(name)],
            "catalogue": catalogue,
            "onboarding_trigger": portal_webhooks.ONBOARDING_TRIGGER,
        }

    def page(self, broken: list[Broken] | None = None, *, more: bool = False) -> dict[str, Any]:
        """What the whole form shows.

        Args:
            more: whether somebody asked for more room for headers: the first of it gets the focus.
        """
        self.form.add_blank_headers()
        return self.parts(broken) | {
            "doubt": self.doubt,
            "more_from": self.form.first_blank_header if more else None,
            "secret_names": SECRET_NAMES,
        }


def gather(account: Account, known: Snapshot, form: WebhookForm, webhook: KnownWebhook | None) -> Editor:
    """Everything that a form needs before it is checked or shown."""
    channels = channels_of(account)
    form.prepare(channels, webhook)
    return Editor(account, known, channels, webhook, form)
