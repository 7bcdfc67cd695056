"""Hand-written fakes of every port in ``services/ports.py``, and a small city in which they work together.

They keep real little books and can fail on order; none of them records calls for the sake of asserting calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.catalogue import Catalogue
from services.doors import find_own_app
from services.errors import (
    CacheUnavailable,
    ConfigurationFault,
    ExposureUnavailable,
    TooManyRequests,
)
from services.exposure import Disclosure, Exposure, Outcome, Trail
from services.model import (
    BackEndAddress,
    JsonValue,
    MerchantAccount,
    PlatformApp,
    PlatformName,
    RegisterEntry,
    Session,
)
from tests.fake_back_end import FakeBackEnd, FakeBill
from tests.fake_faults import Faults, KilledError, Script
from tests.fake_hash import FakeKeyedHash
from tests.fake_platform import FakePlatform
from tests.fake_store import FakeStore

__all__ = ["FakeBackEnd", "FakeBill", "FakeKeyedHash", "FakePlatform", "FakeStore", "Faults", "KilledError", "Script"]

ROOT = Path(__file__).resolve().parent.parent


class FakeClock:
    """Implements ``ports.Clock``; stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


class FakeSecrets:
    """Implements ``ports.Secrets``."""

    def __init__(self, values: Mapping[str, bytes] | None = None) -> None:
        self.values = dict(values or {})

    def read(self, name: str) -> bytes:
        if name not in self.values:
            raise ConfigurationFault(f"secret {name} is missing")
        return self.values[name]


class FakeExposureLog:
    """Implements ``ports.ExposureLog``; ``down`` makes it refuse."""

    def __init__(self) -> None:
        self.records: list[tuple[UUID, Exposure]] = []
        self.outcomes: list[tuple[UUID, Outcome, int | None, Exposure | None]] = []
        self.publications: list[tuple[UUID, str, Mapping[str, str]]] = []
        self.attributions: list[tuple[UUID, list[tuple[Disclosure, UUID]]]] = []
        self.down = False

    def append(self, exposures: Sequence[Exposure]) -> list[UUID]:
        if self.down:
            raise ExposureUnavailable
        made = [(uuid4(), exposure) for exposure in exposures]
        self.records += made
        for record_id, exposure in made:
            self._note(exposure, record_id)
        return [record_id for record_id, _ in made]

    def append_outcome(
        self, record_id: UUID, agency_id: UUID, outcome: Outcome, status: int | None, received: Exposure | None
    ) -> None:
        if self.down:
            raise ExposureUnavailable
        self.outcomes.append((record_id, outcome, status, received))
        if received is not None:
            self._note(received, uuid4())

    def attribute(self, trail: Trail, chain: UUID) -> None:
        if self.down:
            raise ExposureUnavailable
        left = [(told, record_id) for told, record_id in trail.left if told.actor is None]
        if left:
            self.attributions.append((chain, left))
        trail.left.clear()

    def _note(self, exposure: Exposure, record_id: UUID) -> None:
        if exposure.disclosure.trail is not None:
            exposure.disclosure.trail.left.append((exposure.disclosure, record_id))

    def publish(self, agency_id: UUID, release: str, manifest: Mapping[str, str]) -> None:
        self.publications.append((agency_id, release, dict(manifest)))


class FakeSessions:
    """Implements ``ports.SessionStore``; ``down`` is a Redis that does not answer."""

    def __init__(self) -> None:
        self.saved: dict[str, Session] = {}
        self.down = False

    def save(self, token: str, session: Session) -> None:
        self._require_up()
        self.saved[token] = session

    def load(self, token: str) -> Session | None:
        self._require_up()
        return self.saved.get(token)

    def delete(self, session_id: UUID) -> None:
        self._require_up()
        self.saved = {token: row for token, row in self.saved.items() if row.session_id != session_id}

    def delete_login(self, login_id: UUID) -> None:
        self._require_up()
        self.saved = {token: row for token, row in self.saved.items() if row.login_id != login_id}

    def _require_up(self) -> None:
        if self.down:
            raise CacheUnavailable


