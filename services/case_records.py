"""Entering what was granted in the office's own register: once, under the case's number, however often it takes to learn what became of it.

The intent is committed before the call. After an attempt whose end is not known the register is asked for the number first
(``find_record``); it is told again only when it says that it does not have it. The certificate waits for the entry.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.case_clocks import terms_of
from services.case_decisions import describe_case
from services.case_desk import CaseDesk, CaseWorkshop
from services.case_events import Move, mapping_of
from services.case_file import CaseFile
from services.case_house import ask_again, find_next_try, write_if
from services.case_letters import number_letter
from services.case_numbers import write_certificate_no
from services.case_record import CaseState, Hand
from services.errors import BackEndError, BackEndGarbled, BackEndRefused, BackEndUnreachable
from services.letter_words import DocumentKind
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.outputs import read_outputs

PURPOSE = "submit_case"
RECORD, FIND_RECORD = "record", "find_record"
STARTED, DELAYED, RECORDED = "recording_started", "recording_delayed", "recorded"
ABSENT = "no_such_record"
"""The register's word for a number that it does not have."""
ASK_SECONDS = 30
"""How soon the register is asked about an attempt of ours that has no end: a worker that lives has written it down by then."""
SETTLE_SECONDS = 300
"""How long an attempt without an answer may still be on its way to the register; it is told nothing again before."""


def needs_recording(file: CaseFile, mapping: ServiceMapping) -> bool:
    """Whether the grant has still to be entered in the office's register: no certificate is made before."""
    return file.state is CaseState.GRANTED and RECORD in mapping.back_end.operations and file.last(RECORDED) is None


def record_grant(workshop: CaseWorkshop, file: CaseFile, request_id: str) -> CaseFile:
    """Enter the grant if it has to be, and find out about attempts whose end nobody knows."""
    desk = replace(workshop.desk, request_id=request_id)
    mapping = mapping_of(desk, file)
    if not needs_recording(file, mapping):
        return file
    due_at = _find_due(file)
    if due_at > desk.clock.now():
        return ask_again(desk, file, due_at)
    recorder = _Recorder(desk, mapping, request_id)
    if _may_have_arrived(file):
        found, absent = recorder.find(file)
        if found is not None:
            return recorder.write(file, RECORDED, found)
        if not absent:
            return recorder.delay(file, "no_word")
        settled_at = file.all_of(STARTED)[-1].at + timedelta(seconds=SETTLE_SECONDS)
        if settled_at > desk.clock.now():
            return ask_again(desk, file, settled_at)
    started, mine = recorder.start(file)
    return recorder.tell(started) if mine else started


def _find_due(file: CaseFile) -> datetime:
    last = file.last(STARTED, DELAYED)
    if last is not None and last.name == STARTED:
        return last.at + timedelta(seconds=ASK_SECONDS)
    return find_next_try(file, DELAYED)


def _may_have_arrived(file: CaseFile) -> bool:
    """Whether some attempt did not end with the certainty that nothing arrived."""
    tries = file.all_of(STARTED, DELAYED)
    ends = {tries[index].version: tries[index + 1] for index in range(len(tries) - 1)}
    attempts = (one for one in tries if one.name == STARTED)
    return any(one.version not in ends or ends[one.version].data.get("arrived", True) for one in attempts)


class _Recorder:
    """One case at one register, during one job."""

    def __init__(self, desk: CaseDesk, mapping: ServiceMapping, request_id: str) -> None:
        self.desk, self.mapping, self.request_id = desk, mapping, request_id

    def start(self, file: CaseFile) -> tuple[CaseFile, bool]:
        """Commit the attempt before it is made. Of many that try, one makes it."""
        seen = file.version
        mine = False

        def decide(now: CaseFile) -> Move | None:
            nonlocal mine
            mine = now.version == seen and needs_recording(now, self.mapping)
            return Move(STARTED, Hand.HOUSE, {}) if mine else None

        return write_if(self.desk, file, decide), mine

    def tell(self, file: CaseFile) -> CaseFile:
        """Make the attempt and write down its end."""
        try:
            answer = self._call(RECORD, self._describe(file), file)
            return self.write(file, RECORDED, self._read(answer))
        except BackEndUnreachable as error:
            return self.delay(file, error.code, arrived=False)
        except BackEndRefused as refused:
            return self.delay(file, refused.reason)
        except BackEndError as error:
            return self.delay(file, error.code)

    def find(self, file: CaseFile) -> tuple[dict[str, JsonValue] | None, bool]:
        """What the register has under the number; or None and whether it is certain that it has nothing."""
        case = file.case
        asked = {"case_no": case.case_no, "business_on": case.business_on.isoformat()}
        try:
            return self._read(self._call(FIND_RECORD, asked, file)), False
        except BackEndRefused as refused:
            return None, refused.reason == ABSENT
        except BackEndError:
            return None, False

    def delay(self, file: CaseFile, reason: str, *, arrived: bool = True) -> CaseFile:
        """Note that it is not known to be entered, and come back later."""
        after = self.write(file, DELAYED, {"reason": reason, "arrived": arrived})
        return ask_again(self.desk, after, find_next_try(after, DELAYED)) if after.last(RECORDED) is None else after

    def write(self, file: CaseFile, event: str, data: dict[str, JsonValue]) -> CaseFile:
        """Write down what became of it, unless it is entered already."""

        def decide(now: CaseFile) -> Move | None:
            return Move(event, Hand.HOUSE, data) if needs_recording(now, self.mapping) else None

        return write_if(self.desk, file, decide)

    def _call(self, operation: str, values: dict[str, JsonValue], file: CaseFile) -> JsonValue:
        end = self.desk.back_end_of(self.mapping)
        return end.call(operation, values, self.request_id, purpose=PURPOSE, case_no=file.case.case_no)

    def _describe(self, file: CaseFile) -> dict[str, JsonValue]:
        """The same in every attempt."""
        certificate, decision = terms_of(self.mapping).certificate, file.decision or file.events[-1]
        if certificate is not None:
            number = write_certificate_no(certificate.prefix, file.case.case_no)
        else:
            number = number_letter(file, decision.version, DocumentKind.GRANT)
        return {**describe_case(file), "decided_on": str(decision.data["on"]), "certificate_no": number}

    def _read(self, answer: JsonValue) -> dict[str, JsonValue]:
        """The reference and the declared outputs. Raises ``BackEndGarbled``."""
        if not isinstance(answer, dict) or not answer.get("reference"):
            raise BackEndGarbled("record: no reference")
        given = answer.get("outputs")
        outputs = read_outputs(self.mapping.outputs, given) if given is not None else None
        return {"reference": str(answer["reference"]), "outputs": outputs}
