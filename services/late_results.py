"""What a back end says of an application, and results that come late: asked for now and then, pushed to us, or in a daily file.

Only these words lead to granted or refused. Each is held against the mapping's outputs; what is not declared is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.application_events import (
    ApplicationFile,
    Step,
    change_application,
    judge_word,
    name_service,
    read_file,
    write_step,
)
from services.application_graph import AT_BACK_END
from services.application_record import Application, ApplicationState
from services.errors import BackEndError, BackEndGarbled, GuitaiError, NoticeRefused
from services.late_versions import list_arriving, list_in_use
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.outputs import read_outputs
from services.ports import Transaction
from services.till import SHANGHAI_OFFSET, Till, business_day, change_file

STATES = frozenset(
    {ApplicationState.PENDING, ApplicationState.ACCEPTED, ApplicationState.GRANTED, ApplicationState.REFUSED}
)
LOOK_BACK_DAYS = 7
"""A daily file is fetched again for so many days: one that came late, or was longer in the evening, is not missed."""
MESSAGE_LIMIT = 300
_REFERENCE = re.compile(r"[\x21-\x7e]{1,64}")


class PushedResults(Protocol):
    """How a pushed result is verified and read."""

    def read(
        self, mapping: ServiceMapping, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Mapping[str, JsonValue]:
        """Verify the raw bytes, then read them: ``{application_no, state, reference, message, outputs}``. No network.

        ``headers`` by lower-case name. Raises ``NoticeRefused``.
        """
        ...


class NothingPushed:
    """Where no back end may push results: refuses everything."""

    def read(
        self, mapping: ServiceMapping, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Mapping[str, JsonValue]:
        """See ``PushedResults``."""
        del mapping, headers, body, now
        raise NoticeRefused("not_configured")


@dataclass(frozen=True, slots=True)
class Word:
    """What a back end says: how far the application is, its own number for it, a sentence, the outputs of a result. ``source``: how it came."""

    state: ApplicationState
    reference: str
    message: str | None
    outputs: Mapping[str, JsonValue] | None
    source: str

    def as_data(self) -> dict[str, JsonValue]:
        """As an event keeps it."""
        outputs = None if self.outputs is None else dict(self.outputs)
        return {
            "state": str(self.state), "reference": self.reference, "message": self.message, "outputs": outputs,
            "source": self.source,
        }  # fmt: skip


def read_word(mapping: ServiceMapping, answer: JsonValue, source: str) -> Word:
    """The word in a mapped result. Raises ``BackEndGarbled`` for one that does not have the agreed shape."""
    if not isinstance(answer, Mapping):
        raise BackEndGarbled(f"{source}: not a table")
    state, reference, message = answer.get("state"), answer.get("reference"), answer.get("message")
    if state not in STATES or not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
        raise BackEndGarbled(f"{source}: no state or no reference")
    if message is not None and (not isinstance(message, str) or len(message) > MESSAGE_LIMIT):
        raise BackEndGarbled(f"{source}: the message is no text, or too long")
    outputs = answer.get("outputs")
    shown = read_outputs(mapping.outputs, outputs) if outputs is not None and mapping.outputs else None
    words = " ".join("".join(one if one.isprintable() else " " for one in message).split()) if message else None
    return Word(ApplicationState(state), reference, words or None, shown, source)


def record_word(till: Till, application: Application, mapping: ServiceMapping, word: Word) -> ApplicationFile:
    """Take a word into the file, and plan the next question if more is to come."""

    def decide(file: ApplicationFile) -> Step | None:
        step = judge_word(file, word.as_data())
        if step is None or word.state not in AT_BACK_END:
            return step
        return plan_question(till, mapping, step)

    return change_application(till, application.agency_id, application.application_id, decide)


def plan_question(till: Till, mapping: ServiceMapping, step: Step) -> Step:
    """The same step with the question after it, by the way in which results of this service arrive."""
    late, now = mapping.late, till.clock.now()
    if late is not None and late.arrives == "polled":
        asked_at = now + timedelta(minutes=late.every_minutes)
        return replace(step, later={**step.later, "poll_application": asked_at})
    if late is not None and late.arrives == "file":
        return replace(step, service_later={"fetch_results": next_fetch(late.daily_at, now)})
    return step


def next_fetch(daily_at: str, now: datetime) -> datetime:
    """The next moment at which it is this time of day in China."""
    hours, minutes = daily_at.split(":")
    local = now + SHANGHAI_OFFSET
    due = local.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0)
    return (due if due > local else due + timedelta(days=1)) - SHANGHAI_OFFSET


def poll_application(till: Till, agency_id: UUID, application_id: UUID, request_id: str) -> ApplicationState:
    """Job: ask the back end for the result, every so often until the mapping's days are over. Safe to run again at any time."""
    file = read_file(till, agency_id, application_id)
    application = file.application
    mapping = till.catalogue.service_at(application.service, application.mapping_version)
    late = mapping.late
    if file.state not in AT_BACK_END or late is None or late.arrives != "polled":
        return file.state
    word = _ask_for_result(till, file, mapping, request_id)
    if word is not None:
        file = record_word(till, application, mapping, word)
    until = application.created_at + timedelta(days=late.until_days)

    def decide(file: ApplicationFile) -> Step | None:
        if file.state not in AT_BACK_END:
            return None
        if till.clock.now() < until:
            return plan_question(till, mapping, Step())
        return None if file.events[-1].name == "asking_ended" else Step("asking_ended", {"source": "polled"})

    return change_application(till, agency_id, application_id, decide).state


