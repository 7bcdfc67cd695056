"""Signing in at the government's own page: a code by text message proves the telephone, the population register says whose it is.

A telephone number alone is nobody: numbers are given out again ninety days after they are given up, and families share one. So
whoever has the code and knows the last six places of an identity number is let in at once if exactly one person who came by this telephone
before has such a number and the register still names the telephone for them; everybody else states name and identity number, which the register must bear out together with the telephone (or a face check). Whichever of them
is wrong, the answer is the same. Nobody learns here whether a number is known: what is said before the code is the same for all.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.case_ports import TextMessages
from services.doors import own_app
from services.errors import (
    AssuranceTooLow,
    Conflict,
    IdentityNotProven,
    InputRefused,
    LoginCodeRefused,
    LoginCutOff,
)
from services.identity import ATTEMPTS_AN_HOUR, read_identity_number, same_name, tidy_phone
from services.model import Assurance, Language, Login, Person, PlatformApp, PlatformName, PlatformUser
from services.ports import Clock, Directory, FaceCheck, IdentityRegister, KeyedHash, RateLimiter, Store, Transaction
from services.sessions import SessionDesk, SignedIn
from services.till import business_day

CODE_MINUTES = 5
TRIES = 5
"""Of one code, right or wrong: of a million codes an attacker sees five."""
CODES_AN_HOUR, CODES_A_DAY = 5, 10
"""Of one telephone."""
CODES_OF_ADDRESS = 300
"""In ten minutes of one network address: an office or a proxy in front of us is one address."""
CODES_A_MINUTE = 600
"""Of all together: text messages cost money."""
KNOWN_PLACES = 6
"""Of the identity number, by which whoever came before is known again."""
SHARED_BY = 10
"""People who sign in with one telephone."""
SESSION_MINUTES = 120
"""At most: the browser may stand in a library. It ends with the browser anyway."""
TEMPLATE = "sign_in_code"


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that was sent: to whom, its keyed hash, until when it is good."""

    phone: str
    code_hash: bytes
    expires_at: datetime


