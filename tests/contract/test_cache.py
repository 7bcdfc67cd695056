"""The contracts of ``SessionStore``, ``RateLimiter`` and ``TokenCache``, on a redis-server, on the stand-in and on the fakes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.embedded import RunningRedis
from adapters.redis import (
    RedisPing,
    RedisRateLimiter,
    RedisRevocations,
    RedisSessions,
    RedisTokenCache,
    make_redis_client,
)
from adapters.stores.keyring import Keyring, create_keyring
from services.errors import CacheUnavailable, TooManyRequests
from services.model import Assurance, PlatformName, Session
from services.ports import RateLimiter, Revocations, SessionStore, TokenCache
from tests.databases import RedisServers
from tests.fakes import FakeClock, FakeLimiter, FakeRevocations, FakeSessions, FakeTokens


@dataclass
class Cache:
    """The ports over one clock."""

    clock: FakeClock
    sessions: SessionStore
    limiter: RateLimiter
    tokens: TokenCache
    revocations: Revocations


@contextmanager
def open_cache(url: str, folder: Path) -> Iterator[Cache]:
    """The ports on a Redis, with a fresh clock."""
    create_keyring(folder / "ring.json")
    clock, client = FakeClock(), make_redis_client(url)
    tokens = RedisTokenCache(client, clock, Keyring.load(folder / "ring.json"))
    yield Cache(
        clock, RedisSessions(client, clock), RedisRateLimiter(client, clock), tokens, RedisRevocations(client, clock)
    )
    client.close()


@pytest.fixture
def real(redis_server: RunningRedis, tmp_path: Path) -> Iterator[Cache]:
    """On each Redis."""
    with open_cache(redis_server.url, tmp_path) as made:
        yield made


@pytest.fixture(params=[pytest.param("server", marks=pytest.mark.redis_server), "stand_in", "fake"])
def cache(request: pytest.FixtureRequest, redis_servers: RedisServers, tmp_path: Path) -> Iterator[Cache]:
    """Each implementation."""
    if request.param == "fake":
        clock = FakeClock()
        yield Cache(clock, FakeSessions(), FakeLimiter(clock), FakeTokens(), FakeRevocations(clock))
        return
    with open_cache(redis_servers.find(request.param).url, tmp_path) as made:
        yield made


def make_session(cache: Cache, **changes: object) -> Session:
    """A session of twelve hours."""
    now = cache.clock.now()
    cells: dict[str, Any] = {
        "session_id": uuid4(), "person_id": uuid4(), "login_id": uuid4(), "app": "wechat-main",
        "platform": PlatformName.WECHAT, "assurance": Assurance.REAL_NAME, "created_at": now,
        "expires_at": now + timedelta(hours=12),
    }  # fmt: skip
    return Session(**(cells | changes))


def test_session_is_found_by_its_token(cache: Cache) -> None:
    """A session comes back as it was saved, for its token alone."""
    token, session = uuid4().hex, make_session(cache)
    cache.sessions.save(token, session)
    assert cache.sessions.load(token) == session
    assert cache.sessions.load(token + "x") is None


def test_expired_session_is_told_apart(cache: Cache) -> None:
    """A session that the clock has expired is still returned: only so can the caller say that it expired."""
    token, session = uuid4().hex, make_session(cache)
    cache.sessions.save(token, session)
    cache.clock.advance(13 * 3600)
    assert cache.sessions.load(token) == session


def test_session_ends_by_its_id(cache: Cache) -> None:
    """Deleting a session ends it and no other of the same login; deleting an unknown one is no error."""
    session = make_session(cache)
    other = make_session(cache, login_id=session.login_id)
    one, two = uuid4().hex, uuid4().hex
    cache.sessions.save(one, session)
    cache.sessions.save(two, other)
    cache.sessions.delete(session.session_id)
    cache.sessions.delete(uuid4())
    assert (cache.sessions.load(one), cache.sessions.load(two)) == (None, other)


def test_login_ends_with_all_its_sessions(cache: Cache) -> None:
    """Cutting off a login ends all of its sessions and nobody else's."""
    session = make_session(cache)
    tokens = [uuid4().hex for _ in range(3)]
    for token in tokens:
        cache.sessions.save(token, make_session(cache, login_id=session.login_id))
    cache.sessions.save("other", make_session(cache))
    cache.sessions.delete_login(session.login_id)
    assert [cache.sessions.load(token) for token in tokens] == [None] * 3
    assert cache.sessions.load("other") is not None


def test_the_sessions_of_a_login_do_not_pile_up(real: Cache, redis_server: RunningRedis) -> None:
    """Whoever opens the mini-program every day leaves no trail of ended sessions in Redis."""
    session = make_session(real)
    with make_redis_client(redis_server.url) as client:
        for _ in range(5):
            now = real.clock.now()
            real.sessions.save(
                uuid4().hex, make_session(real, login_id=session.login_id, expires_at=now + timedelta(hours=12))
            )
            real.clock.advance(24 * 3600)
        assert client.zcard(f"guitai:login-sessions:{session.login_id}") == 2


