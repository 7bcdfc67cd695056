"""What both platforms' adapters are built from, and the small conversions that both need."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

from adapters.platforms.door import Door
from adapters.platforms.keys import KeyRing
from services.errors import PlatformGarbled
from services.exposure import Disclosure
from services.model import JsonValue, MerchantAccount
from services.ports import Clock

BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class PlatformContext:
    """The adapter's surroundings.

    - ``disclose_keys(agency_id, account)`` explains calls that exchange keys or tokens (the room ``platform-keys``);
    - ``notice_root`` is ``{public_url}/v1/notices/``, to which an account's name is added: no order may name another address;
    - ``phrases()`` is the closed list of generic words that may leave: order descriptions of all mappings, message words;
    - ``random_bytes(n)`` gives n bytes fit for nonces.
    """

    door: Door
    keys: KeyRing
    clock: Clock
    disclose_keys: Callable[[UUID, str], Disclosure]
    notice_root: str
    phrases: Callable[[], Collection[str]]
    random_bytes: Callable[[int], bytes]

    def notify_url(self, merchant: MerchantAccount) -> str:
        """The only address to which notices of this account may be asked for."""
        return f"{self.notice_root.rstrip('/')}/{merchant.account}"


def write_json(value: JsonValue) -> bytes:
    """Compact JSON in UTF-8: the bytes that are signed, recorded and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_object(operation: str, body: bytes) -> dict[str, JsonValue]:
    """A JSON object from a platform's verified bytes. Raises ``PlatformGarbled``."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PlatformGarbled(f"{operation}: not JSON") from error
    if not isinstance(value, dict):
        raise PlatformGarbled(f"{operation}: not an object")
    return value


def take_text(operation: str, value: JsonValue, name: str) -> str:
    """A text that is not empty under ``name``. Raises ``PlatformGarbled``."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        raise PlatformGarbled(f"{operation}: no text in {name}")
    return found


def take_optional_text(operation: str, value: JsonValue, name: str) -> str | None:
    """A text, or None where there is none or an empty one. Raises ``PlatformGarbled`` for anything else."""
    found = value.get(name) if isinstance(value, dict) else None
    if found is None or found == "":
        return None
    return take_text(operation, value, name)


def take_fen(operation: str, value: JsonValue, name: str) -> int:
    """A whole, non-negative number of fen under ``name``. Raises ``PlatformGarbled``."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise PlatformGarbled(f"{operation}: no amount in {name}")
    return found


def beijing(moment: datetime) -> datetime:
    """The moment in China's only time zone, to the second."""
    return moment.astimezone(BEIJING).replace(microsecond=0)
