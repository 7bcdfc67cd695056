"""How fast ``exposure verify`` is, and that its memory does not grow with the ledger.

``python -m tests.verify_rate 25000 100000``: a server of its own, a ledger of so many records (one person each, batches of 1,000), checked by a process of
its own with every key; for each number the rate, and the most memory that the process had.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import psycopg

from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_verify import Checking, verify
from adapters.stores.sequencer import SqlSequencer
from tests.contract.test_ledger import make_exposure
from tests.databases import WHEEL, Cluster
from tests.fakes import FakeClock
from tests.sequencer_process import LOG


def measure(url: str) -> None:
    """Check the ledger at this address, and say what it took."""
    begun = time.perf_counter()
    report = verify(url, lambda _: None, checking=Checking(LOG.key))
    spent = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{report.records} records, {report.fault_count} faults: {spent:.1f} s, {report.records / spent:.0f} a second, {memory:.0f} MiB\n"
    )


def main(counts: list[int]) -> None:
    """Make the ledger larger step by step."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(WHEEL, Path(folder))
        try:
            database = cluster.make()
            agency, clock, done = uuid4(), FakeClock(), 0
            with psycopg.connect(database.owner_url, autocommit=True) as owner:
                owner.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", [agency])
            log = SqlExposureLog(database.urls["public"], clock)
            sequencer = SqlSequencer(database.urls["sequencer"], clock, LOG)
            people = [uuid4() for _ in range(max(counts) // 5)]
            for count in counts:
                for at in range(done, count, 100):
                    clock.advance(1)
                    log.append([make_exposure(agency, people[one % len(people)]) for one in range(at, at + 100)])
                    if at % 1000 == 900:
                        sequencer.run()
                sequencer.run()
                done = count
                with psycopg.connect(database.owner_url, autocommit=True) as owner:
                    owner.execute("ANALYZE")
                subprocess.run([sys.executable, "-m", "tests.verify_rate", database.owner_url], check=True)
            log.close()
            sequencer.close()
        finally:
            cluster.server.stop()


if __name__ == "__main__":
    if sys.argv[1].isdecimal():
        main([int(one) for one in sys.argv[1:]])
    else:
        measure(sys.argv[1])
