"""The contract of ``web_sign_in.SignInCodes``, on a redis-server, on the stand-in and on the fake."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.embedded import RunningRedis
from adapters.redis import RedisSignInCodes, make_redis_client
from adapters.stores.keyring import Keyring, create_keyring
from services.errors import CacheUnavailable
from services.web_sign_in import SentCode, SignInCodes
from tests.databases import RedisServers
from tests.fakes import FakeClock
from tests.web_door import FakeCodes

PHONE = "13800138001"


@dataclass
class Drawer:
    """The port over a clock."""

    clock: FakeClock
    codes: SignInCodes

    def put(self, tries: int = 5) -> str:
        """A code under way."""
        challenge = uuid4().hex * 2
        self.codes.save(challenge, SentCode(PHONE, b"\x07" * 32, self.clock.now() + timedelta(minutes=5)), tries)
        return challenge


def open_drawer(url: str, folder: Path) -> Drawer:
    """On a Redis."""
    create_keyring(folder / "ring.json")
    clock = FakeClock()
    return Drawer(clock, RedisSignInCodes(make_redis_client(url), clock, Keyring.load(folder / "ring.json")))


@pytest.fixture(params=[pytest.param("server", marks=pytest.mark.redis_server), "stand_in", "fake"])
def drawer(request: pytest.FixtureRequest, redis_servers: RedisServers, tmp_path: Path) -> Iterator[Drawer]:
    """Each implementation."""
    if request.param == "fake":
        yield Drawer(FakeClock(), FakeCodes())
    else:
        yield open_drawer(redis_servers.find(request.param).url, tmp_path)


def test_what_was_sent_is_found_as_often_as_there_are_tries(drawer: Drawer) -> None:
    """Each look costs one; after the last there is nothing, and no code of another challenge is touched."""
    challenge, other = drawer.put(tries=2), drawer.put()
    found = [drawer.codes.spend_try(challenge) for _ in range(4)]
    assert [one.phone if one else None for one in found] == [PHONE, PHONE, None, None]
    assert drawer.codes.spend_try(other) is not None


def test_an_unknown_challenge_is_nothing(drawer: Drawer) -> None:
    """And asking for it leaves nothing behind that could be used."""
    assert drawer.codes.spend_try("x" * 43) is None
    assert drawer.codes.take("x" * 43) is False


def test_it_is_used_up_once(drawer: Drawer) -> None:
    """Of eight requests at the same moment one takes it."""
    challenge = drawer.put()
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: drawer.codes.take(challenge), range(8)))
    assert taken.count(True) == 1
    assert drawer.codes.spend_try(challenge) is None


def test_tries_are_counted_in_one_step(drawer: Drawer) -> None:
    """Twenty guesses at the same moment are no more than five."""
    challenge = drawer.put()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: drawer.codes.spend_try(challenge), range(20)))
    assert sum(one is not None for one in found) == 5


def test_no_telephone_lies_in_clear(redis_server: RunningRedis, tmp_path: Path) -> None:
    """Neither in a key nor in a value, and the challenge only as its digest."""
    drawer = open_drawer(redis_server.url, tmp_path)
    challenge = drawer.put()
    client = make_redis_client(redis_server.url)
    for key in client.scan_iter("guitai:web-code:*"):
        assert challenge.encode() not in key
        assert PHONE.encode() not in repr(client.hgetall(key)).encode()


def test_without_redis_nobody_comes_in(tmp_path: Path) -> None:
    """Default deny."""
    drawer = open_drawer("redis://127.0.0.1:1/0", tmp_path)
    with pytest.raises(CacheUnavailable):
        drawer.codes.spend_try("x" * 43)