class FakeLimiter:
    """Implements ``ports.RateLimiter`` on a clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.spent: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        self.down = False

    def spend(self, rule: str, subject: str, limit: int, window_seconds: int) -> None:
        if self.down:
            raise CacheUnavailable
        now = self.clock.now()
        recent = [at for at in self.spent[rule, subject] if now - at < timedelta(seconds=window_seconds)]
        if len(recent) >= limit:
            raise TooManyRequests(detail={"retry_after_seconds": window_seconds})
        self.spent[rule, subject] = [*recent, now]


class FakeRevocations:
    """Implements ``ports.Revocations`` on a clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.ended: dict[tuple[str, str], datetime] = {}
        self.down = False

    def add(self, kind: str, name: str, expires_at: datetime) -> None:
        if self.down:
            raise CacheUnavailable
        self.ended[kind, name] = expires_at

    def holds(self, kind: str, name: str) -> bool:
        if self.down:
            raise CacheUnavailable
        return self.ended.get((kind, name), self.clock.now()) > self.clock.now()


class FakeTokens:
    """Implements ``ports.TokenCache``."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def load(self, key: str) -> str | None:
        return self.values.get(key)

    def save(self, key: str, value: str, seconds: int) -> None:
        self.values[key] = value

    def drop(self, key: str, value: str) -> None:
        if self.values.get(key) == value:
            del self.values[key]


class FakeRegister:
    """Implements ``ports.IdentityRegister``."""

    def __init__(self, entries: Mapping[str, RegisterEntry] | None = None) -> None:
        self.entries = dict(entries or {})

    def find(self, identity_number: str, request_id: str) -> RegisterEntry | None:
        return self.entries.get(identity_number)


class FakeFaceCheck:
    """Implements ``ports.FaceCheck``: the evidence "same face" passes."""

    def verify(self, real_name: str, identity_number: str, evidence: str, request_id: str) -> bool:
        return evidence == "same face"


class FakeExposureReader:
    """Implements ``ports.ExposureReader`` over leaves that a test puts in."""

    def __init__(self) -> None:
        self.leaves: list[tuple[UUID, PlatformName, Mapping[str, JsonValue]]] = []

    def list_of_chains(
        self, chains: Sequence[UUID], platform: PlatformName, limit: int, before: UUID | None
    ) -> list[Mapping[str, JsonValue]]:
        seen = [leaf for chain, where, leaf in self.leaves if chain in chains and where == platform]
        return [leaf for leaf in reversed(seen) if before is None or str(leaf["id"]) < str(before)][:limit]


@dataclass
class FakeDirectory:
    """Implements ``ports.Directory``."""

    agencies: dict[str, UUID] = field(default_factory=dict)
    apps: list[PlatformApp] = field(default_factory=list)
    merchants: list[MerchantAccount] = field(default_factory=list)

    def root_agency(self) -> UUID:
        return self.agencies["demo-city"]

    def agency_id(self, slug: str) -> UUID:
        return self.agencies[slug]

    def all_agencies(self) -> tuple[UUID, ...]:
        return tuple(self.agencies.values())

    def agency_names(self) -> dict[UUID, tuple[str, str]]:
        return {agency_id: (slug, slug) for slug, agency_id in self.agencies.items()}

    def parent_of(self, agency_id: UUID) -> UUID | None:
        return None if agency_id == self.root_agency() else self.root_agency()

    def find_app(self, platform: PlatformName, app_id: str) -> PlatformApp | None:
        own = find_own_app(app_id, self.root_agency())
        known = [*self.apps, *([own] if own else [])]
        return next((row for row in known if (row.platform, row.app_id) == (platform, app_id)), None)

    def app_named(self, app: str) -> PlatformApp:
        known = find_own_app(app, self.root_agency()) or next((row for row in self.apps if row.app == app), None)
        if known is None:
            raise ConfigurationFault
        return known

    def merchant_for(self, agency_id: UUID, app: PlatformApp, payee: str) -> MerchantAccount | None:
        wanted = (agency_id, app.platform, app.app_id, payee)
        fitting = (row for row in self.merchants if (row.agency_id, row.platform, row.app_id, row.payee) == wanted)
        return next(fitting, None)

    def merchant_named(self, account: str) -> MerchantAccount | None:
        return next((row for row in self.merchants if row.account == account), None)

    def back_end(self, agency_id: UUID, name: str) -> BackEndAddress:
        return BackEndAddress(agency_id, name, "http://127.0.0.1:1")


def load_catalogue() -> Catalogue:
    """The catalogue that is shipped."""
    folder = ROOT / "config"
    return Catalogue.load(folder / "mappings", folder / "desk.yaml", folder / "vocabulary.yaml")


def rename(app: PlatformApp, app_id: str) -> PlatformApp:
    """The same app under another id."""
    return replace(app, app_id=app_id)


def new_id_of(clock: FakeClock) -> UUID:
    """A UUIDv7 of the fake moment."""
    return make_id(clock.now())
