"""What somebody is writing: whatever was typed, finished or not."""

from dataclasses import dataclass, replace
from uuid import UUID

from portal.connexease import schemas
from portal.models import MessageType

BODY_LIMIT = schemas.TEXT_BODY_LIMIT
"""Characters in a text. What counts as one the vendor does not say: Unicode code points are taken to be meant."""
CAPTION_LIMIT = 1024
"""Characters below an image: Meta's limit, as Connexease names none."""
PARAMETER_LIMIT = 1024
NAME_LIMIT = 512
BUTTONS_AT_MOST = 10
HEADER_FILES = ("image", "video", "document")
ONE_TIME_CODE = "one_time_code"
"""The button of an authentication template: Meta wants the code once in the text and once in the button."""


@dataclass(frozen=True)
class Button:
    """What a template's button is filled with. `number` counts the template's buttons from 1."""

    number: int
    kind: str
    """`url`: the end of its address. `quick_reply`: what comes back when it is pressed. `copy_code`: the code that
    it copies. `flow`: the token of its form. `ONE_TIME_CODE`: the code of an authentication template."""
    value: str

    @property
    def is_code(self) -> bool:
        return self.kind in ("copy_code", ONE_TIME_CODE)


@dataclass(frozen=True)
class Draft:
    """Everything that was typed. Of the fields, those of the draft's own kind count."""

    kind: MessageType = MessageType.TEXT
    to: str = ""
    body: str = ""
    link_preview: bool = False
    link: str = ""
    caption: str = ""
    template: UUID | None = None
    """The template that was chosen of Connexease's list; several may have its name."""
    name: str = ""
    language: str = ""
    header: str = ""
    """Empty, `text`, or one of `HEADER_FILES`."""
    header_value: str = ""
    header_name: str = ""
    """Of the header's value, in a template that names its values."""
    values: tuple[str, ...] = ()
    """Of the template's body, in the order of its placeholders."""
    value_names: tuple[str, ...] = ()
    """What they are called, each empty where it goes by its number; nothing at all where all do."""
    expected: tuple[str, ...] | None = None
    """What the template calls its values; none where nobody knows the template."""
    buttons: tuple[Button, ...] = ()

    @property
    def file(self) -> tuple[str, str] | None:
        """The file that goes along: which kind it is, and its address."""
        if self.kind in (MessageType.IMAGE, MessageType.AUDIO):
            return self.kind.value, self.link
        if self.kind == MessageType.TEMPLATE and self.header in HEADER_FILES:
            return self.header, self.header_value
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each value, empty where it goes by its number."""
        return self.value_names or ("",) * len(self.values)

    @property
    def is_named(self) -> bool:
        """Whether any value has a name: then all must have one."""
        return any(self.names) or (self.header == "text" and bool(self.header_name))

    def with_code(self) -> "Draft":
        """The same with the code of an authentication template at both places, wherever it was typed."""
        code = next((button.value for button in self.buttons if button.kind == ONE_TIME_CODE), None)
        if code is None or len(self.values) > 1:
            return self
        typed = self.values[0] if self.values else ""
        values = (typed or code,) if typed or code else self.values
        code = code or typed
        buttons = (replace(b, value=code) if b.kind == ONE_TIME_CODE else b for b in self.buttons)
        return replace(self, values=values, buttons=tuple(buttons))


def language_code(text: str) -> str:
    """A language as Meta writes it: `en-us` and `EN_US` become `en_US`."""
    language, _mark, region = text.strip().replace("-", "_").partition("_")
    return f"{language.lower()}_{region.upper()}" if region else language.lower()
