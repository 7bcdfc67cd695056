"""Passwords and one-time codes: against the vectors of RFC 6238, and argon2id as RFC 9106 wants it."""

from __future__ import annotations

import base64
import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.passwords import Argon2Hasher, TimedCodes, make_one_time_password
from services.staff_rules import read_password

CODES = TimedCodes()
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_6238 = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
}
"""Appendix B, SHA-1, eight digits: the last six of them are ours."""
HASHER = Argon2Hasher(memory_kib=64, passes=1, lanes=1)


@pytest.mark.parametrize(("seconds", "code"), RFC_6238.items())
def test_the_vectors_of_the_rfc(seconds: int, code: str) -> None:
    """The code of a moment is the RFC's, and belongs to that moment's step."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert CODES.code_at(RFC_SECRET, at) == code[-6:]
    assert CODES.matching_step(RFC_SECRET, code[-6:], at) == seconds // 30


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708a", "２８７０８２", "287082\0", "-87082"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    """Six ASCII digits, nothing else."""
    assert CODES.matching_step(RFC_SECRET, code, datetime.fromtimestamp(59, UTC)) is None


def test_a_code_may_be_typed_in_two_groups() -> None:
    """As authenticators show it."""
    assert CODES.matching_step(RFC_SECRET, " 287 082 ", datetime.fromtimestamp(59, UTC)) == 1


def test_the_qr_code_says_whose_secret_it_is() -> None:
    """An authenticator shows our name and the login; the secret has 160 bits."""
    secret = CODES.make_secret()
    address = urlsplit(CODES.describe(secret, "clerk.wu"))
    asked = parse_qs(address.query)
    assert (address.scheme, address.netloc, asked["secret"]) == ("otpauth", "totp", [secret])
    assert "clerk.wu" in address.path
    assert len(base64.b32decode(secret)) == 20


def test_a_hash_is_argon2id_with_the_rfc_s_costs() -> None:
    """RFC 9106, section 4, second recommendation: 64 MiB, three passes, four lanes; a salt of its own each time."""
    hasher = Argon2Hasher()
    first, second = hasher.hash("correct horse battery"), hasher.hash("correct horse battery")
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert hasher.verify(first, "correct horse battery")


@given(st.text(max_size=40), st.text(max_size=40))
def test_only_the_password_verifies(password: str, other: str) -> None:
    """Any text, also one that looks the same on another keyboard; nobody's hash never verifies."""
    hashed = HASHER.hash(password)
    assert HASHER.verify(hashed, password)
    assert HASHER.verify(hashed, other) == (HASHER.hash(other) is not None and _same(password, other))
    assert not HASHER.verify(None, password)
    assert not HASHER.verify("not a hash", password)


def _same(one: str, other: str) -> bool:

    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def test_nobody_s_password_is_not_the_decoy() -> None:
    """The hash that stands in for an unknown login opens nothing, whatever is typed."""
    assert not HASHER.verify(None, "nobody's password")


def test_a_one_time_password_can_be_read_out_and_could_be_set() -> None:
    """Four groups without letters that are taken for each other; about 79 random bits."""
    made = {make_one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([A-HJ-KMNP-Z2-9]{4}-){3}[A-HJ-KMNP-Z2-9]{4}", one) for one in made)
    assert all(read_password(one, "clerk.wu") == one for one in made if len(set(one)) >= 6)
