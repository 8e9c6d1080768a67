"""Templates, compiled once for each language: its sentences are looked up then, and not for each page."""

from collections.abc import MutableMapping
from typing import Any, cast

from babel.support import NullTranslations
from flask.templating import Environment
from flask_babel import get_translations
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer

_NAMES = {"_", "gettext"}
_STANDING = ("%(vendor)s", "%(Vendor)s")
"""What `portal.i18n` fills in, which may be another word for another reader."""


class TranslatedEnvironment(Environment):
    """Flask's environment, which hands out each template in the language of the visitor.

    Behind it stands an environment for each language, with templates of its own. A template that is compiled
    from a string has no language: its sentences are looked up when it is rendered.
    """

    translations: NullTranslations | None = None
    """None for the environment that hands out, whose options the others take over when they are first needed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._languages: dict[NullTranslations, TranslatedEnvironment] = {}

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:  # noqa: A002 - Jinja's name
        if self.translations is not None:
            return super()._load_template(name, globals)
        return self._in(get_translations())._load_template(name, globals)

    def _in(self, translations: NullTranslations) -> "TranslatedEnvironment":
        if translations not in self._languages:
            language = self.overlay()
            language.translations = translations
            # Two threads may have come here at once; both go on with the one that was first.
            self._languages.setdefault(translations, language)
        return self._languages[translations]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self.translations is not None:
            _Translator(self.translations).visit(tree)
            tree.set_environment(self)
        return tree


class _Translator(NodeTransformer):
    """Puts each sentence in the place of the call that would look it up."""

    def __init__(self, translations: NullTranslations) -> None:
        self._translations = translations

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        text = _sentence(node)
        translated = self._translations.ugettext(text) if text is not None else None
        if translated is None or any(word in translated for word in _STANDING):
            return node
        # As newstyle gettext has it: a sentence is markup, its values are not, and "%" stands doubled in it.
        if not node.kwargs:
            return nodes.TemplateData(translated % {}, lineno=node.lineno)
        values = [nodes.Pair(nodes.Const(each.key), each.value) for each in node.kwargs]
        data = nodes.TemplateData(translated, lineno=node.lineno)
        return nodes.Mod(data, nodes.Dict(values, lineno=node.lineno), lineno=node.lineno)


def _sentence(call: nodes.Call) -> str | None:
    """What a call of gettext is to translate, where that is written out."""
    is_gettext = isinstance(call.node, nodes.Name) and call.node.name in _NAMES
    is_plain = len(call.args) == 1 and call.dyn_args is None and call.dyn_kwargs is None
    if is_gettext and is_plain and isinstance(call.args[0], nodes.Const):
        return cast(str, call.args[0].value)
    return None
