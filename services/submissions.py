"""Bringing an application to its back end: once, under one number, however often it takes to learn what became of it.

``application_no`` was made before any call and is the same in every attempt; the back end treats it as one application. The intent is
committed before the call. Whoever finds a submission that may have been made asks for it first; it is sent again only when the back end
says that it is absent and no attempt of ours can still be on its way, or when certainly none arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.application_events import ApplicationFile, Decision, Step, change_application
from services.application_graph import UNDER_WAY
from services.application_record import Application, ApplicationState
from services.application_words import NO_ANSWER
from services.errors import BackEndError, BackEndRefused, BackEndUnreachable
from services.late_results import Word, read_word, record_word
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.till import Till, grow_delay

PASSING = frozenset({"batch_window", "system", "not_permitted"})
"""The back end's refusals after which it is worth trying again; nothing was taken. All others are definite."""
ASK_FIRST = frozenset({"already_submitted"})
"""Refusals that may be the answer to an attempt of ours that did arrive."""
ABSENT = "no_such_application"
RETRY_SECONDS = (30, 3600)
SETTLE_SECONDS = 300
"""How long a request of ours without an answer may still be on its way to the back end (our own time-out is a few seconds)."""
ATTEMPT_EVENTS = frozenset({"submission_started", "submission_repeated"})


@dataclass(frozen=True, slots=True)
class _Counter:
    """One application at one back end, during one request or job."""

    till: Till
    application: Application
    mapping: ServiceMapping
    request_id: str

    def call(self, operation: str, values: dict[str, JsonValue]) -> Word:
        """Ask or tell the back end. Raises the errors of a back end."""
        purpose = "submit_application" if operation == "submit" else "follow_application"
        answer = self.till.back_end_of(self.mapping).call(
            operation, values, self.request_id, purpose=purpose, case_no=self.application.application_no
        )
        return read_word(self.mapping, answer, operation)


def submit_application(till: Till, application: Application, request_id: str) -> ApplicationFile:
    """Make the first attempt, if nobody has, and record what the back end said. The file as it is then."""
    file, fresh = _begin(till, application.agency_id, application.application_id)
    return _send(_open_counter(till, application, request_id), file) if fresh else file


def settle_application(till: Till, agency_id: UUID, application_id: UUID, request_id: str) -> ApplicationState:
    """Job: find out what became of a submission; send it if it is certain that it is not there. Safe to run again at any time."""
    file, fresh = _begin(till, agency_id, application_id)
    if file.state not in UNDER_WAY:
        return file.state
    counter = _open_counter(till, file.application, request_id)
    return (_send(counter, file) if fresh else _clear_up(counter, file)).state


def _begin(till: Till, agency_id: UUID, application_id: UUID) -> tuple[ApplicationFile, bool]:
    """Commit the first attempt before it is made. Of many that try, one makes it."""
    fresh = False

    def start(file: ApplicationFile) -> Step | None:
        nonlocal fresh
        fresh = file.state is ApplicationState.INTENDED
        return _attempt(till, "submission_started") if fresh else None

    return change_application(till, agency_id, application_id, start), fresh


def _open_counter(till: Till, application: Application, request_id: str) -> _Counter:
    mapping = till.catalogue.service_at(application.service, application.mapping_version)
    return _Counter(till, application, mapping, request_id)


def _attempt(till: Till, event: str) -> Step:
    """The intent to send, with a look at it later even if whoever sends it is lost."""
    return Step(event, later={"settle_application": till.clock.now() + timedelta(seconds=SETTLE_SECONDS)})


def _send(counter: _Counter, file: ApplicationFile) -> ApplicationFile:
    if counter.till.clock.now() - file.events[-1].at > timedelta(seconds=SETTLE_SECONDS / 2):
        return file  # this worker was held up: others may count the attempt as settled, so it is not made any more
    try:
        word = counter.call("submit", describe_submission(file.application))
    except BackEndRefused as refused:
        return _refuse(counter, file, refused.reason)
    except BackEndUnreachable as error:
        return _wait(counter, "submission_delayed", error.code)
    except BackEndError as error:
        return _wait(counter, "submission_doubtful", error.code)
    return record_word(counter.till, file.application, counter.mapping, word)


