"""Templates, compiled once for each language: its sentences are looked up then, and not for each page."""

import re
from collections.abc import MutableMapping
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any, cast

from babel.support import NullTranslations
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from portal.i18n import catalogue

_NAMES = {"_", "gettext"}
_STANDING = ("%(vendor)s", "%(Vendor)s")
"""What `portal.i18n` fills in, which may be another word for another reader."""


class _Context(Context):
    """Jinja's context, which calls the usual functions and macros without looking at what they might be."""

    def call(
        self, __called: Any, *arguments: Any, _loop_vars: Any = None, _block_vars: Any = None, **named: Any
    ) -> Any:
        kind = type(__called)
        if kind is Macro:
            return __called(self.eval_ctx, *arguments, **named)
        if kind in _PLAIN and not hasattr(__called, "jinja_pass_arg"):
            return __called(*arguments, **named)
        return super().call(__called, *arguments, _loop_vars=_loop_vars, _block_vars=_block_vars, **named)


_PLAIN = (FunctionType, MethodType, type(lru_cache(lambda: None)))


def written(value: Any) -> str:
    """A value as a page shows it, which is only strung together: most of them need no marks around them."""
    kind = type(value)
    if kind is not str:
        value = value if kind is Markup else escape(value)
    elif _NEEDS_ESCAPING(value):
        value = escape(value)
    text: str = value
    return text


_NEEDS_ESCAPING = re.compile("[&<>\"']").search


class _Generator(CodeGenerator):
    """Jinja's own, which has each value of a page written by `written`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Any, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("written(")


class _Template(Template):
    """A template whose macros are made once, as all templates have the same globals."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self._module or super()._get_default_module(ctx)


class TranslatedEnvironment(Environment):
    """Flask's environment, which hands out each template in the language of the visitor.

    Behind it stands an environment for each language, with templates of its own. A template that is compiled
    from a string has no language: its sentences are looked up when it is rendered.
    """

    context_class, code_generator_class, template_class = _Context, _Generator, _Template

    translations: NullTranslations | None = None
    """None for the environment that hands out, whose options the others take over when they are first needed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._languages: dict[NullTranslations, TranslatedEnvironment] = {}
        self._loaded: dict[str, Template] = {}

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:  # noqa: A002 - Jinja's name
        if self.translations is None:
            return self._in(catalogue())._load_template(name, globals)
        if self.auto_reload or globals:
            return super()._load_template(name, globals)
        if name not in self._loaded:
            self._loaded[name] = super()._load_template(name, globals)
        return self._loaded[name]

    def _in(self, translations: NullTranslations) -> "TranslatedEnvironment":
        if translations not in self._languages:
            language = self.overlay()
            language.translations, language._loaded = translations, {}
            # Two threads may have come here at once; both go on with the one that was first.
            self._languages.setdefault(translations, language)
        return self._languages[translations]

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return f"from {__name__} import written; {super()._generate(source, name, filename, defer_init)}"

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self.translations is not None:
            _Translator(self.translations).visit(tree)
            _Gatherer().visit(tree)
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


class _Gatherer(NodeTransformer):
    """Gathers what a loop writes, to hand it on at once: else each piece goes through all templates around it."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        as_it_is = nodes.Filter(None, "safe", [], [], None, None, lineno=node.lineno)
        return nodes.FilterBlock([node], as_it_is, lineno=node.lineno)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802 - Jinja's name
        """A macro gathers by itself."""
        return node


def _sentence(call: nodes.Call) -> str | None:
    """What a call of gettext is to translate, where that is written out."""
    is_gettext = isinstance(call.node, nodes.Name) and call.node.name in _NAMES
    is_plain = len(call.args) == 1 and call.dyn_args is None and call.dyn_kwargs is None
    if is_gettext and is_plain and isinstance(call.args[0], nodes.Const):
        return cast(str, call.args[0].value)
    return None
