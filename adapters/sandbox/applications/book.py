"""The applications book of an office: what was handed in, under which number, and what became of it.

A number (办件编号 of who sends it) names one application for ever: the same content again gives the same answer, other content
is refused. The words here are the offices' own; they share no code with what talks to them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta, timezone
from typing import Any

from adapters.sandbox.shelf import Shelf
from services.ports import Clock

BEIJING = timezone(timedelta(hours=8))
STATES = ("accepted", "pending", "granted", "refused")
FINAL = frozenset({"granted", "refused"})
_KIND, _COUNTER = "application", "counter"


class Refused(Exception):
    """The office says no, in a code of its own. Never holds a value from a request."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One application. ``content`` is what was handed in, ``result`` what the office adds when it decides.

    Days are dates in Beijing (YYYY-MM-DD), moments ISO 8601 with their zone; ``decided_on`` is empty while it is open.
    """

    number: str
    reference: str
    state: str
    message: str
    digest: str
    content: dict[str, Any]
    received_at: str
    received_on: str
    decided_on: str = ""
    result: dict[str, Any] = field(default_factory=dict)


class ApplicationsBook:
    """Applications on a shelf, safe for several threads; ``prefix`` begins each reference number."""

    def __init__(self, shelf: Shelf, clock: Clock, prefix: str) -> None:
        self._shelf = shelf
        self._clock = clock
        self._prefix = prefix

    def today(self) -> str:
        """The day in Beijing, YYYY-MM-DD."""
        return self._clock.now().astimezone(BEIJING).date().isoformat()

    def accept(
        self,
        number: str,
        content: Mapping[str, Any],
        *,
        state: str = "accepted",
        message: str = "",
        result: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Take an application once. Raises ``Refused("NUMBER_REUSED")`` if the number has other content."""
        digest = digest_content(content)
        with self._shelf.change():
            known = self._shelf.get(_KIND, number)
            if known is not None:
                if known["digest"] != digest:
                    raise Refused("NUMBER_REUSED")
                return Entry(**known)
            now = self._clock.now().astimezone(BEIJING)
            entry = Entry(
                number=number,
                reference=self._next_reference(),
                state=state,
                message=message,
                digest=digest,
                content=dict(content),
                received_at=now.isoformat(),
                received_on=now.date().isoformat(),
                decided_on=now.date().isoformat() if state in FINAL else "",
                result=dict(result or {}),
            )
            self._shelf.put(_KIND, number, asdict(entry))
        return entry

    def _next_reference(self) -> str:
        """The prefix, the day and a running number, as on a receipt: ``GS20261124000001``."""
        counter = self._shelf.get(_COUNTER, "reference") or {"last": 0}
        number = counter["last"] + 1
        self._shelf.put(_COUNTER, "reference", {"last": number})
        return f"{self._prefix}{self.today().replace('-', '')}{number:06d}"

    def find(self, number: str) -> Entry:
        """Raises ``Refused("NO_SUCH_APPLICATION")``."""
        known = self._shelf.get(_KIND, number)
        if known is None:
            raise Refused("NO_SUCH_APPLICATION")
        return Entry(**known)

    def decide(self, number: str, state: str, make_result: Callable[[Entry], tuple[str, dict[str, Any]]]) -> Entry:
        """Move an open application on; ``make_result`` gives the message and what is added.

        Raises ``Refused``: NO_SUCH_APPLICATION, or ALREADY_DECIDED (a decision is never replaced).
        """
        with self._shelf.change():
            entry = self.find(number)
            if entry.state in FINAL:
                raise Refused("ALREADY_DECIDED")
            message, result = make_result(entry)
            changed = asdict(entry) | {"state": state, "message": message, "result": result}
            changed["decided_on"] = self.today() if state in FINAL else ""
            self._shelf.put(_KIND, number, changed)
        return Entry(**changed)

    def list_all(self) -> list[Entry]:
        """In the order in which they came."""
        return [Entry(**known) for known in self._shelf.all(_KIND)]


def digest_content(content: Mapping[str, Any]) -> str:
    """SHA-256 in hex over the content with sorted names: whether two applications say the same."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
