"""The citizen API over a counter in memory: people on the phone and at the government's own page, a company, clerks, a worker."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from gateway.app import create_public_app
from gateway.desk import Desk
from gateway.guard import Guard
from gateway.publication import Publication
from gateway.recording import Recorder
from gateway.web.recorder import NoLedger, OwnRecorder
from services.bills import BillDesk
from services.case_access import ApplicantDesk
from services.case_file import CaseFile
from services.case_ports import JudgedFile, RegisteredOrganisation, Registers
from services.case_record import Hand
from services.consents import StoredConsents
from services.doors import PLATFORMS
from services.exposure import Direction, Exposure
from services.exposure_view import ExposureDesk
from services.file_rules import refuse_file
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.mapping import Output, ServiceMapping
from services.model import JsonValue, PlatformApp, PlatformName, RegisterEntry, Session
from services.organisations import MandateDesk
from services.service_words import ENTERED, SHOWN
from services.sessions import SessionDesk
from services.uploads import UploadDesk
from tests.case_samples import LICENSING, make_case_mapping, say
from tests.fake_applicants import CONTENT, LI, NAMES, WANG, ZHAO, Counter
from tests.fakes import (
    FakeDirectory,
    FakeExposureLog,
    FakeExposureReader,
    FakeFaceCheck,
    FakeLimiter,
    FakePlatform,
    FakeRegister,
    FakeSessions,
    load_catalogue,
)

WORDS = load_catalogue()
PURPOSES = ("see_service", "save_draft", "submit_case", "follow_case", "tell_case", "rate")
PHOTO = b"PNG a plan of the floor"
WECHAT, ALIPAY, WEB = PlatformName.WECHAT, PlatformName.ALIPAY, PlatformName.WEB
CODE = "91110101MA01ABCD19"


class FakeJudge:
    """Implements ``case_ports.FileJudge``: the first word of a file is its type, or the rule by which it is refused."""

    def judge(self, content: bytes) -> JudgedFile:
        word = content.split(b" ")[0].decode("ascii", "replace")
        if word not in ("PDF", "PNG"):
            raise refuse_file(word if word in ("bomb", "active", "damaged") else "type")
        return JudgedFile("application/pdf" if word == "PDF" else "image/png", 1, content)


class FakeFamily:
    """Implements ``case_ports.FamilyRegister``: whoever is named is the other's parent."""

    def is_parent(self, parent_number: str, child_number: str, request_id: str) -> bool:
        return parent_number == WANG


