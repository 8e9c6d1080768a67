"""The catalogue of triggers against the vendor's table."""

import pytest

from portal.connexease import triggers
from portal.connexease.triggers import Scope

GUIDE = """
channel.created account
channel.updated channel assumed
message.created channel
message.state_changed channel
conversation.created channel
conversation.assigned channel
conversation.archived channel
conversation.type_changed channel
conversation.custom_fields_updated channel
conversation.expired channel assumed
conversation.group_changed channel
customer.updated channel
agent.status_changed account
feedback.received channel
"""


def test_the_catalogue_is_the_vendors_table_in_its_order():
    table = [
        " ".join([trigger.name, trigger.scope, *(["assumed"] if trigger.name_assumed else [])])
        for trigger in triggers.CATALOGUE
    ]
    assert table == GUIDE.split("\n")[1:-1]


def test_every_trigger_says_what_it_means():
    meanings = [trigger.meaning for trigger in triggers.CATALOGUE]
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)


def test_lookups():
    found = triggers.find("message.created")
    assert found is not None
    assert found.scope is Scope.CHANNEL
    assert triggers.find("something.new") is None
    assert [one.name for one in triggers.with_scope(Scope.ACCOUNT)] == ["channel.created", "agent.status_changed"]
    assert len(triggers.with_scope(Scope.CHANNEL)) == 12


@pytest.mark.parametrize(
    ("name", "expected"), [("channel.created", True), ("message.created", False), ("something.new", False)]
)
def test_whether_a_trigger_is_account_wide(name, expected):
    assert triggers.is_account_scoped(name) is expected


def test_the_public_pages_extra_trigger_is_not_offered():
    assert triggers.find("conversation.auto_assign") is None
    assert "conversation.auto_assign" in triggers.NOT_OFFERED
