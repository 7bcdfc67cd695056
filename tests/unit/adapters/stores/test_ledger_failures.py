"""A ledger that cannot be written is counted."""

from __future__ import annotations

from uuid import uuid4

import pytest

from adapters.stores.exposure_log import APPENDS_FAILED, SqlExposureLog
from services.errors import ExposureUnavailable
from tests.fakes import FakeClock


def test_an_append_that_fails_is_counted() -> None:
    """Each append that the ledger did not take is one more, and the caller hears of it."""
    log, before = SqlExposureLog("postgresql://nobody@127.0.0.1:1/nothing", FakeClock()), APPENDS_FAILED._value.get()
    with pytest.raises(ExposureUnavailable):
        log.publish(uuid4(), "0.0.1", {})
    assert APPENDS_FAILED._value.get() == before + 1
