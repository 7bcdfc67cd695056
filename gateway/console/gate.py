"""Who may enter the console: whoever holds its key, for a few hours, from our own pages only.

The cookie is signed, HttpOnly and SameSite=Strict; every form carries a token bound to it; attempts are limited. Without a
configured key nobody gets in. Changing the key ends all sessions. Signing out ends one for good: a copy of its cookie is worth
nothing afterwards. While that cannot be asked (Redis is down), nobody is let in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.ports import Clock, Revocations

HOURS = 4
_COOKIE = re.compile(r"([0-9]{10})\.([0-9a-f]{32})\.([0-9a-f]{64})")
MIN_KEY_BYTES = 16
REVOKED = "console"
"""The kind of revocation under which signed-out sessions stand."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Makes and checks what proves a console session. ``random(n)`` gives n random bytes."""

    key: bytes | None
    clock: Clock
    random: Callable[[int], bytes]
    revocations: Revocations

    def is_open(self) -> bool:
        """Whether a key is configured that is long enough to be one."""
        return self.key is not None and len(self.key) >= MIN_KEY_BYTES

    def accepts(self, given: str) -> bool:
        """Whether this is the key; the comparison tells nothing by its time."""
        held = hashlib.sha256(self.key or b"").digest()
        return self.is_open() and hmac.compare_digest(
            hashlib.sha256(given.strip().encode("utf-8", "replace")).digest(), held
        )

    def issue(self) -> str:
        """A fresh cookie value: end, nonce, seal."""
        end = int(self.clock.now().timestamp()) + HOURS * 3600
        nonce = self.random(16).hex()
        return f"{end}.{nonce}.{self._seal('session', f'{end}.{nonce}')}"

    def admits(self, cookie: str) -> bool:
        """Whether a cookie is ours, has not ended and was not signed out. Raises ``CacheUnavailable``."""
        found = self._read(cookie)
        return found is not None and not self.revocations.holds(REVOKED, found[1])

    def end(self, cookie: str) -> None:
        """Sign a session out for everybody who has its cookie. Raises ``CacheUnavailable``: then it has not ended."""
        found = self._read(cookie)
        if found is not None:
            self.revocations.add(REVOKED, found[1], found[0])

    def _read(self, cookie: str) -> tuple[datetime, str] | None:
        """End and nonce of a cookie that is ours and has not ended."""
        found = _COOKIE.fullmatch(cookie)
        if not found or not self.is_open():
            return None
        end, nonce, seal = found.groups()
        if not hmac.compare_digest(seal, self._seal("session", f"{end}.{nonce}")):
            return None
        ends_at = datetime.fromtimestamp(int(end), UTC)
        return (ends_at, nonce) if ends_at > self.clock.now() else None

    def form_token(self, cookie: str) -> str:
        """The token that a form of this session (or of this visitor before signing in) carries."""
        return self._seal("form", cookie)

    def accepts_form(self, cookie: str, token: str) -> bool:
        """Whether a form came from a page of ours."""
        return bool(cookie) and hmac.compare_digest(token.encode("utf-8", "replace"), self.form_token(cookie).encode())

    def _seal(self, purpose: str, text: str) -> str:
        return hmac.new(self.key or b"no key", f"console {purpose} v1|{text}".encode(), hashlib.sha256).hexdigest()
