"""The attributes of a form's fields are written as WTForms itself writes them."""

import pytest
from markupsafe import Markup
from wtforms.widgets import TextInput, html_params

from portal.web.forms import attributes_of


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"id": "name", "class_": "form-control", "maxlength": 200, "type": "text"},
        {"value": '<"Tom\'s" & Co>'},
        {"value": Markup('already &amp; safe, but for the "mark"')},
        {"required": True, "disabled": False, "value": None},
        {"data_copy_from": "key", "aria_describedby": "key-hint", "for_": "key"},
    ],
)
def test_they_are_the_same(values):
    assert attributes_of(**values) == html_params(**values)
    assert isinstance(attributes_of(**values), Markup)


def test_every_input_is_written_so():
    assert TextInput().html_params is attributes_of
