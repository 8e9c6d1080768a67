"""The clinic's access tokens: one near its end, and one for each other thing that can become of a token."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlmodel import select

from portal.demo.logins import SELIN
from portal.demo.stage import Scenes, Stage
from portal.demo.story.customer import Customer
from portal.extensions import session
from portal.models import Credential
from portal.vault import issuing, keys, revoking, snapshot
from portal.vault.issuing import TokenRequest

DAY = 24 * 60 * 60
CREATE = ("POST", "/access-token/$")


def tokens(stage: Stage) -> Scenes:
    """Made here and elsewhere, revoked, expired, gone, and lost in three ways."""
    yield stage.ago(23, "09:00")
    clinic = Customer.of(stage, SELIN)
    account = clinic.uuid()
    _make(clinic, "CRM")
    stage.vendor.create_token(account, expires_in=45 * DAY)  # near its end by now
    stage.vendor.create_token(account, expires_in=12 * DAY)  # over by now
    vanishes = stage.vendor.create_token(account)
    _look(clinic)
    yield stage.ago(21, "14:00")
    stage.vendor.delete_token(vanishes)
    _revoke(clinic, _make(clinic, "Former agency"))
    yield stage.ago(19, "10:00")
    stage.vendor.fault("reset_before", *CREATE)
    _make(clinic, "Reporting")  # its call never arrived: nothing was made
    yield stage.ago(18, "10:00")
    stage.vendor.fault("reset_after", *CREATE)
    _make(clinic, "Invoices")  # made, but its key was lost with the answer: revoked
    yield stage.ago(17, "10:00")
    stage.vendor.fault("reset_after", *CREATE)
    _make(clinic, "Newsletter")
    stage.vendor.create_token(account)  # two are new: nobody can tell which is ours
    yield stage.end - timedelta(seconds=3)
    row = _make(clinic, "Agency")
    with stage.visitor():
        uuid = session().exec(select(Credential.connexease_uuid).where(Credential.id == row)).one()
    stage.goes_on_failing("status", "PATCH", f"/access-token/{uuid}/$", status=503)
    _revoke(clinic, row)


def _make(clinic: Customer, name: str) -> UUID:
    with clinic.acting(SELIN) as (person, account):
        row = issuing.create(person, account, TokenRequest(name), uuid4().hex)
        keys.show_new(person, row)
        return row.id


def _revoke(clinic: Customer, row: UUID) -> None:
    with clinic.acting(SELIN) as (person, account):
        revoking.revoke(person, account, session().get_one(Credential, row))


def _look(clinic: Customer) -> None:
    with clinic.acting(SELIN) as (_person, account):
        snapshot.current(account)
