"""Passwords and one-time codes: argon2id (RFC 9106) by argon2-cffi, TOTP (RFC 6238) by pyotp."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime

import pyotp
from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

ISSUER = "Guitai 柜台"
STEP_SECONDS = 30
_CODE = re.compile(r"[0-9]{6}")


class Argon2Hasher:
    """``console_ports.PasswordHasher``: RFC 9106's second recommendation (64 MiB, 3 passes, 4 lanes) unless told otherwise."""

    def __init__(self, *, memory_kib: int = 65_536, passes: int = 3, lanes: int = 4) -> None:
        self._argon2 = Argon2(time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        self._decoy = self._argon2.hash("nobody's password")

    def hash(self, password: str) -> str:
        return self._argon2.hash(_tidy(password))

    def verify(self, hashed: str | None, password: str) -> bool:
        try:
            held = self._argon2.verify(hashed or self._decoy, _tidy(password))
        except (VerificationError, InvalidHashError):
            return False
        return held and hashed is not None


class TimedCodes:
    """``console_ports.OneTimeCodes``: SHA-1, six digits, 30 seconds, one step of leeway either way."""

    def make_secret(self) -> str:
        """160 random bits in base 32 (RFC 4226 section 4, R6)."""
        return pyotp.random_base32(32)

    def describe(self, secret: str, login: str) -> str:
        return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)

    def code_at(self, secret: str, at: datetime) -> str:
        return pyotp.TOTP(secret).at(at)

    def matching_step(self, secret: str, code: str, at: datetime) -> int | None:
        given = re.sub(r"\s", "", code)
        present = int(at.timestamp()) // STEP_SECONDS
        found = None
        for step in (present - 1, present, present + 1):
            made = pyotp.TOTP(secret).generate_otp(step)
            if pyotp.utils.strings_equal(made, given) and _CODE.fullmatch(given):
                found = step
        return found


def make_one_time_password() -> str:
    """80 random bits in groups of four that can be read out: no 0, O, 1, I, L in it."""
    letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _tidy(password: str) -> str:
    """One form for what looks the same on two keyboards; a length that nobody types costs no hashing."""
    return unicodedata.normalize("NFC", password[:1024])
