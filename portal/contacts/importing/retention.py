"""Forgetting what was imported, and the files: people correct wrong rows within days, or not at all."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.contacts.importing.batches import SHELF
from portal.db.unit_of_work import unit_of_work
from portal.errors import DomainError
from portal.extensions import session
from portal.i18n import _
from portal.models import Account, ContactImport, ContactImportWrong, ImportState, now

KEPT_FOR = timedelta(days=7)


def old() -> Sequence[UUID]:
    """Imports that nobody looks at any more."""
    query = select(ContactImport.id).where(col(ContactImport.ended_at) < now() - KEPT_FOR)
    return session().exec(query.limit(100)).all()


def forget(import_id: UUID) -> None:
    """Delete an import with its file; the people stay."""
    with unit_of_work():
        SHELF.forget(import_id)
        for model, column in (
            (ContactImportWrong, col(ContactImportWrong.import_id)),
            (ContactImport, col(ContactImport.id)),
        ):
            gone = sa.delete(model).where(column == import_id)
            session().execute(gone.execution_options(synchronize_session=False))
        session().commit()


def forget_files(account: Account) -> None:
    """Delete the files of an account: somebody who is erased may stand in one. The caller commits.

    Raises:
        DomainError: an import is under way, which might bring them back.
    """
    query = select(ContactImport.id, ContactImport.state).where(ContactImport.account_id == account.id)
    for import_id, state in session().exec(query).all():
        if state == ImportState.RUNNING:
            raise DomainError(
                _("Contacts are being imported, and this person may be in the file. Try again in a minute.")
            )
        SHELF.forget(import_id)
