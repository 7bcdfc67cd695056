"""Who comes into the console: by login, password and one-time code, or by the government's OpenID provider; and who is let in again.

An unknown login, a wrong password, a wrong or used code and a suspended account are one answer after the same work. A session
says only who; what somebody may do is read from the store on every request. Sources: RFC 6238 (codes), RFC 9106 (argon2id),
NIST SP 800-63B-4 3.2.2 (throttling), OWASP's device cookies (an attacker does not lock the right person out).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.console_ports import (
    ConsoleStore,
    ConsoleTransaction,
    IdentityProvider,
    OneTimeCodes,
    PasswordHasher,
    StaffSession,
    StaffSessions,
)
from services.errors import Conflict, InputRefused, NotFound, NotSignedIn, SessionExpired
from services.held_roles import list_held
from services.ports import Clock, KeyedHash, RateLimiter
from services.staff_rules import read_password, tidy_login
from services.staffing import Act, Actor, AgencyTree, StaffMember

SESSION = timedelta(hours=10)
IDLE = timedelta(minutes=30)
ONE_TIME_PASSWORD = timedelta(hours=72)
ATTEMPTS, ATTEMPTS_OF_ADDRESS, WINDOW_SECONDS = 10, 40, 900
NOBODY = UUID(int=0)
DECOY_SECRET = "A" * 32
"""Compared with where there is no secret, so that the work is the same; the result is not looked at."""
_DEVICE = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64,80})")
_TEMPORARY = re.compile(r"once;([^;]{10,40});(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: its token, and what tells this browser from others the next time that this login is tried from it."""

    token: str
    device: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody with a session at this request; with a duty left they reach nothing but their own account."""

    actor: Actor
    session: StaffSession
    must_set_password: bool
    must_enrol: bool

    @property
    def has_duty(self) -> bool:
        """Whether something of the first sign-in is still to be done."""
        return self.must_set_password or self.must_enrol


def mark_temporary(hashed: str, ends_at: datetime) -> str:
    """The hash of a one-time password as it is kept: it opens the door once, for setting one's own, until then."""
    return f"once;{ends_at.isoformat()};{hashed}"


