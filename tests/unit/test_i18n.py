"""A sentence may name the vendor anywhere, and nobody passes its name."""

from collections.abc import Iterator

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel

from portal import i18n
from portal.i18n import _, _l, _n


@pytest.fixture(autouse=True)
def _word(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    i18n.init_app(app)
    monkeypatch.setattr(i18n, "vendor", lambda: "our <platform>")
    with app.test_request_context():
        yield


def test_the_word_for_the_vendor_is_filled_in() -> None:
    lazy = _l("%(Vendor)s refused it.")
    assert _("We couldn't reach %(vendor)s.") == "We couldn't reach our <platform>."
    assert str(lazy) == "Our <platform> refused it."
    assert _("%(Vendor)s refused %(what)s.", what="it") == "Our <platform> refused it."
    assert _n("%(vendor)s has one", "%(vendor)s has %(num)d", 3) == "our <platform> has 3"
    assert _("100 % of it") == "100 % of it"
    assert _n("%(num)d of %(whole)s", "%(num)d of %(whole)s", 4096, whole="all") == "4,096 of all"


def test_a_page_shows_it_escaped() -> None:
    page = '{{ _("%(Vendor)s refused it.") }} {{ ngettext("%(vendor)s has one", "%(vendor)s has %(num)d", 2000) }}'
    assert render_template_string(page) == "Our &lt;platform&gt; refused it. our &lt;platform&gt; has 2,000"
