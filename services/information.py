"""Public information of an office (job openings, notices): asked once in a while, kept in this process, shown with the time it was current.

Of many that ask at once, one asks the office. When the office is away, what is known is shown for a while longer, and the reply says so.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.errors import BackEndError, BackEndRefused
from services.forms import read_form
from services.lookups import Found
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue
from services.outputs import mask_outputs, read_outputs
from services.sessions import require_assurance
from services.till import Till

STALE_SECONDS = 86_400
"""How long after its time information may still be shown while the office cannot be asked."""
ENTRIES = 512
"""Sets of filters that one process keeps; the one that was not asked for longest goes first."""
TRY_AGAIN_SECONDS = 10
"""While the office is away, one question in so many seconds and set of filters goes out."""


@dataclass(slots=True)
class _Entry:
    """One answer and the lock of whoever asks for the next."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: Found | None = None
    tried_at: datetime | None = None
    failure: BackEndError | None = None


@dataclass(slots=True)
class InformationShelf:
    """Answers of this process by service, version and filters."""

    _entries: OrderedDict[str, _Entry] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def entry(self, key: str) -> _Entry:
        """The place of an answer."""
        with self._lock:
            entry = self._entries.pop(key, None) or _Entry()
            self._entries[key] = entry
            while len(self._entries) > ENTRIES:
                self._entries.popitem(last=False)
            return entry


def read_information(
    till: Till, shelf: InformationShelf, caller: Caller, mapping: ServiceMapping, sent: Mapping[str, JsonValue]
) -> Found:
    """What the office publishes, for these filters, at most ``cache_seconds`` old unless the office is away.

    Raises ``ServiceOff``, ``AssuranceTooLow``, ``InputRefused`` and the errors of a back end.
    """
    till.catalogue.require_open(mapping.id)
    require_assurance(caller, mapping.assurance)
    values = read_form(mapping, sent, {}, place="", as_text=True)
    key = json.dumps([mapping.id, mapping.version, sorted(values.items())])
    entry = shelf.entry(key)
    known = entry.found
    if known is not None and _is_fresh(till, mapping, known):
        return known
    if known is None or not _is_usable(till, mapping, known):
        entry.lock.acquire()
    elif _tried_just_now(till, entry) or not entry.lock.acquire(blocking=False):
        return replace(known, stale=True)  # somebody else asks
    try:
        return _refresh(till, caller, mapping, entry, values)
    finally:
        entry.lock.release()


def _refresh(
    till: Till, caller: Caller, mapping: ServiceMapping, entry: _Entry, values: Mapping[str, JsonValue]
) -> Found:
    known = entry.found
    if known is not None and _is_fresh(till, mapping, known):
        return known  # somebody else asked while we waited
    usable = known is not None and _is_usable(till, mapping, known)
    if not usable and entry.failure is not None and _tried_just_now(till, entry):
        raise entry.failure  # of many that waited, each would wait for the same silence in turn
    entry.tried_at, entry.failure = till.clock.now(), None
    try:
        entry.found = _fetch(till, caller, mapping, values)
    except BackEndError as error:
        definite = isinstance(error, BackEndRefused) and error.reason != "system"
        entry.failure = None if definite else error
        if definite or known is None or not usable:
            raise
        return replace(known, stale=True)
    return entry.found


def _fetch(till: Till, caller: Caller, mapping: ServiceMapping, values: Mapping[str, JsonValue]) -> Found:
    asked_at = till.clock.now()
    answer = till.back_end_of(mapping).call(
        "fetch", {"inputs": dict(values)}, caller.request_id, purpose="read_information"
    )
    return Found(mapping.id, asked_at, mask_outputs(mapping.outputs, read_outputs(mapping.outputs, answer)))


def _is_fresh(till: Till, mapping: ServiceMapping, known: Found) -> bool:
    return till.clock.now() < known.current_at + timedelta(seconds=mapping.cache_seconds)


def _is_usable(till: Till, mapping: ServiceMapping, known: Found) -> bool:
    return till.clock.now() < known.current_at + timedelta(seconds=mapping.cache_seconds + STALE_SECONDS)


def _tried_just_now(till: Till, entry: _Entry) -> bool:
    """Whether the office was asked in vain a moment ago."""
    tried_at = entry.tried_at
    if entry.failure is None or tried_at is None:
        return False
    return till.clock.now() < tried_at + timedelta(seconds=TRY_AGAIN_SECONDS)
