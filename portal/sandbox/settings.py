"""The sandbox's dials. All of them can be turned while it runs; a reset puts them back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError


@dataclass
class Settings:
    """Times are seconds unless the name says otherwise."""

    page_size: int = 5
    save_every: float = 0.0
    """How long changes may wait until the state file is written; 0: each is written at once."""
    list_order: Literal["oldest", "newest"] = "oldest"
    access_token_limit: int = 5
    onboarding_lifetime: int = 600
    allow_empty_channels: bool = False
    """Whether ``channels: []`` with a channel-scoped trigger means "all"; the guide does not say."""
    extra_triggers: list[str] = field(default_factory=list)
    """Channel-scoped triggers beyond the guide's fourteen."""

    dialog_opener_policy: str = ""
    """A Cross-Origin-Opener-Policy for the dialog; "same-origin" makes it lose its opener."""
    reconnect_hook: str = "channel.updated"
    """What a reconnect is announced as: the guide does not say. Empty: not at all."""

    hold_deliveries: bool = False
    first_delay: float = 0.0
    retry_delay: float = 2.0
    retry_factor: float = 2.0
    retry_max_delay: float = 600.0
    max_attempts: int = 30
    attempt_timeout: float = 5.0
    duplicates: int = 0
    """How many more times every delivery is made."""
    content_encoding: str = ""
    """How the bodies of deliveries are packed: gzip, deflate, or a word for which they stay as they are."""
    deliver_outside: bool = False
    """Whether deliveries may leave this machine; otherwise such an attempt is recorded as failed."""

    key_prefix: str = "pk_"
    staging_key_prefix: str = "sk_"
    """What keys start with. Some of the vendor's pages say this, newer ones that ``sk_`` is the key that sends."""
    publishable_key_prefix: str = "pb_"

    rate_per_second: int = 80
    rate_per_minute: int = 4800
    balance: float | None = None
    """The gateway's balance in USD, or None for enough. An accepted message costs 0.001."""
    statuses: list[str] = field(default_factory=lambda: ["sent", "delivered", "read"])
    """What the gateway reports about each accepted message by itself, in this order."""
    status_gap: float = 0.2
    message_status: str = ""
    """What the answer to a template says of it, such as ``held_for_quality_assessment``. One that is held is
    reported by nothing until ``report_statuses``."""
    callback_data: Literal["echo", "drop", "refuse"] = "echo"
    """What becomes of a sender's own value (``biz_opaque_callback_data``): whether the gateway lets it through is
    stated nowhere."""
    pricing: bool = True
    """Whether the first of delivered and read says what Meta charges."""

    mail_refusal: str = ""
    """An SMTP reply such as "451 Try again later" that every mail gets instead of a place in the mailbox."""


_ADAPTER = TypeAdapter(Settings)


class UnknownSettingError(ValueError):
    """A setting that does not exist, or a value that does not fit it."""


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """The settings with ``changes`` applied; raises UnknownSettingError and changes nothing otherwise."""
    unknown = sorted(set(changes) - {known.name for known in fields(Settings)})
    if unknown:
        raise UnknownSettingError(f"There is no setting called {', '.join(unknown)}.")
    try:
        return _ADAPTER.validate_python({**asdict(settings), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        raise UnknownSettingError(f"{first['loc'][0]}: {first['msg']}") from None
