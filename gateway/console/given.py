"""Whose material a request of the console was given by the store, and of whose it has told the citizen.

Every store of a console's transaction that gives a citizen's material is watched here. When a room has answered, whatever was given and is
not told (a committed ``Reading``) makes the answer be thrown away, unless the room says that it shows nothing of it. So a new page that
forgets to note its look shows nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from services.complaint_desk import list_read
from services.reading_record import Reading, ReadingStore

GIVEN: ContextVar[set[UUID] | None] = ContextVar("given_material", default=None)
"""Cases, applications and accounts whose material this request was given; the gate begins it."""
TOLD: ContextVar[set[UUID] | None] = ContextVar("told_material", default=None)
"""Those of which it has committed a reading."""
Ids = Callable[[Any], Iterable[UUID | None]]


def _of_file(row: Any) -> Iterable[UUID]:
    return (row[0].case_id,)


def _of_files(rows: Any) -> Iterable[UUID]:
    return (case.case_id for case, _ in rows)


def _of_lines(lines: Any) -> Iterable[UUID]:
    return (line.case_id for line in lines)


def _of_complaint(row: Any) -> Iterable[UUID | None]:
    return (one.subject_id for one in list_read(row[0]))


def _of_complaints(rows: Any) -> Iterable[UUID | None]:
    return (one for row in rows for one in _of_complaint(row))


GIVES: Mapping[str, Mapping[str, Ids]] = {
    "cases": {
        "load": _of_file,
        "find_by_number": _of_file,
        "list_of_persons": _of_files,
        "list_of_numbers": _of_files,
        "list_open": _of_files,
        "find_by_name": _of_lines,
        "find_by_number_of": _of_lines,
    },
    "applications": {
        "load": lambda row: (row[0].application_id,),
        "find_by_number": lambda row: (row[0].application_id,),
        "list_of_persons": lambda rows: (application.person_id for application, _ in rows),
    },
    "people": {"find_persons": lambda found: found},
    "privacy": {
        "list_joined": lambda found: found,
        "find_order": lambda order: (order.person_id,),
        "list_holders": lambda holders: (one.holder_id for one in holders if one.kind == "person"),
    },
    "files": {"load": lambda file: (file.owner,), "list_of": lambda files: (file.owner for file in files)},
    "ratings": {
        "find_rating": lambda rating: (rating.subject,),
        "list_ratings": lambda ratings: (rating.subject for rating in ratings),
        "load": _of_complaint,
        "list_complaints": _of_complaints,
        "list_of_subject": _of_complaints,
        "list_against": _of_complaints,
    },
}
"""By store and method: whose material an answer holds. What is not here gives none, as ``tests/unit/gateway/console/test_readings.py`` lists."""


class Watched:
    """A store of a transaction that remembers whose material it gave."""

    def __init__(self, store: object, gives: Mapping[str, Ids]) -> None:
        self._store, self._gives = store, gives

    def __getattr__(self, name: str) -> Any:
        """The store's own; what gives material is noted on its way out."""
        own = getattr(self._store, name)
        ids_of = self._gives.get(name)
        if ids_of is None:
            return own

        def give(*asked: Any, **more: Any) -> Any:
            found = own(*asked, **more)
            if found:
                note_given(ids_of(found))
            return found

        return give


class WatchedReadings:
    """``reading_record.ReadingStore`` that remembers of whom it was told."""

    def __init__(self, store: ReadingStore, told: list[UUID]) -> None:
        self._store, self._told = store, told

    def add(self, readings: Sequence[Reading]) -> None:
        """See the port."""
        self._store.add(readings)
        self._told += [one.subject.subject_id for one in readings if one.subject.subject_id is not None]

    def __getattr__(self, name: str) -> Any:
        """Everything else."""
        return getattr(self._store, name)


def begin_request() -> None:
    """Nothing was given yet."""
    GIVEN.set(set())
    TOLD.set(set())


def note_given(ids: Iterable[UUID | None]) -> None:
    """A store gave the material of these."""
    given = GIVEN.get()
    if given is not None:
        given.update(one for one in ids if one is not None)


def note_told(ids: Iterable[UUID]) -> None:
    """A transaction that told of these has committed."""
    told = TOLD.get()
    if told is not None:
        told.update(ids)


def withhold_given() -> None:
    """Say that nothing of what was given so far is shown: an act was refused, and the page is that from before it."""
    given = GIVEN.get()
    if given is not None:
        given.clear()


def is_untold() -> bool:
    """Whether there is material that this request was given and has told nobody of."""
    return bool((GIVEN.get() or set()) - (TOLD.get() or set()))
