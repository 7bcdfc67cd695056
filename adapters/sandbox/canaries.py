"""Canaries: values that an office serves and that no service on it may let out. A leak test asks for them and looks everywhere.

They follow from the record that they belong to, are unlike anything else, and are nobody's: a number of a person begins with 990000 (no
such region), a phone with 199, everything else with its own two letters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from werkzeug.wrappers import Request, Response

from adapters.sandbox.office_faults import UNKNOWN_VALUE
from adapters.sandbox.routing import Router, answer_json


def make_canary(letters: str, owner: str, digits: int = 10) -> str:
    """A canary of an owner: ``letters`` and ``digits`` digits that follow from both."""
    return letters + _digits_of(letters, owner, digits)


def make_identity_canary(owner: str) -> str:
    """18 characters in the form of an identity number that nobody can have."""
    return f"990000{_digits_of('identity', owner, 11)}X"


def make_phone_canary(owner: str) -> str:
    """11 digits in the form of a mobile number."""
    return "199" + _digits_of("phone", owner, 8)


def _digits_of(kind: str, owner: str, digits: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"{kind}\n{owner}".encode()).digest()[:16], "big")
    return f"{number % 10**digits:0{digits}d}"


def add_canaries(router: Router, list_canaries: Callable[[], Iterable[str]]) -> None:
    """``GET /_sandbox/canaries``: each of them once, sorted, and what ``unknown_field`` adds to an answer."""

    def show(_request: Request) -> Response:
        return answer_json(sorted({*list_canaries(), UNKNOWN_VALUE}))

    router.add("GET", "/_sandbox/canaries", show)
