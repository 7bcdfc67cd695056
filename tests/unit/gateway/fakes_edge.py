"""The whole public app over the hand-written fakes of every port: one small city with a phone in each platform's app."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from gateway.app import create_public_app
from gateway.desk import Desk
from gateway.guard import Guard
from gateway.promising import Promiser
from gateway.publication import Publication
from gateway.recording import Recorder
from services.bills import BillDesk
from services.case_access import ApplicantDesk
from services.case_desk import CaseDesk
from services.case_ports import Registers
from services.consents import StoredConsents
from services.doors import PLATFORMS
from services.exposure import Direction, Exposure
from services.exposure_view import ExposureDesk
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.mapping import ServiceMapping
from services.model import MerchantAccount, MerchantMode, PlatformApp, PlatformName, RegisterEntry
from services.organisations import MandateDesk
from services.sessions import SessionDesk
from services.till import Till
from services.uploads import UploadDesk
from tests.case_city import FakeJudge
from tests.fake_cases import WEB_URL, FakeFileStore, FakeSlipPress
from tests.fakes import (
    FakeBackEnd,
    FakeBill,
    FakeClock,
    FakeDirectory,
    FakeExposureLog,
    FakeExposureReader,
    FakeFaceCheck,
    FakeKeyedHash,
    FakeLimiter,
    FakePlatform,
    FakeRegister,
    FakeSessions,
    FakeStore,
    load_catalogue,
    new_id_of,
)

CITY, GAS, WATER = uuid4(), uuid4(), uuid4()
WANG = "110101199003070011"
CATALOGUE = load_catalogue()


@dataclass(frozen=True)
class Answer:
    """One reply of the public app."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class City:
    """The app and everything behind it."""

    guard: Guard
    log: FakeExposureLog
    store: FakeStore
    sessions: FakeSessions
    limiter: FakeLimiter
    clock: FakeClock
    reader: FakeExposureReader
    register: FakeRegister
    platforms: dict[PlatformName, FakePlatform]
    back_ends: dict[str, FakeBackEnd]
    desk: Desk
    tokens: dict[tuple[PlatformName, str], str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        environ: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One request, as a server would hand it over."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        target, _, query = path.partition("?")
        inner: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": target, "QUERY_STRING": query, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
            "wsgi.input": io.BytesIO(content), "wsgi.errors": io.StringIO(), "SCRIPT_NAME": "",
        }  # fmt: skip
        if content:
            inner |= {"CONTENT_LENGTH": str(len(content)), "CONTENT_TYPE": "application/json"}
        if token:
            inner["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        inner |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
        inner |= dict(environ or {})
        told: list[Any] = []
        parts = list(self.guard(inner, lambda status, found, *_: told.append((status, found))))
        status, found = told[-1]
        return Answer(int(status[:3]), {name.lower(): value for name, value in found}, b"".join(parts))

    def log_in(self, platform: PlatformName = PlatformName.WECHAT, user: str = "wang") -> str:
        """A session of one user of one platform."""
        app_id = "wx1" if platform is PlatformName.WECHAT else "2021"
        answer = self.send(
            "POST", "/v1/sessions", {"platform": platform, "app_id": app_id, "code": self.code_of(user)}
        )  # fmt: skip
        assert answer.status == 201, answer.body
        return str(answer.json["token"])

    @staticmethod
    def code_of(user: str) -> str:
        """A log-in code that the fake platform exchanges for this user."""
        return f"code-{user}"

    def records(self, direction: Direction) -> list[Exposure]:
        """What was recorded in one direction, oldest first."""
        return [one for _, one in self.log.records if one.direction is direction]

    def shown(self) -> list[Exposure]:
        return self.records(Direction.SHOWN_IN_CLIENT)

    def entered(self) -> list[Exposure]:
        return self.records(Direction.ENTERED_IN_CLIENT)


def _directory() -> FakeDirectory:
    apps = [
        PlatformApp(CITY, "wechat-main", PlatformName.WECHAT, "wx1", "http://wechat"),
        PlatformApp(CITY, "alipay-main", PlatformName.ALIPAY, "2021", "http://alipay"),
    ]
    merchants = [
        MerchantAccount(
            agency, f"{name}-{platform}", platform, app.app_id, f"m-{name}-{platform}", MerchantMode.DIRECT, "http://pay",
            payee=f"{name}-company",
        )
        for agency, name in ((GAS, "gas"), (WATER, "water"))
        for platform, app in zip(PLATFORMS, apps, strict=True)
    ]  # fmt: skip
    return FakeDirectory({"demo-city": CITY, "demo-gas-office": GAS, "demo-water-office": WATER}, apps, merchants)


def build_city(
    *, max_body_bytes: int = 4096, log: FakeExposureLog | None = None, promiser: Promiser | None = None
) -> City:
    """A city with one gas and one water household."""
    log = log or FakeExposureLog()
    clock, store, sessions, keyed = FakeClock(), FakeStore(), FakeSessions(), FakeKeyedHash()
    limiter, reader, directory = FakeLimiter(clock), FakeExposureReader(), _directory()
    register = FakeRegister({WANG: RegisterEntry("王小明", "13800138001")})
    platforms = {name: FakePlatform(name, clock.now) for name in PLATFORMS}
    back_ends = {name: FakeBackEnd() for name in ("gas-bill", "water-bill")}

    def back_end_of(mapping: ServiceMapping) -> FakeBackEnd:
        return back_ends[mapping.id]

    new_id = partial(new_id_of, clock)
    till = make_till(store, platforms, back_end_of, directory, clock, keyed)
    cases = make_cases(till, CATALOGUE, directory, keyed)
    recorder = Recorder(
        log,
        CATALOGUE,
        Publication(partial(log.publish, CITY, "0.1.0")),
        CITY,
        promiser,
        StoredConsents(store, directory),
    )
    desk = Desk(
        sessions=SessionDesk(
            store, sessions, platforms, CATALOGUE, directory, limiter, clock, new_id,
            lambda: base64.urlsafe_b64encode(uuid4().bytes + uuid4().bytes).decode().rstrip("="), 720, log,
        ),
        identity=IdentityDesk(store, platforms, register, FakeFaceCheck(), CATALOGUE, limiter, keyed, clock),
        households=HouseholdDesk(store, CATALOGUE, back_end_of, directory, limiter, keyed, clock),
        bills=BillDesk(CATALOGUE, back_end_of, limiter, keyed),
        exposure=ExposureDesk(store, reader, CATALOGUE),
        till=till, applicants=ApplicantDesk(cases, till), uploads=UploadDesk(cases, FakeJudge(), limiter),
        mandates=MandateDesk(cases, store, limiter),
        catalogue=CATALOGUE, directory=directory, platforms=platforms, store=store, log=log, limiter=limiter, clock=clock,
        new_id=new_id, recorder=recorder,
    )  # fmt: skip
    guard = create_public_app(desk, release="0.1.0", max_body_bytes=max_body_bytes)
    return City(guard, log, store, sessions, limiter, clock, reader, register, platforms, back_ends, desk)


def make_cases(till: Till, catalogue: Any, directory: Any, keyed: Any, registers: Registers | None = None) -> CaseDesk:
    """The desk of cases over the same fakes as the till."""
    return CaseDesk(
        house=till.store, catalogue=catalogue, directory=directory, clock=till.clock, new_id=till.new_id,
        random=till.random, keyed_hash=keyed, files=FakeFileStore(), slips=FakeSlipPress(), back_end_of=till.back_end_of,
        web_url=WEB_URL, registers=registers,
    )  # fmt: skip


def make_till(store: Any, platforms: Any, back_end_of: Any, directory: Any, clock: Any, keyed: Any) -> Till:
    """The till over the same fakes."""
    return Till(
        store=store, platforms=platforms, back_end_of=back_end_of, catalogue=CATALOGUE, directory=directory, clock=clock,
        new_id=partial(new_id_of, clock), random=lambda n: uuid4().bytes[:n], keyed_hash=keyed,
        public_url="http://127.0.0.1:8000",
    )  # fmt: skip


__all__ = ["CATALOGUE", "CITY", "GAS", "UUID", "WANG", "WATER", "Answer", "City", "FakeBill", "build_city"]