@dataclass(frozen=True)
class Answer:
    """One reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def make_citizens_mapping(service: str = LICENSING, **changes: Any) -> ServiceMapping:
    """The trial service with all that both platforms may see of a case; its words are ``company_name`` and ``licence_no``."""
    mapping = make_case_mapping(service, **changes)
    inputs = frozenset(mapping.inputs)
    shown = SHOWN["case"] | inputs | {
        "licence_no", "material_title", "organisation_name", "mandate_info", "postal_address",
    }  # fmt: skip
    entered = ENTERED["case"] | inputs | {"material_title", "material_file", "postal_address"}
    budget = {Direction.SHOWN_IN_CLIENT: shown, Direction.ENTERED_IN_CLIENT: entered}
    return replace(
        mapping,
        channels=("wechat", "alipay", "web", "window"),
        exposure=dict.fromkeys(PLATFORMS, budget),
        purposes={name: say(name) for name in PURPOSES},
        outputs={"licence_no": Output("licence_no", "text", say("证号"), "licence_no")},
    )


class CaseCity:
    """Everything wired together. ``changes`` are those of ``case_samples.make_terms``."""

    def __init__(self, *more: ServiceMapping, **changes: Any) -> None:
        self.counter = Counter(*more, mapping=make_citizens_mapping(**changes), citizen=False)
        counter = self.counter
        catalogue = replace(counter.desk.catalogue, rooms=WORDS.rooms, vocabulary=WORDS.vocabulary)
        people = FakeRegister({number: RegisterEntry(name, None) for number, name in NAMES.items()})
        registers = Registers(counter.register, FakeFamily(), people)
        counter.desk = replace(counter.desk, catalogue=catalogue, registers=registers)
        counter.till = replace(counter.till, catalogue=catalogue)
        counter.door = ApplicantDesk(counter.desk, counter.till)
        counter.workshop = replace(counter.workshop, desk=counter.desk)
        assert isinstance(counter.directory, FakeDirectory)
        counter.directory.apps[:] = [
            PlatformApp(counter.directory.root_agency(), f"{name}-main", name, "app", "http://x") for name in PLATFORMS
        ]
        self.people, self.house, self.clock = people, counter.house, counter.clock
        self.log, self.sessions, self.limiter = FakeExposureLog(), FakeSessions(), FakeLimiter(counter.clock)
        desk = self._furnish(catalogue)
        self.public = create_public_app(desk, release="0.1.0", max_body_bytes=65_536)
        self.desk = desk
        self._platform_of: dict[str, PlatformName] = {}

    @cached_property
    def web(self) -> Guard:
        """The same routes at the government's own door."""
        desk = self.desk
        recorder = OwnRecorder(NoLedger(), desk.catalogue, Publication(lambda _: None), desk.directory.root_agency())
        own = replace(desk, sessions=replace(desk.sessions, doors=(WEB,)), recorder=recorder, log=NoLedger())
        return create_public_app(own, release="0.1.0", max_body_bytes=65_536)

    def _furnish(self, catalogue: Any) -> Desk:
        counter, store, clock = self.counter, self.house, self.clock
        platforms = {name: FakePlatform(name, clock.now) for name in PLATFORMS}
        counter.workshop = replace(counter.workshop, platforms=platforms)
        directory, keyed, new_id = counter.directory, counter.desk.keyed_hash, counter.desk.new_id
        ends, root = counter.desk.back_end_of, counter.directory.root_agency()
        return Desk(
            sessions=SessionDesk(
                store, self.sessions, platforms, catalogue, directory, self.limiter, clock, new_id, make_token, 720, self.log
            ),
            identity=IdentityDesk(store, platforms, self.people, FakeFaceCheck(), catalogue, self.limiter, keyed, clock),
            households=HouseholdDesk(store, catalogue, ends, directory, self.limiter, keyed, clock),
            bills=BillDesk(catalogue, ends, self.limiter, keyed),
            exposure=ExposureDesk(store, FakeExposureReader(), catalogue),
            till=counter.till, catalogue=catalogue, directory=directory, platforms=platforms, store=store, log=self.log,
            limiter=self.limiter, clock=clock, new_id=new_id,
            recorder=Recorder(self.log, catalogue, Publication(partial(self.log.publish, root, "0.1.0")), root, consents=StoredConsents(store, directory)),
            applicants=counter.door, uploads=UploadDesk(counter.desk, FakeJudge(), self.limiter),
            mandates=MandateDesk(counter.desk, store, self.limiter),
        )  # fmt: skip

    def enter(self, number: str | None = WANG, platform: PlatformName = WECHAT) -> str:
        """A session of somebody whose name is proven; without a number of somebody with a phone only."""
        caller = self.counter.add_citizen(number, platform)
        token, now = make_token(), self.clock.now()
        app = "web" if platform is WEB else f"{platform}-main"
        self.sessions.save(
            token,
            Session(caller.session_id, caller.person_id, caller.login_id, app, platform, caller.assurance, now,
                    now + timedelta(days=400)),
        )  # fmt: skip
        self._platform_of[token] = platform
        return token

    def send(
        self, method: str, path: str, body: object = None, *, token: str = "", raw: bytes | None = None,
        kind: str = "application/json", headers: Mapping[str, str] | None = None, guard: Guard | None = None,
    ) -> Answer:  # fmt: skip
        """One request, as a server would hand it over, at the door through which the session came."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        target, _, query = path.partition("?")
        inner: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": target.encode().decode("latin-1"), "QUERY_STRING": query, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
            "wsgi.input": io.BytesIO(content), "wsgi.errors": io.StringIO(), "SCRIPT_NAME": "",
        }  # fmt: skip
        if content or raw is not None:
            inner |= {"CONTENT_LENGTH": str(len(content)), "CONTENT_TYPE": kind}
        if token:
            inner["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        inner |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
        told: list[Any] = []
        own = self._platform_of.get(token) is WEB
        chosen = guard or (self.web if own else self.public)
        parts = list(chosen(inner, lambda status, found, *_: told.append((status, found))))
        status, found = told[-1]
        return Answer(int(status[:3]), {name.lower(): value for name, value in found}, b"".join(parts))

    def begin(self, token: str, service: str = LICENSING, **changes: JsonValue) -> Any:
        """A draft with everything in it but files."""
        answer = self.send("POST", f"/v1/services/{service}/drafts", {**CONTENT, **changes}, token=token)
        assert answer.status == 201, answer.body
        return answer.json

    def upload(
        self,
        token: str,
        path: str,
        material: str = "floor_plan",
        content: bytes = PHOTO,
        title: str = "平面图.png",
        **more: Any,
    ) -> Answer:
        """A file for a draft or a case (``path``: ``drafts/ID`` or ``cases/ID``)."""
        address = f"/v1/{path}/materials/{material}/files" + (f"?title={quote(title)}" if title else "")
        return self.send("POST", address, raw=content, token=token, **{"kind": "application/octet-stream", **more})

    def submit(self, token: str, draft_id: str, version: int = 1, key: str = "") -> Answer:
        """Hand a draft in."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return self.send("POST", f"/v1/drafts/{draft_id}/submit", {"version": version}, token=token, headers=headers)

    def open(self, token: str, **changes: JsonValue) -> str:
        """A case that was handed in; its id."""
        draft_id: str = self.begin(token, **changes)["draft_id"]
        for number, name in enumerate(("floor_plan", "proof_of_premises")):
            assert self.upload(token, f"drafts/{draft_id}", name, PHOTO + str(number).encode()).status == 201
        assert self.submit(token, draft_id).status == 201
        return draft_id

    def see(self, token: str, case_id: str) -> Any:
        """The case as its applicant sees it."""
        answer = self.send("GET", f"/v1/cases/{case_id}", token=token)
        assert answer.status == 200, answer.body
        return answer.json

    def move(self, case_id: str, event: str, hand: Hand = Hand.CLERK, **data: JsonValue) -> CaseFile:
        """Somebody at the office does something."""
        return self.counter.move(UUID(case_id), event, hand, **data)

    def ask_correction(self, case_id: str, *about: str) -> CaseFile:
        """The one notice."""
        items = [{"about": name, "code": "unclear", "words": f"请补正 {name}"} for name in about or ("floor_plan",)]
        return self.move(case_id, "correction_asked", items=items, until_on="2026-11-23")

    def record_company(self, representative: str = ZHAO) -> None:
        """The business register has it."""
        name = "演示市小明餐饮有限公司"
        self.counter.register.entries[CODE] = RegisteredOrganisation(
            CODE, name, "in_business", NAMES[representative], representative
        )

    def records(self, direction: Direction) -> list[Exposure]:
        """What was recorded in one direction, oldest first."""
        return [one for _, one in self.log.records if one.direction is direction]

    @property
    def shown(self) -> Exposure:
        return self.records(Direction.SHOWN_IN_CLIENT)[-1]

    @property
    def entered(self) -> Exposure:
        return self.records(Direction.ENTERED_IN_CLIENT)[-1]


def make_token() -> str:
    """256 random bits as text."""
    return base64.urlsafe_b64encode(uuid4().bytes + uuid4().bytes).decode().rstrip("=")


__all__ = [
    "ALIPAY",
    "CODE",
    "LI",
    "NAMES",
    "PHOTO",
    "WANG",
    "WEB",
    "WECHAT",
    "ZHAO",
    "CaseCity",
    "make_citizens_mapping",
]
