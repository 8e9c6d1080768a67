"""Compiled templates are kept for the next start, until anything that they were made of or by changes."""

from pathlib import Path

import pytest
from babel.support import NullTranslations
from jinja2 import DictLoader

from portal import create_app, translations
from portal.web.rendering import compiled_templates
from portal.web.rendering.compiled_templates import CompiledTemplates
from portal.web.rendering.templating import TranslatedEnvironment

PAGE = "{{ _('Log in') }} {{ name }}"


@pytest.fixture
def compiled(settings_for, tmp_path, monkeypatch):
    """What a start compiles when a page is asked for, in a language; what the page says comes with it."""
    app, made = create_app(settings_for()), []
    usual = TranslatedEnvironment._compile
    monkeypatch.setattr(TranslatedEnvironment, "_compile", lambda *given: made.append(given[2]) or usual(*given))

    def start(language="en", source=PAGE, folder=tmp_path / "kept"):
        environment = TranslatedEnvironment(app, loader=DictLoader({"page.html": source}))
        environment.bytecode_cache = CompiledTemplates(folder)
        environment.globals["_"] = environment.globals["gettext"] = lambda text: text
        said = environment._in(translations.catalogue(language)).get_template("page.html").render(name="Ada")
        done, made[:] = len(made), []
        return done, said

    return start


def test_it_is_compiled_once_for_each_language(compiled):
    assert compiled() == (1, "Log in Ada")
    assert compiled() == (0, "Log in Ada")
    assert compiled("tr") == (1, "Giriş yap Ada")
    assert compiled("tr") == (0, "Giriş yap Ada")
    assert compiled() == (0, "Log in Ada")


def test_it_is_compiled_anew_when_the_template_has_changed(compiled):
    compiled()
    assert compiled(source="{{ name }}!") == (1, "Ada!")
    assert compiled(source="{{ name }}!")[0] == 0


def test_it_is_compiled_anew_when_a_sentence_has_changed(compiled, monkeypatch):
    compiled("tr")
    monkeypatch.setitem(translations.catalogue("tr")._catalog, "Log in", "Buyurun")
    compiled_templates._of.cache_clear()
    assert compiled("tr") == (1, "Buyurun Ada")
    compiled_templates._of.cache_clear()


def test_a_catalogue_that_makes_its_sentences_is_no_other(compiled, monkeypatch):
    class Shouting(NullTranslations):
        def ugettext(self, message):
            return message.upper()

    compiled()
    with monkeypatch.context() as patch:
        patch.setattr(translations, "catalogue", lambda _language: Shouting())
        assert compiled() == (1, "LOG IN Ada")
    assert compiled() == (0, "Log in Ada")


def test_it_is_compiled_anew_when_the_code_has_changed(compiled, monkeypatch, tmp_path):
    (tmp_path / "code.py").write_text("first")
    monkeypatch.setattr(compiled_templates, "PACKAGE", tmp_path)
    for expected in (1, 0):
        compiled_templates._compiler.cache_clear()
        assert compiled()[0] == expected
    (tmp_path / "code.py").write_text("second")
    compiled_templates._compiler.cache_clear()
    assert compiled()[0] == 1
    compiled_templates._compiler.cache_clear()


def test_where_nothing_can_be_written_it_is_compiled_each_time(compiled):
    for _ in range(2):
        assert compiled(folder=Path("/proc/none")) == (1, "Log in Ada")
