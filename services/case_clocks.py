"""Which clocks run for a case, till when, and what follows when one runs out."""

from __future__ import annotations

from datetime import datetime

from services.case_desk import CaseDesk
from services.case_file import CaseFile
from services.case_ports import CaseTransaction
from services.case_record import DeskLine
from services.mapping import ServiceMapping


def make_lines(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> list[DeskLine]:
    """The case's line on every desk with something to do in it: the lead agency's, and in joint handling each other's."""
    raise NotImplementedError


def next_watch(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping) -> datetime | None:
    """When the clock itself must look at the case again: the moment after the last day of the nearest running clock."""
    raise NotImplementedError
