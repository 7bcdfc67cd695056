"""A counter in memory for tests of cases: a house with real transactions, a desk over it, and hand-written fakes of the rest.

``make_case_desk()`` gives a ``CaseDesk`` whose house is a ``FakeCaseHouse``: ``desk.house`` acts for every agency that a transaction
names, keeps acts (``house.acts``), jobs (``house.tables.queue``, ``house.tables.due``) and calendars, and rolls all of it back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from adapters.boundary import refuse_inside_transaction
from adapters.ids import make_id
from services.case_desk import CaseDesk
from services.case_errors import SlipRefused
from services.case_ports import Slip
from services.catalogue import Catalogue
from services.errors import BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable, NotFound, StoreUnavailable
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.staffing import Act
from services.vocabulary import Vocabulary
from tests.case_samples import make_case_mapping
from tests.fake_case_books import make_calendar
from tests.fake_faults import Script
from tests.fake_readings import FakeAudit
from tests.fake_store import FakeStore, FakeTransaction
from tests.fakes import FakeClock, FakeDirectory, FakeKeyedHash

WEB_URL = "https://counter.example.gov.cn"
NO_WORDS = Vocabulary({}, {}, frozenset(), {}, {})


class FakeActBook:
    """Implements ``case_ports.ActAppender``; ``down`` makes it refuse."""

    def __init__(self, house: FakeCaseHouse, agencies: frozenset[UUID]) -> None:
        self.house, self.agencies = house, agencies

    def append(self, act: Act) -> None:
        if self.house.acts_down:
            raise StoreUnavailable
        if act.agency_id not in self.agencies:
            raise AssertionError("row-level security: this transaction does not act for that agency")
        self.house.acts.append(act)


class FakeCaseTransaction(FakeTransaction):
    """Implements ``case_ports.CaseTransaction`` and has the book of acts of a console's transaction."""

    def __init__(self, house: FakeCaseHouse, agencies: frozenset[UUID]) -> None:
        super().__init__(house.tables, agencies)
        self.acts = FakeActBook(house, agencies)
        self.audit = FakeAudit(house.tables.counter, agencies)


class FakeCaseHouse(FakeStore):
    """Implements ``case_ports.CaseHouse``: citizens', worker's and console's at once. ``down``, ``acts_down``: refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[Act] = []
        self.acts_down = False
        calendar = make_calendar()
        self.tables.counter.calendars[calendar.region, calendar.version] = calendar

    @contextmanager
    def begin(self, agencies: Sequence[UUID]) -> Iterator[FakeCaseTransaction]:
        before = list(self.acts)
        try:
            with super().begin(agencies):
                yield FakeCaseTransaction(self, frozenset(agencies))
        except BaseException:
            self.acts = before
            raise

    @property
    def jobs(self) -> list[tuple[str, UUID]]:
        """What waits for the worker: task and case."""
        return [(task, subject) for task, _, subject in self.tables.queue]


@dataclass
class FakeFileStore:
    """Implements ``case_ports.FileStore``; ``down`` is a store that does not answer."""

    kept: dict[tuple[UUID, str], bytes] = field(default_factory=dict)
    down: bool = False

    def put(self, agency_id: UUID, content: bytes) -> str:
        if self.down:
            raise StoreUnavailable
        digest = hashlib.sha256(content).hexdigest()
        self.kept[agency_id, digest] = content
        return digest

    def get(self, agency_id: UUID, digest: str) -> bytes:
        if self.down:
            raise StoreUnavailable
        if (agency_id, digest) not in self.kept:
            raise NotFound
        return self.kept[agency_id, digest]


@dataclass
class FakeSlipPress:
    """Implements ``case_ports.SlipPress``: the text names the slip; nothing is signed, so whatever was not signed here is refused."""

    signed: dict[str, Slip] = field(default_factory=dict)

    def sign(self, slip: Slip) -> str:
        text = f"{WEB_URL}/s/{slip.slip_id}"
        self.signed[text] = slip
        return text

    def read(self, text: str, now: datetime) -> Slip:
        if text not in self.signed:
            raise SlipRefused("signature")
        slip = self.signed[text]
        if slip.expires_at is not None and slip.expires_at <= now:
            raise SlipRefused("expired")
        if slip.issued_at > now:
            raise SlipRefused("not_yet")
        return slip

    def public_keys(self) -> JsonValue:
        return {"keys": [{"kid": "test"}]}


Answer = JsonValue | Callable[[Mapping[str, JsonValue]], JsonValue]


@dataclass
class FakeCaseBackEnd:
    """Implements ``ports.BackEnd``: ``answers`` by operation, a value or what makes it of the given values. Keeps its calls.

    ``script.plan(operation, …)``: unreachable, timeout, timeout_after (it happened), or a refusal's name.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, JsonValue], str, str]] = field(default_factory=list)
    script: Script = field(default_factory=Script)

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        refuse_inside_transaction()
        self.calls.append((operation, dict(values), purpose, case_no))
        behaviour = self.script.next(operation)
        if behaviour == "unreachable":
            raise BackEndUnreachable
        if behaviour == "timeout":
            raise BackEndOutcomeUnknown
        if behaviour not in ("", "timeout_after"):
            raise BackEndRefused(behaviour)
        answer = self.answers[operation]
        made = answer(values) if callable(answer) else answer
        if behaviour == "timeout_after":
            raise BackEndOutcomeUnknown
        return json.loads(json.dumps(made))

    def count(self, operation: str) -> int:
        """How often it was asked this."""
        return sum(name == operation for name, *_ in self.calls)


def make_directory(*slugs: str) -> FakeDirectory:
    """Agencies of a small city: ``demo-city`` above all others."""
    return FakeDirectory({slug: uuid4() for slug in dict.fromkeys(("demo-city", *slugs))})


def make_case_desk(
    *mappings: ServiceMapping,
    house: FakeCaseHouse | None = None,
    clock: FakeClock | None = None,
    directory: FakeDirectory | None = None,
    files: FakeFileStore | None = None,
    slips: FakeSlipPress | None = None,
    back_end: FakeCaseBackEnd | None = None,
    request_id: str | None = "request-1",
) -> CaseDesk:
    """A desk for these services (without any: ``case_samples.make_case_mapping()``), whose agencies are in the directory.

    What a test looks into afterwards it makes itself and passes in.
    """
    services = mappings or (make_case_mapping(),)
    moments, end = clock or FakeClock(), back_end or FakeCaseBackEnd()
    joint = [step.agency for one in services if one.counter for step in one.counter.steps if step.agency]
    return CaseDesk(
        house=house or FakeCaseHouse(),
        catalogue=Catalogue({one.id: one for one in services}, {}, NO_WORDS),
        directory=directory or make_directory(*(one.agency for one in services), *joint),
        clock=moments,
        new_id=lambda: make_id(moments.now()),
        random=lambda size: uuid4().bytes[:size].ljust(size, b"\x07"),
        keyed_hash=FakeKeyedHash(),
        files=files or FakeFileStore(),
        slips=slips or FakeSlipPress(),
        back_end_of=lambda _: end,
        web_url=WEB_URL,
        request_id=request_id,
    )
