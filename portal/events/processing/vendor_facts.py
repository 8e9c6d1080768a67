"""Who and what an event of Connexease is about. Its guide shows no payloads, so whatever fits is taken."""

from typing import Any

from portal.messages.reports.facts import TEXT, Fact, fact
from portal.messages.reports.inbound import TEXT_LIMIT, Inbound
from portal.messages.reports.json_fields import dict_of, line_of, list_of, text_of
from portal.messages.reports.people import Someone, someone

_TEXTS = ("content", "text", "body", "comment", "note")


def of(event: dict[str, Any]) -> list[Fact]:
    """The fact that a line for lists is made of, if there is any."""
    hook, payload = line_of(event, "hook", 100), dict_of(event, "payload")
    agent, text = _agent(payload), _first(payload, _TEXTS)
    if hook.startswith("channel."):
        name, what = line_of(dict_of(event, "channel"), "name", 80), hook.partition(".")[2]
        return [fact("channel", channel=name, state=what)] if name else []
    if hook.startswith("agent."):
        name, state = agent or line_of(payload, "name", 60), _first(payload, ("status", "state"))
        return [fact("agent", agent=name, state=state)]
    if hook.startswith("feedback."):
        return [fact("feedback", _customer(payload), score=line_of(payload, "score", 10), text=text)]
    if hook == "message.state_changed":
        return [fact("status", _customer(payload), state=_first(payload, ("state", "status")))]
    who = _customer(payload)
    if hook.startswith("message."):
        kind = "answer" if agent else "written"
        return [fact(kind, who, agent=agent, text=text)] if who.label or agent or text else []
    return [fact("customer", who, agent=agent, text=text or _last_message(payload))] if who.label else []


def inbound(event: dict[str, Any]) -> tuple[Inbound, ...]:
    """What a customer wrote in a conversation; nothing where an agent wrote, or nobody is named."""
    payload = dict_of(event, "payload")
    if line_of(event, "hook", 100) != "message.created" or dict_of(payload, "agent"):
        return ()
    who, text = _customer(payload), text_of(payload, "content", TEXT_LIMIT)
    return (Inbound(who, None, type="text", text=text),) if who.is_known and text else ()


def _customer(payload: dict[str, Any]) -> Someone:
    inner = dict_of(payload, "customer") or dict_of(dict_of(payload, "conversation"), "customer")
    source = inner or (payload if "phone_number" in payload else {})
    who = someone(source, "phone_number", "user_id")
    return Someone(who.number, who.user_id, line_of(source, "name", 60))


def _agent(payload: dict[str, Any]) -> str:
    agent = dict_of(payload, "agent")
    return line_of(agent, "name", 60) or " ".join(
        part for field in ("first_name", "last_name") if (part := line_of(agent, field, 40))
    )


def _last_message(payload: dict[str, Any]) -> str:
    messages = list_of(payload, "messages")
    return _first(messages[-1], _TEXTS) if messages else ""


def _first(source: Any, fields: tuple[str, ...]) -> str:
    return next((text for field in fields if (text := line_of(source, field, TEXT))), "")
