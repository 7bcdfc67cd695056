"""A sweeper for tests that kill it: it tells batches of two and, after so many, stands still inside an open transaction.

``python -m tests.alert_sweeper_process WORKER_URL KEYRING MARKER AGENCIES MOMENT TOLD``
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

from adapters.ids import make_id
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from services.alert_mail import MailTransaction
from services.alert_record import Alert
from services.alert_sweep import SweepDesk, sweep_alerts
from tests.fakes import FakeClock, FakeDirectory


def make_sweeper(store: SqlStore, ids: dict[str, UUID], at: datetime) -> SweepDesk:
    """A sweeper at this moment over the worker's store; ``city`` is above all others."""
    above = {agency_id: None if slug == "city" else ids["city"] for slug, agency_id in ids.items()}
    return SweepDesk(store, FakeDirectory(ids), FakeClock(at), lambda: make_id(at), above.get, batch=2)


def main(url: str, keyring: str, marker: str, ids: str, at: str, told: str) -> None:
    """Sweep until killed."""
    agencies = {slug: UUID(text) for slug, text in json.loads(ids).items()}
    store, left = SqlStore(url, Keyring.load(Path(keyring)), FakeClock(), 2), int(told)

    def stand_still(_tx: MailTransaction, _alert: Alert, _now: datetime) -> None:
        nonlocal left
        left -= 1
        while left < 0:
            Path(marker).touch()
            time.sleep(0.1)

    desk = make_sweeper(store, agencies, datetime.fromisoformat(at))
    sweep_alerts(SweepDesk(**{**{name: getattr(desk, name) for name in desk.__slots__}, "also_tell": stand_still}))


if __name__ == "__main__":
    main(*sys.argv[1:])