def _ask_for_result(till: Till, file: ApplicationFile, mapping: ServiceMapping, request_id: str) -> Word | None:
    """The back end's word, or None if it gave no usable answer: then it is asked again at the next turn."""
    application = file.application
    values = {
        "application_no": application.application_no,
        "reference": file.reference or "",
        "business_on": application.business_on.isoformat(),
    }
    try:
        answer = till.back_end_of(mapping).call(
            "find_result", values, request_id, purpose="follow_application", case_no=application.application_no
        )
        return read_word(mapping, answer, "polled")
    except BackEndError:
        return None


def take_pushed(
    till: Till,
    candidates: Sequence[ServiceMapping],
    read: Callable[[ServiceMapping], Mapping[str, JsonValue]],
    receipt: str,
) -> ServiceMapping:
    """Read a pushed message under each of these versions, and take it in as the first that verifies it and knows the application.

    Returns that version. Every one is asked whatever the others said, so that the time tells nothing about their keys. Raises the first
    ``NoticeRefused``, or whatever else kept a version from being asked: then the back end sends it again.
    """
    readings: list[tuple[ServiceMapping, Mapping[str, JsonValue]]] = []
    refused: list[NoticeRefused] = []
    failed: list[GuitaiError] = []
    for mapping in candidates:
        try:
            readings.append((mapping, read(mapping)))
        except NoticeRefused as refusal:
            refused.append(refusal)
        except GuitaiError as error:
            failed.append(error)
    unknown: list[NoticeRefused] = []
    for mapping, told in readings:
        try:
            accept_pushed(till, mapping, told, receipt)
        except NoticeRefused as refusal:
            unknown.append(refusal)
        else:
            return mapping
    raise next(iter([*failed, *unknown, *refused]), NoticeRefused("not_configured"))


def accept_pushed(till: Till, mapping: ServiceMapping, told: Mapping[str, JsonValue], receipt: str) -> ApplicationState:
    """Take a verified, pushed result into its application's file. ``receipt`` names the message, so that its repeat changes nothing.

    Raises ``NoticeRefused`` (unknown_application, garbled), ``StoreUnavailable``, ``VersionTaken``: then the back end sends it again.
    """
    agency_id = till.directory.agency_id(mapping.agency)
    number = told.get("application_no")
    if not isinstance(number, str) or not _REFERENCE.fullmatch(number):
        raise NoticeRefused("garbled")
    return change_file(till, agency_id, lambda tx: _take_pushed(till, tx, mapping, agency_id, told, receipt))


