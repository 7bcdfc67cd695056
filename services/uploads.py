"""Uploads: to a draft, to a case that waits for something, by the applicant or by a clerk at the window.

In this order: who may, which material, how large and how many; then the bytes are judged, in a process of their own; then they are kept,
encrypted, by digest; then a row says whose they are. Nothing is kept of a file that is refused; bytes without a row are swept. What is
uploaded to a case is waiting until ``corrected``, ``gap_supplied`` or ``fixed_on_the_spot`` takes it in; until then it can be removed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.case_access import ApplicantDesk, load_own_case
from services.case_clocks import terms_of
from services.case_desk import CaseDesk
from services.case_drafts import load_open_draft
from services.case_errors import NotAllowedNow
from services.case_events import load_case, mapping_of
from services.case_file import CaseFile
from services.case_graph import WORKABLE
from services.case_ports import CaseTransaction, FileJudge
from services.case_record import CaseState, StoredFile
from services.case_supply import list_handed_in, list_wanted
from services.counter_bench import CounterRoom, CounterTransaction
from services.counter_permits import PERMITS
from services.counter_terms import CounterTerms, Material
from services.errors import InputRefused, NotFound
from services.file_rules import COPIES, Upload, clean_title, is_over, refuse_file, require_fit
from services.model import Caller, JsonValue
from services.ports import RateLimiter, Transaction
from services.reading_record import case_read
from services.staffing import Actor, Role

UPLOADS_PER_TEN_MINUTES = 120
UPLOADS_OF_STAFF = 600
SCAN, REMOVE_SCAN = "case.scan", "case.remove_scan"
"""The acts of a clerk at the window who takes in a file, or takes it out again."""
GAP_PROMISE = "gap_promise"
"""As this material a clerk uploads the signed promise of an acceptance with a gap: a paper of the case, asked for by no mapping."""
PROMISE = Material(GAP_PROMISE, {}, "C", maximum_files=3)


@dataclass(frozen=True, slots=True)
class UploadDesk:
    """What taking a file needs beside the desk."""

    desk: CaseDesk
    judge: FileJudge
    limiter: RateLimiter


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file goes: whose it will be, as which material, what lies there, and what of that is handed in."""

    agency_id: UUID
    owner: UUID
    material: Material
    held: Sequence[StoredFile]
    handed_in: Collection[str]


_Find = Callable[[CaseTransaction], _Place]
_Note = Callable[[Any, StoredFile], None]
"""Writes an act in the transaction of the row."""
_Begin = Callable[[], AbstractContextManager[CaseTransaction]]


def upload_to_draft(
    uploads: UploadDesk, door: ApplicantDesk, caller: Caller, draft_id: UUID, upload: Upload
) -> StoredFile:
    """Add a file to a draft of the caller's. The same content as the same material again gives the file that is there.

    Raises ``FileRefused`` (type, size, count, pages, active, encrypted, damaged, bomb), ``InputRefused`` for an unknown material or one
    that is not uploaded, ``TooManyRequests``, ``NotFound``, ``MandateEnded``, ``NotAllowedNow``, ``StoreUnavailable``.
    """

    def find(tx: Transaction) -> _Place:
        draft = load_open_draft(door, tx, caller, draft_id)
        terms = terms_of(uploads.desk.catalogue.service_at(draft.service, draft.mapping_version))
        names = {name for name, material in terms.materials.items() if material.level in COPIES}
        return _Place(draft.agency_id, draft_id, _choose(terms, names, upload.material), tx.files.list_of(draft_id), ())

    uploads.limiter.spend("upload", str(caller.person_id), UPLOADS_PER_TEN_MINUTES, 600)
    return _take(uploads, lambda: door.till.store.begin(caller.agencies), find, upload, "applicant")


def upload_to_case(
    uploads: UploadDesk, door: ApplicantDesk, caller: Caller, case_id: UUID, upload: Upload
) -> StoredFile:
    """Add a file to a case that waits for it (correction asked, gap, put right on the spot). It counts when it is handed in.

    Raises what ``upload_to_draft`` raises; ``NotAllowedNow`` where the case waits for nothing.
    """

    def find(tx: Transaction) -> _Place:
        return _find_in_case(uploads.desk, tx, load_own_case(uploads.desk, tx, caller, case_id), upload.material)

    uploads.limiter.spend("upload", str(caller.person_id), UPLOADS_PER_TEN_MINUTES, 600)
    return _take(uploads, lambda: door.till.store.begin(caller.agencies), find, upload, "applicant")


