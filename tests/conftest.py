"""What every test may ask for: a PostgreSQL with a fresh database per module, a Redis. No socket but loopback and Unix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from pytest_socket import socket_allow_hosts

from adapters.embedded import RunningRedis
from tests.contract.samples import Bench
from tests.contract.stores import make_fake_bench, open_sql_bench
from tests.databases import DEBIAN, DEFAULT_KIND, Cluster, Clusters, Database, RedisServers
from tests.maria import RunningMaria, start_maria

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
"""No test fails for being slow."""

ON_EVERY_POSTGRES = ("tests/contract", "tests/unit/adapters/stores")
"""Here each test runs on the wheel's PostgreSQL and on Debian's; elsewhere on one of them."""
KINDS = [
    pytest.param(kind, marks=[pytest.mark.postgres15] if kind == DEBIAN else [])
    for kind in sorted({DEFAULT_KIND, DEBIAN}, reverse=True)
]

REDIS_KINDS = [pytest.param("server", marks=pytest.mark.redis_server), "stand_in"]


def pytest_runtest_setup() -> None:
    """A test that reaches out of this machine fails; logs that an earlier test's command configured do not stay so."""
    structlog.reset_defaults()
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the store's own tests once per kind of PostgreSQL, unless a module says that one is enough (``ON_ONE_POSTGRES``)."""
    folder = metafunc.definition.path.relative_to(Path(__file__).parent.parent).as_posix()
    one = getattr(metafunc.module, "ON_ONE_POSTGRES", False)
    if "cluster" in metafunc.fixturenames and folder.startswith(ON_EVERY_POSTGRES) and not one:
        metafunc.parametrize("cluster", KINDS, indirect=True, scope="session")


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


@pytest.fixture(scope="module", params=[*KINDS, "fake"])
def bench(
    request: pytest.FixtureRequest, clusters: Clusters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """A store for a contract suite: each PostgreSQL under the public role, and the fake of the unit tests."""
    if request.param == "fake":
        yield make_fake_bench()
        return
    cluster = clusters.find(request.param)
    database = cluster.make()
    with open_sql_bench(database, tmp_path_factory.mktemp("keys")) as made:
        yield made
    cluster.drop(database)


@pytest.fixture(scope="session")
def redis_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServers]:
    """The session's Redis servers, started when first asked for."""
    running = RedisServers(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def maria() -> Iterator[RunningMaria]:
    """A MariaDB of the session, started when first asked for; mark such tests ``mariadb_server``."""
    with start_maria() as running:
        yield running


@pytest.fixture(scope="session", params=REDIS_KINDS)
def redis_server(request: pytest.FixtureRequest, redis_servers: RedisServers) -> RunningRedis:
    """A redis-server, and again the stand-in."""
    return redis_servers.find(request.param)