class SignInCodes(Protocol):
    """Codes under way, by their challenge. Losing them loses nothing but a text message. Raises ``CacheUnavailable``."""

    def save(self, challenge: str, sent: SentCode, tries: int) -> None: ...
    def spend_try(self, challenge: str) -> SentCode | None:
        """What was sent, for one try less; None for none, an expired one, or one without a try left."""
        ...

    def take(self, challenge: str) -> bool:
        """Use it up; True for the first who does."""
        ...


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the browser keeps while the code is under way. ``challenge`` is 256 random bits as text."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody brings to sign in: the code, and the last six places of their number if they came by this telephone before.

    Else, or if that opens nothing, name and number.
    """

    challenge: str
    code: str
    last_six: str = ""
    real_name: str = ""
    identity_number: str = ""
    face_evidence: str | None = None

    @property
    def names_somebody(self) -> bool:
        return bool(self.real_name or self.identity_number)


@dataclass(frozen=True, slots=True)
class WebSignInDesk:
    """Lets people in at the web door. ``new_token`` makes 256 random bits as text, ``random`` random bytes."""

    store: Store
    sessions: SessionDesk
    codes: SignInCodes
    text_messages: TextMessages
    register: IdentityRegister
    face: FaceCheck | None
    directory: Directory
    limiter: RateLimiter
    keyed_hash: KeyedHash
    clock: Clock
    new_id: Callable[[], UUID]
    new_token: Callable[[], str]
    random: Callable[[int], bytes]

    @property
    def app(self) -> PlatformApp:
        """The door itself."""
        return own_app(PlatformName.WEB, self.directory.root_agency())

    def send_code(self, phone: str, address: str) -> Challenge:
        """Send a code to a mainland mobile number, known here or not. ``address``: where the request came from.

        Raises ``InputRefused`` for what is no such number, ``TooManyRequests`` and the errors of a back end.
        """
        tidy = tidy_phone(phone)
        if len(tidy) != 11 or tidy[0] != "1" or tidy[1] not in "3456789":
            raise InputRefused(detail={"phone": "form"})
        self._spend_code(tidy, address)
        code = _draw_code(self.random)
        challenge, ends = self.new_token(), self.clock.now() + timedelta(minutes=CODE_MINUTES)
        self.codes.save(challenge, SentCode(tidy, self._hash(challenge, code), ends), TRIES)
        words = {"code": code, "minutes": str(CODE_MINUTES)}
        self.text_messages.send(tidy, TEMPLATE, words, str(self.new_id()))
        return Challenge(challenge, ends)

    def _spend_code(self, phone: str, address: str) -> None:
        subject = self.keyed_hash.lookup_hash("limit_phone", phone).hex()
        self.limiter.spend("web-code-address", address, CODES_OF_ADDRESS, 600)
        self.limiter.spend("web-code-hour", subject, CODES_AN_HOUR, 3600)
        self.limiter.spend("web-code-day", subject, CODES_A_DAY, 86_400)
        self.limiter.spend("web-code", "all", CODES_A_MINUTE, 60)

    def sign_in(self, proof: Proof, language: Language, request_id: str) -> SignedIn:
        """A session for whoever has the code and is whom they say.

        Raises ``LoginCodeRefused`` for a wrong, old, used or unknown code, all alike; ``AssuranceTooLow`` where name and number are
        needed and were not given: the code stays good. ``InputRefused``, ``IdentityNotProven``, ``LoginCutOff``, ``TooManyRequests`` and
        the errors of a back end.
        """
        phone = self._read_code(proof)
        known = self._recall(phone, proof.last_six, request_id) if not proof.names_somebody else None
        if known is None and not proof.names_somebody:
            raise AssuranceTooLow(detail={"required": Assurance.REAL_NAME.label})
        if known is not None:
            self._use_up(proof)
            return self._let_in(*known, new=False, language=language, request_id=request_id)
        name, number = self._prove(phone, proof, request_id)
        self._use_up(proof)
        login, person, new = self._recognise(phone, name, number)
        return self._let_in(login, person, new=new, language=language, request_id=request_id)

    def _read_code(self, proof: Proof) -> str:
        sent = self.codes.spend_try(proof.challenge)
        wanted = sent.code_hash if sent else b""
        right = hmac.compare_digest(wanted, self._hash(proof.challenge, proof.code))
        if sent is None or not right or sent.expires_at <= self.clock.now():
            raise LoginCodeRefused
        return sent.phone

    def _use_up(self, proof: Proof) -> None:
        if not self.codes.take(proof.challenge):
            raise LoginCodeRefused

    def _hash(self, challenge: str, code: str) -> bytes:
        return self.keyed_hash.lookup_hash("web_code", f"{challenge}|{code}")

    def _recall(self, phone: str, last_six: str, request_id: str) -> tuple[Login, Person] | None:
        """Whoever came by this telephone before, has a number that ends like this, and is still named for it by the register."""
        if len(last_six) != KNOWN_PLACES:
            return None
        with self.store.begin(self.directory.all_agencies()) as tx:
            logins = [login for login in find_logins(tx, self.app, phone) if login.revoked_at is None]
            found = [(login, tx.persons.load(login.person_id)) for login in logins]
        mine = [(login, person) for login, person in found if _ends_with(person, last_six.upper())]
        still = [(login, person) for login, person in mine if self._holds(person, phone, request_id)]
        return still[0] if len(still) == 1 else None

    def _holds(self, person: Person, phone: str, request_id: str) -> bool:
        if person.identity_number is None or person.assurance < Assurance.REAL_NAME:
            return False
        entry = self.register.find(person.identity_number, request_id)
        return entry is not None and _same(tidy_phone(entry.phone or ""), phone)

    def _prove(self, phone: str, proof: Proof, request_id: str) -> tuple[str, str]:
        """Registered name and number. The same questions are asked whichever of them is wrong."""
        number = read_identity_number(proof.identity_number, business_day(self.clock.now()))
        by_phone = self.keyed_hash.lookup_hash("limit_phone", phone).hex()
        self.limiter.spend("web-name-phone", by_phone, ATTEMPTS_AN_HOUR, 3600)
        by_number = self.keyed_hash.lookup_hash("limit_identity", number).hex()
        self.limiter.spend("real-name-number", by_number, ATTEMPTS_AN_HOUR, 3600)
        entry = self.register.find(number, request_id)
        named = entry is not None and same_name(entry.real_name, proof.real_name)
        held = entry is not None and _same(tidy_phone(entry.phone or ""), phone)
        if not (named and held) and proof.face_evidence and self.face is not None:
            told = entry.real_name if entry and named else proof.real_name
            held = self.face.verify(told, number, proof.face_evidence, request_id)
        if entry is None or not (named and held):
            raise IdentityNotProven
        return entry.real_name, number

    def _recognise(self, phone: str, name: str, number: str) -> tuple[Login, Person, bool]:
        """The account of this human, with a log-in by this telephone. Of two requests at once the loser finds the winner's."""
        try:
            return self._find_or_make(phone, name, number)
        except Conflict:
            return self._find_or_make(phone, name, number)

    def _find_or_make(self, phone: str, name: str, number: str) -> tuple[Login, Person, bool]:
        now = self.clock.now()
        with self.store.begin(self.directory.all_agencies()) as tx:
            holder, logins = tx.persons.find_by_identity(number), find_logins(tx, self.app, phone)
            mine = [login for login in logins if holder is not None and login.person_id == holder.person_id]
            if holder is not None and mine:
                return mine[-1], holder, False
            if len(logins) >= SHARED_BY:
                raise Conflict(detail={"phone": "shared"})
            fresh = tx.persons.open_person(self.directory.root_agency(), now)
            tx.persons.record_phone(fresh.person_id, phone, now)
            user = PlatformUser(name_user(phone, len(logins)))
            login, made = tx.persons.add_login(fresh, self.app.platform, self.app.app, user, now)
            if not made:
                raise Conflict
            if holder is None:
                tx.persons.record_identity(fresh.person_id, name, number, now)
            else:
                _join(tx, fresh, holder, now)
            login = tx.persons.load_login(login.login_id)
            return login, tx.persons.load(login.person_id), True

    def _let_in(self, login: Login, person: Person, *, new: bool, language: Language, request_id: str) -> SignedIn:
        if login.revoked_at is not None:
            raise LoginCutOff
        return self.sessions.open_session(self.app, login, person, language, request_id, new_login=new)


