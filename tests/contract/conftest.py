"""Contracts of the store hold on the wheel's PostgreSQL and on Debian's."""

from __future__ import annotations

import pytest

from tests.databases import DEBIAN, DEFAULT_KIND, Cluster, Clusters

_KINDS = sorted({DEFAULT_KIND, DEBIAN}, reverse=True)


@pytest.fixture(
    scope="session",
    params=[pytest.param(kind, marks=[pytest.mark.postgres15] if kind == DEBIAN else []) for kind in _KINDS],
)
def cluster(request: pytest.FixtureRequest, clusters: Clusters) -> Cluster:
    """Each kind of PostgreSQL in turn."""
    return clusters.find(request.param)
