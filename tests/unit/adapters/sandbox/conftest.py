"""Fixtures of the emulated Alipay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.adapters.sandbox.alipay_desk import AlipayDesk, open_desk


@pytest.fixture(scope="session")
def alipay_portal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one set of credentials lies for all tests."""
    return tmp_path_factory.mktemp("portal")


@pytest.fixture
def desk(tmp_path: Path, alipay_portal: Path) -> Iterator[AlipayDesk]:
    """A fresh emulator whose notices wait unsent."""
    made = open_desk(tmp_path, alipay_portal)
    yield made
    made.close()
