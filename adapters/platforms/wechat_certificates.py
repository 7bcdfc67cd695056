"""WeChat's keys, with which its answers and notices are verified: public key, platform certificates, or both while it migrates.

Certificates are kept as WeChat sends them, encrypted under the merchant's APIv3 key: in this process, and (still encrypted,
so that whoever writes into the cache cannot forge one) in the shared cache, from which other processes learn them.

A serial that is not known is looked for in the cache, and nowhere else: only ``PayExchange`` downloads, and only because of
an answer to a call of ours. An inbound notice never causes a network call to a platform.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.platforms.context import PlatformContext, read_object
from adapters.platforms.keys import public_key_of, read_certificate, secret_name
from adapters.platforms.wechat_signing import open_resource, read_api_v3_key
from services.errors import CacheUnavailable, PlatformGarbled
from services.model import JsonValue, MerchantAccount
from services.ports import TokenCache

logger = structlog.get_logger("guitai.wechat")
OPERATION = "wechat.pay.certificates"
KEPT_SECONDS = 7 * 24 * 3600
CACHE_PAUSE = timedelta(seconds=5)
DOWNLOAD_PAUSE = timedelta(seconds=60)
PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """One opened certificate; believed only between its own dates."""

    key: RSAPublicKey
    valid_from: datetime
    valid_until: datetime


class VerificationKeys:
    """WeChat's keys for each merchant account of ours."""

    def __init__(self, context: PlatformContext, cache: TokenCache) -> None:
        self._context = context
        self._cache = cache
        self._known: dict[str, dict[str, PlatformCertificate]] = {}
        self._asked_cache: dict[str, datetime] = {}
        self._downloaded: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def find(self, merchant: MerchantAccount, serial: str, now: datetime) -> RSAPublicKey | None:
        """The key for a serial, without a call to the platform. Serials are texts: hex in any case, or ``PUB_KEY_ID_...``."""
        if serial.startswith(PUBLIC_KEY_PREFIX):
            return self._find_public_key(merchant, serial)
        plain = plain_serial(serial)
        if plain not in self._known.get(merchant.account, {}) and self._may(self._asked_cache, merchant, CACHE_PAUSE):
            self._learn_from_cache(merchant)
        found = self._known.get(merchant.account, {}).get(plain)
        return found.key if found and found.valid_from <= now < found.valid_until else None

    def may_download(self, merchant: MerchantAccount) -> bool:
        """Whether certificates may be fetched now: at most once a minute for each account, and only where they are used."""
        uses = merchant.options.get("verification", "public_key") == "certificates"
        return uses and self._may(self._downloaded, merchant, DOWNLOAD_PAUSE)

    def read(self, merchant: MerchantAccount, document: bytes) -> dict[str, PlatformCertificate]:
        """Open every certificate of a ``GET /v3/certificates`` answer; a wrong key opens none. Raises ``PlatformGarbled``."""
        entries = read_object(OPERATION, document).get("data") or ()
        name = secret_name(merchant.account, merchant.secrets, "api_v3_key")
        key = self._context.keys.parse("APIv3 key", name, read_api_v3_key)
        try:
            opened = [_open_certificate(key, entry) for entry in entries]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise PlatformGarbled(f"{OPERATION}: not a list of certificates") from error
        return dict(opened)

    def learn(self, merchant: MerchantAccount, document: bytes, found: dict[str, PlatformCertificate]) -> None:
        """Keep certificates, several valid at once, and share their encrypted form."""
        self._known[merchant.account] = {**self._known.get(merchant.account, {}), **found}
        try:
            self._cache.save(_cache_key(merchant), document.decode("utf-8"), KEPT_SECONDS)
        except CacheUnavailable:
            logger.warning("certificates_not_shared", account=merchant.account)

    def _learn_from_cache(self, merchant: MerchantAccount) -> None:
        try:
            document = self._cache.load(_cache_key(merchant))
            if document is not None:
                found = self.read(merchant, document.encode("utf-8"))
                self._known[merchant.account] = {**self._known.get(merchant.account, {}), **found}
        except (CacheUnavailable, PlatformGarbled):
            logger.warning("certificates_not_learned", account=merchant.account)

    def _find_public_key(self, merchant: MerchantAccount, serial: str) -> RSAPublicKey | None:
        if serial != merchant.options.get("public_key_id") or "platform_public_key" not in merchant.secrets:
            return None
        return self._context.keys.public_key(merchant.secrets["platform_public_key"])

    def _may(self, last: dict[str, datetime], merchant: MerchantAccount, pause: timedelta) -> bool:
        now = self._context.clock.now()
        with self._lock:
            before = last.get(merchant.account)
            if before is not None and abs(now - before) < pause:
                return False
            last[merchant.account] = now
            return True


def plain_serial(serial: str) -> str:
    """A hex serial without leading zeros, in upper case: one certificate, one name."""
    return serial.upper().lstrip("0")


def _open_certificate(key: bytes, entry: JsonValue) -> tuple[str, PlatformCertificate]:
    certificate = read_certificate(open_resource(OPERATION, key, entry["encrypt_certificate"]))
    serial = plain_serial(str(entry["serial_no"]))
    if serial != f"{certificate.serial_number:X}":
        raise ValueError("the certificate has another serial")
    dates = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    return serial, PlatformCertificate(public_key_of(certificate), *dates)


def _cache_key(merchant: MerchantAccount) -> str:
    return f"wechat-certificates:{merchant.account}"
