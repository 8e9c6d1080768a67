"""Whatever people do is told to them in a sentence."""

import re
from pathlib import Path

from portal.connexease.triggers import CATALOGUE, NOT_OFFERED

COLUMNS = {"account.id", "message.id", "webhook.sealed_headers", "credential.sealed_key"}
"""What looks like an action and is none."""
PORTAL = Path(__file__).resolve().parents[2] / "portal"


def test_every_action_on_an_account_has_words() -> None:
    source = "\n".join(file.read_text() for file in PORTAL.rglob("*.py") if "sandbox" not in file.parts)
    actions = set(
        re.findall(r'"((?:account|channel|webhook|watch|event|token|key|gateway_key|message)\.[a-z_]+)"', source)
    )
    triggers = {trigger.name for trigger in CATALOGUE} | NOT_OFFERED
    told = set(re.findall(r'a == "([^"]+)"', (PORTAL / "templates/accounts/_history.html").read_text()))
    assert len(actions) > 15
    assert actions - triggers - COLUMNS - told == set()
