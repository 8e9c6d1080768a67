"""The adapter is a leaf, and its sentences can be translated."""

import ast
import sys
from pathlib import Path

import portal.connexease
from portal.connexease import errors
from portal.connexease.texts import source_of

PACKAGE = Path(portal.connexease.__file__).parent
ALLOWED = {"requests", "urllib3", "pydantic"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_it_imports_nothing_of_the_portal_and_little_else():
    for path in PACKAGE.rglob("*.py"):
        for name in imported(path):
            root = name.partition(".")[0]
            known = root in sys.stdlib_module_names or root in ALLOWED
            assert known or name.startswith("portal.connexease"), f"{path.name} imports {name}"


def test_nothing_else_of_the_portal_imports_requests():
    for path in PACKAGE.parent.rglob("*.py"):
        may = PACKAGE in path.parents or "sandbox" in path.parts
        if not may and "requests" in path.read_text():  # to take a module apart takes long
            assert not {name for name in imported(path) if name.partition(".")[0] == "requests"}, path


def test_an_error_gives_its_sentence_to_a_translator():
    call = errors.CallRecord("GET", "/accounts/", "1", 200)
    error = errors.BadAnswer(call, errors.BadAnswer.missing, {"field": "uuid"})
    assert error.message == "The answer from Connexease is missing the field “uuid”."
    assert source_of(error.message) == (errors.BadAnswer.missing, {"field": "uuid"})
    assert source_of(errors.Unavailable(call).message) == (errors.Unavailable.sentence, {})
    assert source_of("100% of %(vendor)s") is None
