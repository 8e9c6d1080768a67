"""Words as they are compared: folded in the same way where they are stored and where they are looked for."""

import re
from itertools import islice

from portal.contact import folded

MAX_WORDS = 10_000
MAX_WORD = 64

_WORD = re.compile(r"[^\W_]+")


def words_in(text: str) -> list[str]:
    """The words of a text as they are compared: letters and digits only; each once."""
    words = dict.fromkeys([word[:MAX_WORD] for word in _WORD.findall(folded(text))])
    return list(islice(words, MAX_WORDS))
