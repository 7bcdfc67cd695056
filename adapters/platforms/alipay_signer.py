"""On whose behalf a call to Alipay's gateway is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from services.model import MerchantAccount, PlatformApp

GATEWAY = "/gateway.do"


@dataclass(frozen=True, slots=True)
class Signer:
    """An app or a merchant account as the gateway sees it: one app id, one key pair, key or certificate mode."""

    agency_id: UUID
    name: str
    app_id: str
    url: str
    secrets: Mapping[str, str]
    options: Mapping[str, str]

    @classmethod
    def of_app(cls, app: PlatformApp) -> Signer:
        """The mini-program's own calls."""
        return cls(app.agency_id, app.app, app.app_id, app.api_url, app.secrets, app.options)

    @classmethod
    def of_merchant(cls, merchant: MerchantAccount) -> Signer:
        """Calls about this payee's money."""
        return cls(
            merchant.agency_id, merchant.account, merchant.app_id, merchant.pay_url, merchant.secrets, merchant.options
        )

    @property
    def by_certificate(self) -> bool:
        """Whether certificates stand in for bare public keys."""
        return self.options.get("mode", "key") == "certificate"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """The gateway's path."""
        path = urlsplit(self.url).path
        return GATEWAY if path in ("", "/") else path
