"""The lines of a check, in words: what works, what to do where something does not, and what was not tried."""

from dataclasses import dataclass
from enum import StrEnum

from portal.contact import international
from portal.i18n import _, translated
from portal.messages.log import outcome
from portal.messages.log.display import STATUS_WORDS
from portal.messages.trial.facts import MOVING, Facts
from portal.models import Message, MessageState


class Mark(StrEnum):
    """How a line stands."""

    WORKS = "works"
    TO_DO = "to_do"
    WAITING = "waiting"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True)
class Line:
    """One line."""

    title: str
    mark: Mark
    said: str
    todo: str = ""
    leads_to_setup: bool = False
    """Whether the way on is the page that sets status events up."""
    asks_channel: bool = False
    """Whether the way on is to say which channel it was."""


def of(facts: Facts | None) -> list[Line]:
    """All of them, in the order in which they are tried; without a check, none of them was."""
    if facts is None:
        return [Line(title, Mark.NOT_TRIED, "") for title in _titles()]
    makers = (_key, _sending, _status, _event_log, _channel)
    return [make(title, facts) for make, title in zip(makers, _titles(), strict=True)]


def _titles() -> tuple[str, ...]:
    return (
        _("The API key works"),
        _("Sending works"),
        _("Status events arrive"),
        _("Events reach the event log"),
        _("The channel works"),
    )


def _key(title: str, facts: Facts) -> Line:
    if facts.trial.problem_text:
        return Line(title, Mark.TO_DO, translated(facts.trial.problem_text))
    if facts.test is None or facts.test.state in MOVING:
        return _waiting(title, facts, _("A message in test mode is on its way to the gateway."))
    if facts.works:
        return Line(title, Mark.WORKS, _("The gateway accepted a message in test mode."))
    return _told(title, facts.test)


def _sending(title: str, facts: Facts) -> Line:
    if not facts.trial.wants_real:
        return Line(title, Mark.NOT_TRIED, _("You didn't ask for a real message."))
    if facts.real is None and (facts.trial.ended_at or not facts.works):
        return Line(title, Mark.NOT_TRIED, _("We'll try this once the API key works."))
    if facts.real is None or facts.real.state in MOVING:
        return _waiting(title, facts, _("A message to your number is on its way to the gateway."))
    if facts.real.state in (MessageState.REFUSED, MessageState.FAILED, MessageState.UNKNOWN):
        return _told(title, facts.real)
    return Line(title, Mark.WORKS, outcome.explain(facts.real).happened)


def _status(title: str, facts: Facts) -> Line:
    if facts.reports:
        word = STATUS_WORDS.get(facts.reports[0].status, facts.reports[0].status)
        return Line(title, Mark.WORKS, _("The gateway reported the message as “%(status)s”.", status=word))
    if not _was_sent(facts):
        return Line(title, Mark.NOT_TRIED, _("Only a real message has status events."))
    return _missing(title, facts, _("No status event for the message arrived within two minutes."))


def _event_log(title: str, facts: Facts) -> Line:
    if not _was_sent(facts):
        return Line(title, Mark.NOT_TRIED, _("Only a real message has status events."))
    if not facts.has_callback:
        return Line(title, Mark.NOT_TRIED, _("Nothing can arrive until status events are set up."))
    if facts.has_event:
        return Line(title, Mark.WORKS, _("The event log has an event from the gateway."))
    return _missing(title, facts, _("No event from the gateway arrived within two minutes."))


def _channel(title: str, facts: Facts) -> Line:
    if facts.channel is not None and facts.number and facts.channel.is_proven:
        number, channel = international(facts.number), facts.channel.label
        said = _("The message came from “%(channel)s”, %(number)s.", channel=channel, number=number)
        return Line(title, Mark.WORKS, said)
    if facts.channel is not None and facts.number:
        todo = _("Reconnect it under Channels, then check again.")
        return Line(title, Mark.TO_DO, _("“%(channel)s” isn't connected.", channel=facts.channel.label), todo)
    if facts.number:
        said = _("The message came from %(number)s.", number=international(facts.number))
        return Line(title, Mark.TO_DO, said, _("Choose the channel that has this number."), asks_channel=True)
    if facts.is_round_trip and facts.trial.ended_at is None:
        return Line(title, Mark.WAITING, _("We're looking up which number the message came from."))
    if facts.is_round_trip and not facts.trial.number:
        said = _("The status event names no number, so we can't tell which channel the message came from.")
        return Line(title, Mark.NOT_TRIED, said)
    return Line(title, Mark.NOT_TRIED, _("The status event of a real message shows which channel sent it."))


def _was_sent(facts: Facts) -> bool:
    return facts.real is not None and facts.real.state not in (*MOVING, MessageState.REFUSED)


def _missing(title: str, facts: Facts, said: str) -> Line:
    if not facts.has_callback:
        todo = _("Set them up, then check again.")
        return Line(title, Mark.TO_DO, _("Status events aren't set up yet."), todo, leads_to_setup=True)
    if facts.trial.ended_at is None:
        return Line(title, Mark.WAITING, _("We'll wait up to two minutes."))
    todo = _("Compare the URL and secret in the gateway's dashboard with those here. Then check again.")
    return Line(title, Mark.TO_DO, said, todo, leads_to_setup=True)


def _waiting(title: str, facts: Facts, said: str) -> Line:
    if facts.trial.ended_at is None:
        return Line(title, Mark.WAITING, said)
    return Line(title, Mark.TO_DO, _("The check took longer than two minutes."), _("Check again."))


def _told(title: str, message: Message) -> Line:
    said = outcome.explain(message)
    return Line(title, Mark.TO_DO, said.happened, said.todo)
