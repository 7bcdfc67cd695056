"""Redis and its stand-in answer nobody on this machine who does not know the password."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.embedded import RunningRedis
from adapters.redis_stand_in import find_password, read_command


def ask(server: RunningRedis, line: bytes) -> bytes:
    """What a stranger reads who sends this as the first thing."""
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=10) as stranger:
        stranger.sendall(line)
        return stranger.recv(200)


def test_the_address_carries_a_password_that_opens(redis_server: RunningRedis) -> None:
    """Scripts run as before, and the password is in no repr."""
    password = urlsplit(redis_server.url).password
    assert password
    assert len(password) >= 32
    assert password not in repr(redis_server)
    for protocol in (2, 3):
        with redis.Redis.from_url(redis_server.url, protocol=protocol) as client:
            assert client.eval("return 7", 0) == 7


@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_another_password_or_none_does_not_open(redis_server: RunningRedis, password: str | None) -> None:
    """Neither with AUTH nor without."""
    port = urlsplit(redis_server.url).port or 0
    once = Retry(NoBackoff(), 0)
    client = redis.Redis(host="127.0.0.1", port=port, password=password, retry=once)
    with client, pytest.raises(redis.RedisError):
        client.get("guitai:session:x")


@pytest.mark.parametrize(
    "line", [b"PING\r\n", b"GET x\r\n", b"*1\r\n$4\r\nKEYS\r\n", b"*2\r\n$3\r\nGET\r\n$1\r\nx\r\n"]
)
def test_a_stranger_is_told_nothing(redis_server: RunningRedis, line: bytes) -> None:
    """An error is all that comes back."""
    assert ask(redis_server, line).startswith(b"-")


@given(
    st.lists(st.binary(max_size=20).filter(lambda word: b"\r\n" not in word), min_size=1, max_size=6), st.integers(0)
)
def test_a_command_is_read_whole_or_not_at_all(words: list[bytes], cut: int) -> None:
    """The words of a whole command; nothing of one that has not all come yet."""
    data = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    assert read_command(data) == words
    assert read_command(data[: cut % len(data)]) is None


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_without_a_fault(data: bytes) -> None:
    """A stranger's bytes are no password and no exception."""
    assert find_password(read_command(data) or []) == b"" or data.startswith(b"*")


@pytest.mark.parametrize(
    ("words", "password"),
    [
        ([b"AUTH", b"pw"], b"pw"),
        ([b"auth", b"default", b"pw"], b"pw"),
        ([b"HELLO", b"3", b"AUTH", b"default", b"pw", b"SETNAME", b"x"], b"pw"),
        ([b"HELLO", b"3"], b""),
        ([b"HELLO", b"3", b"SETNAME", b"AUTH", b"pw"], b""),
        ([b"GET", b"pw"], b""),
        ([b"AUTH"], b""),
    ],
)
def test_where_the_password_stands(words: list[bytes], password: bytes) -> None:
    """In AUTH and in HELLO, nowhere else."""
    assert find_password(words) == password
