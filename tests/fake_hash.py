"""The keyed hash of the tests: a fixed key, so that whoever knows a value finds what another part of a test hashed."""

from __future__ import annotations

import hashlib
import hmac


class FakeKeyedHash:
    """Implements ``ports.KeyedHash`` with a fixed key."""

    def lookup_hash(self, purpose: str, value: str) -> bytes:
        return hmac.new(b"test key", f"{purpose}|{value}".encode(), hashlib.sha256).digest()
