"""What still has to be put right in a draft before it can go out, each at its field."""

import re
from collections import Counter
from collections.abc import Sequence

from portal.errors import DomainError
from portal.i18n import _, _n
from portal.messages.compose import media_check, recipients
from portal.messages.compose.drafts import (
    BODY_LIMIT,
    BUTTONS_AT_MOST,
    CAPTION_LIMIT,
    NAME_LIMIT,
    ONE_TIME_CODE,
    PARAMETER_LIMIT,
    Button,
    Draft,
)
from portal.messages.compose.parameters import CODE_LIMIT, is_name, is_one_line
from portal.models import MessageType

_NAME = re.compile(rf"[a-z0-9_]{{1,{NAME_LIMIT}}}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")

Problems = Sequence[tuple[str, str]]


def of(draft: Draft, time_zone: str) -> dict[str, list[str]]:
    """Everything that is wrong with a draft, by the field's name."""
    refusals: dict[str, list[str]] = {}
    try:
        recipients.read(draft.to, time_zone)
    except DomainError as error:
        refusals["to"] = [error.message]
    for field, problem in _PROBLEMS[draft.kind](draft):
        refusals.setdefault(field, []).append(problem)
    return refusals


def _text_problems(draft: Draft) -> Problems:
    if not draft.body.strip():
        return [("body", _("Enter a message."))]
    return _too_long("body", draft.body, BODY_LIMIT)


def _image_problems(draft: Draft) -> Problems:
    return [*_link_problems("image_link", draft.link), *_too_long("caption", draft.caption, CAPTION_LIMIT)]


def _audio_problems(draft: Draft) -> Problems:
    return _link_problems("audio_link", draft.link)


def _template_problems(draft: Draft) -> Problems:
    found: list[tuple[str, str]] = []
    if not draft.name:
        found.append(("name", _("Choose a template or enter its name.")))
    elif draft.expected is None and not _NAME.fullmatch(draft.name):
        found.append(("name", _("Use only lowercase letters, digits and _, for example order_update.")))
    if not _LANGUAGE.fullmatch(draft.language):
        found.append(("language", _("Enter a language code, for example en, tr or pt_BR.")))
    return [
        *found,
        *_header_problems(draft),
        *_value_problems(draft),
        *_name_problems(draft),
        *_button_problems(draft),
    ]


def _header_problems(draft: Draft) -> Problems:
    if draft.header == "text":
        if not draft.header_value.strip():
            return [("header_value", _("Enter the header text."))]
        uneven = _uneven("header_value", draft.header_value)
        return [*uneven, *_too_long("header_value", draft.header_value, PARAMETER_LIMIT)]
    return _link_problems("header_value", draft.header_value) if draft.header else []


def _value_problems(draft: Draft) -> Problems:
    found: list[tuple[str, str]] = []
    for index, value in enumerate(draft.values):
        field = f"values-{index}"
        if not value.strip():
            name = draft.expected[index] if draft.expected else _("value %(number)d", number=index + 1)
            found.append((field, _("Enter “%(name)s”. WhatsApp doesn't accept empty values.", name=name)))
        found += [*_uneven(field, value), *_too_long(field, value, PARAMETER_LIMIT)]
    return found


# --- names: a template has them for all of its values, or for none -----------------------------------


def _name_problems(draft: Draft) -> Problems:
    is_listed, is_named = draft.expected is not None, draft.is_named
    found = list(_listed_name_problems(draft) if is_listed else _typed_name_problems(draft))
    if draft.header == "text":
        if is_listed and draft.header_name and draft.values and not any(draft.names):
            found.append(("header_name", _("This template's values are numbered. Leave the name empty.")))
        elif problem := _name_problem(draft.header_name, is_named=is_named):
            found.append(("header_name", problem))
    return found


def _typed_name_problems(draft: Draft) -> Problems:
    uses = Counter(draft.names)
    return [
        (f"names-{index}", problem)
        for index, name in enumerate(draft.names)
        if (problem := _name_problem(name, is_named=draft.is_named, is_twice=uses[name] > 1))
    ]


def _listed_name_problems(draft: Draft) -> Problems:
    """Whoever chose a template of the list cannot name its values: what is wrong with them is the template's."""
    if all(draft.names) or not any(draft.names):
        return []
    said = _(
        "This template mixes numbered and named values, and WhatsApp accepts only one kind per template. "
        "Change the template in WhatsApp Manager, then refresh the list."
    )
    return [("values-0", said)]


def _name_problem(name: str, *, is_named: bool, is_twice: bool = False) -> str | None:
    if not is_named:
        return None
    if not name:
        return _("Enter this value's name too. WhatsApp wants names for all values or for none.")
    if not is_name(name):
        return _("Use only lowercase letters, digits and _, for example first_name.")
    return _("Two values have this name. Enter a different name for each.") if is_twice else None


# --- buttons -----------------------------------------------------------------------------------------


def _button_problems(draft: Draft) -> Problems:
    numbers = [button.number for button in draft.buttons]
    found: list[tuple[str, str]] = []
    for index, button in enumerate(draft.buttons):
        if not 1 <= button.number <= BUTTONS_AT_MOST:
            found.append(("buttons", _("Enter a button number from 1 to %(count)d.", count=BUTTONS_AT_MOST)))
        elif button.number in numbers[:index]:
            found.append(("buttons", _("Fill each button only once.")))
        found += [("buttons", problem) for problem in _code_problems(button, draft)]
        found += _too_long("buttons", button.value, PARAMETER_LIMIT)
    return found


def _code_problems(button: Button, draft: Draft) -> list[str]:
    if button.kind == ONE_TIME_CODE and not button.value:
        return [_("Enter the one-time code.")]
    if button.kind == ONE_TIME_CODE and draft.values != (button.value,):
        return [_("An authentication template has one code. Enter the same code in the text and the button.")]
    if button.is_code and len(button.value) > CODE_LIMIT:
        return [_("Enter a code of no more than %(count)d characters.", count=CODE_LIMIT)]
    return []


def _link_problems(field: str, link: str) -> Problems:
    problem = media_check.problem_with(link)
    return [(field, problem)] if problem else []


def _uneven(field: str, value: str) -> Problems:
    if is_one_line(value):
        return []
    return [(field, _("Enter one line, without line breaks, tabs or four spaces in a row."))]


def _too_long(field: str, text: str, limit: int) -> Problems:
    over = len(text) - limit
    words = _n("This text is %(num)d character too long.", "This text is %(num)d characters too long.", over)
    return [(field, words)] if over > 0 else []


_PROBLEMS = {
    MessageType.TEXT: _text_problems,
    MessageType.IMAGE: _image_problems,
    MessageType.AUDIO: _audio_problems,
    MessageType.TEMPLATE: _template_problems,
}
