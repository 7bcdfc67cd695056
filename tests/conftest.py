"""What every test may ask for: a PostgreSQL with a fresh database per module, a Redis. No socket but loopback and Unix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

from adapters.embedded import RunningRedis, start_redis
from tests.databases import DEBIAN, DEFAULT_KIND, Cluster, Clusters, Database

ON_EVERY_POSTGRES = ("tests/contract", "tests/unit/adapters/stores")
"""Here each test runs on the wheel's PostgreSQL and on Debian's; elsewhere on one of them."""


def pytest_runtest_setup() -> None:
    """A test that reaches out of this machine fails."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the store's own tests once per kind of PostgreSQL."""
    folder = metafunc.definition.path.relative_to(Path(__file__).parent.parent).as_posix()
    if "cluster" in metafunc.fixturenames and folder.startswith(ON_EVERY_POSTGRES):
        kinds = sorted({DEFAULT_KIND, DEBIAN}, reverse=True)
        marked = [pytest.param(kind, marks=[pytest.mark.postgres15] if kind == DEBIAN else []) for kind in kinds]
        metafunc.parametrize("cluster", marked, indirect=True, scope="session")


@pytest.fixture(scope="session")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """The session's PostgreSQL servers, started when first asked for."""
    running = Clusters(tmp_path_factory.mktemp("pg"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, clusters: Clusters) -> Cluster:
    """The wheel's PostgreSQL, or Debian's under ``make test-pg15``."""
    return clusters.find(getattr(request, "param", DEFAULT_KIND))


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """A fresh migrated database for this module."""
    made = cluster.make()
    yield made
    cluster.drop(made)


@pytest.fixture(scope="session", params=[pytest.param("server", marks=pytest.mark.redis_server), "stand_in"])
def redis_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRedis]:
    """A redis-server, and again the stand-in."""
    running = start_redis(tmp_path_factory.mktemp("redis"), stand_in=request.param == "stand_in")
    yield running
    running.stop()
