"""Redis for what may be lost: sessions, sign-in codes, rate limits, platform tokens. Each value carries its own expiry from the clock port.

Nothing personal lies here in clear: a session is found by the SHA-256 of its token and holds random ids, platform tokens are
encrypted. Redis's own time-to-live only cleans up. Whatever fails is ``CacheUnavailable``: default deny. No pipelines: the
stand-in delays them; one script does what must be done in one step.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.console_ports import StaffSession
from services.errors import CacheUnavailable, TooManyRequests
from services.model import Assurance, PlatformName, Session
from services.ports import Clock
from services.web_sign_in import SentCode

_KEEP_SECONDS = 86_400
"""Redis keeps a value a day longer than its own expiry says: the shared clock may stand still."""

_SAVE_SESSION = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SET', KEYS[2], KEYS[1], 'EX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[3], KEYS[1])
if redis.call('TTL', KEYS[3]) < tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[3], ARGV[2]) end
return 1
"""
"""The sessions of a login are scored by their end, so that those long gone leave: a login may be used for years."""

_SAVE_STAFF_SESSION = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[1])
if redis.call('TTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[2], ARGV[2]) end
return 1
"""
_STAFF_MOMENTS = ("created_at", "ends_at", "idle_until")
_SPEND = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return tostring(oldest[2] or ARGV[1])
end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return ''
"""
_DROP = """
local held = redis.call('GET', KEYS[1])
if held and cjson.decode(held)['digest'] == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


_SPEND_TRY = """
if redis.call('HINCRBY', KEYS[1], 'tries', -1) < 0 then redis.call('DEL', KEYS[1]) return false end
return redis.call('HGET', KEYS[1], 'cell')
"""
"""A challenge that does not exist has no tries, so that asking for one leaves nothing behind."""
_SAVE_CODE = """
redis.call('HSET', KEYS[1], 'cell', ARGV[1], 'tries', ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


class Cipher(Protocol):
    """What the token cache needs of the keyring. A cell that does not open raises ``RuntimeError``."""

    def encrypt(self, table: str, column: str, row_id: object, plaintext: bytes) -> bytes: ...
    def decrypt(self, table: str, column: str, row_id: object, ciphertext: bytes) -> bytes: ...


def make_redis_client(url: str) -> redis.Redis:
    """A client that gives up after a second and tries a broken connection once more."""
    return redis.Redis.from_url(
        url, socket_timeout=1.0, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 1), decode_responses=False
    )


class RedisSessions:
    """``ports.SessionStore``."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._save = client.register_script(_SAVE_SESSION)

    def save(self, token: str, session: Session) -> None:
        keys = [_session_key(token), _by_session(session.session_id), _by_login(session.login_id)]
        keep = _seconds_until(session.expires_at, self._clock) + _KEEP_SECONDS
        end, gone = session.expires_at.timestamp(), self._clock.now().timestamp() - _KEEP_SECONDS
        with _reporting_unavailability():
            self._save(keys=keys, args=[_write_session(session), keep, end, gone])

    def load(self, token: str) -> Session | None:
        """The session, also one that has expired by the clock (the caller tells the two apart), or None."""
        with _reporting_unavailability():
            found = _take(self._client.get(_session_key(token)))
        return None if found is None else _read_session(found)

    def delete(self, session_id: UUID) -> None:
        with _reporting_unavailability():
            key = _take(self._client.get(_by_session(session_id)))
            self._client.delete(_by_session(session_id), *([key] if key else []))

    def delete_login(self, login_id: UUID) -> None:
        with _reporting_unavailability():
            keys = self._members(login_id)
            self._client.delete(_by_login(login_id), *keys)

    def _members(self, login_id: UUID) -> list[bytes]:
        members: Any = self._client.zrange(_by_login(login_id), 0, -1)
        return list(members)


class RedisStaffSessions:
    """``console_ports.StaffSessions``: by the SHA-256 of the token, ids and moments only, and per person the set of their keys."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._save = client.register_script(_SAVE_STAFF_SESSION)

    def save(self, token: str, session: StaffSession) -> None:
        cell = {name: str(getattr(session, name)) for name in ("staff_id", "method")}
        cell |= {name: getattr(session, name).isoformat() for name in _STAFF_MOMENTS}
        keep = _seconds_until(session.ends_at, self._clock) + _KEEP_SECONDS
        end, gone = session.ends_at.timestamp(), self._clock.now().timestamp() - _KEEP_SECONDS
        with _reporting_unavailability():
            self._save(
                keys=[_staff_key(token), _by_staff(session.staff_id)], args=[json.dumps(cell).encode(), keep, end, gone]
            )

    def load(self, token: str) -> StaffSession | None:
        with _reporting_unavailability():
            found = _take(self._client.get(_staff_key(token)))
        if found is None:
            return None
        try:
            cell = json.loads(found)
            moments = {name: datetime.fromisoformat(cell[name]) for name in _STAFF_MOMENTS}
            session = StaffSession(UUID(cell["staff_id"]), str(cell["method"]), **moments)
        except (ValueError, KeyError, TypeError):
            return None  # not ours: as good as lost
        return session if self._clock.now() < min(session.ends_at, session.idle_until) else None

    def delete(self, token: str) -> None:
        with _reporting_unavailability():
            self._client.delete(_staff_key(token))

    def delete_all(self, staff_id: UUID) -> None:
        with _reporting_unavailability():
            keys: Any = self._client.zrange(_by_staff(staff_id), 0, -1)
            self._client.delete(_by_staff(staff_id), *keys)


class RedisRateLimiter:
    """``ports.RateLimiter``: a sliding window of moments by the clock port. Subjects are hashed before they become a key."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._clock = clock
        self._spend = client.register_script(_SPEND)

    def spend(self, rule: str, subject: str, limit: int, window_seconds: int) -> None:
        """Count one act, or raise ``TooManyRequests`` with ``retry_after_seconds``; a refused act is not counted."""
        now = int(self._clock.now().timestamp() * 1000)
        key = f"guitai:limit:{rule}:{_digest(subject)}"
        arguments: list[str | int] = [
            now,
            now - window_seconds * 1000,
            limit,
            secrets.token_hex(8),
            window_seconds + _KEEP_SECONDS,
        ]
        with _reporting_unavailability():
            answer: Any = self._spend(keys=[key], args=arguments)
        if answer:
            wait = (float(answer) + window_seconds * 1000 - now) / 1000
            raise TooManyRequests(detail={"retry_after_seconds": max(1, min(window_seconds, int(-(-wait // 1))))})


class RedisTokenCache:
    """``ports.TokenCache``: a platform's token, encrypted, shared by all processes."""

    def __init__(self, client: redis.Redis, clock: Clock, cipher: Cipher) -> None:
        self._client = client
        self._clock = clock
        self._cipher = cipher
        self._drop = client.register_script(_DROP)

    def load(self, key: str) -> str | None:
        with _reporting_unavailability():
            found = _take(self._client.get(_token_key(key)))
        if found is None:
            return None
        try:
            cell = json.loads(found)
            if datetime.fromisoformat(cell["expires_at"]) <= self._clock.now():
                return None
            return self._cipher.decrypt("redis", "token", key, bytes.fromhex(cell["value"])).decode()
        except (ValueError, KeyError, TypeError, RuntimeError):
            return None  # not ours, or of a keyring that is gone: as good as lost, and it may be lost

    def save(self, key: str, value: str, seconds: int) -> None:
        expires_at = datetime.fromtimestamp(self._clock.now().timestamp() + seconds, UTC)
        cell = {
            "expires_at": expires_at.isoformat(),
            "digest": _digest(value),
            "value": self._cipher.encrypt("redis", "token", key, value.encode()).hex(),
        }
        with _reporting_unavailability():
            self._client.set(_token_key(key), json.dumps(cell), ex=seconds + _KEEP_SECONDS)

    def drop(self, key: str, value: str) -> None:
        with _reporting_unavailability():
            self._drop(keys=[_token_key(key)], args=[_digest(value)])


class RedisSignInCodes:
    """``web_sign_in.SignInCodes``: by the SHA-256 of the challenge, the telephone encrypted, the code a keyed hash."""

    def __init__(self, client: redis.Redis, clock: Clock, cipher: Cipher) -> None:
        self._client = client
        self._clock = clock
        self._cipher = cipher
        self._save = client.register_script(_SAVE_CODE)
        self._spend = client.register_script(_SPEND_TRY)

    def save(self, challenge: str, sent: SentCode, tries: int) -> None:
        key = _challenge_key(challenge)
        cell = {
            "phone": self._cipher.encrypt("redis", "web_code", key, sent.phone.encode()).hex(),
            "code": sent.code_hash.hex(),
            "expires_at": sent.expires_at.isoformat(),
        }
        keep = _seconds_until(sent.expires_at, self._clock) + _KEEP_SECONDS
        with _reporting_unavailability():
            self._save(keys=[key], args=[json.dumps(cell), tries, keep])

    def spend_try(self, challenge: str) -> SentCode | None:
        key = _challenge_key(challenge)
        with _reporting_unavailability():
            found = _take(self._spend(keys=[key]))
        if found is None:
            return None
        try:
            cell = json.loads(found)
            phone = self._cipher.decrypt("redis", "web_code", key, bytes.fromhex(cell["phone"])).decode()
            sent = SentCode(phone, bytes.fromhex(cell["code"]), datetime.fromisoformat(cell["expires_at"]))
        except (ValueError, KeyError, TypeError, RuntimeError):
            return None
        return sent if self._clock.now() < sent.expires_at else None

    def take(self, challenge: str) -> bool:
        with _reporting_unavailability():
            taken: Any = self._client.delete(_challenge_key(challenge))
        return bool(taken)


class RedisRevocations:
    """``ports.Revocations``. An entry is kept until what it revokes would have ended anyway."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def add(self, kind: str, name: str, expires_at: datetime) -> None:
        keep = _seconds_until(expires_at, self._clock) + _KEEP_SECONDS
        with _reporting_unavailability():
            self._client.set(_revocation_key(kind, name), expires_at.isoformat(), ex=keep)

    def holds(self, kind: str, name: str) -> bool:
        with _reporting_unavailability():
            found = _take(self._client.get(_revocation_key(kind, name)))
        return found is not None and datetime.fromisoformat(found.decode()) > self._clock.now()


class RedisPing:
    """``ports.Ping``."""

    name = "redis"

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def ping(self) -> None:
        """Raises ``CacheUnavailable``."""
        with _reporting_unavailability():
            self._client.ping()


@contextmanager
def _reporting_unavailability() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise CacheUnavailable("Redis does not answer") from RuntimeError(type(error).__name__)


def _take(answer: Any) -> bytes | None:
    """redis-py types an answer for its synchronous and asynchronous client alike; ours is synchronous."""
    return None if answer is None else bytes(answer)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _session_key(token: str) -> str:
    return f"guitai:session:{_digest(token)}"


def _by_session(session_id: UUID) -> str:
    return f"guitai:session-id:{session_id}"


def _by_login(login_id: UUID) -> str:
    return f"guitai:login-sessions:{login_id}"


def _staff_key(token: str) -> str:
    return f"guitai:staff-session:{_digest(token)}"


def _by_staff(staff_id: UUID) -> str:
    return f"guitai:staff-sessions:{staff_id}"


def _revocation_key(kind: str, name: str) -> str:
    return f"guitai:revoked:{kind}:{_digest(name)}"


def _token_key(key: str) -> str:
    return f"guitai:token:{_digest(key)}"


def _challenge_key(challenge: str) -> str:
    return f"guitai:web-code:{_digest(challenge)}"


def _seconds_until(moment: datetime, clock: Clock) -> int:
    return max(0, int((moment - clock.now()).total_seconds()))


_SESSION_CELLS: dict[str, Callable[[str], Any]] = {
    "session_id": UUID, "person_id": UUID, "login_id": UUID, "app": str, "platform": PlatformName,
    "assurance": lambda text: Assurance(int(text)), "created_at": datetime.fromisoformat,
    "expires_at": datetime.fromisoformat,
}  # fmt: skip


def _write_session(session: Session) -> bytes:
    cells = {name: getattr(session, name) for name in _SESSION_CELLS}
    cells["assurance"] = int(session.assurance)
    return json.dumps(
        {name: cell.isoformat() if isinstance(cell, datetime) else str(cell) for name, cell in cells.items()}
    ).encode()


def _read_session(cell: bytes) -> Session:
    written = json.loads(cell)
    return Session(**{name: read(written[name]) for name, read in _SESSION_CELLS.items()})
