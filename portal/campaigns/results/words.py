"""Words for the states of rows, and for why rows failed or were skipped."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.campaigns import retention, tallies
from portal.campaigns.sending import ending, reasons
from portal.campaigns.sending.reasons import Reason
from portal.i18n import _, _l
from portal.messages.log import outcome
from portal.messages.log.outcome_words import Retry
from portal.messages.sending import results
from portal.models import Message, MessageState, MessageType, RowState

STATE_WORDS = {
    # Translators: a row whose message has not been sent yet
    RowState.WAITING: _l("Waiting"),
    RowState.SENDING: _l("Sending"),
    RowState.ACCEPTED: _l("Accepted"),
    # Translators: a message that Meta holds back for a while
    RowState.HELD: _l("Held by Meta"),
    RowState.SENT: _l("Sent"),
    RowState.DELIVERED: _l("Delivered"),
    # Translators: the recipient has read the message.
    RowState.READ: _l("Read"),
    RowState.FAILED: _l("Failed"),
    RowState.REFUSED: _l("Not sent"),
    RowState.UNKNOWN: _l("Unknown"),
    RowState.SKIPPED: _l("Skipped"),
}
KINDS = {
    RowState.ACCEPTED: "success",
    RowState.SENT: "success",
    RowState.DELIVERED: "success",
    RowState.READ: "success",
    RowState.REFUSED: "danger",
    RowState.FAILED: "danger",
    RowState.UNKNOWN: "warning",
    RowState.HELD: "warning",
    RowState.SENDING: "warning",
    RowState.WAITING: "warning",
}
"""The colour of each; grey for the others."""
EXPLAINED = {
    RowState.ACCEPTED: _l("The gateway has it. Status events will tell whether it arrives."),
    RowState.HELD: _l("Meta looks at how people like the template first."),
    RowState.UNKNOWN: _l("The gateway didn't answer. We don't send these again, so that nobody gets it twice."),
    RowState.REFUSED: _l("Certainly not sent."),
    RowState.FAILED: _l("WhatsApp didn't deliver it."),
}
_SKIPPED = {
    ending.STOPPED: _l("The campaign was stopped before their turn."),
    Reason.TIME_OVER: _l("The campaign's time ran out before their turn."),
    results.OPTED_OUT: _l("They opted out of marketing after the campaign was confirmed."),
    results.OPTED_OUT_OF_ALL: _l("They opted out of all messages after the campaign was confirmed."),
    retention.ERASED: _l("The contact was erased."),
    "unreadable": _l("We couldn't read the stored row."),
}


@dataclass(frozen=True)
class Why:
    """Why rows are in a state: what happened, what to do, and whether sending it again helps."""

    happened: str
    todo: str
    passes: bool


def why(state: RowState, problem: str) -> Why:
    """What a reason that is kept means."""
    if state == RowState.SKIPPED:
        return Why(str(_SKIPPED.get(problem, "")), "", passes=False)
    said = outcome.explain(_message(state, problem))
    return Why(said.happened, _todo(said, problem), said.retry in (Retry.HELPS, Retry.LATER))


def _todo(said: outcome.Outcome, problem: str) -> str:
    """What to do, for many: what it says of one message is said of all of them."""
    if said.retry in (Retry.HELPS, Retry.LATER):
        return _("Send again to these people later.")
    return "" if said.retry == Retry.NEVER else said.todo if _is_about_all(problem) else ""


def _is_about_all(problem: str) -> bool:
    return problem.startswith(("132", "131042", "131053", "131052"))


def _message(state: RowState, problem: str) -> Message:
    of_row = MessageState.FAILED if state == RowState.FAILED else MessageState.REFUSED
    said = Message(account_id=UUID(int=0), intent="", type=MessageType.TEMPLATE, state=of_row)
    if problem.startswith(tallies.HTTP):
        said.http_status = int(problem.removeprefix(tallies.HTTP) or 0)
    else:
        said.code = problem
    return said


def stopped(reason: str, detail: str) -> Any:
    """What happened to a campaign that stopped by itself, and what to do; nothing where a person did it."""
    happened = reasons.happened(reason, detail)
    return (happened, reasons.todo(reason)) if happened else None
