"""One emulated WeChat on a still clock for the tests of this folder; a test moves time only forward."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.peers.wechat_merchant import NoticeDesk, PlainMerchant, StillClock, notice_desk


@pytest.fixture(scope="session")
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(scope="session")
def running(clock: StillClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    home: Path = tmp_path_factory.mktemp("wx")
    sandbox = start_sandbox(home, only={"wechat"}, clock=clock)
    yield sandbox
    sandbox.stop()


@pytest.fixture(params=["water-wechat", "gas-wechat"], ids=["direct", "partner"])
def merchant(running: RunningSandbox, clock: StillClock, request: pytest.FixtureRequest) -> PlainMerchant:
    return PlainMerchant(running, request.param, clock.now)


@pytest.fixture
def direct(running: RunningSandbox, clock: StillClock) -> PlainMerchant:
    return PlainMerchant(running, "water-wechat", clock.now)


@pytest.fixture
def partner(running: RunningSandbox, clock: StillClock) -> PlainMerchant:
    return PlainMerchant(running, "gas-wechat", clock.now)


@pytest.fixture
def desk() -> Iterator[NoticeDesk]:
    with notice_desk() as open_desk:
        yield open_desk


_numbers = itertools.count(1)


@pytest.fixture
def number() -> str:
    return f"ORDER{next(_numbers):06d}"


@pytest.fixture
def another() -> Callable[[], str]:
    return lambda: f"OTHER{next(_numbers):06d}"
