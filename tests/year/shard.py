"""A process that lives the days of some of the cases: the simulated year on as many cores as there are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from adapters.stores.keyring import Keyring
from tests.year.arrivals import list_arrivals, seat_staff
from tests.year.calendars import WorkingDays, load_calendars
from tests.year.city import make_services
from tests.year.office import Office
from tests.year.place import list_agencies
from tests.year.rows import CASE, EVENT, copy_rows, make_case_row, make_event_row, replan_all, stage_plans

CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Share:
    """Which cases a process has: every ``of``-th from ``first`` on, of ``cases`` by ``seed``; where they are written."""

    cases: int
    seed: int
    orange_percent: int
    owner_url: str
    ring: Path
    first: int
    of: int


def make_office(share: Share) -> Office:
    """The counters of a share of the cases."""
    calendars, staff = load_calendars(), seat_staff()
    arrivals = list_arrivals(share.cases, share.seed, WorkingDays(calendars[1]), staff)[share.first :: share.of]
    agencies = list_agencies()
    return Office(arrivals, make_services(), staff, agencies, calendars, share.seed, share.orange_percent)


def live_day(office: Office, on: date, connection: psycopg.Connection[Any], ring: Keyring) -> tuple[int, int]:
    """Live a day and write it, in one transaction; gives how many cases were opened and how many events happened."""
    day = office.live(on)
    with connection.transaction():
        copy_rows(connection, "cases", CASE, (make_case_row(ring, case) for case in day.opened))
        copy_rows(connection, "case_events", EVENT, (make_event_row(ring, *pair) for pair in day.events))
        replan_all(connection, list(day.moved.items()), day.plans)
    return len(day.opened), len(day.events)


def run_shard(share: Share, orders: Connection) -> None:
    """Live each day that is ordered; answers with the numbers of the day and whether nothing is left to happen."""
    office, ring = make_office(share), Keyring.load(share.ring)
    with psycopg.connect(share.owner_url, autocommit=True) as connection:
        stage_plans(connection)
        while (on := orders.recv()) is not None:
            opened, events = live_day(office, on, connection, ring)
            orders.send((opened, events, office.is_done))


class Shards:
    """The processes, ordered about by days."""

    def __init__(self, shares: Sequence[Share]) -> None:
        pairs = [CONTEXT.Pipe() for _ in shares]
        self._orders = [ours for ours, _ in pairs]
        self._processes = [
            CONTEXT.Process(target=run_shard, args=(share, theirs), daemon=True)
            for share, (_, theirs) in zip(shares, pairs, strict=True)
        ]
        for process, (_, theirs) in zip(self._processes, pairs, strict=True):
            process.start()
            theirs.close()

    def begin(self, on: date) -> None:
        """Let all of them live a day, each at its own pace."""
        for orders in self._orders:
            orders.send(on)

    def finish(self) -> tuple[int, int, bool]:
        """Wait for the day to end: cases opened, events, whether nothing is left. Raises ``EOFError`` if a process died."""
        answers = [orders.recv() for orders in self._orders]
        return sum(one[0] for one in answers), sum(one[1] for one in answers), all(one[2] for one in answers)

    def stop(self) -> None:
        """Send them home."""
        for orders, process in zip(self._orders, self._processes, strict=True):
            if process.is_alive():
                orders.send(None)
            process.join(30)
