"""``make year``: simulate a year at the counter, leave its books in ``var/year``, count them again."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.year.recount import compare
from tests.year.simulation import Order, simulate


def main() -> int:
    """Simulate and recount; ends with 0 only if the recount finds the same."""
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--home", type=Path, default=Path("var/year"))
    parser.add_argument("--processes", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--sweep-every", type=int, default=3600, help="seconds between two sweeps")
    chosen = parser.parse_args()
    began = time.monotonic()

    def tell(line: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - began:5.0f} s] {line}\n")
        sys.stdout.flush()

    report = simulate(
        Order(chosen.cases, chosen.seed, chosen.processes, chosen.home.absolute(), chosen.sweep_every), tell
    )
    tell(f"{chosen.home}: written in {report['seconds']} s; counting again")
    faults = compare(chosen.home)
    for fault in faults[:20]:
        tell(fault)
    tell(f"the recount finds {len(faults) or 'no'} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
