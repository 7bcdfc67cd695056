"""What a setting is: the variable, how it is read, whether it is a secret, and the sentence that README shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: how it is read, whether it is a secret, and one sentence that says what it does."""

    name: str
    read: Callable[[str], Any]
    sentence: str
    default: str | None = None
    secret: bool = False
