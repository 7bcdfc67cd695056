"""Reading a file: the applicant what belongs to their own draft or case, a clerk what belongs to a case that they have opened.

The bytes come back with the headers under which a browser may have them: never guessed at, never run, never kept. Whoever asks for a file
of somebody else's learns that there is none (``NotFound``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from services.case_access import ApplicantDesk, load_own_case
from services.case_desk import CaseDesk
from services.case_drafts import load_open_draft
from services.case_errors import CaseMoved
from services.case_record import StoredFile
from services.counter_bench import CounterRoom, find_opened
from services.counter_permits import PERMITS
from services.errors import NotFound
from services.file_rules import ENDINGS, name_for_download
from services.model import Caller
from services.ports import Transaction
from services.reading_record import Subject, case_read
from services.staffing import Actor

READ = "case.read_file"
"""The act of reading a file, in the book of acts."""
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"
VIEWER = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"
)
"""For a PDF shown in its place: browsers refuse to start their viewer in a sandbox. The judge let in nothing that acts."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file and the headers with which it is answered (``Content-Length`` is the server's)."""

    file: StoredFile
    content: bytes
    headers: Mapping[str, str]


def read_own_file(door: ApplicantDesk, caller: Caller, file_id: UUID, *, inline: bool = False) -> OpenedFile:
    """A file of a draft or case of the caller's, uploaded or made by the office. Raises ``NotFound``, ``StoreUnavailable``."""
    with door.till.store.begin(caller.agencies) as tx:
        file = tx.files.load(file_id)
        if file is None:
            raise NotFound
        _require_own(door, tx, caller, file.owner)
    return open_stored(door.desk, file, inline=inline)


def _require_own(door: ApplicantDesk, tx: Transaction, caller: Caller, owner: UUID) -> None:
    if tx.cases.load(owner) is not None:
        load_own_case(door.desk, tx, caller, owner)
    else:
        load_open_draft(door, tx, caller, owner)


def read_at_counter(
    room: CounterRoom, actor: Actor, case_id: UUID, file_id: UUID, *, inline: bool = False
) -> OpenedFile:
    """A file of a case that this person has opened; noted in the book of acts before a byte is given back.

    Raises ``NotFound``, ``NotPermitted``, ``CaseMoved`` (``open_first``), ``StoreUnavailable``.
    """
    place = room.find_place(actor, case_id, PERMITS["open_case"])
    with room.house.begin(place.agencies) as tx:
        file = tx.files.load(file_id)
        if file is None or file.owner != case_id:
            raise NotFound
        if find_opened(tx, actor.member.staff_id, case_id) is None:
            raise CaseMoved(detail={"rule": "open_first"})
        detail = {"file_id": str(file_id), "material": file.material}
        read: tuple[Subject, ...] = (case_read(case_id),)
        for agency_id in place.reached if place.lead not in place.reached else (place.lead,):
            room.append_act(tx, actor, READ, agency_id, case_id, "", detail, read=read)
            read = ()
    return open_stored(room.desk, file, inline=inline)


def open_stored(desk: CaseDesk, file: StoredFile, *, inline: bool = False) -> OpenedFile:
    """The bytes from the file store with their headers. No transaction may be open. Raises ``NotFound``, ``StoreUnavailable``."""
    content = desk.files.get(file.agency_id, file.digest)
    return OpenedFile(file, content, name_headers(file, inline=inline))


def name_headers(file: StoredFile, *, inline: bool = False) -> dict[str, str]:
    """Headers under which a browser neither guesses, runs nor keeps it. ``inline`` holds for pictures and PDF alone (RFC 6266, 8187)."""
    known = file.media_type in ENDINGS
    shown = inline and known
    name = name_for_download(file)
    plain = "".join(one if (one.isascii() and one.isalnum()) or one in "-_. " else "_" for one in name)
    disposition = "inline" if shown else "attachment"
    return {
        "Content-Type": file.media_type if known else "application/octet-stream",
        "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": VIEWER if shown and file.media_type == "application/pdf" else SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
