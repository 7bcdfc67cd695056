"""An application as a file of events, and the one way to add to it: load, decide, append with the next version, or start again.

Whatever an event causes (a later question) is written in the same transaction. No call to the outside happens here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from services.application_graph import AT_BACK_END, BACK_END_EVENTS, FINAL, UNDER_WAY, follow
from services.application_record import Application, ApplicationEvent, ApplicationState
from services.errors import NotFound
from services.model import JsonValue
from services.ports import Transaction
from services.till import Till, change_file, name_cause

_SERVICES = UUID("6e1f1a52-6f0e-4d41-9a38-0d6f7f0c2b11")
WORDS = frozenset(BACK_END_EVENTS.values())


@dataclass(frozen=True, slots=True)
class ApplicationFile:
    """An application and everything that happened to it, oldest first."""

    application: Application
    events: tuple[ApplicationEvent, ...]

    @property
    def state(self) -> ApplicationState:
        return self.events[-1].state

    def last(self, *names: str) -> ApplicationEvent | None:
        """The latest event with one of these names."""
        return next((event for event in reversed(self.events) if event.name in names), None)

    @property
    def word(self) -> ApplicationEvent | None:
        """The back end's latest word: its data hold reference, message and outputs."""
        return self.last(*WORDS)

    @property
    def reference(self) -> str | None:
        """The back end's own number for the application, if it has said one."""
        return str(self.word.data["reference"]) if self.word else None

    @property
    def reason(self) -> str | None:
        """Why the application was not taken: an error name, or ``no_answer``."""
        ended = self.last("submission_declined", "submission_abandoned")
        return str(ended.data["reason"]) if ended else None


@dataclass(frozen=True, slots=True)
class Step:
    """What a decision wants: an event (or none), jobs of this application later, jobs of its whole service later."""

    event: str | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    later: Mapping[str, datetime] = field(default_factory=dict)
    service_later: Mapping[str, datetime] = field(default_factory=dict)


Decision = Callable[[ApplicationFile], Step | None]


def load_file(tx: Transaction, application_id: UUID) -> ApplicationFile:
    """The application's file; raises ``NotFound``."""
    found = tx.applications.load(application_id)
    if found is None:
        raise NotFound
    return ApplicationFile(found[0], tuple(found[1]))


def read_file(till: Till, agency_id: UUID, application_id: UUID) -> ApplicationFile:
    """The file as it is now, in a transaction of its own. Raises ``NotFound``."""
    with till.store.begin((agency_id,)) as tx:
        return load_file(tx, application_id)


def change_application(till: Till, agency_id: UUID, application_id: UUID, decide: Decision) -> ApplicationFile:
    """Decide on the file as it is and write the step; if somebody else wrote meanwhile, decide again. Raises ``VersionTaken``, ``NotFound``."""

    def change(tx: Transaction) -> ApplicationFile:
        file = load_file(tx, application_id)
        step = decide(file)
        return file if step is None else write_step(till, tx, file, step)

    return change_file(till, agency_id, change)


def write_step(till: Till, tx: Transaction, file: ApplicationFile, step: Step) -> ApplicationFile:
    """Write a step and what it causes into an open transaction. Raises ``EdgeUnknown``, ``VersionTaken``."""
    application = file.application
    if step.event is not None:
        data = {**step.data, **name_cause(till)}
        event = ApplicationEvent(
            application.application_id, file.events[-1].version + 1, step.event, follow(file.state, step.event),
            till.clock.now(), data,
        )  # fmt: skip
        tx.applications.append(application.agency_id, event)
        file = ApplicationFile(application, (*file.events, event))
    for task, due_at in step.later.items():
        tx.jobs.schedule(task, application.agency_id, application.application_id, due_at)
    for task, due_at in step.service_later.items():
        tx.jobs.schedule(task, application.agency_id, name_service(application.service), due_at)
    return file


def name_service(service: str) -> UUID:
    """The subject of a job that is about a whole service: the same in every process (RFC 9562 §5.5)."""
    return uuid5(_SERVICES, service)


def judge_word(file: ApplicationFile, said: Mapping[str, JsonValue]) -> Step | None:
    """What a back end's word amounts to, given the file: an event, or nothing if it says nothing new. Pure.

    ``said``: state, reference, message, outputs, source. A word never leads back (accepted to pending); one that contradicts a decision
    is kept as disputed.
    """
    word = ApplicationState(said["state"])
    data = {name: said.get(name) for name in ("reference", "message", "outputs", "source")}
    if file.state in FINAL:
        disputes = word is not file.state and word in FINAL and not _disputed(file, word)
        return Step("result_disputed", {**data, "state": str(word)}) if disputes else None
    if file.state in UNDER_WAY:
        return Step(BACK_END_EVENTS[word], data)
    if file.state not in AT_BACK_END or (file.state is ApplicationState.ACCEPTED and word is ApplicationState.PENDING):
        return None
    return Step(BACK_END_EVENTS[word], data) if word is not file.state or _is_news(file, data) else None


def _is_news(file: ApplicationFile, data: Mapping[str, JsonValue]) -> bool:
    known = file.word
    return known is None or any(known.data.get(name) != data[name] for name in ("reference", "message", "outputs"))


def _disputed(file: ApplicationFile, word: ApplicationState) -> bool:
    before = file.last("result_disputed")
    return before is not None and before.data.get("state") == str(word)
