"""Reading why a request was refused.

The vendor states no shape for the body of a 400. This takes the shapes its kind of API uses (field lists,
nested objects, lists of objects, `non_field_errors`, `detail`) and what a proxy may send: plain text, HTML,
nothing.
"""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

_GENERAL = frozenset({"detail", "non_field_errors", "__all__", "message", "error"})
_DEEPEST = 8
_MOST_SENTENCES = 1000
_MOST_FIELDS = 50
_MOST_TEXTS = 10

Tidy = Callable[[str], str]


def read(body: bytes, tidy: Tidy) -> tuple[dict[str, list[str]], list[str]]:
    """The sentences of a refusal: by field (nested ones dotted), and those that belong to no field."""
    fields: dict[str, list[str]] = {}
    for path, text in islice(_sentences(_content(body)), _MOST_SENTENCES):
        name, sentence = tidy(path), tidy(text)
        if not sentence or (name not in fields and len(fields) >= _MOST_FIELDS):
            continue
        sentences = fields.setdefault(name, [])
        if len(sentences) < _MOST_TEXTS:
            sentences.append(sentence)
    messages = fields.pop("", [])
    return fields, messages


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _plain_text(body)


def _plain_text(body: bytes) -> str:
    text = body.decode(errors="replace").strip()
    # Markup is a proxy's page, and a bracket begins JSON that broke off: neither is a sentence.
    return "" if text.startswith(("<", "{", "[")) else text


def _sentences(content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, list) and any(isinstance(item, dict) for item in content):
        # We never ask for several things at once, so a list of objects is about the one we asked for.
        for item in content:
            yield from _walk(item, ())
    else:
        yield from _walk(content, ())


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, str):
        yield ".".join(path), value
    elif isinstance(value, dict):
        yield from _walk_object(value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            nested = isinstance(item, dict | list) and not _is_sentence(item)
            yield from _walk(item, (*path, str(index)) if nested else path)


def _walk_object(value: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    has_sentence = not _GENERAL.isdisjoint(value)
    for key, item in value.items():
        if key == "code" and has_sentence:
            continue  # a machine's name for the sentence beside it
        yield from _walk(item, path if key in _GENERAL else (*path, key))


def _is_sentence(value: Any) -> bool:
    """Whether this is one sentence, perhaps with its code, as Django REST framework may write it."""
    return isinstance(value, dict) and bool(value) and value.keys() <= _GENERAL | {"code"}
