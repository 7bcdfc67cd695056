"""Who opens a case while signed in has read what was told of it: that proves the delivery of every notice that is still open."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.attempts import decide_again
from services.case_access import ApplicantDesk, load_own_case
from services.case_events import Move, write_move
from services.case_file import CaseFile
from services.case_notices import DELIVERED, EVENT, READ, find_delivery, list_notices
from services.case_record import Hand
from services.model import Caller
from services.ports import Transaction


def _note_reading(door: ApplicantDesk, caller: Caller, tx: Transaction, file: CaseFile) -> CaseFile:
    """Note, for each notice with legal effect that is not proven yet, that this log-in read it now. Nothing, if there is none."""
    desk = replace(door.desk, request_id=caller.request_id)
    unread = [one for one in list_notices(file) if one.legal and find_delivery(file, one) is None]
    for notice in unread:
        proof = {"place": str(caller.login_id), "door": str(caller.app.platform)}
        told = {"notice": notice.key, "rung": READ, "attempt": 1, "outcome": DELIVERED, "proof": proof}
        file = write_move(desk, tx, file, Move(EVENT, Hand.HOUSE, told))
    return file


def read_own_case(door: ApplicantDesk, caller: Caller, case_id: UUID) -> CaseFile:
    """A case of the caller's, read: what they see is what they were told. Raises ``NotFound``; ``VersionTaken`` if it never stands still."""

    def attempt() -> CaseFile:
        with door.till.store.begin(caller.agencies) as tx:
            return _note_reading(door, caller, tx, load_own_case(door.desk, tx, caller, case_id))

    return decide_again(attempt)
