"""A closer that is killed between the leaf and the row leaves nothing that the next one does not put right. On PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from services.statistics import check_month, close_due, list_closed
from tests.conftest import KINDS
from tests.contract.month_office import CITY, OCTOBER, open_sql_office
from tests.databases import Clusters

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_closers_leaf_is_the_months(kind: str, clusters: Clusters, tmp_path: Path) -> None:
    """SIGKILL after the leaf: no month is closed; the next worker closes it under the very leaf that is there, and there is no other."""
    cluster, marker = clusters.find(kind), tmp_path / "leaf"
    database = cluster.make()
    with open_sql_office(database, tmp_path) as office:
        office.grant(3)
        ids = {CITY: office.houses.city, "gas": office.houses.gas, "water": office.houses.water}
        known = json.dumps({slug: str(agency) for slug, agency in ids.items()})
        command = [
            sys.executable,
            "-m",
            "tests.month_closer_process",
            database.urls["worker"],
            str(tmp_path / "ring.json"),
        ]
        closer = subprocess.Popen([*command, str(marker), known], cwd=ROOT)
        try:
            _wait_for(marker, closer)
        finally:
            os.kill(closer.pid, signal.SIGKILL)
            closer.wait(10)
        assert list_closed(office.desk) == []
        assert close_due(office.desk) == 1
        (closed,) = list_closed(office.desk)
        assert closed.record_id == UUID(marker.read_text("utf-8"))
        assert check_month(office.desk, OCTOBER).holds
    cluster.drop(database)


def _wait_for(marker: Path, closer: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (marker.exists() and marker.read_text("utf-8")):
        assert closer.poll() is None, "the closer ended by itself"
        assert time.monotonic() < end, "no leaf in time"
        time.sleep(0.05)
