"""Macros that are imported without context are compiled once for all requests, so they see nothing of one."""

import secrets

import pytest
from flask import Flask
from flask_babel import get_translations
from jinja2 import meta, nodes
from markupsafe import Markup

from portal import create_app
from portal.settings import Settings


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    settings = {
        "portal_env": "testing",
        "secret_key": secrets.token_urlsafe(48),
        "vault_keys": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "database_url": f"sqlite:///{tmp_path_factory.mktemp('database') / 'portal.db'}",
        "connexease_reseller_token": "none",
    }
    return create_app(Settings(_env_file=None, **settings))


def imported(environment):
    """Which templates import which without context."""
    for name in environment.list_templates():
        tree = environment.parse(environment.loader.get_source(environment, name)[0])
        for node in tree.find_all((nodes.Import, nodes.FromImport)):
            if not node.with_context:
                yield node.template.value


def set_inside(tree):
    """What a template sets for itself; Jinja cannot tell where a condition stands before it."""
    return {target.name for node in tree.find_all(nodes.Assign) for target in node.target.find_all(nodes.Name)} | {
        node.target.name for node in tree.find_all(nodes.Assign) if isinstance(node.target, nodes.Name)
    }


def test_they_need_only_what_is_of_no_request(app: Flask) -> None:
    environment = app.jinja_env
    needs = {}
    for name in set(imported(environment)):
        tree = environment.parse(environment.loader.get_source(environment, name)[0])
        needs[name] = meta.find_undeclared_variables(tree) - set(environment.globals) - set_inside(tree)
    assert {name: words for name, words in needs.items() if words} == {}
    assert len(needs) > 5


def test_a_sentence_is_looked_up_when_a_template_is_compiled(app: Flask) -> None:
    source = '{{ _("Log in") }}{{ _("%(Vendor)s refused it.") }}{{ _("by %(person)s", person=name) }}{{ _(name) }}'
    with app.app_context():
        environment = app.jinja_env._in(get_translations())
        calls = environment.parse(source).find_all(nodes.Call)
        assert [call.args[0] for call in calls] == [
            nodes.Const("%(Vendor)s refused it."),
            nodes.Name("name", "load"),
        ]
        page = environment.from_string(source).render(name="<Ada>")
    assert page == "Log inConnexease refused it.by &lt;Ada&gt;<Ada>"


def test_a_value_is_escaped_once_wherever_a_page_writes_it(app: Flask) -> None:
    source = (
        "{% macro shown(value) %}<i>{{ value }}</i>{% endmacro %}"
        "{{ plain }}|{{ text }}|{{ safe }}|{{ number }}|{{ element }}|{{ nothing }}|{{ shown(text) }}"
        "{% for each in [text] %}{{ each }}{% endfor %}{% set kept %}{{ text }}{% endset %}{{ kept }}"
    )

    class Element:
        def __html__(self):
            return "<hr>"

    values = {"plain": "a b", "text": "<&>\"'", "safe": Markup("<b>"), "number": 7, "element": Element()}
    escaped = "&lt;&amp;&gt;&#34;&#39;"
    with app.app_context():
        written = app.jinja_env.from_string(source).render(values)
    assert written == f"a b|{escaped}|<b>|7|<hr>||<i>{escaped}</i>{escaped}{escaped}"
