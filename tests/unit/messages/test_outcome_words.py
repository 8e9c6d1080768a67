"""Every error that the contract names is told in words."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from portal.messages.log import fee, meta_words, outcome
from portal.messages.log.outcome_words import Retry
from portal.models import Message, MessageState, MessageStatus, MessageType

# CONNEXEASE.md, section 6, and what the vendor's events were seen with.
RECIPIENT = (131026, 131047, 131049, 131050, 130472)
MESSAGE = (131051, 131053, 132000, 132001, 132005, 132007, 132012, 132015, 132016)
SLOW_DOWN = (130429, 131056)
STOP = (131048, 368, 133010, 131042, 131031)
SEEN = (131008, 131062, 131063, 100)
CONTRACT = (*RECIPIENT, *MESSAGE, *SLOW_DOWN, *STOP, *SEEN)


@pytest.fixture(autouse=True, scope="module")
def _languages() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def message(state: MessageState, **facts: object) -> Message:
    return Message(type=MessageType.TEMPLATE, intent="x", state=state, **facts)


@pytest.mark.parametrize("code", [str(code) for code in CONTRACT])
def test_each_of_metas_errors_says_what_to_do(code: str) -> None:
    words = meta_words.OF_META[code]
    assert words.happened
    assert words.todo
    failed = outcome.explain(message(MessageState.FAILED, code=code))
    assert (failed.happened, failed.todo) == (str(words.happened), str(words.todo))


def test_no_two_errors_are_told_alike() -> None:
    told = [str(words.happened) for words in meta_words.OF_META.values()]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(("code", "http"), [("GW_001", 400), ("", 502), ("META_001", 502)])
def test_metas_number_says_more_than_the_gateways_code_around_it(code: str, http: int) -> None:
    row = message(MessageState.REFUSED, code=code, http_status=http, description="(#132012) Parameter format")
    assert outcome.explain(row).happened == str(meta_words.OF_META["132012"].happened)


def test_a_number_that_says_nothing_leaves_the_gateways_code() -> None:
    row = message(MessageState.REFUSED, code="GW_001", description="(#100) Invalid parameter to")
    assert "content or number" in outcome.explain(row).happened


def test_who_opted_out_is_never_sent_the_same_again() -> None:
    assert outcome.explain(message(MessageState.FAILED, code="131050")).retry == Retry.NEVER


def test_a_pause_after_it_was_held_is_explained() -> None:
    held = {"message_status": "held_for_quality_assessment"}
    assert "is holding it back" in outcome.explain(message(MessageState.ACCEPTED, **held)).happened
    assert (
        "held this message back" in outcome.explain(message(MessageState.FAILED, code="132015", **held)).happened
    )
    assert "has paused" in outcome.explain(message(MessageState.FAILED, code="132015")).happened


@pytest.mark.parametrize(
    ("pricing", "words"),
    [
        (None, ""),
        ({"billable": True, "type": "regular", "category": "marketing"}, "Charged by Meta as marketing."),
        ({"billable": True, "category": "new_kind"}, "Charged by Meta as new_kind."),
        ({"billable": True}, "Charged by Meta."),
        ({"billable": False, "type": "free_customer_service"}, "within 24 hours"),
        ({"billable": False, "type": "free_of_a_new_kind"}, "Free."),
        ({"category": "utility"}, "Meta's category: utility."),
    ],
)
def test_what_meta_charges(pricing: dict[str, object] | None, words: str) -> None:
    said = fee.of([MessageStatus(pricing=None), MessageStatus(pricing=pricing)])
    assert words in said if words else said == ""
