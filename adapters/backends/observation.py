"""What a person at the console or at ``mapping try`` may see of each call: request and reply as plain values, never a secret.

Headers, tokens, the log-in that fetched one, and certificates are not in it: they are made after the request was, and for the wire alone.
Who asks for an observation sees what a back end holds about a person: that is a staff act with a reason, and nothing of it is logged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.model import JsonValue


@dataclass(frozen=True, slots=True)
class ObservedCall:
    """One exchange. ``reply`` is None where there was none, or none that could be read; ``error`` is then the fault's code and place."""

    operation: str
    call: str
    back_end: str
    connector: str
    writes: bool
    method: str
    target: str
    request: JsonValue
    reply: JsonValue
    result: JsonValue
    error: str
    seconds: float


Observer = Callable[[ObservedCall], None]
