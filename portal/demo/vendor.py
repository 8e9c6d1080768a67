"""The hand that turns the local Connexease's dials, over HTTP: the sandbox and the portal share no code."""

import json
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

JSON = dict[str, Any]


class Vendor:
    """What happens at Connexease, in the dialog and in other people's hands, because the story says so."""

    def __init__(self, url: str, timeout: float = 30) -> None:
        self.url = url
        self._timeout = timeout

    def wait(self, token: str, patience: float = 60) -> None:
        """Wait until it answers, and make sure that it is ours: whatever else listens there keeps its dials.

        Raises:
            RuntimeError: nothing there takes our token.
        """
        request = Request(f"{self.url}/accounts/", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        until = time.monotonic() + patience
        while time.monotonic() < until:
            try:
                urlopen(request, timeout=self._timeout).close()  # noqa: S310 - our own loopback address
                return
            except OSError:  # a refusal is one, too
                time.sleep(0.05)
        raise RuntimeError(f"nothing at {self.url} takes our token")

    def set(self, **dials: Any) -> None:
        """Turn dials by name; `portal/sandbox/settings.py` lists them."""
        self._call("PATCH", "/settings", dials)

    def now(self) -> float:
        """Unix seconds on its clock."""
        return float(self._call("GET", "/clock")["now"])

    def advance(self, seconds: float) -> None:
        """Move its clock."""
        self._call("POST", "/clock", {"advance": seconds})

    def collect(self, until: float) -> list[JSON]:
        """Let its clock go on until then; the events that it would have sent meanwhile, in their order."""
        return list(self._call("POST", "/deliveries/collect", {"until": until}))

    def let_go(self) -> None:
        """From now on it sends events by itself, those of the future when they are due."""
        self._call("POST", "/deliveries/release", {"when_due": True})

    def fault(self, kind: str, method: str, path: str, *, times: int | None = 1, **more: Any) -> None:
        """Let the calls that fit go wrong; `times` None: until somebody takes the fault away."""
        self._call("POST", "/faults", {"kind": kind, "method": method, "path": path, "times": times, **more})

    # What happens at Connexease without the portal

    def create_account(self, name: str, email: str, **fields: Any) -> str:
        """An account that was made elsewhere; its UUID."""
        made = self._call("POST", "/accounts", {"name": name, "contact_email": email, **fields})
        return str(made["uuid"])

    def change_account(self, account: str, **fields: Any) -> None:
        self._call("PATCH", f"/accounts/{account}", fields)

    def delete_account(self, account: str) -> None:
        self._call("DELETE", f"/accounts/{account}")

    def connect_elsewhere(self, account: str, name: str, **fields: Any) -> str:
        """A channel that was connected at Connexease itself; its UUID."""
        return str(self._call("POST", f"/accounts/{account}/channels", {"name": name, **fields})["uuid"])

    def change_channel(self, channel: str, **fields: Any) -> None:
        self._call("PATCH", f"/channels/{channel}", fields)

    def delete_channel(self, channel: str) -> None:
        self._call("DELETE", f"/channels/{channel}")

    def create_webhook(self, account: str, callback_url: str, **fields: Any) -> str:
        made = self._call("POST", f"/accounts/{account}/webhooks", {"callback_url": callback_url, **fields})
        return str(made["uuid"])

    def change_webhook(self, webhook: str, **fields: Any) -> None:
        self._call("PATCH", f"/webhooks/{webhook}", fields)

    def delete_webhook(self, webhook: str) -> None:
        self._call("DELETE", f"/webhooks/{webhook}")

    def create_token(self, account: str, **fields: Any) -> str:
        """An access token that was made elsewhere; `expires_in` seconds."""
        return str(self._call("POST", f"/accounts/{account}/access-tokens", fields)["uuid"])

    def delete_token(self, token: str) -> None:
        self._call("DELETE", f"/access-tokens/{token}")

    def issue_gateway_key(self, account: str, *, staging: bool = False) -> str:
        return str(self._call("POST", "/gateway/keys", {"account": account, "staging": staging})["key"])

    def set_callback(self, account: str, url: str, secret: str) -> None:
        """Enter in the gateway's dashboard where it reports to."""
        self._call("POST", "/gateway/callbacks", {"account": account, "url": url, "secret": secret})

    # What it tells

    def emit(self, account: str, channel: str | None, *events: JSON) -> None:
        """Let events happen: of each the `hook`, its `payload`, and `after` how many seconds."""
        self._call("POST", "/emit", {"account": account, "channel": channel, "events": events})

    def report(self, wamid: str, fate: dict[str, float]) -> None:
        """What becomes of a message: each status, and after how many seconds."""
        call = {"statuses": list(fate), "after": list(fate.values())}
        self._call("POST", f"/gateway/messages/{quote(wamid)}/statuses", call)

    def report_together(self, account: str, status: str, numbers: list[str]) -> None:
        """What becomes of the messages to some people, in one event."""
        self._call("POST", "/gateway/statuses", {"account": account, "status": status, "to": numbers})

    def write_in(self, account: str, sender: str, text: str) -> None:
        """Somebody writes to the account's number."""
        self._call("POST", "/gateway/inbound", {"account": account, "from": sender, "text": text})

    def tell_news(self, account: str, template: tuple[str, str], **news: JSON) -> None:
        """WhatsApp tells of a template (name, new state) and of the account (a value by the event's field)."""
        name, state = template
        parts = {"template": name, "template_event": state, "news": news}
        self._call("POST", "/gateway/mixed", {"account": account, **parts})

    # What a person does there

    def finish_dialog(self, url: str, outcome: str, name: str) -> None:
        """Press a button in the onboarding dialog."""
        parts = urlsplit(url)
        token = parts.query.removeprefix("token=")
        form = urlencode({"token": token, "outcome": outcome, "name": name}).encode()
        with urlopen(Request(f"{parts.scheme}://{parts.netloc}{parts.path}", form), timeout=self._timeout):  # noqa: S310
            pass

    def links_mailed_to(self, email: str) -> list[str]:
        """The links of the newest mail to somebody."""
        mails = list(self._call("GET", f"/mails?{urlencode({'to': email})}"))
        return list(mails[0]["links"]) if mails else []

    def add_to_phone(self, address: str) -> None:
        """Scan an `otpauth://` address with the app of the page /phone."""
        self._call("POST", "/phone", {"key": address})

    def _call(self, method: str, path: str, fields: JSON | None = None) -> Any:
        body = None if fields is None else json.dumps(fields).encode()
        headers = {"Content-Type": "application/json"}
        call = Request(f"{self.url}/_control{path}", body, headers, method=method)  # noqa: S310 - our own loopback address
        with urlopen(call, timeout=self._timeout) as answer:  # noqa: S310
            return json.load(answer)
