"""The pages of contacts: the list, one of them, what each wants, files to take along, the account's words."""

from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from portal.contacts import book, merging, query
from portal.contacts.blueprint import blueprint
from portal.contacts.consent import keywords, ledger, noting
from portal.contacts.forms import (
    LIST_FIELDS,
    AnybodyForm,
    ConsentForm,
    ContactForm,
    ListForm,
    WordsForm,
)
from portal.contacts.words import ORIGIN_WORDS, OUT_WORDS, SOURCE_WORDS, line
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, Contact
from portal.vault import gateway_keys
from portal.web import access, htmx, listing
from portal.web.access import SENDERS
from portal.web.listing import as_sent

ROOT = "/accounts/<uuid:account_id>/contacts/"
ONE = f"{ROOT}<int:contact_id>"


@blueprint.get(ROOT)
@access.account_page(*SENDERS)
def index(account: Account) -> ResponseReturnValue:
    """The contacts, newest first, or those that were asked for."""
    form = _list_form()
    if not form.validate():
        return listing.refused("contacts/index.html", _list(account, form))
    page = query.page(account, form.filter(), listing.number("before"), listing.number("after"))
    return listing.shown("contacts/index.html", {**_list(account, form), "page": page})


@blueprint.get(f"{ROOT}export.csv")
@access.account_page(*SENDERS)
def export(account: Account) -> ResponseReturnValue:
    """What the filter shows, as a file."""
    form = _list_form()
    if not form.validate():
        return htmx.redirect(_list(account, form)["address"])
    return listing.download("contacts", query.export(access.person_or_401(), account, form.filter()))


@blueprint.get(f"{ROOT}new")
@access.account_page(*SENDERS)
def new(account: Account) -> ResponseReturnValue:
    """An empty form."""
    return htmx.page("contacts/edit.html", account=account, form=ContactForm(), contact=None)