def describe_submission(application: Application) -> dict[str, JsonValue]:
    """What ``submit`` is given: the same in every attempt."""
    return {
        "applicant": dict(application.applicant),
        "inputs": dict(application.inputs),
        "application_no": application.application_no,
        "submitted_at": application.created_at.isoformat(),
        "channel": str(application.platform),
        "business_on": application.business_on.isoformat(),
    }


def _refuse(counter: _Counter, file: ApplicationFile, reason: str) -> ApplicationFile:
    """The back end's no. After more than one attempt, or if it may mean an attempt of ours, it is asked before it is believed."""
    if reason in PASSING:
        return _wait(counter, "submission_delayed", reason)
    if reason in ASK_FIRST or len(_attempts(file)) > 1:
        word, absent = _find(counter)
        if word is not None:
            return record_word(counter.till, file.application, counter.mapping, word)
        if not absent:
            return _wait(counter, "submission_doubtful", reason)

    def decide(file: ApplicationFile) -> Step | None:
        return Step("submission_declined", {"reason": reason}) if file.state is ApplicationState.SUBMITTING else None

    return _change(counter, decide)


def _find(counter: _Counter) -> tuple[Word | None, bool]:
    """What the back end says of our number: its word; or None and whether it is certain that it does not have it."""
    application = counter.application
    values = {"application_no": application.application_no, "business_on": application.business_on.isoformat()}
    try:
        return counter.call("find_submission", values), False
    except BackEndRefused as refused:
        return None, refused.reason == ABSENT
    except BackEndError:
        return None, False


def _clear_up(counter: _Counter, file: ApplicationFile) -> ApplicationFile:
    """Ask before anything is repeated, unless certainly no attempt arrived."""
    if not never_arrived(file):
        word, absent = _find(counter)
        if word is not None:
            return record_word(counter.till, file.application, counter.mapping, word)
        if not absent:
            return _wait(counter, "submission_doubtful", "no_word")
    again = False

    def decide(file: ApplicationFile) -> Step | None:
        nonlocal again
        step = _repeat_or_give_up(counter.till, file)
        again = step.event == "submission_repeated"
        return step

    file = _change(counter, decide)
    return _send(counter, file) if again else file


def _repeat_or_give_up(till: Till, file: ApplicationFile) -> Step:
    now = till.clock.now()
    settled_at = _attempts(file)[-1] + timedelta(seconds=SETTLE_SECONDS)
    if now < settled_at and not never_arrived(file):
        return Step(later={"settle_application": settled_at})
    if now < file.application.created_at + timedelta(hours=till.write_off_hours):
        return _attempt(till, "submission_repeated")
    return Step("submission_abandoned", {"reason": NO_ANSWER})


def never_arrived(file: ApplicationFile) -> bool:
    """Whether each attempt so far ended at once with the certainty that nothing was taken."""
    pairs = zip(file.events, (*file.events[1:], None), strict=True)
    return all(
        after is not None and after.name == "submission_delayed"
        for event, after in pairs
        if event.name in ATTEMPT_EVENTS
    )


def _attempts(file: ApplicationFile) -> list[datetime]:
    """When the application was, or may have been, sent."""
    return [event.at for event in file.events if event.name in ATTEMPT_EVENTS]


def _wait(counter: _Counter, event: str, reason: str) -> ApplicationFile:
    def decide(file: ApplicationFile) -> Step | None:
        doubt = file.state is ApplicationState.SUBMISSION_UNKNOWN
        least, most = RETRY_SECONDS
        due_at = grow_delay(file.application.created_at, counter.till.clock.now(), least=least, most=most)
        name = "submission_doubtful" if doubt else event
        return Step(name, {"reason": reason}, later={"settle_application": due_at})

    return _change(counter, decide)


def _change(counter: _Counter, decide: Decision) -> ApplicationFile:
    """Decide on a file that is still under way; one that went on meanwhile stays as it is."""

    def while_under_way(file: ApplicationFile) -> Step | None:
        return decide(file) if file.state in UNDER_WAY else None

    return change_application(
        counter.till, counter.application.agency_id, counter.application.application_id, while_under_way
    )
