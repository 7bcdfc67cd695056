"""Deciding again because somebody else wrote first: the one loop around every load, decision and append."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from services.errors import VersionTaken

F = TypeVar("F")
ATTEMPTS = 8
"""How often a decision is made again because another event came first."""


def decide_again(attempt: Callable[[], F]) -> F:
    """Do it, and as long as another event came first all of it again, at most ATTEMPTS times. Raises ``VersionTaken`` after that."""
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except VersionTaken:
            continue
    raise VersionTaken