@blueprint.post(f"{ROOT}new")
@access.account_page(*SENDERS)
def add(account: Account) -> ResponseReturnValue:
    """Add somebody."""
    form = ContactForm()
    try:
        if form.validate():
            contact = book.create(access.person_or_401(), account, form.details(account))
            flash(_("Contact added."))
            return htmx.redirect(url_for("contacts.show", account_id=account.id, contact_id=contact.id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("contacts/edit.html", "form", 422, account=account, form=form, contact=None)


@blueprint.get(ONE)
@access.account_page(*SENDERS)
def show(account: Account, contact_id: int) -> ResponseReturnValue:
    """One contact, and what the ledger says of them."""
    return _one(account, _contact_or_404(account, contact_id))


@blueprint.get(f"{ONE}/edit")
@access.account_page(*SENDERS)
def edit(account: Account, contact_id: int) -> ResponseReturnValue:
    """The form, filled in."""
    contact, form = _contact_or_404(account, contact_id), ContactForm()
    form.show(contact)
    return htmx.page("contacts/edit.html", account=account, form=form, contact=contact)


@blueprint.post(f"{ONE}/edit")
@access.account_page(*SENDERS)
def change(account: Account, contact_id: int) -> ResponseReturnValue:
    """Change somebody's details."""
    contact, form = _contact_or_404(account, contact_id), ContactForm()
    try:
        if form.validate():
            book.change(access.person_or_401(), account, contact_id, form.details(account))
            flash(_("Contact saved."))
            return htmx.redirect(url_for("contacts.show", account_id=account.id, contact_id=contact_id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("contacts/edit.html", "form", 422, account=account, form=form, contact=contact)


@blueprint.post(f"{ONE}/consent")
@access.account_page(*SENDERS)
def note(account: Account, contact_id: int) -> ResponseReturnValue:
    """Note what a contact wants, as they told somebody."""
    contact, form = _contact_or_404(account, contact_id), ConsentForm()
    try:
        if form.validate():
            noting.note_of_contact(access.person_or_401(), account, contact_id, form.noted())
            flash(_("Choice saved. It applies from the next message on."))
            return htmx.redirect(url_for("contacts.show", account_id=account.id, contact_id=contact_id))
    except DomainError as error:
        form.show_refusal(error)
    return _one(account, contact, form, 422)


# --- two that are one ---------------------------------------------------------------------------------


@blueprint.get(f"{ONE}/merge")
@access.account_page(*SENDERS)
def choose_other(account: Account, contact_id: int) -> ResponseReturnValue:
    """Find the other contact; or what merging with it comes to."""
    contact = _contact_or_404(account, contact_id)
    other_id = listing.number("other")
    return _merging(account, contact, _contact_or_404(account, other_id) if other_id else None)


@blueprint.post(f"{ONE}/merge")
@access.account_page(*SENDERS)
def merge(account: Account, contact_id: int) -> ResponseReturnValue:
    """Make them one."""
    contact = _contact_or_404(account, contact_id)
    other_id = int(other) if (other := request.form.get("other", "")).isdigit() else 0
    try:
        merging.merge(access.person_or_401(), account, contact_id, other_id, request.form.get("seen", ""))
    except DomainError as error:
        return _merging(account, contact, book.find(account, other_id), str(error.message), 422)
    flash(_("Contacts merged."))
    return htmx.redirect(url_for("contacts.show", account_id=account.id, contact_id=contact_id))


# --- the ledger --------------------------------------------------------------------------------------


@blueprint.get(f"{ROOT}note")
@access.account_page(*SENDERS, staff=True)
def anybody(account: Account) -> ResponseReturnValue:
    """A form to note what somebody wants, by their number alone."""
    return htmx.page("contacts/anybody.html", account=account, form=AnybodyForm())


@blueprint.post(f"{ROOT}note")
@access.account_page(*SENDERS, staff=True)
def note_anybody(account: Account) -> ResponseReturnValue:
    """Note it."""
    form = AnybodyForm()
    try:
        if form.validate():
            who, is_staff = form.who(account), access.is_helping()
            noting.note(access.person_or_401(), account, who, form.noted(), as_staff=is_staff)
            flash(_("Choice saved for %(number)s. It applies from the next message on.", number=who.masked))
            return htmx.redirect(url_for("contacts.anybody", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("contacts/anybody.html", "form", 422, account=account, form=form)


@blueprint.get(f"{ROOT}consent.csv")
@access.account_page(*SENDERS)
def ledger_file(account: Account) -> ResponseReturnValue:
    """The whole ledger as a file."""
    return listing.download("consent", noting.export(access.person_or_401(), account))


@blueprint.get(f"{ROOT}opting-out")
@access.account_page(*SENDERS)
def words(account: Account) -> ResponseReturnValue:
    """The words by which people opt out and in."""
    form = _words_form(account)
    form.show(keywords.of(account.id))
    return htmx.page("contacts/words.html", account=account, form=form)


@blueprint.post(f"{ROOT}opting-out")
@access.account_page(*SENDERS)
def change_words(account: Account) -> ResponseReturnValue:
    """Keep other words, or another answer."""
    form = _words_form(account)
    try:
        if form.validate():
            keywords.change(access.person_or_401(), account, form.words())
            flash(_("Words saved. They apply to what people write from now on."))
            return htmx.redirect(url_for("contacts.words", account_id=account.id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("contacts/words.html", "form", 422, account=account, form=form)


# --- what pages need ---------------------------------------------------------------------------------


def _list_form() -> ListForm:
    return ListForm(formdata=as_sent(request.args, LIST_FIELDS, ()))


def _list(account: Account, form: ListForm) -> dict[str, Any]:
    return {
        "account": account,
        **form.context(url_for("contacts.index", account_id=account.id)),
        "out_words": OUT_WORDS,
        "has_any": query.has_any(account),
    }


def _words_form(account: Account) -> WordsForm:
    form = WordsForm()
    form.offer(gateway_keys.names(account))
    return form


def _one(
    account: Account, contact: Contact, form: ConsentForm | None = None, status: int = 200
) -> ResponseReturnValue:
    form = form or ConsentForm(choice=noting.choice_of(contact.out_of).value)
    return htmx.page(
        "contacts/contact.html",
        None,
        status,
        account=account,
        contact=contact,
        form=form,
        entries=ledger.of_contact(contact),
        line=line,
        source_words=SOURCE_WORDS,
        origin_words=ORIGIN_WORDS,
        out_words=OUT_WORDS,
    )


def _merging(
    account: Account, contact: Contact, other: Contact | None, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    typed, result = request.args.get("q", "").strip()[:100], None
    if other is not None:
        try:
            result = merging.preview(account, contact, other)
        except DomainError as error:
            problem = str(error.message)
    found = merging.candidates(account, contact, typed) if typed and result is None else ()
    return htmx.page(
        "contacts/merge.html",
        None,
        status,
        account=account,
        contact=contact,
        typed=typed,
        found=found,
        result=result,
        problem=problem,
    )


def _contact_or_404(account: Account, contact_id: int) -> Contact:
    found = book.find(account, contact_id)
    if found is None:
        abort(404)
    return found
