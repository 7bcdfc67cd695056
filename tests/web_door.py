"""The web door over the fakes of every port: pages and API as a server would have them, a browser with cookies, a telephone."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from werkzeug.test import Client, TestResponse

from adapters.mapping_files import load_retention
from gateway.app import create_web_app
from gateway.desk import Desk
from gateway.publication import Publication
from gateway.recording import Recorder
from gateway.web.desk import WebDesk
from gateway.web.recorder import NoLedger, OwnRecorder
from services.bills import BillDesk
from services.case_access import ApplicantDesk
from services.case_ports import JudgedFile
from services.doors import PLATFORMS
from services.exposure_file import ExposureFile
from services.exposure_file_maker import ProofUnavailable
from services.exposure_view import ExposureDesk
from services.file_rules import refuse_file
from services.households import HouseholdDesk
from services.identity import IdentityDesk
from services.model import PlatformName, RegisterEntry
from services.organisations import MandateDesk
from services.restores import Restore
from services.rights import RightsDesk
from services.sessions import SessionDesk
from services.uploads import UploadDesk
from services.web_sign_in import SentCode, WebSignInDesk
from tests.case_samples import make_case_mapping
from tests.fake_applicants import WANG, Counter
from tests.fake_rights import FakeOwnData
from tests.fakes import (
    FakeExposureReader,
    FakeFaceCheck,
    FakeLimiter,
    FakePlatform,
    FakeRegister,
    FakeSessions,
    load_catalogue,
)
from tests.slip_samples import make_press
from tests.small_log import SmallLog

LI, ZHAO = "110101198501010025", "11010119700202003X"
NAMES = {WANG: "王小明", LI: "李丽", ZHAO: "赵刚"}
PHONE, OTHER_PHONE = "13800138001", "13900139002"
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


@dataclass
class FakeCodes:
    """Implements ``web_sign_in.SignInCodes``."""

    kept: dict[str, tuple[SentCode, int]] = field(default_factory=dict)

    def save(self, challenge: str, sent: SentCode, tries: int) -> None:
        self.kept[challenge] = (sent, tries)

    def spend_try(self, challenge: str) -> SentCode | None:
        sent, tries = self.kept.get(challenge, (None, 0))
        if sent is None or tries <= 0:
            self.kept.pop(challenge, None)
            return None
        self.kept[challenge] = (sent, tries - 1)
        return sent

    def take(self, challenge: str) -> bool:
        return self.kept.pop(challenge, None) is not None


@dataclass
class FakeMessages:
    """Implements ``case_ports.TextMessages``; ``fault`` is raised instead of sending."""

    sent: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    fault: Exception | None = None

    def send(self, phone: str, template: str, words: Mapping[str, str], message_id: str) -> str:
        if self.fault is not None:
            raise self.fault
        self.sent.append((phone, template, dict(words)))
        return message_id

    def ask(self, message_id: str) -> str:
        return "delivered"


class FakeProofs:
    """Implements ``exposure_file_maker.ProofReader`` over a log in memory; without a log nothing is published."""

    def __init__(self) -> None:
        self.log: SmallLog | None = None
        self.restores: list[Restore] = []

    def make_file(self, chains: Sequence[UUID], made_at: datetime) -> ExposureFile:
        if self.log is None:
            raise ProofUnavailable
        return replace(self.log.make_file(*chains), made_at=made_at)

    def list_restores(self) -> list[Restore]:
        return self.restores


class FakeJudge:
    """Implements ``case_ports.FileJudge``: the first word of a file is its type, or the rule by which it is refused."""

    def judge(self, content: bytes) -> JudgedFile:
        word = content.split(b" ")[0].decode("ascii", "replace")
        if word not in ("PDF", "PNG"):
            raise refuse_file(word)
        return JudgedFile("application/pdf" if word == "PDF" else "image/png", 1, content)


class WebDoor:
    """Everything behind the door, and the door. ``changes`` are those of ``case_samples.make_terms``."""

    def __init__(self, folder: Path | None = None, *, secure: bool = False, **changes: Any) -> None:
        mapping = replace(make_case_mapping(**changes), channels=tuple(PlatformName))
        self.counter = Counter(mapping=mapping)
        counter, words = self.counter, load_catalogue()
        catalogue = replace(counter.desk.catalogue, rooms=words.rooms, vocabulary=words.vocabulary)
        services = {name: words.services[name] for name in ("gas-bill",)} | dict(catalogue.services)
        catalogue = replace(catalogue, services=services)
        counter.desk = replace(counter.desk, catalogue=catalogue)
        if folder is not None:
            counter.clock.at = counter.clock.at.replace(year=2026)
            press, _ = make_press(folder)
            counter.desk = replace(counter.desk, slips=press)
        self.platforms = {name: FakePlatform(name, counter.clock.now) for name in PLATFORMS}
        counter.till = replace(counter.till, catalogue=catalogue, platforms=self.platforms)
        counter.door = ApplicantDesk(counter.desk, counter.till)
        self.sessions, self.limiter = FakeSessions(), FakeLimiter(counter.clock)
        self.register = FakeRegister({
            WANG: RegisterEntry(NAMES[WANG], PHONE), LI: RegisterEntry(NAMES[LI], OTHER_PHONE),
            ZHAO: RegisterEntry(NAMES[ZHAO], None),
        })  # fmt: skip
        self.codes, self.messages, self.reader = FakeCodes(), FakeMessages(), FakeExposureReader()
        self.proofs = FakeProofs()
        self.web = self._furnish(secure)
        self.app: Any = create_web_app(self.web, max_body_bytes=65_536)

    def _furnish(self, secure: bool) -> WebDesk:
        counter, store = self.counter, self.counter.house
        clock, directory, catalogue = counter.clock, counter.directory, counter.desk.catalogue
        keyed, new_id, back_end_of = counter.desk.keyed_hash, counter.desk.new_id, counter.desk.back_end_of
        sessions = SessionDesk(
            store, self.sessions, self.platforms, catalogue, directory, self.limiter, clock, new_id, make_token, 120,
            NoLedger(), (PlatformName.WEB,),
        )  # fmt: skip
        recorder: Recorder = OwnRecorder(NoLedger(), catalogue, Publication(lambda _: None), directory.root_agency())
        face = FakeFaceCheck()
        citizen = Desk(
            sessions=sessions,
            identity=IdentityDesk(store, self.platforms, self.register, face, catalogue, self.limiter, keyed, clock),
            households=HouseholdDesk(store, catalogue, back_end_of, directory, self.limiter, keyed, clock),
            bills=BillDesk(catalogue, back_end_of, self.limiter, keyed),
            exposure=ExposureDesk(store, self.reader, catalogue), till=counter.till, catalogue=catalogue,
            directory=directory, platforms=self.platforms, store=store, log=NoLedger(), limiter=self.limiter, clock=clock,
            new_id=new_id, recorder=recorder, applicants=counter.door,
            uploads=UploadDesk(counter.desk, FakeJudge(), self.limiter),
            mandates=MandateDesk(counter.desk, store, self.limiter),
            rights=RightsDesk(store, FakeOwnData(), load_retention(), self.limiter, clock, new_id),
        )  # fmt: skip
        entrance = WebSignInDesk(
            store, sessions, self.codes, self.messages, self.register, face, directory, self.limiter, keyed, clock,
            new_id, make_token, counter.desk.random,
        )  # fmt: skip
        return WebDesk(
            citizen, entrance, counter.door, UploadDesk(counter.desk, FakeJudge(), self.limiter),
            MandateDesk(counter.desk, store, self.limiter), counter.desk.random, "0.1.0", secure, proofs=self.proofs,
        )  # fmt: skip

    @property
    def directory(self) -> Any:
        """The directory of apps and merchants."""
        return self.counter.directory

    @property
    def pages(self) -> Any:
        """The app of the pages."""
        return self.app.pages

    @property
    def api(self) -> Any:
        """The app of the API."""
        return self.app.api.application

    def open_browser(self) -> Browser:
        """Somebody's browser, with cookies of its own."""
        return Browser(self, Client(self.app))

    def enter(self, number: str = WANG, phone: str = PHONE) -> Browser:
        """Somebody signed in."""
        browser = self.open_browser()
        browser.sign_in(number, phone)
        return browser

    @property
    def last_code(self) -> str:
        """The code of the last text message."""
        return self.messages.sent[-1][2]["code"]


