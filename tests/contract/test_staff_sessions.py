"""The contract of ``StaffSessions``, on a redis-server, on the stand-in and on the fake of the unit tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.embedded import RunningRedis
from adapters.redis import RedisStaffSessions, make_redis_client
from services.console_ports import StaffSession, StaffSessions
from services.errors import CacheUnavailable
from tests.databases import RedisServers
from tests.fake_console import FakeStaffSessions
from tests.fakes import FakeClock


@dataclass
class Shelf:
    """The port over one clock."""

    clock: FakeClock
    sessions: StaffSessions

    def make(self, **cells: Any) -> StaffSession:
        now = self.clock.now()
        made = {
            "staff_id": uuid4(), "method": "local", "created_at": now, "ends_at": now + timedelta(hours=10),
            "idle_until": now + timedelta(minutes=30),
        }  # fmt: skip
        return StaffSession(**{**made, **cells})


@pytest.fixture(params=["server", "stand_in", "fake"])
def shelf(request: pytest.FixtureRequest, redis_servers: RedisServers) -> Iterator[Shelf]:
    """On each implementation."""
    clock = FakeClock()
    if request.param == "fake":
        yield Shelf(clock, FakeStaffSessions(clock))
        return
    client = make_redis_client(redis_servers.find(request.param).url)
    yield Shelf(clock, RedisStaffSessions(client, clock))
    client.close()


def test_a_session_comes_back_as_it_was(shelf: Shelf) -> None:
    """Who, how, since when, until when; another token opens nothing."""
    token, session = uuid4().hex, shelf.make(method="provider")
    shelf.sessions.save(token, session)
    assert shelf.sessions.load(token) == session
    assert shelf.sessions.load(token + "x") is None
    assert shelf.sessions.load("") is None


def test_it_ends_by_our_clock(shelf: Shelf) -> None:
    """When idle too long, or at its end, whichever comes first; Redis's own time does not count."""
    idle, ending = uuid4().hex, uuid4().hex
    shelf.sessions.save(idle, shelf.make())
    shelf.sessions.save(ending, shelf.make(ends_at=shelf.clock.now() + timedelta(minutes=10)))
    shelf.clock.advance(599)
    assert shelf.sessions.load(ending)
    shelf.clock.advance(1)
    assert shelf.sessions.load(ending) is None
    shelf.clock.advance(1199)
    assert shelf.sessions.load(idle)
    shelf.clock.advance(1)
    assert shelf.sessions.load(idle) is None


def test_saving_again_keeps_it_longer(shelf: Shelf) -> None:
    """What somebody did begins the idle time anew."""
    token, session = uuid4().hex, shelf.make()
    shelf.sessions.save(token, session)
    later = shelf.make(staff_id=session.staff_id, idle_until=shelf.clock.now() + timedelta(hours=1))
    shelf.sessions.save(token, later)
    shelf.clock.advance(3000)
    assert shelf.sessions.load(token) == later


def test_one_ends_or_all_of_a_person_end(shelf: Shelf) -> None:
    """Signing out ends one; a changed role or password ends all of that person and of nobody else."""
    staff_id, other = uuid4(), uuid4().hex
    tokens = [uuid4().hex for _ in range(4)]
    for token in tokens:
        shelf.sessions.save(token, shelf.make(staff_id=staff_id))
    shelf.sessions.save(other, shelf.make())
    shelf.sessions.delete(tokens[0])
    assert [shelf.sessions.load(token) is not None for token in tokens] == [False, True, True, True]
    shelf.sessions.delete_all(staff_id)
    shelf.sessions.delete_all(uuid4())
    assert all(shelf.sessions.load(token) is None for token in tokens)
    assert shelf.sessions.load(other)


def test_no_token_lies_in_redis(redis_server: RunningRedis) -> None:
    """Whoever reads Redis cannot become somebody: there is a hash of the token, ids and moments."""
    clock, client, token = FakeClock(), make_redis_client(redis_server.url), uuid4().hex
    RedisStaffSessions(client, clock).save(token, Shelf(clock, FakeStaffSessions(clock)).make())
    keys: Any = client.keys("guitai:staff-*")
    held = b" ".join([*keys, *(client.get(key) or b"" for key in keys if b"staff-session:" in key)])  # type: ignore[list-item] # synchronous
    assert token.encode() not in held
    client.close()


def test_a_cell_that_is_not_ours_is_no_session(redis_server: RunningRedis) -> None:
    """As good as lost, and it may be lost."""
    clock, client = FakeClock(), make_redis_client(redis_server.url)
    sessions, token = RedisStaffSessions(client, clock), uuid4().hex
    sessions.save(token, Shelf(clock, FakeStaffSessions(clock)).make())
    keys: Any = client.keys("guitai:staff-session:*")
    for key in keys:
        client.set(key, b'{"staff_id": 7}')
    assert sessions.load(token) is None
    client.close()


def test_a_redis_that_is_away_is_a_no() -> None:
    """Every question raises; nobody is let in."""
    clock = FakeClock()
    sessions = RedisStaffSessions(make_redis_client("redis://127.0.0.1:1/0"), clock)
    shelf = Shelf(clock, sessions)
    asks: list[Callable[[], object]] = [
        lambda: sessions.load("t"),
        lambda: sessions.save("t", shelf.make()),
        lambda: sessions.delete("t"),
        lambda: sessions.delete_all(uuid4()),
    ]
    for ask in asks:
        with pytest.raises(CacheUnavailable):
            ask()