def upload_at_window(uploads: UploadDesk, room: CounterRoom, actor: Actor, case_id: UUID, upload: Upload) -> StoredFile:
    """A clerk scans what somebody brought to the window for a case, or the signed promise of a gap (``GAP_PROMISE``).

    Raises what ``upload_to_case`` raises, ``NotPermitted`` and ``OwnMatter``.
    """
    place = room.find_place(actor, case_id, PERMITS["bring_corrections"])

    def find(tx: CaseTransaction) -> _Place:
        return _find_in_case(uploads.desk, tx, load_case(tx, case_id), upload.material, staff=True)

    _spend_of_staff(uploads, actor)
    note = _note_scan(room, actor, place.lead, case_id, SCAN)
    return _take(uploads, lambda: room.house.begin(place.agencies), find, upload, _name_staff(actor), note)


def upload_for_walk_in(
    uploads: UploadDesk, room: CounterRoom, actor: Actor, service: str, case_id: UUID, upload: Upload
) -> StoredFile:
    """A clerk scans what belongs to a case that is about to be opened at the window under ``case_id``.

    Raises what ``upload_to_draft`` raises, ``NotPermitted``; ``NotAllowedNow`` once there is such a case or draft.
    """
    mapping = uploads.desk.catalogue.service(service)
    agency_id = uploads.desk.directory.agency_id(mapping.agency)
    actor.require([Role.CLERK], agency_id)
    terms = terms_of(mapping)
    names = {name for name, material in terms.materials.items() if material.level in COPIES}

    def find(tx: CaseTransaction) -> _Place:
        if tx.cases.load(case_id) is not None:
            raise NotAllowedNow(detail={"rule": "opened_already"})
        held = tx.files.list_of(case_id)
        if any(file.uploaded_by != _name_staff(actor) for file in held):
            raise NotFound
        return _Place(agency_id, case_id, _choose(terms, names, upload.material), held, ())

    _spend_of_staff(uploads, actor)
    note = _note_scan(room, actor, agency_id, case_id, SCAN)
    return _take(uploads, lambda: room.house.begin((agency_id,)), find, upload, _name_staff(actor), note)


def remove_from_draft(door: ApplicantDesk, caller: Caller, draft_id: UUID, file_id: UUID) -> None:
    """Take a file out of a draft again. Raises ``NotFound``, ``MandateEnded``, ``NotAllowedNow``."""
    with door.till.store.begin(caller.agencies) as tx:
        load_open_draft(door, tx, caller, draft_id)
        _remove(tx, draft_id, file_id, ())


def remove_from_case(door: ApplicantDesk, caller: Caller, case_id: UUID, file_id: UUID) -> None:
    """Take back what was uploaded to a case and not handed in yet. Raises ``NotFound``, ``NotAllowedNow`` for what was."""
    with door.till.store.begin(caller.agencies) as tx:
        file = load_own_case(door.desk, tx, caller, case_id)
        _remove(tx, case_id, file_id, list_handed_in(file), by="applicant")


def remove_at_window(room: CounterRoom, actor: Actor, case_id: UUID, file_id: UUID) -> None:
    """The same by a clerk, of what the staff scanned. Raises ``NotFound``, ``NotPermitted``, ``OwnMatter``, ``NotAllowedNow``."""
    place = room.find_place(actor, case_id, PERMITS["bring_corrections"])
    with room.house.begin(place.agencies) as tx:
        removed = _remove(tx, case_id, file_id, list_handed_in(load_case(tx, case_id)), by="staff:")
        _note_scan(room, actor, place.lead, case_id, REMOVE_SCAN)(tx, removed)


def remove_for_walk_in(room: CounterRoom, actor: Actor, case_id: UUID, file_id: UUID) -> None:
    """A clerk takes out again what they scanned for a case that is not opened yet. Raises ``NotFound``, ``NotAllowedNow`` once it is."""
    with room.house.begin(actor.agencies_as(Role.CLERK)) as tx:
        if tx.cases.load(case_id) is not None:
            raise NotAllowedNow(detail={"rule": "opened_already"})
        removed = _remove(tx, case_id, file_id, (), by=_name_staff(actor))
        _note_scan(room, actor, removed.agency_id, case_id, REMOVE_SCAN)(tx, removed)


def list_scanned(room: CounterRoom, actor: Actor, case_id: UUID) -> tuple[StoredFile, ...]:
    """What this clerk has scanned for a case that is not opened yet; nothing once it is."""
    with room.house.begin(actor.agencies_as(Role.CLERK)) as tx:
        if tx.cases.load(case_id) is not None:
            return ()
        return tuple(file for file in tx.files.list_of(case_id) if file.uploaded_by == _name_staff(actor))