def make_token() -> str:
    """256 random bits as text."""
    return base64.urlsafe_b64encode(uuid4().bytes + uuid4().bytes).decode().rstrip("=")


@dataclass
class Browser:
    """A browser without scripts: links and forms."""

    door: WebDoor
    client: Client

    def get(self, path: str, **headers: str) -> TestResponse:
        """Follow a link."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, page: str | None = None, headers: Any = None, **form: Any) -> TestResponse:
        """Send a form that stands on ``page`` (default: the same address), with the token that stands there."""
        token = find_token(self.client.get(page or path).text)
        return self.client.post(path, data={"token": token, **form}, headers=dict(headers or {}))

    def sign_in(self, number: str = WANG, phone: str = PHONE) -> TestResponse:
        """Telephone, code, and if it is asked for name and number."""
        assert self.post("/sign-in", phone=phone).status_code == 303
        code = self.door.last_code
        reply = self.post("/sign-in/code", code=code, last_six=number[-6:])
        if reply.status_code != 200:
            return reply
        form = {"token": find_token(reply.text), "code": code, "real_name": NAMES[number], "identity_number": number}
        return self.client.post("/sign-in/name", data=form)


def find_token(page: str) -> str:
    """The token of the forms of a page."""
    found = _TOKEN.search(page)
    return found.group(1) if found else ""
