"""Lale Butik's contacts and campaigns: one is over, with every kind of result, and one waits to be confirmed."""

from io import BytesIO
from uuid import UUID, uuid4

from sqlmodel import col, select

from portal.campaigns import confirming, drafting
from portal.campaigns.confirming import Wishes
from portal.campaigns.drafting import Asked
from portal.campaigns.message.filling import Filled
from portal.campaigns.message.mapping import Field, Part, Plan, Use
from portal.campaigns.sending import control, engine
from portal.contacts.importing import batches
from portal.demo.logins import AYSE, ZEYNEP
from portal.demo.stage import Scenes, Stage
from portal.demo.story import traffic
from portal.demo.story.customer import Customer
from portal.demo.story.texts import FIRST_NAMES
from portal.extensions import session
from portal.messages import template_list
from portal.messages.sending import outbox
from portal.models import Audience, CampaignRow, Message, MessageState

TEMPLATE, TAG = "points_balance", "Club"
PLAN = Plan(
    number=0,
    fields=(Field(Part.VALUE, name="first_name", column=1), Field(Part.VALUE, name="points", column=3)),
)
PLAN_OF_FILE = Plan(number=0, fields=(PLAN.fields[0], Field(Part.VALUE, name="points", column=2)))
MEMBERS, NEW, OUT, HELD, CHANGED_THEIR_MIND = 36, 12, 3, 4, 2


def points(stage: Stage) -> Scenes:
    """The members of a club are imported, told of their points, and some do not want that."""
    yield stage.ago(9, "10:00")
    shop = Customer.of(stage, AYSE)
    numbers = [traffic.number(stage) for _ in range(MEMBERS)]
    with shop.acting(ZEYNEP) as (person, account):
        job = batches.begin(person, account, BytesIO(_file(stage, numbers)), "club.csv", TAG, intent=uuid4().hex)
        batches.carry_on(job.id)
    yield stage.ago(6, "11:00")
    asked = Asked("Points in autumn", Audience.CONTACTS, TAG)
    campaign_id = _draft(shop, asked)
    yield stage.ago(6, "11:10")
    for number in numbers[-CHANGED_THEIR_MIND:]:  # after the check
        stage.vendor.write_in(shop.uuid(), number, "DUR")
    yield stage.ago(6, "11:20")
    with shop.acting(ZEYNEP) as (person, account):
        confirming.confirm(person, account, campaign_id, Wishes(most_failures=50), seen="", number=None)
    _send(stage, shop, campaign_id)
    yield from _report(stage, shop, campaign_id)
    yield stage.ago(1, "16:40")
    new = [traffic.number(stage) for _ in range(NEW)]
    file = BytesIO(_file(stage, [*numbers[: 2 * OUT], *new, new[0], "12"], has_outs=False))
    _draft(shop, Asked("Winter points", Audience.FILE, file=file, file_name="winter.csv"), PLAN_OF_FILE)


def _file(stage: Stage, numbers: list[str], *, has_outs: bool = True) -> bytes:
    lines = ["Phone,Name,Points,Opted out"]
    for place, number in enumerate(numbers):
        name, points = stage.random.choice(FIRST_NAMES), stage.random.randrange(1, 90) * 10
        lines.append(f"{number},{name},{points},{'marketing' if has_outs and place < OUT else ''}")
    return "\n".join(lines).encode()


def _draft(shop: Customer, asked: Asked, plan: Plan = PLAN) -> UUID:
    """Choose people and a template; the check follows by itself."""
    with shop.acting(ZEYNEP) as (person, account):
        listed = next(each for each in template_list.known(account).templates if each.name == TEMPLATE)
        use = Use(listed.name, "en", listed.uuid, listed)
        campaign = drafting.create(person, account, asked, uuid4().hex)
        drafting.fill(person, account, campaign.id, Filled(use, plan, outbox.gateway_keys(account)[0]))
        return campaign.id


def _send(stage: Stage, shop: Customer, campaign_id: UUID) -> None:
    """The first are held by Meta, two are refused, and of two nobody knows."""
    stage.vendor.set(message_status="held_for_quality_assessment")
    with shop.acting(ZEYNEP) as (person, account):
        engine.advance()
        control.pause(person, account, campaign_id)
    stage.drain()
    stage.vendor.set(message_status="")
    stage.vendor.fault("gateway", "POST", "^/v1/wa/message$", code="502", times=2)
    stage.vendor.fault("reset_after", "POST", "^/v1/wa/message$", times=2)
    with shop.acting(ZEYNEP) as (person, account):
        control.resume(person, account, campaign_id)
    stage.drain()


def _report(stage: Stage, shop: Customer, campaign_id: UUID) -> Scenes:
    """What becomes of them, fewer from step to step."""
    with stage.visitor():
        query = (
            select(Message.recipient)
            .join(CampaignRow, col(CampaignRow.message_id) == col(Message.id))
            .where(Message.campaign_id == campaign_id, col(Message.state) == MessageState.ACCEPTED)
        )
        # In the order of the rows: many are confirmed at the same moment, and the story is the same each time.
        taken = list(session().exec(query.order_by(col(CampaignRow.number))))[HELD:]
    told = (("failed", taken[:3]), ("sent", taken[3:-3]), ("delivered", taken[5:-3]), ("read", taken[8:-8]))
    for minute, (status, numbers) in enumerate(told, 21):
        yield stage.ago(6, f"11:{minute}")
        stage.vendor.report_together(shop.uuid(), status, numbers)