def list_waiting(tx: CaseTransaction, file: CaseFile) -> tuple[StoredFile, ...]:
    """What was uploaded to a case and is not handed in yet."""
    known = list_handed_in(file)
    held = tx.files.list_of(file.case.case_id)
    return tuple(one for one in held if one.material and str(one.file_id) not in known)


def _find_in_case(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, name: str, *, staff: bool = False) -> _Place:
    mapping = mapping_of(desk, file)
    terms, held = terms_of(mapping), tx.files.list_of(file.case.case_id)
    if staff and name == GAP_PROMISE and file.state is CaseState.RECEIVED:
        return _Place(file.case.agency_id, file.case.case_id, PROMISE, held, list_handed_in(file))
    wanted = list_wanted(file, mapping, terms).materials
    names = {one for one in wanted if terms.materials[one].level != "D"}
    if not names or file.state not in WORKABLE:
        raise NotAllowedNow(detail={"state": str(file.state), "asked": "upload"})
    return _Place(file.case.agency_id, file.case.case_id, _choose(terms, names, name), held, list_handed_in(file))


def _choose(terms: CounterTerms, names: Collection[str], name: str) -> Material:
    """Raises ``InputRefused``: ``unknown`` for no material of the service, ``not_asked`` for one that is not uploaded (now)."""
    if name not in terms.materials:
        raise InputRefused(detail={"material": "unknown"})
    if name not in names:
        raise InputRefused(detail={"material": "not_asked"})
    return terms.materials[name]


def _note_scan(room: CounterRoom, actor: Actor, agency_id: UUID, case_id: UUID, act: str) -> _Note:
    def note(tx: CounterTransaction, file: StoredFile) -> None:
        detail: dict[str, JsonValue] = {"file_id": str(file.file_id), "material": file.material}
        read = (case_read(case_id),) if tx.cases.load(case_id) is not None else ()
        room.append_act(tx, actor, act, agency_id, case_id, "", detail, read=read)

    return note


def _keep_silent(_tx: CaseTransaction, _file: StoredFile) -> None:
    """An applicant's upload is no act of the staff."""


def _take(
    uploads: UploadDesk, begin: _Begin, find: Callable[..., _Place], upload: Upload, by: str, note: _Note = _keep_silent
) -> StoredFile:
    """Look, judge, keep, write the row; look again whether two uploads passed the limits side by side."""
    with begin() as tx:
        place = find(tx)
        require_fit(place.material, len(upload.content), place.held, place.handed_in)
    judged = uploads.judge.judge(upload.content)
    if judged.media_type not in place.material.accepts:
        raise refuse_file("type")
    digest = uploads.desk.files.put(place.agency_id, judged.content)
    with begin() as tx:
        place = find(tx)
        same = _find_same(place, digest)
        if same is not None:
            note(tx, same)
            return same
        require_fit(place.material, len(judged.content), place.held, place.handed_in)
        file = StoredFile(
            uploads.desk.new_id(), place.agency_id, place.owner, place.material.name, digest, judged.media_type,
            len(judged.content), clean_title(upload.title), uploads.desk.clock.now(), by,
        )  # fmt: skip
        tx.files.add(file)
        note(tx, file)
    with begin() as tx:
        over = is_over(place.material, tx.files.list_of(place.owner), place.handed_in)
        if over:
            tx.files.remove(file.file_id)
    if over:
        raise refuse_file("count")
    return file


def _find_same(place: _Place, digest: str) -> StoredFile | None:
    for file in place.held:
        if file.digest == digest and file.material == place.material.name and str(file.file_id) not in place.handed_in:
            return file
    return None


def _remove(tx: CaseTransaction, owner: UUID, file_id: UUID, handed_in: Collection[str], by: str = "") -> StoredFile:
    found = tx.files.load(file_id)
    if found is None or found.owner != owner or not found.material or not found.uploaded_by.startswith(by):
        raise NotFound
    if str(file_id) in handed_in:
        raise NotAllowedNow(detail={"rule": "handed_in"})
    tx.files.remove(file_id)
    return found


def _spend_of_staff(uploads: UploadDesk, actor: Actor) -> None:
    uploads.limiter.spend("upload", f"staff:{actor.member.staff_id}", UPLOADS_OF_STAFF, 600)


def _name_staff(actor: Actor) -> str:
    return f"staff:{actor.member.staff_id}"
