"""After whatever happened, the tallies of a campaign say what counting its rows says."""

import random

from portal.events.processing import batches
from portal.messages.sending import gateway_call
from portal.models import Message, MessageState
from tests.integration.campaign_sending.conftest import opt_out
from tests.integration.messages.test_gateway_reports import Gateway, event, status
from tests.support.suite.marks import both_databases

WORDS = ("sent", "delivered", "read", "failed", "played", "unheard_of")


@both_databases
def test_tallies_are_true_after_any_history(campaigner, control) -> None:
    portal, dice = campaigner.portal, random.Random(11)
    gateway = Gateway(campaigner.sender)
    control.set(message_status="held_for_quality_assessment")
    held = campaigner.confirmed(6)
    portal.work()
    assert campaigner.states(held) == {"held": 6}
    control.set(message_status="")
    control.fault("timeout_after", "/v1/wa/message", times=3)
    control.fault("gateway", "/v1/wa/message", times=3, code="GW_001")
    others = campaigner.confirmed(14, first=100)
    opt_out(campaigner, campaigner.rows(others)[5].recipient)
    portal.work()
    for campaign_id in (held, others):
        campaigner.tally_is_true(campaign_id)
    for _round in range(4):
        messages = [row for row in portal.rows(Message) if row.wamid]
        told = [
            status(
                row.wamid, dice.choice(WORDS), to=row.recipient, errors=[{"code": dice.choice((131026, 131049))}]
            )
            for row in dice.sample(messages, 8)
        ]
        assert gateway.post(event(*told)).status_code == 200
        portal.run(batches.process_waiting)
        unknown = [row for row in portal.rows(Message) if row.state == MessageState.UNKNOWN]
        if unknown:
            campaigner.sender.settle(unknown[0].id, arrived=dice.random() < 0.5)
        for campaign_id in (held, others):
            campaigner.tally_is_true(campaign_id)
    # One whose worker was killed in the middle of its call.
    last = campaigner.confirmed(2, first=300)
    portal.work()
    portal.sql(
        "UPDATE message SET state = 'sending', claimed_until = created_at WHERE campaign_id = :id", id=last.hex
    )
    portal.sql("UPDATE campaign_row SET state = 'sending' WHERE campaign_id = :id", id=last.hex)
    portal.sql("DELETE FROM campaign_tally WHERE campaign_id = :id AND rows = 0", id=last.hex)
    portal.sql("UPDATE campaign_tally SET state = 'sending' WHERE campaign_id = :id AND rows = 2", id=last.hex)
    for message_id in portal.run(gateway_call.due):
        portal.run(gateway_call.send, message_id)
    assert campaigner.states(last) == {"unknown": 2}
    campaigner.tally_is_true(last)
