"""One quarter of the sandbox for a module: payees, the vehicle office and the insurance centre, with their registries on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from adapters.backends.connector import ConnectedBackEnd
from adapters.http import HttpClient
from adapters.sandbox.registries import read_server
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.databases import Cluster
from tests.fakes import FakeClock
from tests.unit.adapters.sandbox.offices.street import Street

OFFICES = {
    "gas", "water", "heating", "power", "tax-payment", "vehicle-registration", "vehicles", "treasury", "social-insurance",
}  # fmt: skip
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


class Quarter(Street):
    """A street whose connectors are made once and closed at the end."""

    def __init__(self, running: RunningSandbox, clock: FakeClock, http: HttpClient) -> None:
        super().__init__(running, clock, http)
        self._connected: dict[str, ConnectedBackEnd] = {}

    def connect(self, service: str) -> ConnectedBackEnd:
        """The counter's own connector for a service."""
        if service not in self._connected:
            self._connected[service] = super().connect(service)
        return self._connected[service]

    def close(self) -> None:
        """Let go of every connection."""
        for connected in self._connected.values():
            connected.close()


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    """Noon of 24 November 2026 in Beijing."""
    return FakeClock(NOON)


@pytest.fixture(scope="module")
def registries_url(cluster: Cluster) -> Iterator[str]:
    """The owner's address of a server on which no office has a database."""
    url = cluster.server.owner_url
    drop_databases(url)
    yield url
    drop_databases(url)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory, clock: FakeClock, registries_url: str) -> Iterator[Street]:
    """The offices of this folder, started; each test brings its own households."""
    home: Path = tmp_path_factory.mktemp("quarter")
    running = start_sandbox(home, only=OFFICES, clock=clock, registries_url=registries_url)
    http = HttpClient(frozenset(running.addresses.values()), 20)
    opened = Quarter(running, clock, http)
    yield opened
    opened.close()
    http.close()
    running.stop()


def drop_databases(url: str) -> None:
    """Remove what offices made on a PostgreSQL."""
    engine = create_engine(read_server(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("vehicles", "social_insurance"):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()
