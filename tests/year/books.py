"""What the store holds of the year, read back with the stores' own readers: events, clocks, and each month's figures, piece by piece."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from pathlib import Path
from uuid import UUID

from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from adapters.ids import first_id_of
from adapters.stores.cases import SqlCaseStore
from adapters.stores.connection import driver_url
from adapters.stores.keyring import Keyring
from adapters.stores.tables.cases import case_events, cases
from services.calendar_record import Calendar
from services.case_file import CaseFile
from services.counter_terms import CounterTerms
from services.month_figures import add_up, count_case, list_touched
from services.month_record import Account
from services.months import Month
from tests.year.arrivals import seat_staff
from tests.year.calendars import DAY, FIRST_DAY, LAST_RECEIPT, load_calendars, moment_on
from tests.year.city import make_services
from tests.year.export import list_clocks, list_events
from tests.year.office import NOTICE_AT

Sums = dict[tuple[Month, Account], Counter[str]]
DAYS_AT_ONCE = 3


@dataclass(frozen=True)
class Piece:
    """The cases received from one day till before another, and where their lines go."""

    owner_url: str
    ring: Path
    folder: Path
    first: date
    end: date

    def part(self, name: str) -> Path:
        """The file of this piece's lines."""
        return self.folder / "parts" / f"{name}-{self.first}.csv"


def list_pieces(owner_url: str, ring: Path, folder: Path) -> list[Piece]:
    """The whole year in pieces, in order."""
    pieces, on = [], FIRST_DAY
    while on <= LAST_RECEIPT:
        pieces.append(Piece(owner_url, ring, folder, on, on + DAY * DAYS_AT_ONCE))
        on += DAY * DAYS_AT_ONCE
    return pieces


class Library:
    """What is needed to make sense of a case: terms, calendars, who is who."""

    @cached_property
    def terms(self) -> Mapping[str, CounterTerms]:
        """The terms of each service."""
        return {service.mapping.id: service.terms for service in make_services()}

    @cached_property
    def calendars(self) -> tuple[Calendar, Calendar]:
        """That till the notice, and that after it."""
        return load_calendars()

    @cached_property
    def logins(self) -> Mapping[UUID, str]:
        """The sign-in name of everybody of the staff."""
        return seat_staff().logins

    def calendar_at(self, month: Month) -> Calendar:
        """The calendar in force at a month's end."""
        return self.calendars[month.ends_at > NOTICE_AT]


def write_piece(piece: Piece) -> Sums:
    """Write the events and clocks of a piece; gives its part of the months' figures."""
    library, sums = Library(), Sums()
    with piece.part("events").open("w", newline="") as one, piece.part("clocks").open("w", newline="") as two:
        events, clocks = csv.writer(one, lineterminator="\n"), csv.writer(two, lineterminator="\n")
        for file in read_files(piece):
            terms = library.terms[file.case.service]
            events.writerows(list_events(file, library.logins))
            clocks.writerows(list_clocks(file, terms, library.calendars[1]))
            for month in list_touched(file):
                for account, figures in add_up(count_case(file, terms, library.calendar_at(month), month)).items():
                    sums.setdefault((month, account), Counter()).update(figures)
    return sums


def read_files(piece: Piece) -> Iterator[CaseFile]:
    """The piece's cases in the order of their receipt, decrypted."""
    ring = Keyring.load(piece.ring)
    engine = create_engine(driver_url(piece.owner_url), poolclass=NullPool)
    first, end = (first_id_of(moment_on(on, 0)) for on in (piece.first, piece.end))
    with engine.connect() as connection:
        store = SqlCaseStore(connection, ring)
        mine = case_events.c.case_id >= first, case_events.c.case_id < end
        rows = connection.execute(
            select(case_events).where(*mine).order_by(case_events.c.case_id, case_events.c.version)
        )
        told = {
            case_id: tuple(map(store._read_event, group)) for case_id, group in groupby(rows, lambda row: row.case_id)
        }
        chosen = select(cases).where(cases.c.case_id >= first, cases.c.case_id < end).order_by(cases.c.case_id)
        for row in connection.execute(chosen):
            yield CaseFile(store._read(row), told[row.case_id])


def join_parts(pieces: list[Piece], name: str, heads: tuple[str, ...], target: Path) -> None:
    """One file of all pieces' lines."""
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(heads)
        for piece in pieces:
            file.write(piece.part(name).read_text("utf-8"))
            piece.part(name).unlink()