def _join(tx: Transaction, fresh: Person, holder: Person, now: datetime) -> None:
    """Their other log-ins are told, as of any log-in that joins an account."""
    known = [login for login in tx.persons.list_logins(holder.person_id) if login.revoked_at is None]
    tx.persons.join(fresh.person_id, holder.person_id, now)
    for login in known:
        tx.jobs.enqueue("tell_new_login", holder.agency_id, login.login_id)


def find_logins(tx: Transaction, app: PlatformApp, phone: str) -> Sequence[Login]:
    """Every log-in by this telephone, oldest first, cut off or not."""
    found: list[Login] = []
    for place in range(SHARED_BY):
        login = tx.persons.find_login(app.platform, app.app, name_user(phone, place))
        if login is None:
            break
        found.append(login)
    return found


def name_user(phone: str, place: int) -> str:
    """As whom the n-th person signs in with a telephone."""
    return f"{phone}#{place}"


def _draw_code(random: Callable[[int], bytes]) -> str:
    """Six digits, each as likely as any other: 2^63 is so much more than a million that the rest of it does not show."""
    return f"{int.from_bytes(random(8), 'big') % 1_000_000:06d}"


def _ends_with(person: Person, last_six: str) -> bool:
    return _same((person.identity_number or "")[-KNOWN_PLACES:], last_six)


def _same(left: str, right: str) -> bool:
    return bool(left) and hmac.compare_digest(left.encode(), right.encode("utf-8", "replace"))
