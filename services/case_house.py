"""How the house itself works on a case: it writes one move if it still fits, and comes back later for what did not answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from services.case_desk import CaseDesk
from services.case_events import Move, change_case, load_case, mapping_of, write_move
from services.case_file import CaseFile
from services.case_opening import list_desks
from services.case_ports import CaseTransaction

TASK = "work_on_case"
RETRY_SECONDS = (30.0, 3600.0)
"""How soon and how late what did not answer is asked again."""
TURNS = frozenset({"accepted", "accepted_with_gap", "deemed_accepted", "granted"})
"""Events with which something new begins: what did not answer before them counts no longer."""
Decide = Callable[[CaseFile], Move | None]


def find_next_try(file: CaseFile, event: str) -> datetime:
    """When to try again after the latest ``event`` of a run of them: half of the time waited since the first, within RETRY_SECONDS."""
    run = _last_run(file, event)
    if not run:
        return file.case.received_at
    least, most = RETRY_SECONDS
    waited = (run[-1] - run[0]).total_seconds()
    return run[-1] + timedelta(seconds=max(least, min(most, waited / 2)))


def _last_run(file: CaseFile, event: str) -> list[datetime]:
    """The moments of the latest events of this name since the last event that moved the case."""
    found: list[datetime] = []
    for one in reversed(file.events):
        if one.name == event:
            found.insert(0, one.at)
        elif one.name in TURNS:
            break
    return found


def ask_again(desk: CaseDesk, file: CaseFile, due_at: datetime) -> CaseFile:
    """Look at the case again then; the file as it is."""
    with desk.house.begin((file.case.agency_id,)) as tx:
        tx.jobs.schedule(TASK, file.case.agency_id, file.case.case_id, due_at)
    return file


def write_if(desk: CaseDesk, file: CaseFile, decide: Decide) -> CaseFile:
    """Load the case anew, decide and write one move, or nothing: the house's way to write, safe against everybody else's."""

    def change(tx: CaseTransaction) -> CaseFile:
        now = load_case(tx, file.case.case_id)
        move = decide(now)
        return write_move(desk, tx, now, move) if move is not None else now

    return change_case(desk, list_desks(desk, mapping_of(desk, file)), change)
