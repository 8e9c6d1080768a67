"""Turn the sandbox's dials from another process: one short method per control call.

Needs nothing but the standard library. What comes back is the call's JSON as it is.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

JSON = dict[str, Any]
Rows = list[JSON]


class SandboxControlError(Exception):
    """The sandbox refused a control call; the text says why."""


class SandboxControl:
    """``SandboxControl(sandbox.api_url)``. All times are seconds."""

    def __init__(self, api_url: str, timeout: float = 10.0) -> None:
        self._base = api_url.rstrip("/") + "/_control"
        self._timeout = timeout

    def reset(self) -> None:
        """Everything back to the beginning but the ports and the token."""
        self._post("/reset")

    def settings(self) -> JSON:
        return self._call("GET", "/settings")

    def set(self, **changes: Any) -> JSON:
        """Change settings by name; ``settings.py`` lists them."""
        return self._call("PATCH", "/settings", changes)

    def now(self) -> float:
        """Unix seconds on the sandbox's clock."""
        return float(self._call("GET", "/clock")["now"])

    def advance(self, seconds: float) -> float:
        """Move the sandbox's clock; returns its new time."""
        return float(self._post("/clock", advance=seconds)["now"])

    # Faults and the log of calls

    def fault(self, kind: str, path: str = "", method: str = "*", times: int | None = 1, **more: Any) -> JSON:
        """Let the next ``times`` calls that fit go wrong (None: until cleared).

        ``kind``: timeout_before, timeout_after, reset_before, reset_after, status, html, gateway, truncated,
        slow, empty. ``path`` is a regular expression. ``more``: skip, after, seconds, status, headers, body,
        length ("whole" or "cut"), code and params of a gateway error.
        """
        fault = {"kind": kind, "path": path, "method": method, "times": times, **more}
        return self._call("POST", "/faults", fault)

    def faults(self) -> Rows:
        return self._rows("/faults")

    def clear_faults(self) -> None:
        """Forget all faults; calls that one of them holds are let go."""
        self._call("DELETE", "/faults")

    def remove_fault(self, number: int) -> None:
        self._call("DELETE", f"/faults/{number}")

    def requests(self, method: str = "", path: str = "") -> Rows:
        """Calls to the vendor's side, oldest first; ``path`` is compared as a whole."""
        rows = self._rows("/requests")
        return [row for row in rows if method in ("", row["method"]) and path in ("", row["path"])]

    def clear_requests(self) -> None:
        self._call("DELETE", "/requests")

    # What Connexease holds

    def accounts(self) -> Rows:
        return self._rows("/accounts")

    def create_account(self, contact_email: str, **fields: Any) -> JSON:
        """An account made elsewhere; with ``foreign=True`` it is another reseller's."""
        return self._post("/accounts", contact_email=contact_email, **fields)

    def create_accounts(self, count: int, prefix: str = "Shop") -> list[str]:
        """Many accounts at once, "Shop 1" and so on; their UUIDs."""
        return list(self._post("/accounts/many", count=count, prefix=prefix)["uuids"])

    def change_account(self, account: str, **fields: Any) -> JSON:
        return self._call("PATCH", f"/accounts/{account}", fields)

    def delete_account(self, account: str) -> None:
        """Let an account vanish, as no documented call can."""
        self._call("DELETE", f"/accounts/{account}")

    def create_access_token(self, account: str, **fields: Any) -> JSON:
        """A token made elsewhere; ``expires_in`` seconds."""
        return self._post(f"/accounts/{account}/access-tokens", **fields)

    def access_tokens(self) -> Rows:
        return self._rows("/access-tokens")

    def channels(self, account: str = "") -> Rows:
        return [row for row in self._rows("/channels") if account in ("", row["account"])]

    def create_channel(self, account: str, *, announce: bool = False, **fields: Any) -> JSON:
        """A channel connected elsewhere; ``announce`` sends channel.created."""
        return self._post(f"/accounts/{account}/channels", announce=announce, **fields)

    def change_channel(self, channel: str, *, announce: bool = False, **fields: Any) -> JSON:
        """``connected=False``, ``is_active=False``, ``name=...``; ``announce`` sends channel.updated."""
        return self._call("PATCH", f"/channels/{channel}", {"announce": announce, **fields})

    def delete_channel(self, channel: str) -> None:
        self._call("DELETE", f"/channels/{channel}")

    def webhooks(self, account: str = "") -> Rows:
        return [row for row in self._rows("/webhooks") if account in ("", row["account"])]

    def create_webhook(self, account: str, callback_url: str, **fields: Any) -> JSON:
        """A webhook made elsewhere, unchecked: unknown triggers are taken too."""
        return self._post(f"/accounts/{account}/webhooks", callback_url=callback_url, **fields)

    # The dialog

    def preset_dialog(self, outcome: str, name: str | None = None, times: int | None = 1) -> JSON:
        """Let the dialog press a button by itself for the next token that is opened.

        ``outcome``: connect, cancel, fail, close, connect_silently, noise, connect_without_event,
        connect_message_first, spent, expired. ``times`` None means until cleared.
        """
        return self._post("/dialog", outcome=outcome, name=name, times=times)

    def clear_presets(self) -> None:
        self._call("DELETE", "/dialog")

    def onboarding_tokens(self) -> Rows:
        return self._rows("/onboarding-tokens")

    def spend_onboarding_token(self, token: str) -> JSON:
        return self._call("PATCH", f"/onboarding-tokens/{token}", {"outcome": "spent"})

    def expire_onboarding_token(self, token: str) -> JSON:
        return self._call("PATCH", f"/onboarding-tokens/{token}", {"expires_at": 0})

    # Events

    def emit(self, hook: str, account: str, channel: str | None = None, **more: Any) -> Rows:
        """Send any hook to whoever wants it; ``more``: payload, hold."""
        return self._list("/emit", hook=hook, account=account, channel=channel, **more)

    def play_conversation(self, channel: str) -> Rows:
        return self._list(f"/channels/{channel}/conversation")

    def deliveries(self, hook: str = "") -> Rows:
        return [row for row in self._rows("/deliveries") if hook in ("", row["hook"])]

    def hold_deliveries(self) -> None:
        """From now on deliveries wait for ``release_deliveries``."""
        self._post("/deliveries/hold")

    def release_deliveries(self) -> list[int]:
        """Let all held deliveries go, and hold no more; returns their numbers."""
        return list(self._post("/deliveries/release")["released"])

    def release_delivery(self, number: int) -> JSON:
        """Attempt one delivery now: held, waiting or given up."""
        return self._post(f"/deliveries/{number}/release")

    def duplicate_delivery(self, number: int, times: int = 1, delay: float = 0.0) -> Rows:
        """Deliver the same event again, ``delay`` seconds from now."""
        return self._list(f"/deliveries/{number}/duplicate", times=times, delay=delay)

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait until no delivery is due or under way; False when that took longer."""
        answer = self._send("POST", "/deliveries/settle", {"timeout": timeout}, timeout)
        return bool(answer["settled"])

    # The gateway

    def gateway_keys(self) -> Rows:
        return self._rows("/gateway/keys")

    def issue_gateway_key(
        self, account: str, *, staging: bool = False, publishable: bool = False, number: str = ""
    ) -> str:
        """A new key; ``publishable``: for a browser SDK, it sends nothing; ``number``: which it sends from."""
        kind = {"staging": staging, "publishable": publishable, "number": number}
        return str(self._post("/gateway/keys", account=account, **kind)["key"])

    def revoke_gateway_key(self, key: str) -> None:
        self._post("/gateway/keys/revoke", key=key)

    def set_gateway_callback(self, account: str, url: str, secret: str) -> JSON:
        """Where message statuses go; an empty URL takes the callback away."""
        return self._post("/gateway/callbacks", account=account, url=url, secret=secret)

    def gateway_messages(self) -> Rows:
        return self._rows("/gateway/messages")

    def gateway_sends(self) -> dict[str, int]:
        """How many messages were taken for each number."""
        return dict(self._call("GET", "/gateway/sends")["sends"])

    def gateway_refused_as_too_many(self) -> int:
        """How many calls were refused with 429 by its limits."""
        return int(self._call("GET", "/gateway/sends")["too_many"])

    def report_status_of_many(
        self, account: str, status: str, to: list[str] | None = None, error: JSON | None = None
    ) -> Rows:
        """Report one status of every message to these numbers, or of all, a hundred in one event."""
        return self._list("/gateway/statuses", account=account, status=status, to=to, error=error)

    def report_statuses(self, wamid: str, *statuses: str, error: JSON | None = None) -> Rows:
        """Report sent, delivered, read, played or failed, in this order, repeated if named twice.

        ``error``: Meta's reason for a failure, ``{"code": 132015, "title": ...}``.
        """
        return self._list(f"/gateway/messages/{quote(wamid)}/statuses", statuses=statuses, error=error)

    def inbound_message(self, account: str, text: str = "Hello", sender: str = "905301112233") -> Rows:
        return self._list("/gateway/inbound", account=account, text=text, **{"from": sender})

    def mixed_event(self, account: str, **parts: Any) -> Rows:
        """One event about several things: ``statuses`` (a word by wamid), ``text``, ``preference``, ``template``
        (with its ``template_event``), ``news`` of the account (a value by field);

        of a person with the number ``from``, or with a ``user_id`` and no number.
        """
        return self._list("/gateway/mixed", account=account, **parts)

    def phone_codes(self) -> dict[str, str]:
        """What the authenticator app of the page ``/phone`` shows now: a code for each name."""
        return {row["name"]: row["code"] for row in self._rows("/phone")}

    def add_phone_key(self, key: str, name: str = "") -> JSON:
        """Add a setup key or an ``otpauth://`` address to that app."""
        return self._post("/phone", key=key, name=name)

    # Mail

    def mails(self, to: str = "") -> Rows:
        """Newest first: to, subject, text, links."""
        return self._rows(f"/mails?{urlencode({'to': to})}")

    def clear_mails(self) -> None:
        self._call("DELETE", "/mails")

    def _post(self, path: str, /, **fields: Any) -> JSON:
        return self._call("POST", path, fields)

    def _call(self, method: str, path: str, fields: JSON | None = None) -> JSON:
        result = self._send(method, path, fields)
        if not isinstance(result, dict):
            raise SandboxControlError(f"{path} answered {result!r}")
        return result

    def _rows(self, path: str) -> Rows:
        return list(self._send("GET", path, None))

    def _list(self, path: str, /, **fields: Any) -> Rows:
        return list(self._send("POST", path, fields))

    def _send(self, method: str, path: str, fields: JSON | None, answers_within: float = 0) -> Any:
        timeout = self._timeout + answers_within
        body = None if fields is None else json.dumps(fields).encode()
        call = Request(self._base + path, body, {"Content-Type": "application/json"}, method=method)  # noqa: S310
        try:
            with urlopen(call, timeout=timeout) as response:  # noqa: S310  # the sandbox's own address
                return json.load(response)
        except HTTPError as error:
            with error:
                raise SandboxControlError(f"{method} {path}: {error.read().decode()}") from None