def read_hash(kept: str | None) -> tuple[str | None, datetime | None]:
    """The argon2 hash, and until when it serves if it is that of a one-time password."""
    found = _TEMPORARY.fullmatch(kept or "")
    return (found.group(2), datetime.fromisoformat(found.group(1))) if found else (kept or None, None)


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """``new_token()`` gives 256 random bits as text, ``random(n)`` n random bytes. Without ``local`` only the provider lets in."""

    store: ConsoleStore
    sessions: StaffSessions
    hasher: PasswordHasher
    codes: OneTimeCodes
    limiter: RateLimiter
    keyed_hash: KeyedHash
    clock: Clock
    new_id: Callable[[], UUID]
    new_token: Callable[[], str]
    random: Callable[[int], bytes]
    provider: IdentityProvider | None = None
    local: bool = True

    def sign_in(self, login: str, password: str, code: str, address: str, device: str = "") -> SignedIn:
        """Raises ``NotSignedIn`` (whatever was wrong), ``TooManyRequests``, ``CacheUnavailable``, ``StoreUnavailable``."""
        if not self.local:
            raise NotSignedIn
        login = tidy_login(login)
        self._spend_attempt(login, address, device)
        now, everywhere = self.clock.now(), self.store.agency_tree()
        with self.store.begin(tuple(everywhere.parents)) as tx:
            member = tx.staff.find_by_login(login)
            kept, secret = read_credentials(tx, member.staff_id if member else NOBODY)
        hashed, ends_at = read_hash(kept)
        right = self.hasher.verify(hashed, password)
        step = self.codes.matching_step(secret or DECOY_SECRET, code, now)
        serves = ends_at is None or now < ends_at
        if member is None or member.suspended_at is not None or not (right and serves) or (secret and step is None):
            raise NotSignedIn
        return self._open(member, "local", step if secret else None)

    def sign_in_by_provider(self, seed: str, answer: Mapping[str, str], address: str) -> SignedIn:
        """Believe the provider about who somebody is, never about what they may. Raises ``NotSignedIn``, ``BackEndError``."""
        if self.provider is None:
            raise NotSignedIn
        self.limiter.spend("staff-provider-address", address, ATTEMPTS_OF_ADDRESS, WINDOW_SECONDS)
        subject = self.provider.finish(seed, answer)
        with self.store.begin(tuple(self.store.agency_tree().parents)) as tx:
            member = tx.staff.find_by_subject(subject)
        if member is None or member.suspended_at is not None:
            raise NotSignedIn
        return self._open(member, "provider", None)

    def _open(self, member: StaffMember, method: str, step: int | None) -> SignedIn:
        now, token = self.clock.now(), self.new_token()
        with self.store.begin(tuple(self.store.agency_tree().parents)) as tx:
            if step is not None and not tx.staff.use_code(member.staff_id, step):
                raise NotSignedIn
            self._note(tx, member, "staff.sign_in", method=method)
        self.sessions.save(token, StaffSession(member.staff_id, method, now, now + SESSION, now + IDLE))
        nonce = self.random(16).hex()
        return SignedIn(token, f"{nonce}.{self._mark_device(member.login, nonce)}")

    def sign_out(self, token: str) -> None:
        """End a session wherever a copy of its cookie may be. Raises ``CacheUnavailable``: then it has not ended."""
        self.sessions.delete(token)

    def admit(self, token: str, request_id: str, *, active: bool = True) -> Admission:
        """Who has this session, with the roles in force now. ``active``: the person did something, so idle time begins again.

        Raises ``NotSignedIn``, ``SessionExpired``, ``CacheUnavailable``, ``StoreUnavailable``.
        """
        session = self.sessions.load(token) if token else None
        if session is None:
            raise NotSignedIn
        tree = self.store.agency_tree()
        with self.store.begin(tuple(tree.parents)) as tx:
            member = tx.staff.load(session.staff_id)
            if member is None or member.suspended_at is not None:
                raise SessionExpired
            actor = self._read_actor(tx, member, tree, request_id)
            kept, secret = read_credentials(tx, member.staff_id)
        if active:
            self._prolong(token, session)
        local = session.method == "local"
        return Admission(actor, session, local and read_hash(kept)[1] is not None, local and not secret)

    def _prolong(self, token: str, session: StaffSession) -> None:
        until = min(self.clock.now() + IDLE, session.ends_at)
        if until - session.idle_until >= timedelta(minutes=1) or until == session.ends_at != session.idle_until:
            self.sessions.save(token, replace(session, idle_until=until))

    def _read_actor(self, tx: ConsoleTransaction, member: StaffMember, tree: AgencyTree, request_id: str) -> Actor:
        roles = list_held(tx.staff, member.staff_id, self.clock.now(), tree)
        return Actor(member, roles, tree, request_id)

    def change_password(self, admission: Admission, current: str, password: str) -> str:
        """Set one's own password; every session ends and a fresh one begins, whose token is given.

        Raises ``InputRefused`` (wrong current one, too weak, the same again), ``TooManyRequests``.
        """
        member = admission.actor.member
        self.limiter.spend("staff-password", str(member.staff_id), ATTEMPTS, WINDOW_SECONDS)
        everywhere = tuple(admission.actor.tree.parents)
        with self.store.begin(everywhere) as tx:
            hashed, _ = read_hash(read_credentials(tx, member.staff_id)[0])
        if not self.hasher.verify(hashed, current):
            raise InputRefused(detail={"current": "wrong"})
        fresh = read_password(password, member.login)
        if self.hasher.verify(hashed, fresh):
            raise InputRefused(detail={"password": "unchanged"})
        new_hash = self.hasher.hash(fresh)
        with self.store.begin(everywhere) as tx:
            tx.staff.set_password(member.staff_id, new_hash, member.staff_id, self.clock.now())
            self._note(tx, member, "staff.set_own_password")
        return self._renew(member, admission.session)

    def start_enrolment(self, admission: Admission, token: str) -> tuple[str, str, str]:
        """A fresh secret, the address for the authenticator app, and the seal with which the form brings the secret back."""
        if not admission.must_enrol:
            raise Conflict(detail={"rule": "already_enrolled"})
        secret = self.codes.make_secret()
        return secret, self.codes.describe(secret, admission.actor.member.login), seal(token, secret)

    def finish_enrolment(self, admission: Admission, token: str, secret: str, sealed: str, code: str) -> None:
        """Keep the secret once a code of it was given. Raises ``InputRefused``, ``TooManyRequests``, ``Conflict`` if there is one."""
        member, now = admission.actor.member, self.clock.now()
        self.limiter.spend("staff-enrol", str(member.staff_id), ATTEMPTS, WINDOW_SECONDS)
        step = self.codes.matching_step(secret, code, now) if is_sealed(token, secret, sealed) else None
        if step is None:
            raise InputRefused(detail={"code": "wrong"})
        with self.store.begin(tuple(admission.actor.tree.parents)) as tx:
            if read_credentials(tx, member.staff_id)[1]:
                raise Conflict(detail={"rule": "already_enrolled"})
            tx.staff.set_one_time_secret(member.staff_id, secret, member.staff_id, now)
            tx.staff.use_code(member.staff_id, step)
            self._note(tx, member, "staff.enrol")

    def _renew(self, member: StaffMember, session: StaffSession) -> str:
        self.sessions.delete_all(member.staff_id)
        token, now = self.new_token(), self.clock.now()
        idle_until = min(now + IDLE, session.ends_at)
        self.sessions.save(token, replace(session, idle_until=idle_until))
        return token

    def _spend_attempt(self, login: str, address: str, device: str) -> None:
        """Attempts are counted per login and per address; a browser that this login came in from before has a count of its own."""
        found = _DEVICE.fullmatch(device)
        if found and hmac.compare_digest(found.group(2), self._mark_device(login, found.group(1))):
            self.limiter.spend("staff-device", found.group(1), ATTEMPTS, WINDOW_SECONDS)
            return
        self.limiter.spend("staff-address", address, ATTEMPTS_OF_ADDRESS, WINDOW_SECONDS)
        self.limiter.spend("staff-login", login, ATTEMPTS, WINDOW_SECONDS)

    def _mark_device(self, login: str, nonce: str) -> str:
        return self.keyed_hash.lookup_hash("staff_device", f"{login}|{nonce}").hex()

    def _note(self, tx: ConsoleTransaction, member: StaffMember, act: str, **detail: str) -> None:
        own = str(member.staff_id)
        tx.acts.append(
            Act(
                self.new_id(),
                member.agency_id,
                self.clock.now(),
                member.staff_id,
                act,
                "staff",
                own,
                detail=dict(detail),
            )
        )


def read_credentials(tx: ConsoleTransaction, staff_id: UUID) -> tuple[str | None, str | None]:
    """The kept hash and the secret of the codes; neither for nobody, after the same question to the store."""
    try:
        kept, secret = tx.staff.read_credentials(staff_id)
    except NotFound:
        return None, None
    return kept or None, secret or None


def seal(token: str, secret: str) -> str:
    """Binds a fresh secret to the session for which it was made: the form brings both back."""
    return hmac.new(token.encode(), f"enrol|{secret}".encode(), "sha256").hexdigest()


def is_sealed(token: str, secret: str, sealed: str) -> bool:
    """Whether a secret was made for this session."""
    return hmac.compare_digest(seal(token, secret).encode(), sealed.encode("utf-8", "replace"))
