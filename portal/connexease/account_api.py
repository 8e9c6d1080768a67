"""The account API, used with an account's own access token."""

from pydantic import SecretStr, TypeAdapter

from portal.connexease.http.calls import Call
from portal.connexease.http.reachability import Probe
from portal.connexease.http.transport import Transport
from portal.connexease.schemas import Template

_TEMPLATES = TypeAdapter(list[Template])


class AccountAPI:
    """The one call of the account API that the portal needs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def probe(self) -> Probe:
        """Whether the host answers at all; no credential goes along."""
        return self._transport.probe()

    def templates(self, access_token: SecretStr, active_only: bool = True) -> list[Template]:
        """The account's message templates. Raises `Unauthorized` when the token is revoked or not allowed."""
        query = {"is_active": "true"} if active_only else {}
        url = self._transport.url("templates")
        return self._transport.call(Call(method="GET", url=url, token=access_token, query=query)).read(_TEMPLATES)
