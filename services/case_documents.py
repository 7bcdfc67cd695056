"""Making the documents of a case: the house's own work after an event. It prints what was decided; it decides nothing.

Each letter, and the certificate, is set and signed outside any transaction, put into the store of files, and only then written down, with
its entry, in one transaction that looks again whether it is still missing. A worker that is killed in between has printed something that
is in no list and verifies nowhere (``slip_desk``: a slip whose event was never written is not issued); the next one prints the one that
counts. A missing key or seal is a ``ConfigurationFault``: the case stays as it is, and the job comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.case_clocks import decision_deadlines, terms_of
from services.case_desk import CaseDesk, CaseWorkshop
from services.case_events import Move, change_case, load_case, mapping_of, write_move
from services.case_file import CaseFile
from services.case_letters import (
    WITH_DEADLINES,
    Matter,
    as_of,
    find_end,
    list_due,
    number_certificate,
    number_letter,
    write_certificate,
    write_letter,
)
from services.case_opening import list_desks
from services.case_ports import CaseTransaction, Letter
from services.case_record import CaseState, Hand, StoredFile
from services.case_records import needs_recording
from services.clock import Deadline
from services.letter_words import DocumentKind
from services.model import JsonValue
from services.slips import make_certificate, make_slip_id, make_voucher, shanghai_day

MEDIA_TYPE = "application/pdf"
HOUSE = "house"
ISSUED, MADE = "certificate_issued", "document_made"


def make_documents(workshop: CaseWorkshop, file: CaseFile, request_id: str) -> CaseFile:
    """Make every letter that is due, then the certificate. Raises ``ConfigurationFault``, ``StoreUnavailable``."""
    file = make_letters(workshop, file, request_id)
    press = _Press(replace(workshop, desk=replace(workshop.desk, request_id=request_id)))
    return press.issue(file) if is_certificate_due(workshop, file) else file


def make_letters(workshop: CaseWorkshop, file: CaseFile, request_id: str) -> CaseFile:
    """Make every letter that is due; the certificate is none."""
    press = _Press(replace(workshop, desk=replace(workshop.desk, request_id=request_id)))
    for version, kind in list_due(file, terms_of(mapping_of(workshop.desk, file))):
        file = press.make_letter(file, version, kind)
    return file


def is_certificate_due(workshop: CaseWorkshop, file: CaseFile) -> bool:
    """Granted, entered where it must be entered, no gap open, not issued."""
    entered = not needs_recording(file, mapping_of(workshop.desk, file))
    return file.state is CaseState.GRANTED and entered and file.gap is None and file.last(ISSUED) is None


Decide = Callable[[CaseTransaction, CaseFile], Move | None]


def _write(desk: CaseDesk, file: CaseFile, decide: Decide) -> CaseFile:
    """Load the case anew and write what is still missing, with its entry in the list of files, in one transaction."""

    def change(tx: CaseTransaction) -> CaseFile:
        now = load_case(tx, file.case.case_id)
        move = decide(tx, now)
        return write_move(desk, tx, now, move) if move is not None else now

    return change_case(desk, list_desks(desk, mapping_of(desk, file)), change)


@dataclass(frozen=True, slots=True)
class _Printed:
    """A document that exists as bytes and is in no list yet."""

    letter: Letter
    content: bytes
    digest: str
    slip_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Press:
    """One job's printing."""

    workshop: CaseWorkshop

    def make_letter(self, file: CaseFile, version: int, kind: DocumentKind) -> CaseFile:
        """One letter of one event, once."""
        desk, now = self.workshop.desk, self.workshop.desk.clock.now()
        matter, number = self._describe(file, version, kind), number_letter(file, version, kind)
        told = matter.deadlines if kind is DocumentKind.ACCEPTANCE else ()
        slip = make_voucher(make_slip_id(desk.random), matter.file, kind, number, version, told, now)
        letter = write_letter(matter, kind, number, desk.slips.sign(slip))
        printed = self._print(file, letter, slip.slip_id, now)

        def decide(tx: CaseTransaction, after: CaseFile) -> Move | None:
            if (version, kind) not in list_due(after, matter.terms):
                return None
            entry = self._file(tx, after, printed)
            return Move(MADE, Hand.HOUSE, {"kind": str(kind), "of": version, **entry})

        return _write(desk, file, decide)

    def issue(self, file: CaseFile) -> CaseFile:
        """The certificate, once."""
        desk, now = self.workshop.desk, self.workshop.desk.clock.now()
        granted = file.last("granted")
        if granted is None:
            return file
        matter, on = replace(self._describe(file, granted.version, DocumentKind.GRANT), file=file), shanghai_day(now)
        until, number = find_end(matter, on), number_certificate(matter)
        slip = make_certificate(make_slip_id(desk.random), file, number, now, until)
        text = desk.slips.sign(slip)
        printed = self._print(file, write_certificate(matter, on, text), slip.slip_id, now)
        ends = until.isoformat() if until else None

        def decide(tx: CaseTransaction, after: CaseFile) -> Move | None:
            if not is_certificate_due(self.workshop, after):
                return None
            entry = self._file(tx, after, printed)
            return Move(ISSUED, Hand.HOUSE, {**entry, "valid_until": ends, "on": on.isoformat(), "slip": text})

        return _write(desk, file, decide)

    def _describe(self, file: CaseFile, version: int, kind: DocumentKind) -> Matter:
        desk, then = self.workshop.desk, as_of(file, version)
        mapping = mapping_of(desk, file)
        deadlines: tuple[Deadline, ...] = ()
        if kind in WITH_DEADLINES:
            with desk.house.begin((file.case.agency_id,)) as tx:
                deadlines = decision_deadlines(tx, then, mapping)
        return Matter(then, then.events[-1], mapping, terms_of(mapping), deadlines)

    def _print(self, file: CaseFile, letter: Letter, slip_id: str, at: datetime) -> _Printed:
        content = self.workshop.printer.print(letter, at)
        return _Printed(letter, content, self.workshop.desk.files.put(file.case.agency_id, content), slip_id, at)

    def _file(self, tx: CaseTransaction, file: CaseFile, printed: _Printed) -> Mapping[str, JsonValue]:
        """Enter the file; what its event says of it."""
        desk, letter = self.workshop.desk, printed.letter
        stored = StoredFile(
            desk.new_id(), file.case.agency_id, file.case.case_id, "", printed.digest, MEDIA_TYPE, len(printed.content),
            f"{letter.title}（{letter.number}）.pdf", printed.at, HOUSE,
        )  # fmt: skip
        tx.files.add(stored)
        return {
            "file_id": str(stored.file_id), "digest": printed.digest, "number": letter.number, "slip_id": printed.slip_id,
        }  # fmt: skip
