"""The offices of a small city, on each PostgreSQL under the console's role, and on the fake of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import KINDS
from tests.contract.case_houses import Houses, make_fake_houses, open_sql_houses
from tests.contract.offices import Offices, make_fake_offices, open_sql_offices
from tests.databases import Clusters


@pytest.fixture
def offices(made_offices: Offices) -> Iterator[Offices]:
    """The same people for each test."""
    yield made_offices
    made_offices.restore_staff()


@pytest.fixture(scope="module", params=[*KINDS, "fake"])
def made_offices(
    request: pytest.FixtureRequest, clusters: Clusters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Offices]:
    """Real and fake."""
    if request.param == "fake":
        yield make_fake_offices()
        return
    cluster = clusters.find(request.param)
    database = cluster.make()
    with open_sql_offices(database, tmp_path_factory.mktemp("keys")) as made:
        yield made
    cluster.drop(database)


@pytest.fixture(scope="module", params=[*KINDS, "fake"])
def houses(
    request: pytest.FixtureRequest, clusters: Clusters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Houses]:
    """The stores of cases under each role: on each PostgreSQL, and the fake."""
    if request.param == "fake":
        yield make_fake_houses()
        return
    cluster = clusters.find(request.param)
    database = cluster.make()
    with open_sql_houses(database, tmp_path_factory.mktemp("keys")) as made:
        yield made
    cluster.drop(database)
