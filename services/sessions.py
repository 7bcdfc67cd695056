"""Signing in with a platform's code, staying signed in, seeing one's log-ins and cutting one off.

The platform says which of its users is calling: evidence, exchanged once. Which person that is, how well they are known and what
they may do is decided from the government store. A session holds random ids only; losing Redis logs people out, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.catalogue import Catalogue
from services.census_record import Occasion
from services.doors import PLATFORMS
from services.errors import (
    AssuranceTooLow,
    InputRefused,
    LastLogin,
    LoginCutOff,
    NotFound,
    NotSignedIn,
    PlatformRefused,
    SessionExpired,
)
from services.exposure import Disclosure, Trail
from services.mapping import disclose
from services.model import Assurance, Caller, Language, Login, Person, PlatformApp, PlatformName, PlatformUser, Session
from services.ports import Clock, Directory, ExposureLog, Platform, RateLimiter, SessionStore, Store
from services.turned_away import KNOCK, count_turned_away

SIGN_INS_A_MINUTE = 600
"""Per app, those that succeed: a whole city in a morning stays below it. What is refused does not count here."""
SIGN_INS_OF_A_LOGIN = 20
"""Per minute and user of the platform: one person's phone cannot use up what a whole city has."""
CODES_A_MINUTE = 6000
"""Per app, whatever becomes of them: each is a question to the platform, which would close its door on us before we did."""
EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. ``token`` is shown once and kept nowhere."""

    token: str
    session: Session
    caller: Caller
    new_login: bool


@dataclass(frozen=True, slots=True)
class LoginInView:
    """One log-in of the person. On another platform it is only "another channel": this screen is seen by this platform."""

    login_id: UUID
    this_platform: bool
    created_at: datetime
    current: bool
    active: bool


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Something that happened to the account, by its name alone."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class SessionDesk:
    """Who is calling. ``new_token`` makes 256 random bits as text, ``new_id`` a UUIDv7.

    ``doors``: only sessions that were opened there count here. A platform's session is worth nothing at an own door, where nothing is
    recorded, and the other way round.
    """

    store: Store
    sessions: SessionStore
    platforms: Mapping[PlatformName, Platform]
    catalogue: Catalogue
    directory: Directory
    limiter: RateLimiter
    clock: Clock
    new_id: Callable[[], UUID]
    new_token: Callable[[], str]
    session_minutes: int
    log: ExposureLog
    doors: Collection[PlatformName] = PLATFORMS

    def find_app(self, platform: PlatformName, app_id: str) -> PlatformApp:
        """The mini-program of ours that asks to sign in; spends the limit of its questions. Raises ``InputRefused``, ``TooManyRequests``."""
        app = self.directory.find_app(platform, app_id)
        if app is None:
            raise InputRefused(detail={"app_id": "unknown_app"})
        self.limiter.spend("sign-in-code", app.app, CODES_A_MINUTE, 60)
        return app

    def sign_in(
        self, app: PlatformApp, code: str, language: Language, request_id: str, trail: Trail | None = None
    ) -> SignedIn:
        """Exchange a platform's one-shot code for a session. ``trail`` holds what the request has left in the ledger so far.

        Once the person is known, also one who was cut off, the ledger says whose these records are; otherwise they stay nobody's.
        Raises ``LoginCodeRefused``, ``TooManyRequests``, ``LoginCutOff``, ``ExposureUnavailable`` and the errors of a platform.
        """
        trail = Trail() if trail is None else trail
        told = disclose(
            self.catalogue.room("sign-in"), platform=app.platform, agency_id=app.agency_id, account=app.app,
            purpose="sign_in", request_id=request_id, trail=trail,
        )  # fmt: skip
        user = self._ask_platform(app, code, told)
        login, person, new_login = self._recognise(app, user)
        self.log.attribute(trail, person.chain_id)
        self.limiter.spend("sign-in-login", str(login.login_id), SIGN_INS_OF_A_LOGIN, 60)
        self.limiter.spend("sign-in", app.app, SIGN_INS_A_MINUTE, 60)
        if login.revoked_at is not None:
            raise LoginCutOff
        return self.open_session(app, login, person, language, request_id, new_login=new_login)

    def _ask_platform(self, app: PlatformApp, code: str, told: Disclosure) -> PlatformUser:
        """Who it is, by the platform's word; whom the platform turns away is counted, the census's knock is not."""
        try:
            return self.platforms[app.platform].identify(app, code, told)
        except PlatformRefused as refused:
            if not code.startswith(KNOCK):
                count_turned_away(self.store, self.clock, app.agency_id, app.platform, Occasion.SIGN_IN, refused)
            raise

    def open_session(
        self, app: PlatformApp, login: Login, person: Person, language: Language, request_id: str, *, new_login: bool
    ) -> SignedIn:
        """A new session for a login that has just proven itself. Raises ``CacheUnavailable``."""
        now = self.clock.now()
        session = Session(
            self.new_id(), person.person_id, login.login_id, app.app, app.platform, person.assurance, now,
            now + timedelta(minutes=self.session_minutes),
        )  # fmt: skip
        token = self.new_token()
        self.sessions.save(token, session)
        caller = self._speak_for(session, app, login, person, language, request_id)
        return SignedIn(token, session, caller, new_login)

    def _recognise(self, app: PlatformApp, user: PlatformUser) -> tuple[Login, Person, bool]:
        now = self.clock.now()
        with self.store.begin(self.directory.all_agencies()) as tx:
            known = tx.persons.find_login(app.platform, app.app, user.user_id)
            if known is not None:
                return known, tx.persons.load(known.person_id), False
            person = tx.persons.open_person(self.directory.root_agency(), now)
            login, made = tx.persons.add_login(person, app.platform, app.app, user, now)
            return login, person if made else tx.persons.load(login.person_id), made

    def recognise(self, token: str, language: Language, request_id: str) -> Caller:
        """Who speaks with this token. Raises ``NotSignedIn``, ``SessionExpired``, ``CacheUnavailable``, ``StoreUnavailable``."""
        caller, lives = self.look_up(token, language, request_id)
        if not lives:
            raise SessionExpired
        return caller

    def look_up(self, token: str, language: Language, request_id: str) -> tuple[Caller, bool]:
        """Whose token this is, and whether it still opens anything: one that has ended still says who typed what came with it.

        The login decides whose account it is, so a joined account needs no new session. Raises ``NotSignedIn``,
        ``CacheUnavailable``, ``StoreUnavailable``.
        """
        session = self.sessions.load(token)
        if session is None or session.platform not in self.doors:
            raise NotSignedIn
        with self.store.begin(self.directory.all_agencies()) as tx:
            try:
                login = tx.persons.load_login(session.login_id)
                person = tx.persons.load(login.person_id)
            except NotFound:  # the account was closed meanwhile
                raise NotSignedIn from None
        lives = session.expires_at > self.clock.now() and login.revoked_at is None
        app = self.directory.app_named(session.app)
        return self._speak_for(session, app, login, person, language, request_id), lives

    def _speak_for(
        self, session: Session, app: PlatformApp, login: Login, person: Person, language: Language, request_id: str
    ) -> Caller:
        return Caller(
            session_id=session.session_id,
            person_id=person.person_id,
            chain_id=person.chain_id,
            login_id=login.login_id,
            app=app,
            assurance=person.assurance,
            agencies=self.directory.all_agencies(),
            language=language,
            request_id=request_id,
        )

    def sign_out(self, caller: Caller) -> None:
        """End this session."""
        self.sessions.delete(caller.session_id)

    def list_logins(self, caller: Caller) -> tuple[list[LoginInView], list[AccountEvent]]:
        """The person's log-ins and what happened to the account, newest first."""
        with self.store.begin(caller.agencies) as tx:
            logins = tx.persons.list_logins(caller.person_id)
            events = tx.persons.list_events(caller.person_id, EVENTS_SHOWN)
        seen = [
            LoginInView(
                login_id=login.login_id,
                this_platform=login.platform == caller.app.platform,
                created_at=login.created_at,
                current=login.login_id == caller.login_id,
                active=login.revoked_at is None,
            )
            for login in logins
        ]
        return seen, [AccountEvent(at, name) for at, name, _ in events]

    def cut_off(self, caller: Caller, login_id: UUID) -> None:
        """End a log-in of the person and all its sessions. Raises ``NotFound``, ``LastLogin``.

        The store says so first: should Redis fail then, ``recognise`` refuses the sessions all the same.
        """
        with self.store.begin(caller.agencies) as tx:
            tx.persons.hold(caller.person_id)  # of two log-ins that cut each other off at once, one stays
            logins = {login.login_id: login for login in tx.persons.list_logins(caller.person_id)}
            if login_id not in logins:
                raise NotFound
            others = [login for login in logins.values() if login.revoked_at is None and login.login_id != login_id]
            if not others:
                raise LastLogin
            if logins[login_id].revoked_at is None:
                tx.persons.revoke_login(login_id, self.clock.now())
        self.sessions.delete_login(login_id)

    def let_in_again(self, caller: Caller, login_id: UUID) -> None:
        """Lift the cutting off of another log-in of the same person. Raises ``NotFound``."""
        with self.store.begin(caller.agencies) as tx:
            logins = {login.login_id: login for login in tx.persons.list_logins(caller.person_id)}
            if login_id not in logins:
                raise NotFound
            if logins[login_id].revoked_at is not None:
                tx.persons.restore_login(login_id, self.clock.now())

    def load_person(self, caller: Caller) -> Person:
        """The caller's account."""
        with self.store.begin(caller.agencies) as tx:
            return tx.persons.load(caller.person_id)


def require_assurance(caller: Caller, needed: Assurance) -> None:
    """Raise ``AssuranceTooLow``, naming the level, unless the caller is known at least that well."""
    if caller.assurance < needed:
        raise AssuranceTooLow(detail={"required": needed.label})
