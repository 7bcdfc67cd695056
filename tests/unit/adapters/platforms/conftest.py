"""Fixtures that the tests of the platforms' adapters share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from adapters.platforms.alipay import AlipayPlatform
from adapters.platforms.wechat import WeChatPlatform
from tests.fakes import FakeTokens
from tests.unit.adapters.platforms.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """A context over fakes."""
    return Desk()


@pytest.fixture
def tokens() -> FakeTokens:
    """The shared cache."""
    return FakeTokens()


@pytest.fixture
def platform(desk: Desk, tokens: FakeTokens) -> WeChatPlatform:
    """WeChat over fakes."""
    return WeChatPlatform(desk.context, tokens)


@pytest.fixture
def alipay(desk: Desk) -> AlipayPlatform:
    """Alipay over fakes."""
    return AlipayPlatform(desk.context)


@pytest.fixture
def wechat() -> Iterator[responses.RequestsMock]:
    """WeChat's servers; every answer that was arranged must be fetched, and nothing else may be."""
    with responses.RequestsMock() as mocked:
        yield mocked
