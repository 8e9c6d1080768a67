"""The adapter to Connexease: the Reseller API, the account API and the gateway.

A leaf: it imports nothing else of the portal, and nothing else of the portal imports `requests` or knows a
vendor URL. Log records are on `portal.connexease`, one per call, without bodies, queries or tokens.
"""

from pydantic import SecretStr

from portal.connexease import errors, schemas, triggers
from portal.connexease.account_api import AccountAPI
from portal.connexease.gateway import Gateway
from portal.connexease.http.exchange import Session
from portal.connexease.http.transport import BODY_LIMIT, Retries, Timeouts, Transport
from portal.connexease.reseller import Reseller

__all__ = ["Connexease", "Retries", "Timeouts", "errors", "schemas", "triggers"]


class Connexease:
    """Connexease, as one reseller sees it. Threads may share it; make it after a fork, not before.

    `recipient_plus` says how the gateway wants phone numbers: with `+` (the guide) or as digits only.
    Raises `ValueError` for a URL that cannot be a base URL.
    """

    reseller: Reseller
    account: AccountAPI
    gateway: Gateway

    def __init__(
        self,
        *,
        reseller_token: SecretStr,
        api_url: str = "https://api.reseller.connexease.com/",
        account_api_url: str = "https://api.connexease.com/",
        gateway_url: str = "https://proxy.gateway.connexease.com",
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        retries: Retries = Retries(),  # noqa: B008 - frozen
        body_limit: int = BODY_LIMIT,
        recipient_plus: bool = True,
    ) -> None:
        self._session = Session()

        def transport(url: str) -> Transport:
            return Transport(url, self._session, timeouts=timeouts, retries=retries, body_limit=body_limit)

        self.reseller = Reseller(transport(api_url), reseller_token)
        self.account = AccountAPI(transport(account_api_url))
        self.gateway = Gateway(transport(gateway_url), plus=recipient_plus)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()
