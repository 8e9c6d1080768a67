"""Whatever people do is told to them in a sentence, and can be filtered by its kind."""

import ast
import re
from functools import cache
from pathlib import Path

from portal.audit.log import FAMILIES
from portal.connexease.triggers import CATALOGUE, NOT_OFFERED
from portal.secrets.stored import PLACES
from portal.staff.audit.forms import FAMILY_WORDS

PORTAL = Path(__file__).resolve().parents[3] / "portal"
HISTORY = PORTAL / "customers/templates/customers/accounts/_history.html"
KINDS = {kind for kinds in FAMILIES.values() for kind in kinds}
NO_ACTIONS = {trigger.name for trigger in CATALOGUE} | NOT_OFFERED | set(PLACES)
"""What looks like an action and is none."""


@cache
def recorded() -> set[str]:
    """Every text that looks like an action in a module that may record one, endpoints and columns left out."""
    found = set()
    for file in PORTAL.rglob("*.py"):
        if "sandbox" in file.parts:
            continue
        text = file.read_text()
        nodes = ast.walk(ast.parse(text)) if ".record" in text else ()
        for call in (node for node in nodes if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr.startswith("record") and len(call.args) > 2:
                texts = [node.value for node in ast.walk(call.args[2]) if isinstance(node, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and "." in text}
        found |= set(re.findall(rf'"((?:{"|".join(KINDS)})\.[a-z_]+)"', text))
    return found - NO_ACTIONS - _places()


def _places() -> set[str]:
    """Endpoints, as `url_for` takes them, and columns, as a foreign key names them."""
    source = "\n".join(file.read_text() for file in PORTAL.rglob("*") if file.suffix in (".py", ".html"))
    named = re.finditer(r"""url_for\(\s*["']([^"']+)["']|foreign_key="([^"]+)\"""", source)
    return {name for place in named for name in place.groups() if name}


def test_every_action_has_words() -> None:
    told = set(re.findall(r'a == "([^"]+)"', HISTORY.read_text()))
    assert len(recorded()) > 40
    assert recorded() - told == set()


def test_every_action_is_of_a_kind() -> None:
    assert {action.partition(".")[0] for action in recorded()} <= KINDS
    assert set(FAMILIES) == set(FAMILY_WORDS)
