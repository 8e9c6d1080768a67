"""What builds a route's addresses is compiled once for all applications: it takes most of the time of making one."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal import discovery


def compile_once(patch: pytest.MonkeyPatch) -> None:
    """From now on, for as long as the patch holds."""
    compile_, kept = Rule._compile_builder, {}

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_(rule, append_unknown)
        return kept[key]

    patch.setattr(Rule, "_compile_builder", once)


def compile_all() -> None:
    """Those of the portal, before any application is made."""
    nobodys = Flask("portal")
    for module in discovery.load("blueprint"):
        nobodys.register_blueprint(module.blueprint)
