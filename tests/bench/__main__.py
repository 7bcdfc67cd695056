"""``make bench``: measure the figures that are asked for, all by default, and write ``var/bench/report.json``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from adapters.clock import SystemClock
from tests.bench import appending, growth, months, proofs, sealing, threads
from tests.bench.data import HOME, print_line
from tests.bench.report import Figure, describe, write_report

Measure = Callable[[Callable[[str], None]], Figure]
FIGURES: Mapping[str, Measure] = {
    threads.NAME: threads.measure_waits,
    growth.NAME: growth.measure,
    months.NAME: months.measure,
    sealing.NAME: sealing.measure,
    appending.NAME: appending.measure,
    proofs.NAME: proofs.measure,
}


def main() -> None:
    """One figure after the other; a figure that fails its target does not fail the run."""
    asked = argparse.ArgumentParser(prog="make bench", description="Ratios measured in one run.")
    asked.add_argument("--figure", default="", help=f"names with commas between them: {', '.join(FIGURES)}")
    names = [name for name in asked.parse_args().figure.split(",") if name] or list(FIGURES)
    unknown = sorted(set(names) - set(FIGURES))
    if unknown:
        asked.error(f"no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    for name in names:
        figure = FIGURES[name](print_line)
        write_report(HOME / "report.json", [figure], SystemClock().now().isoformat())
        print_line(describe(figure))


if __name__ == "__main__":
    main()
