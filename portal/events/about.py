"""The line of an event in lists: who and what it is about.

What it is made of is found when the event is processed, and kept with it; the words come when it is shown, in the
reader's language, and without people and texts for those who may not read them.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from portal.i18n import _, _n
from portal.messages import notices
from portal.messages.log.display import STATE_WORDS
from portal.messages.reports.facts import Fact
from portal.messages.reports.preferences import RESUME, STOP
from portal.messages.reports.statuses import STATES

MOST = 3
"""Facts that a line names; of the others it says how many there are."""
COUNTED = 10_000
_PERSONAL = ("name", "number", "user", "text", "agent")


def kept(facts: Iterable[Fact]) -> dict[str, Any]:
    """What is kept of an event's facts; empty when there is nothing to say."""
    found = iter(facts)
    first = list(islice(found, MOST))
    more = sum(1 for _fact in islice(found, COUNTED))
    return ({"facts": first} | ({"more": more} if more else {})) if first else {}


def without_people(about: dict[str, Any]) -> dict[str, Any]:
    """What may be kept when those whom it is about were erased."""
    facts = [{key: text for key, text in each.items() if key not in _PERSONAL} for each in _facts(about)]
    return {**about, "facts": facts} if facts else {}


def line(about: dict[str, Any] | None, may_read: bool = True) -> str:
    """The line in words; empty when there is nothing to say.

    Args:
        may_read: whether the reader may see who it is about and what it says.
    """
    if not about:
        return ""
    shown = about if may_read else without_people(about)
    lines = [words for each in _facts(shown) if (words := _words(each))]
    text, more = " · ".join(dict.fromkeys(lines)), int(shown.get("more", 0))
    return _n("%(line)s and %(num)d more", "%(line)s and %(num)d more", more, line=text) if text and more else text


def _facts(about: dict[str, Any]) -> list[Fact]:
    facts = about.get("facts")
    return facts if isinstance(facts, list) else []


def _words(each: Fact) -> str:
    maker = _MAKERS.get(each.get("is", ""))
    return maker(each, _who(each)) if maker else ""


def _who(each: Fact) -> str:
    name, known = each.get("name", ""), each.get("number") or each.get("user", "")
    if name and known:
        return _("%(name)s (%(number)s)", name=name, number=known)
    return name or known


def _status(each: Fact, who: str) -> str:
    said = each.get("state", "")
    known = STATES.get(said)
    state = str(STATE_WORDS[known]) if known else said
    if not state:
        return ""
    return _("To %(person)s: %(state)s", person=who, state=state) if who else _("Message: %(state)s", state=state)


def _message(each: Fact, who: str) -> str:
    text = each.get("text", "")
    if not who and not text:
        return _("A customer wrote")
    if not text:
        return _sent(each.get("type", ""), who)
    return _("%(person)s: “%(words)s”", person=who, words=text) if who else f"“{text}”"


def _sent(kind: str, who: str) -> str:
    """A message that has no words of its own."""
    if kind == "image":
        return _("%(person)s sent an image", person=who)
    if kind in ("audio", "voice"):
        return _("%(person)s sent a voice message", person=who)
    if kind == "video":
        return _("%(person)s sent a video", person=who)
    if kind == "document":
        return _("%(person)s sent a document", person=who)
    if kind == "location":
        return _("%(person)s sent a location", person=who)
    return _("%(person)s wrote", person=who)


def _preference(each: Fact, who: str) -> str:
    who, value = who or _("A customer"), each.get("value", "")
    if value == STOP:
        return _("%(person)s no longer wants marketing messages", person=who)
    if value == RESUME:
        return _("%(person)s wants marketing messages again", person=who)
    return _("%(person)s changed which messages they want", person=who)


def _template(each: Fact, _who: str) -> str:
    name, language, state = each.get("template", ""), each.get("language", ""), notices.word(each.get("state", ""))
    if name and language and state:
        return _("Template %(name)s (%(language)s): %(state)s", name=name, language=language, state=state)
    if name and state:
        return _("Template %(name)s: %(state)s", name=name, state=state)
    return _("Template %(name)s changed", name=name) if name else _("A template changed")


def _account(each: Fact, who: str) -> str:
    state = notices.word(each.get("state", "")) or each.get("field", "").replace("_", " ")
    if who:
        return _("Your number %(number)s: %(state)s", number=who, state=state)
    return _("WhatsApp account: %(state)s", state=state)


def _answer(each: Fact, who: str) -> str:
    agent, text = each.get("agent", ""), each.get("text", "")
    if not agent:
        return _("An agent answered")
    if who and text:
        return _("%(agent)s to %(person)s: “%(words)s”", agent=agent, person=who, words=text)
    return _("%(agent)s: “%(words)s”", agent=agent, words=text) if text else _("%(agent)s answered", agent=agent)


def _feedback(each: Fact, who: str) -> str:
    score, text = each.get("score", ""), each.get("text", "")
    if who and score:
        return _("%(person)s gave a rating of %(score)s", person=who, score=score)
    if score and text:
        return _("Rating %(score)s: “%(words)s”", score=score, words=text)
    return _("Rating %(score)s", score=score) if score else ""


def _customer(each: Fact, who: str) -> str:
    agent, text = each.get("agent", ""), each.get("text", "")
    if who and text:
        return _("%(person)s: “%(words)s”", person=who, words=text)
    return _("%(person)s, with %(agent)s", person=who, agent=agent) if who and agent else who


def _agent(each: Fact, _who: str) -> str:
    agent, state = each.get("agent", ""), each.get("state", "")
    return _("%(agent)s: %(state)s", agent=agent, state=state) if agent and state else agent


def _channel(each: Fact, _who: str) -> str:
    name = each.get("channel", "")
    if each.get("state") == "created":
        return _("%(channel)s was connected", channel=name)
    return _("%(channel)s changed", channel=name)


_MAKERS: dict[str, Callable[[Fact, str], str]] = {
    "status": _status,
    "message": _message,
    "written": _message,
    "answer": _answer,
    "preference": _preference,
    "template": _template,
    "account": _account,
    "feedback": _feedback,
    "customer": _customer,
    "agent": _agent,
    "channel": _channel,
}
