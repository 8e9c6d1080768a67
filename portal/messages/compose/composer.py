"""Everything that the composer's page needs, gathered once and then rendered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal.errors import DomainError
from portal.i18n import _
from portal.messages import template_list
from portal.messages.compose import drafts, preview, recipients, refusals
from portal.messages.compose.drafts import Draft
from portal.messages.compose.forms.message import ComposeForm
from portal.messages.compose.forms.template import LANGUAGES
from portal.messages.compose.parameters import is_one_line
from portal.messages.template_list import TemplateList
from portal.messages.threads import window
from portal.messages.threads.window import Window
from portal.models import Account, Credential, MessageType, Person
from portal.web import rate_limits
from portal.web.forms import text
from portal.web.rate_limits import Limit

ONE_LINE = "one-line:"
"""What a button asks for that makes a field, whose name follows, one line."""
FEW, MOST_SHOWN = 5, 60
"""Templates: up to the first need no search, and more than the second are not shown at once."""


@dataclass(frozen=True)
class Composer:
    """A form that is being filled in, with the keys and templates of its account."""

    account: Account
    credentials: Sequence[Credential]
    templates: TemplateList
    form: ComposeForm
    asks: frozenset[str]
    """What the pressed button asks for that changes the form and sends nothing, such as more room for values."""

    @property
    def credential(self) -> Credential:
        """The key that was chosen.

        Raises:
            DomainError: there is none, or none of the account's.
        """
        if not self.credentials:  # since the form was opened: whoever wrote in it shall not have done so in vain
            raise DomainError(
                _("The vault has no API key left. Add one to the vault, then continue here."), "credential"
            )
        chosen = next((row for row in self.credentials if str(row.id) == self.form.credential.data), None)
        if chosen is None:
            raise DomainError(_("Choose one from the list."), "credential")
        return chosen

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        form, draft = self.form, self.form.draft()
        all_found = self.templates.search(text(form.find), form.channel.data or "")
        found = all_found[:MOST_SHOWN]
        form.offer_templates(found, self.templates.channels)
        self._offer_language(draft)
        recipient = self._recipient(draft.to)
        form.to.description = recipients.hint(self.account.time_zone)
        return {
            "account": self.account,
            "form": form,
            "templates": self.templates,
            "found": found,
            "more": len(all_found) - len(found),
            "needs_search": len(self.templates.templates) > FEW,
            "languages": LANGUAGES,
            "opens_more": "buttons" in self.asks,
            "draft": draft,
            "bubble": preview.of_draft(draft, form.listed),
            "recipient": recipient,
            "are_several": recipient is None and recipients.are_several(draft.to),
            "window": self._window(recipient),
            "is_one_line": is_one_line,
            "limits": {"body": drafts.BODY_LIMIT, "caption": drafts.CAPTION_LIMIT},
        }

    def refusals(self) -> dict[str, list[str]]:
        """What would be refused now, by field: of what was refused before, the rest is put right."""
        found = refusals.of(self.form.draft(), self.account.time_zone)
        try:
            _chosen = self.credential
        except DomainError as error:
            found["credential"] = [error.message]
        return found

    def _offer_language(self, draft: Draft) -> None:
        """The language that a template was last sent in, until somebody types another."""
        form, key = self.form, template_list.language_key(draft)
        is_another = "choose" in self.asks and form.language_of.data != key
        if is_another or not (form.is_submitted() or form.language.data):
            form.language.data = template_list.language_for(self.account, draft)
        form.language_of.data = key

    def _recipient(self, typed: str) -> recipients.Recipient | None:
        """Whom the number means, while it is being typed."""
        try:
            return recipients.read(typed, self.account.time_zone)
        except DomainError:
            return None

    def _window(self, recipient: recipients.Recipient | None) -> Window | None:
        """How long the recipient may be answered freely, for the number of the chosen key."""
        if recipient is None:
            return None
        chosen = next((row for row in self.credentials if str(row.id) == self.form.credential.data), None)
        return window.of_number(self.account.id, recipient.e164, chosen)


def gather(
    person: Person,
    account: Account,
    credentials: Sequence[Credential],
    form: ComposeForm,
    asks: frozenset[str],
    template: str = "",
) -> Composer:
    """Everything that a form needs before it is checked or shown.

    Args:
        asks: what a button asks for that changes the form and sends nothing.
        template: one that is chosen by the page's address.
    """
    form.offer(credentials)
    templates = _templates(person, account, form, "refresh" in asks)
    form.use(templates.find(template or form.template.data or ""))
    if "values" in asks:
        form.more_values()
    if "buttons" in asks:
        form.more_buttons()
    for asked in asks:
        if asked.startswith(ONE_LINE):
            form.make_one_line(asked.removeprefix(ONE_LINE))
    return Composer(account, credentials, templates, form, asks)


def _templates(person: Person, account: Account, form: ComposeForm, refresh: bool) -> TemplateList:
    """The templates, read again while somebody chooses one; whoever writes something else waits for nobody."""
    try:
        if refresh:
            rate_limits.take_for_account(Limit.TEMPLATE_READS, account.id)
            return template_list.current(account, person, timedelta())
        if form.chosen_kind == MessageType.TEMPLATE:
            return template_list.current(account)
    except rate_limits.TooManyTries:
        pass
    return template_list.known(account)
