"""WhatsApp's marks become HTML, and nothing else does."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml.html import HtmlElement, fragment_fromstring

from portal.messages.compose.markup import HOLE, TAGS, clean, html

SIGNS = st.sampled_from("*_~`>-. \n1<&\"'()ab:/\\é\u0627\u202e\ufdd0\ufdd1")
PIECES = st.sampled_from(
    [
        "https://example.com/a_b",
        "www.x.org",
        "javascript:alert(1)",
        "```",
        "<script>",
        "> ",
        "- ",
        "12. ",
        "*bold*",
    ]
)
TEXTS = st.lists(SIGNS | PIECES | st.characters(), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "<p>plain</p>"),
        ("*bold* _it_ ~out~ `code`", "<p><b>bold</b> <i>it</i> <s>out</s> <code>code</code></p>"),
        ("*_both_*", "<p><b><i>both</i></b></p>"),
        ("_*a* b_", "<p><i><b>a</b> b</i></p>"),
        ("a*b*c snake_case_name 2*3*4", "<p>a*b*c snake_case_name 2*3*4</p>"),
        ("* not * and *not", "<ul><li>not * and *not</li></ul>"),
        ("*not *", "<p>*not *</p>"),
        ("*one\ntwo*", "<p>*one\ntwo*</p>"),
        ("**x**", "<p>*<b>x</b>*</p>"),
        ("(*x*), *y*!", "<p>(<b>x</b>), <b>y</b>!</p>"),
        ("`*not bold*`", "<p><code>*not bold*</code></p>"),
        ("```a\n*b*```", '<p><code class="chat-block">a\n*b*</code></p>'),
        ("> q\n> r\nz", "<blockquote>q\nr</blockquote><p>z</p>"),
        ("- a\n* b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n7. b", '<ol><li value="3">a</li><li value="7">b</li></ol>'),
        ("a\r\nb", "<p>a\nb</p>"),
        ("<b>&\"'", "<p>&lt;b&gt;&amp;&#34;&#39;</p>"),
        ("*مرحبا*", "<p><b>مرحبا</b></p>"),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ("https://", "<p>https://</p>"),
    ],
)
def test_marks(text: str, expected: str) -> None:
    assert html(text) == expected


@pytest.mark.parametrize(
    ("text", "address", "target"),
    [
        ("see https://example.com/a_b_c.", "https://example.com/a_b_c", None),
        ("(https://example.com/x_(y))", "https://example.com/x_(y)", None),
        ("*https://example.com*", "https://example.com", None),
        ("www.example.com!", "www.example.com", "https://www.example.com"),
        ("HTTP://EXAMPLE.com/?a=1&b=<", "HTTP://EXAMPLE.com/?a=1&b=", None),
    ],
)
def test_addresses_can_be_pressed(text: str, address: str, target: str | None) -> None:
    [link] = _read(html(text)).iter("a")
    assert (link.text_content(), link.attrib["href"]) == (address, target or address)
    assert "noopener" in link.attrib["rel"].split()


def test_what_is_missing_is_marked() -> None:
    shown = html(f"Hi {HOLE}, *{HOLE}*", ["Name", "<b>"])
    assert shown == "<p>Hi <mark>Name</mark>, <b><mark>&lt;b&gt;</mark></b></p>"


@given(TEXTS)
@example("*a " * 1400)
@example("`" * 4096)
def test_nothing_but_our_own_tags_comes_out(text: str) -> None:
    shown = html(text)
    tags = list(_read(shown).iterdescendants())
    assert shown.count("<") == 2 * len(tags), "the parser passed over a tag"
    assert {tag.tag for tag in tags} <= TAGS
    for tag in tags:
        assert set(tag.attrib) <= {"a": {"href", "rel", "target"}, "li": {"value"}, "code": {"class"}}.get(
            tag.tag, set()
        )
        if tag.tag == "a":
            assert re.match(r"https?://[^\W_]", tag.attrib["href"], re.IGNORECASE)
    assert "\ufdd0" not in shown
    assert "\ufdd1" not in shown


@given(TEXTS)
def test_the_words_stay(text: str) -> None:
    """All that is lost are the signs that mark, and the numbers that an ordered list shows by itself."""

    def words(of: str) -> str:
        return re.sub(r"[*_~`>\-.0-9\s]", "", of)

    assert words(_text_of(html(text))) == words(clean(text))


@given(st.text(st.characters(exclude_characters="*_~`>-.0123456789\r\ufdd0\ufdd1", exclude_categories=["Cs"])))
def test_text_without_marks_stays_as_it_is(text: str) -> None:
    assert _text_of(html(text)) == text


def _read(shown: str) -> HtmlElement:
    return fragment_fromstring(shown, create_parent="div")


def _text_of(shown: str) -> str:
    return "".join(_unescaped(part) for part in re.split(r"<[^>]*>", shown))


def _unescaped(text: str) -> str:
    for name, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(name, sign)
    return text
