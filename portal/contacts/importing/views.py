"""The pages of an import: the file, how far it is, what became of it, and the wrong rows."""

from typing import BinaryIO, cast
from uuid import UUID

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue

from portal.contacts.blueprint import blueprint
from portal.contacts.forms import ImportForm
from portal.contacts.importing import batches, wrong_rows
from portal.contacts.kept_file import LARGEST
from portal.db.engine import only_reads
from portal.errors import DomainError
from portal.i18n import _
from portal.models import Account, ContactImport, ImportState
from portal.web import access, htmx, listing
from portal.web.access import SENDERS
from portal.web.forms import text
from portal.web.serving.uploads import takes_up_to

ROOT = "/accounts/<uuid:account_id>/contacts/import"
ONE = f"{ROOT}/<uuid:import_id>"
AT_ONCE = 1.5
"""Seconds for which somebody waits for the result; the worker does the rest."""


@blueprint.get(ROOT)
@access.account_page(*SENDERS)
def choose_file(account: Account) -> ResponseReturnValue:
    """A form for a file."""
    form = ImportForm()
    form.begin()
    return htmx.page("contacts/importing/file.html", account=account, form=form)


@blueprint.post(ROOT)
@access.account_page(*SENDERS)
@only_reads
@takes_up_to(LARGEST)
def take_file(account: Account) -> ResponseReturnValue:
    """Begin to take it in, and end that at once where it is short."""
    form, upload = ImportForm(), request.files.get("file")
    form.begin()
    try:
        if form.validate():
            if upload is None or not upload.filename:
                raise DomainError(_("Choose a CSV file."), "file")
            file, name = cast(BinaryIO, upload.stream), upload.filename
            tag, intent = text(form.tag), text(form.intent)
            job = batches.begin(access.person_or_401(), account, file, name, tag, intent=intent)
            batches.carry_on(job.id, AT_ONCE)
            return htmx.redirect(url_for("contacts.show_import", account_id=account.id, import_id=job.id))
    except DomainError as error:
        form.show_refusal(error)
    return htmx.page("contacts/importing/file.html", None, 422, account=account, form=form)


@blueprint.get(ONE)
@access.account_page(*SENDERS)
def show_import(account: Account, import_id: UUID) -> ResponseReturnValue:
    """How far it is, or what became of it."""
    job = _import_or_404(account, import_id)
    is_done = job.state == ImportState.FINISHED
    return htmx.page(
        "contacts/importing/result.html",
        "result",
        account=account,
        job=job,
        is_done=is_done,
        share=min(99, 100 * job.read_rows // job.rows) if job.rows else 0,
        wrong=wrong_rows.first(job) if is_done and job.wrong else (),
        has_file=is_done and bool(job.wrong) and batches.SHELF.has(job.id),
        word=wrong_rows.word,
    )


@blueprint.get(f"{ONE}/wrong.csv")
@access.account_page(*SENDERS)
def wrong_rows_file(account: Account, import_id: UUID) -> ResponseReturnValue:
    """The rows that were not taken in, to be corrected."""
    job = _import_or_404(account, import_id)
    if not batches.SHELF.has(job.id):
        abort(404)
    return listing.download("wrong-rows", wrong_rows.export(access.person_or_401(), account, job))


def _import_or_404(account: Account, import_id: UUID) -> ContactImport:
    found = batches.find(account, import_id)
    if found is None:
        abort(404)
    return found
