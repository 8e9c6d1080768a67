"""Forgetting what was imported, and the files: people correct wrong rows within days, or not at all."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select

from portal.contacts.importing.batches import SHELF
from portal.db.unit_of_work import unit_of_work
from portal.extensions import session
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
    """Delete the files of an account: somebody who is erased may stand in one. The caller commits."""
    query = select(ContactImport.id).where(
        ContactImport.account_id == account.id, ContactImport.state == ImportState.FINISHED
    )
    for import_id in session().exec(query).all():
        SHELF.forget(import_id)
