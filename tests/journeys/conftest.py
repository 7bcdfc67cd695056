"""One city for all stories; a proof at the end of each file of stories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import DEBIAN, DEFAULT_KIND
from tests.journeys.city import City, open_city
from tests.journeys.proof import require_proof, set_mark
from tests.plugin_packages import find_debian_postgres


@pytest.fixture(scope="session")
def running_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The city that the stories share, on the wheel's PostgreSQL or, under ``make test-pg15``, on Debian's."""
    binaries = find_debian_postgres() if DEFAULT_KIND == DEBIAN else None
    with open_city(tmp_path_factory.mktemp("city"), binaries=binaries) as city:
        yield city


@pytest.fixture(scope="module")
def proven_city(running_city: City) -> Iterator[City]:
    """The city for one file: at its end all books agree, every byte at a platform has its record, and nothing leaked."""
    mark = set_mark(running_city)
    yield running_city
    require_proof(running_city, mark)


@pytest.fixture
def city(proven_city: City) -> Iterator[City]:
    """The city for one story: nobody misbehaves before it, nor after it."""
    proven_city.calm_down()
    yield proven_city
    proven_city.calm_down()