def _take_pushed(
    till: Till, tx: Transaction, mapping: ServiceMapping, agency_id: UUID, told: Mapping[str, JsonValue], receipt: str
) -> ApplicationState:
    """Claim the message and take it in, in one transaction: one that was claimed has been taken in."""
    found = tx.applications.find_by_number(agency_id, str(told["application_no"]))
    if found is None or found[0].service != mapping.id:
        raise NoticeRefused("unknown_application")
    owner, claim = till.new_id(), f"result|{mapping.id}|{receipt}"
    present = till.catalogue.services.get(mapping.id)
    if mapping.version != found[0].mapping_version and mapping != present:
        raise NoticeRefused(
            "unknown_application"
        )  # an earlier key speaks for what began under it, and for nothing later
    file = ApplicationFile(found[0], tuple(found[1]))
    if tx.claims.take(agency_id, "notice", claim, owner, till.clock.now()) != owner:
        return file.state
    began_with = till.catalogue.service_at(mapping.id, file.application.mapping_version)
    step = judge_word(file, _read_told(began_with, told, "pushed").as_data())
    return write_step(till, tx, file, step).state if step else file.state


def _read_told(mapping: ServiceMapping, told: Mapping[str, JsonValue], source: str) -> Word:
    try:
        return read_word(mapping, told, source)
    except BackEndGarbled as garbled:
        raise NoticeRefused("garbled") from garbled


def fetch_results(till: Till, agency_id: UUID, subject: UUID, request_id: str) -> int:
    """Job: read the daily files of a service, from a week ago to today, and take in what they say; returns how many results were new.

    Planned again for the next day as long as an application of the service is open, and not older than the mapping's days.
    """
    present = next((one for one in till.catalogue.services.values() if name_service(one.id) == subject), None)
    if present is None:
        return 0
    today, taken = business_day(till.clock.now()), 0
    candidates = list_arriving(till, present, list_in_use(till, agency_id, present.id), "file")
    for mapping in _list_unlike(candidates):
        for days in range(LOOK_BACK_DAYS, -1, -1):
            for told in _read_file_of(till, mapping, (today - timedelta(days=days)).isoformat(), request_id):
                taken += _take_row(till, mapping, agency_id, told)
    _plan_fetch(till, agency_id, present, candidates)
    return taken


def _list_unlike(candidates: Sequence[ServiceMapping]) -> list[ServiceMapping]:
    """Of versions that read the same files in the same way only the first."""
    kept: list[ServiceMapping] = []
    for one in candidates:
        if all(_reads_by(one) != _reads_by(other) for other in kept):
            kept.append(one)
    return kept


def _reads_by(mapping: ServiceMapping) -> tuple[JsonValue, JsonValue]:
    return mapping.raw.get("back_end"), mapping.raw.get("further_back_ends")


def _plan_fetch(till: Till, agency_id: UUID, present: ServiceMapping, candidates: Sequence[ServiceMapping]) -> None:
    """The next question, if a version whose results come in files has an open application that is not too old for it."""
    now, in_use = till.clock.now(), list_in_use(till, agency_id, present.id)
    due: list[datetime] = []
    for late, made_at in ((one.late, in_use.get(one.version)) for one in candidates):
        if late is not None and made_at is not None and made_at + timedelta(days=late.until_days) > now:
            due.append(next_fetch(late.daily_at, now))
    if due:
        with till.store.begin((agency_id,)) as tx:
            tx.jobs.schedule("fetch_results", agency_id, name_service(present.id), min(due))


def _read_file_of(till: Till, mapping: ServiceMapping, day: str, request_id: str) -> list[Mapping[str, JsonValue]]:
    """The results of one day. No file, or none that can be read, is no result: the day is asked for again for a week."""
    try:
        answer = till.back_end_of(mapping).call(
            "list_results", {"business_on": day}, request_id, purpose="follow_application"
        )
    except BackEndError:
        return []
    rows = answer.get("results") if isinstance(answer, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _take_row(till: Till, mapping: ServiceMapping, agency_id: UUID, told: Mapping[str, JsonValue]) -> int:
    """One line of a file; one that names no application of ours, or is garbled, keeps no other from being read."""
    number = told.get("application_no")
    if not isinstance(number, str):
        return 0
    with till.store.begin((agency_id,)) as tx:
        found = tx.applications.find_by_number(agency_id, number)
    if found is None or found[0].service != mapping.id:
        return 0
    try:
        began_with = till.catalogue.service_at(mapping.id, found[0].mapping_version)
        after = record_word(till, found[0], began_with, read_word(began_with, told, "file"))
    except BackEndGarbled:
        return 0
    return int(len(after.events) > len(found[1]))
