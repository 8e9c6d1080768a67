"""Of those who write the same at the same moment one is first, whatever the database and however many processes."""

import json
from collections import Counter

import pytest
import requests
from flask import Flask
from pydantic import SecretStr
from sqlmodel import select

from portal.channels import snapshot
from portal.db import queue
from portal.db.engine import writing
from portal.errors import DomainError
from portal.extensions import session
from portal.mirror import activity, aging
from portal.models import (
    Account,
    ChannelListing,
    Credential,
    Delivery,
    Person,
    PortalWebhook,
    ReadPosition,
    StaffRole,
)
from portal.staff.people import staff_members
from portal.vault import gateway_keys
from portal.webhooks import portal_webhooks
from tests.support.application.portal import PASSWORD
from tests.support.suite.concurrent import at_once
from tests.support.suite.marks import both_databases


def outcomes(results):
    return Counter("done" if result is None else type(result).__name__ for result in results)


@both_databases
def test_twenty_equal_deliveries_at_two_processes(portal, gunicorn):
    """Of three bodies sent twenty times each at once, eight were once taken for the first."""
    _browser, account_id = portal.customer()
    with portal.app.app_context():
        hook = session().exec(select(PortalWebhook).where(PortalWebhook.account_id == account_id)).one()
        headers, path = portal_webhooks.headers(hook), f"/hooks/connexease/{hook.key}"
    url = gunicorn()
    bodies = [json.dumps({"hook": "message.created", "payload": {"number": number}}) for number in range(3)]

    def send(body):
        return requests.post(url + path, body, headers=headers, timeout=30).status_code

    assert set(at_once(*[lambda body=body: send(body) for body in bodies for _ in range(20)])) == {200}
    kept = portal.rows(Delivery)
    assert len(kept) == 60
    for body in bodies:
        same = [row for row in kept if row.body == body.encode()]
        firsts = [row.id for row in same if row.repeat_of is None]
        assert len(firsts) == 1
        assert Counter(row.repeat_of for row in same) == {None: 1, firsts[0]: 19}


@both_databases
def test_a_list_of_connexeases_that_two_visitors_read_first(portal):
    _browser, account_id = portal.customer()
    portal.sql("DELETE FROM channel_listing")

    def read():
        with portal.app.app_context():
            snapshot.try_refresh(session().get_one(Account, account_id))

    assert outcomes(at_once(*[read] * 6)) == {"done": 6}
    assert len(portal.rows(ChannelListing)) == 1


@both_databases
def test_one_login_however_often_it_is_made(portal):
    def make():
        with portal.app.test_request_context(), writing():
            try:
                staff_members.create("new@reseller.example.com", PASSWORD, StaffRole.ADMIN)
            except DomainError as error:
                return error
        return None

    assert outcomes(at_once(*[make] * 4)) == {"done": 1, "DomainError": 3}


@both_databases
def test_a_gateway_key_is_kept_once(portal):
    _browser, account_id = portal.customer()

    def add():
        with portal.app.test_request_context(method="POST"):
            portal.app.preprocess_request()
            person, account = session().exec(select(Person)).first(), session().get_one(Account, account_id)
            try:
                gateway_keys.add(person, account, "Orders", SecretStr("pk_" + "a1" * 20))
            except DomainError as error:
                return error
        return None

    assert outcomes(at_once(*[add] * 4)) == {"done": 1, "DomainError": 3}
    assert len(portal.rows(Credential)) == 1


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_workers_that_begin_to_read_the_same(portal):
    at_once(*[lambda: portal.run(activity.fold, "delivery")] * 4)
    at_once(*[lambda: portal.run(aging.age)] * 4)
    assert {row.name for row in portal.rows(ReadPosition)} == {"delivery", aging.NAME}


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_processes_that_open_the_queue_of_a_new_database(postgres, settings_for):
    settings = settings_for(portal_env="development", database_url=postgres.create())
    apps = [Flask("portal") for _ in range(8)]

    def open_queue(app):
        queue.init_app(app, settings)
        app.extensions["huey"].storage.close()

    at_once(*[lambda app=app: open_queue(app) for app in apps])
    assert [len(app.extensions["huey"]) for app in apps] == [0] * 8
    for app in apps:
        app.extensions["huey"].storage.close()
