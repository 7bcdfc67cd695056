"""The virtual counter of the staff: open a case, search for one, and every act on one (``docs/counter.md``).

``CounterDesk`` is all rooms of the counter in one: queue, reception, examination, delivery. Each method is one transaction with its Act.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from uuid import UUID

from services.application_files import list_topmost
from services.case_errors import SlipRefused
from services.case_events import load_case
from services.case_record import DeskLine
from services.counter_bench import Bench, CounterTransaction
from services.counter_delivery import CASE_SLIPS, DeliveryRoom
from services.counter_examination import ExaminationRoom
from services.counter_permits import PERMITS
from services.counter_queue import PAGE, QueueRoom, reach_desks
from services.counter_reception import ReceptionRoom
from services.counter_view import OpenedCase, is_own, view_case
from services.errors import InputRefused
from services.notice_desk import NoticeRoom
from services.reading_record import Subject, case_read, number_read
from services.slips import name_case
from services.staff_rules import read_reason, read_remark
from services.staffing import Actor


class SearchKey(StrEnum):
    """By what a case is looked for."""

    NAME = "name"
    """The applicant's exact name."""
    NUMBER = "number"
    """The applicant's identity number, or an organisation's credit code."""
    CASE_NO = "case_no"
    SLIP = "slip"
    """The text of a QR code: a receipt, a collection code, a certificate, a letter."""


_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]|[0-9A-HJ-NPQRTUWXY]{18}")
"""GB 11643, GB 32100; whether a check digit is right does not matter to a search."""
_CASE_NO = re.compile(r"[A-Za-z0-9-]{1,50}")


class CounterDesk(QueueRoom, ReceptionRoom, ExaminationRoom, DeliveryRoom, NoticeRoom):
    """Everything that a clerk and a head do with cases."""

    __slots__ = ()

    def open_case(self, actor: Actor, case_id: UUID, reason: str) -> OpenedCase:
        """Everything of one case, for a reason, noted with the version before anything is shown.

        Raises ``NotFound``, also for another agency's; ``InputRefused`` for no reason.
        """
        told, permit = read_reason(reason), PERMITS["open_case"]
        place = self.find_place(actor, case_id, permit)
        with self.house.begin(tuple(actor.tree.parents)) as tx:  # staff and desks lie in several agencies
            file = load_case(tx, case_id)
            opened = view_case(self.desk, tx, actor, place, file, own=is_own(tx, actor, place))
            bench = Bench(self.desk, tx, actor, permit, place, file, self.desk.clock.now())
            self.note(bench, file, told, {})
        return opened

    def search(self, actor: Actor, by: SearchKey, value: str, reason: str) -> list[DeskLine]:
        """Cases on the desks that the actor reaches, without anything personal; noted with how they were looked for, never with what.

        Raises ``NotPermitted``, ``InputRefused`` for no reason or what can be no such number, ``SlipRefused`` for a slip that does not hold.
        """
        told, agencies = read_reason(reason), reach_desks(actor)
        find = self._read_search(by, value, agencies)
        scope = (
            agencies if by in (SearchKey.NAME, SearchKey.NUMBER) else tuple(actor.tree.parents)
        )  # joint cases lie elsewhere
        with self.house.begin(scope) as tx:
            lines = find(tx)
            read, act = list_met(by, value, lines), {"by": by.value, "found": len(lines)}
            whose = {case_read(line.case_id): _find_home(line, scope) for line in lines}
            for agency_id in list_topmost(actor, agencies):  # each agency's own auditor sees it, the citizen once
                self.append_act(tx, actor, "case.search", agency_id, "", told, act, read=read, whose=whose)
                read = []
        return lines

    def _read_search(
        self, by: SearchKey, value: str, agencies: tuple[UUID, ...]
    ) -> Callable[[CounterTransaction], list[DeskLine]]:
        """What is asked of the store for a value in its one form."""
        if by is SearchKey.NAME:
            name = _read(by, read_remark(value), None)
            return lambda tx: tx.cases.find_by_name(agencies, name, PAGE)
        if by is SearchKey.NUMBER:
            number = _read(by, re.sub(r"[\s-]", "", value).upper(), _NUMBER)
            return lambda tx: tx.cases.find_by_number_of(agencies, number, PAGE)
        case_no = self._read_slip(value) if by is SearchKey.SLIP else _read(by, value.strip(), _CASE_NO)
        return lambda tx: _find_by_case_no(tx, case_no, agencies)

    def _read_slip(self, text: str) -> str:
        """The number of the case of which a slip of ours speaks; an expired or revoked one still says which it is."""
        slip = self.desk.slips.read(text.strip(), self.desk.clock.now())
        named = name_case(slip) if slip.kind in CASE_SLIPS else None
        if named is None:
            raise SlipRefused("kind")
        return named


def list_met(by: SearchKey, value: str, lines: Sequence[DeskLine]) -> list[Subject]:
    """Whom a search met: each case that it found; a person whose number was looked for and who has none here."""
    if lines or by is not SearchKey.NUMBER:
        return [case_read(line.case_id) for line in lines]
    return [number_read(re.sub(r"[\s-]", "", value))]


def _find_home(line: DeskLine, scope: Collection[UUID]) -> UUID:
    """The agency whose case it is, where its events lie; of one that leads elsewhere the desk that was searched."""
    return line.lead_agency_id if line.lead_agency_id in scope else line.agency_id


def _read(by: SearchKey, value: str, form: re.Pattern[str] | None) -> str:
    if not value or (form is not None and not form.fullmatch(value)):
        raise InputRefused(detail={"value": f"not_a_{by.value}"})
    return value


def _find_by_case_no(tx: CounterTransaction, case_no: str, agencies: tuple[UUID, ...]) -> list[DeskLine]:
    """The lines of one case on these desks."""
    found = tx.cases.find_by_number(case_no)
    lines = tx.cases.load_lines(found[0].case_id) if found is not None else []
    return [line for line in lines if line.agency_id in agencies]
