"""How a mail is written: one text, and the same as HTML in one calm layout, so that both say the same.

A template says the subject, the body as plain text, and in `action` the words of the button that stands for the
first link. In the HTML part the link stands below its button in clear. No picture is loaded from anywhere.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage

from flask import current_app, render_template
from jinja2_fragments.flask import render_block

from portal.brand import colours
from portal.brand.current import brand
from portal.extensions import settings
from portal.models import MailKind

Context = dict[str, object]
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Letter:
    """A mail in words: the subject, the text, and the same as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Part:
    """One paragraph: `text`, `list` with its items as lines, `link`, or the `action` that the mail is about."""

    kind: str
    lines: tuple[str, ...]


def write(kind: MailKind, context: Context) -> Letter:
    """Write a mail of this kind in the language and brand at hand."""
    template = f"mail/{kind}.txt"
    context = {**context, "settings": settings(), "brand": brand()}
    subject = " ".join(render_block(template, "subject", **context).split())
    text = re.sub(r"\n{3,}", "\n\n", render_block(template, "body", **context).strip()) + "\n"
    has_action = "action" in current_app.jinja_env.get_template(template).blocks
    action = " ".join(render_block(template, "action", **context).split()) if has_action else ""
    return Letter(subject, text, _html(subject, text, action))


def put_into(message: EmailMessage, letter: Letter) -> None:
    """Make a message of it: the text, and the HTML for who reads that."""
    message["Subject"] = letter.subject
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")


def parts(text: str) -> list[Part]:
    """The paragraphs of a text; the first link alone in its paragraph is the action."""
    found: list[Part] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = tuple(line.strip() for line in paragraph.splitlines() if line.strip())
        if all(line.startswith("- ") for line in lines):
            found.append(Part("list", tuple(line.removeprefix("- ") for line in lines)))
        elif len(lines) == 1 and _LINK.fullmatch(lines[0]):
            found.append(Part("link" if any(part.kind == "action" for part in found) else "action", lines))
        else:
            found.append(Part("text", lines))
    return found


def _html(subject: str, text: str, action: str) -> str:
    accent = brand().accent or colours.DEFAULT
    schemes = {"light": colours.palette(accent, colours.LIGHT), "dark": colours.palette(accent, colours.DARK)}
    return render_template("mail/_layout.html", subject=subject, parts=parts(text), action=action, **schemes)