def test_limit_slides(cache: Cache) -> None:
    """A window holds as many acts as allowed, per rule and subject; the oldest makes room when it leaves the window."""
    subject = uuid4().hex
    for _ in range(3):
        cache.limiter.spend("bills", subject, 3, 60)
        cache.clock.advance(10)
    with pytest.raises(TooManyRequests) as refused:
        cache.limiter.spend("bills", subject, 3, 60)
    assert refused.value.detail is not None
    assert 1 <= int(str(refused.value.detail["retry_after_seconds"])) <= 60
    cache.limiter.spend("bills", uuid4().hex, 3, 60)
    cache.limiter.spend("payments", subject, 3, 60)
    cache.clock.advance(31)
    cache.limiter.spend("bills", subject, 3, 60)
    with pytest.raises(TooManyRequests):
        cache.limiter.spend("bills", subject, 3, 60)


def test_wait_is_told_exactly(real: Cache) -> None:
    """A refusal says after how many seconds the next act is allowed, and it is."""
    subject = uuid4().hex
    real.limiter.spend("bills", subject, 1, 60)
    real.clock.advance(12)
    with pytest.raises(TooManyRequests) as refused:
        real.limiter.spend("bills", subject, 1, 60)
    assert refused.value.detail == {"retry_after_seconds": 48}
    real.clock.advance(48)
    real.limiter.spend("bills", subject, 1, 60)


def test_token_is_dropped_only_if_it_is_still_this_one(cache: Cache) -> None:
    """Forgetting a refused token does not throw away the one that another process fetched meanwhile."""
    key = uuid4().hex
    cache.tokens.save(key, "old", 7200)
    cache.tokens.save(key, "new", 7200)
    cache.tokens.drop(key, "old")
    assert cache.tokens.load(key) == "new"
    cache.tokens.drop(key, "new")
    assert cache.tokens.load(key) is None


def test_token_expires_by_the_clock_port(real: Cache) -> None:
    """A token is gone when the clock port says so, whatever Redis's own clock says."""
    key = uuid4().hex
    real.tokens.save(key, "token", 7200)
    real.clock.advance(7199)
    assert real.tokens.load(key) == "token"
    real.clock.advance(1)
    assert real.tokens.load(key) is None


@pytest.mark.parametrize("cell", [b"not json", b"{}", b'{"expires_at": "2099-01-01T00:00:00+00:00", "value": "00"}'])
def test_a_token_that_does_not_open_counts_as_lost(real: Cache, redis_server: RunningRedis, cell: bytes) -> None:
    """Whatever somebody writes into Redis, or an older keyring wrote: a new token is fetched, nothing fails."""
    key = uuid4().hex
    real.tokens.save(key, "token", 60)
    with make_redis_client(redis_server.url) as client:
        client.set(f"guitai:token:{hashlib.sha256(key.encode()).hexdigest()}", cell)
    assert real.tokens.load(key) is None


def test_revocation_holds_until_the_end_of_what_it_revokes(cache: Cache) -> None:
    """By kind and name, by the clock port; the end is a moment of ours, not Redis's timer."""
    name, end = uuid4().hex, cache.clock.now() + timedelta(hours=4)
    assert not cache.revocations.holds("console", name)
    cache.revocations.add("console", name, end)
    assert cache.revocations.holds("console", name)
    assert not cache.revocations.holds("console", name + "x")
    assert not cache.revocations.holds("other", name)
    cache.clock.advance(4 * 3600 - 1)
    assert cache.revocations.holds("console", name)
    cache.clock.advance(1)
    assert not cache.revocations.holds("console", name)


def read_cell(client: Any, key: Any) -> bytes:
    """A key and its value, whatever kind of value it is."""
    kind = client.type(key)
    if kind == b"zset":
        return bytes(key) + repr(client.zrange(key, 0, -1)).encode()
    return bytes(key) + (client.get(key) if kind == b"string" else repr(client.smembers(key)).encode())


def test_nothing_lies_in_clear(real: Cache, redis_server: RunningRedis) -> None:
    """Neither a session token nor a platform's token nor a limited subject can be read in Redis."""
    canaries = [uuid4().hex for _ in range(4)]
    real.sessions.save(canaries[0], make_session(real))
    real.tokens.save("wechat-main", canaries[1], 60)
    real.limiter.spend("bills", canaries[2], 3, 60)
    real.revocations.add("console", canaries[3], real.clock.now() + timedelta(hours=4))
    client = make_redis_client(redis_server.url)
    seen = b"".join(read_cell(client, key) for key in client.keys("*"))
    client.close()
    assert len(seen) > 500
    assert not any(canary.encode() in seen for canary in canaries)


def test_default_is_deny(tmp_path: Path) -> None:
    """When Redis does not answer, every port says so; nobody is let in, nothing is allowed."""
    with open_cache("redis://127.0.0.1:1/0", tmp_path) as down, make_redis_client("redis://127.0.0.1:1/0") as client:
        acts: list[Callable[[], object]] = [
            lambda: down.sessions.save("t", make_session(down)),
            lambda: down.sessions.load("t"),
            lambda: down.sessions.delete(uuid4()),
            lambda: down.sessions.delete_login(uuid4()),
            lambda: down.limiter.spend("bills", "s", 3, 60),
            lambda: down.tokens.load("k"),
            lambda: down.revocations.add("console", "n", down.clock.now()),
            lambda: down.revocations.holds("console", "n"),
            lambda: down.tokens.save("k", "v", 60),
            lambda: down.tokens.drop("k", "v"),
            RedisPing(client).ping,
        ]
        for act in acts:
            with pytest.raises(CacheUnavailable):
                act()
