"""The act of one of the staff that reads a citizen's material, and what the citizen is told of it: one function writes both.

It stands in the transaction that reads. A room of the console that loads a citizen's material and commits no reading of it has its answer
thrown away (``gateway/console/registry.py``), so that a look that nobody is told of is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.reading_record import (
    About,
    Reading,
    ReadingStore,
    Subject,
    number_read,
    person_read,
)
from services.staffing import Act, Actor


class ActAppender(Protocol):
    """The book of acts."""

    def append(self, act: Act) -> None: ...


class LookTransaction(Protocol):
    """A transaction of the console's role that notes what was read."""

    @property
    def acts(self) -> ActAppender: ...
    @property
    def readings(self) -> ReadingStore: ...


def append_look(
    tx: LookTransaction, actor: Actor, act: Act, subjects: Iterable[Subject], new_id: Callable[[], UUID],
    whose: Mapping[Subject, UUID] | None = None,
) -> None:  # fmt: skip
    """Append the act and, for each thing that was read, the row that the citizen sees. ``act.agency_id`` is whose matter it is,
    unless ``whose`` says otherwise of a subject.
    """
    tx.acts.append(act)
    known = whose or {}
    tx.readings.add(
        [make_reading(tx, actor, act, one, known.get(one, act.agency_id), new_id()) for one in dict.fromkeys(subjects)]
    )


def make_reading(
    tx: LookTransaction, actor: Actor, act: Act, subject: Subject, agency_id: UUID, reading_id: UUID
) -> Reading:
    """The row of one look at what lies at an agency; a delay that is in force for this reader and case is named in it."""
    member, tree = actor.member, actor.tree
    office = {"office": tree.name(member.agency_id), "office_en": tree.name(member.agency_id, "en")}
    return Reading(
        reading_id, agency_id, act.at, member.staff_id, member.agency_id, act.act, subject,
        {"name": member.name, "login": member.login, **office}, act.reason, _find_delay(tx, act, subject, member.staff_id),
    )  # fmt: skip


def _find_delay(tx: LookTransaction, act: Act, subject: Subject, staff_id: UUID) -> UUID | None:
    if subject.about is not About.CASE or subject.subject_id is None:
        return None
    found = tx.readings.delays_of_case(subject.subject_id)
    mine = (one for one in found if one.delay.reader_id == staff_id and one.holds_back(act.at))
    return next((one.delay.delay_id for one in mine), None)


def name_holders(person_ids: Sequence[UUID], number: str = "") -> list[Subject]:
    """Whom a search met: their accounts; the number itself, if it is known and nobody here has an account for it."""
    if not person_ids and number:
        return [number_read(number)]
    return [person_read(person_id) for person_id in person_ids]
