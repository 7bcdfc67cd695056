"""A process that closes October 2026 for a test that kills it: once the leaf is in the ledger it says so in a file, and goes no further.

``python -m tests.month_closer_process WORKER_URL KEYRING MARKER AGENCIES``
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from services.catalogue import Catalogue
from services.month_record import StatisticsLedger
from services.months import Month
from services.statistics import StatisticsDesk, close_month
from tests.case_samples import make_case_mapping
from tests.fake_cases import NO_WORDS
from tests.fakes import FakeClock, FakeDirectory


@dataclass
class HangingLedger:
    """Appends, touches the marker, and never comes back."""

    ledger: StatisticsLedger
    marker: Path

    def append_statistics(self, agency_id: UUID, month: str, digest: str) -> UUID:
        record_id = self.ledger.append_statistics(agency_id, month, digest)
        self.marker.write_text(str(record_id), "utf-8")
        while True:
            time.sleep(0.1)


def main(url: str, keyring: str, marker: str, agencies: str) -> None:
    """Close, until killed."""
    month, mapping = Month(2026, 10), make_case_mapping()
    clock = FakeClock(month.following.following.begins_at)
    directory = FakeDirectory({slug: UUID(text) for slug, text in json.loads(agencies).items()})
    store = SqlStore(url, Keyring.load(Path(keyring)), clock, 2)
    ledger = HangingLedger(SqlExposureLog(url, clock), Path(marker))
    close_month(StatisticsDesk(store, Catalogue({mapping.id: mapping}, {}, NO_WORDS), directory, clock, ledger), month)


if __name__ == "__main__":
    main(*sys.argv[1:])
