"""``growth_month``: seconds to count one case of a month, with 10 million cases in the store against 100,000, and the memory of it.

The month is one of the middle: as many cases begin in it as end. What closing adds (one leaf, some rows) does not depend on cases.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, cast

from services.catalogue import Catalogue
from services.months import Month
from services.statistics import StatisticsDesk, count_month
from tests.bench.data import HOME, SIZES, Grown, open_data
from tests.bench.growth import GrownOffice, open_office
from tests.bench.report import Figure, compare_rounds
from tests.fake_cases import NO_WORDS

NAME, TARGET = "growth_month", 1.3
MONTH = Month(2026, 8)
ROUNDS = 9
"""Of the small store; the large one is counted once between two of them."""


def measure(report: Callable[[str], None]) -> Figure:
    """Count the month on both stores; builds what is missing of them first."""
    with open_data(["small", "large"], SIZES, HOME, report) as stores:
        return measure_stores(stores, report)


def measure_stores(stores: dict[str, Grown], report: Callable[[str], None], rounds: int = ROUNDS) -> Figure:
    """The figure of two stores that are there."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in stores]
        small, large = (
            stack.enter_context(closing(open_office(stores[name], folder)))
            for name, folder in zip(("small", "large"), folders, strict=True)
        )
        before = [_count(small) for _ in range(rounds)]
        memory = _peak_megabytes()
        cases, seconds = _count(large)
        grown = _peak_megabytes() - memory
        before += [_count(small) for _ in range(rounds)]
    report(f"{cases:,} cases of {MONTH} in {seconds:.1f} s; the process grew by {grown:.0f} MB at most")
    floor = [taken / count for count, taken in before]
    ours = [seconds / cases] * len(floor)
    ratio, spread = compare_rounds(ours, floor)
    details = {
        "cases": float(cases),
        "seconds": seconds,
        "megabytes more": grown,
        "cases of the small store": float(before[0][0]),
    }
    return Figure(NAME, "seconds a case", "lower", ours[0], ours[0] / ratio, ratio, spread, TARGET, details)


def _count(office: GrownOffice) -> tuple[int, float]:
    """How many cases the month has, and the seconds of counting it."""
    catalogue = Catalogue({office.mapping.id: office.mapping}, {}, NO_WORDS)
    house, ledger = cast("Any", office.worker), cast("Any", None)
    desk = StatisticsDesk(house, catalogue, cast("Any", office.desk.directory), office.clock, ledger)
    seen = [0]
    began = time.perf_counter()
    counted = count_month(desk, MONTH, lambda number: seen.__setitem__(0, number))
    taken = time.perf_counter() - began
    if not any(numbers.get("closed") for numbers in counted.figures.values()):
        raise SystemExit(f"no case was closed in {MONTH}")
    return seen[0], taken


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
