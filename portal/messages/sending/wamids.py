"""The gateway's names of messages (`wamid`): each contains the recipient's number in plain base64.

What remains of one when the number is erased is a hash. Reports that come later find their message by it, and
nobody finds the number: a name ends in many random digits, which cannot be tried out.
"""

import hashlib

_ERASED = "erased:"


def erased(wamid: str) -> str:
    """What is kept instead of a name."""
    return wamid if is_erased(wamid) else _ERASED + hashlib.sha256(wamid.encode()).hexdigest()


def is_erased(wamid: str) -> bool:
    """Whether this is not the gateway's name any more."""
    return wamid.startswith(_ERASED)
