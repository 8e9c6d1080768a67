"""The portal speaks plain modern English, with one term for each thing.

The lists hold what came back more than once. A word belongs here when there is a better one for every place.
"""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.sources.messages import PACKAGE, template

OLD = {
    "any more": "no longer",
    "anew": "again",
    "anybody": "anyone",
    "at hand": "say what to have or where it is",
    "at the moment": "now, or leave it out",
    "cannot": "can't",
    "e-mail": "email",
    "e-mails": "emails",
    "go on": "continue, or keep",
    "goes on": "continues, or keeps",
    "henceforth": "from now on",
    "in order to": "to",
    "lately": "recent",
    "meanwhile": "in the meantime",
    "oops": "say what happened",
    "please": "say what to do",
    "shall": "will, or say what to do",
    "should it": "if it",
    "somebody": "someone",
    "takes up": "resumes",
    "taken up": "resumed",
    "thereof": "of it",
    "upon": "on, or when",
    "whatever": "everything that",
    "whoever": "the person who",
    "whom": "who",
}
"""Words that nobody says aloud, and what is said."""

TERMS = {
    "gateway api key": "API key",
    "gateway api keys": "API keys",
    "gateway key": "API key",
    "gateway keys": "API keys",
    "log in at": "log in to",
    "log on": "log in",
    "log-in": "login",
    "log-ins": "logins",
    "log-out": "logout",
    "mailed": "emailed",
    "set-up": "setup",
    "sign in": "log in",
    "sign out": "log out",
    "signup": "sign-up",
    "the portal's team": "our team",
    "trying out": "test",
}
"""Other names for things that have one, and that one."""

TAG = re.compile(r"</?[a-z][^>]*>|&[a-z]+;")
UNNAMED = re.compile(r"%[sdifr]\b|%%|\{\d*\}")
MISPLACED = re.compile(
    r"\bthe %\([Vv]endor\)s|^%\(vendor\)s|[.!?] %\(vendor\)s|(?<![.!?:“] )(?<!^)%\(Vendor\)s",
)
"""The vendor's name is a name in some portals and two words in others, and stands at the beginning as `Vendor`."""
SUBJECT_LIMIT = 50


@cache
def mine() -> list[tuple[str, str]]:
    """Each sentence, or form of one, with the file that it is in."""
    found = []
    for message in template():
        texts = [message.id] if isinstance(message.id, str) else message.id
        files = [file.removeprefix("portal/") for file, _line in message.locations]
        found += [(file, text) for file in files for text in texts]
    return found


def complaints(words: dict[str, str]) -> Iterator[str]:
    for file, text in mine():
        for word, better in words.items():
            if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE):
                yield f"{file}: “{word}” is “{better}” in: {text}"


def breaking(pattern: re.Pattern[str]) -> list[str]:
    return [f"{file}: {text}" for file, text in mine() if pattern.search(text)]


def test_all_sentences_are_found() -> None:
    found = {file.split("/")[0] for file, _text in mine()}
    assert {"customers", "messages", "staff", "errors.py", "connexease"} <= found
    assert len(mine()) > 1500


@pytest.mark.parametrize("words", [OLD, TERMS], ids=["old", "terms"])
def test_what_must_not_come_back(words: dict[str, str]) -> None:
    assert "\n".join(complaints(words)) == ""


def test_a_sentence_holds_no_markup_and_names_its_placeholders() -> None:
    assert breaking(TAG) == []
    assert breaking(UNNAMED) == []


def test_the_name_of_the_vendor_fits_into_its_sentence() -> None:
    assert breaking(MISPLACED) == []


def test_the_subject_of_a_mail_is_short() -> None:
    """Without what it names: a list of mails shows about that much."""
    subjects = []
    for file in sorted((PACKAGE / "mail/templates/mail").glob("*.txt")):
        block = re.search(r"\{% block subject %\}(.*?)\{% endblock %\}", file.read_text(), re.DOTALL)
        subjects += re.findall(r'_\("([^"]+)"', block[1]) if block else []
    assert len(subjects) > 20
    assert [text for text in subjects if len(re.sub(r"%\(\w+\)s", "", text)) >= SUBJECT_LIMIT] == []
