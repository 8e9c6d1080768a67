"""Which changes of an account's tables the list follows."""

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from portal.mirror import facts
from portal.mirror.projection import FOLLOWED, FOUND_BY
from portal.models import Person

COUNTED = (facts._CHANNELS, facts._WEBHOOKS, facts._TOKENS, facts._PEOPLE, facts._FRESHNESS)


def test_whatever_the_list_counts_is_followed():
    followed = {model.__table__.name: names for model, names in FOLLOWED.items()} | {
        Person.__tablename__: FOUND_BY
    }
    read = {
        (found.table.name, found.name)
        for query in COUNTED
        for found in visitors.iterate(query)
        if isinstance(found, sa.Column) and not found.primary_key
    }
    assert len(read) > 15
    assert {(table, name) for table, name in read if name not in followed[table]} == set()
