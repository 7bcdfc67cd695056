"""A run of the census over the fakes of every port: each service on each platform, what is found, recorded as a whole; scorecards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ids import make_id
from gateway.form_judge import judge_body
from services.catalogue import Catalogue
from services.census import Census, take_census, take_daily_census
from services.census_ports import DoorSilent, Offer
from services.census_record import CensusAnswers, CensusLine, Finding, Question
from services.doors import PLATFORMS
from services.errors import (
    BackEndGarbled,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
    StoreUnavailable,
)
from services.mapping import ServiceMapping
from services.model import JsonValue, Language, PlatformApp, PlatformName
from services.scorecards import keep_latest, list_cards, list_course
from services.service_words import is_typed
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeDirectory
from tests.unit.gateway.fakes_edge import CATALOGUE

W, A = PlatformName.WECHAT, PlatformName.ALIPAY
GAS, NOTICES = CATALOGUE.services["gas-bill"], CATALOGUE.services["local-notices"]
ROOT = uuid4()
ROWS = [{"title": "停水", "issued_by": "水务局", "published_on": "2026-11-01", "summary": "见公告"}]


@dataclass
class FakeDoor:
    """Implements ``census_ports.PublicDoor``: offers what it is told; ``codes`` by app, ``silent`` for all."""

    offers: dict[PlatformName, dict[str, Offer]]
    codes: dict[str, str] = field(default_factory=dict)
    silent: str = ""

    def knock(self, app: PlatformApp) -> str:
        if self.silent:
            raise DoorSilent(self.silent)
        return self.codes.get(app.app, "")

    def list_offers(self, platform: PlatformName, language: Language) -> Mapping[str, Offer]:
        return self.offers[platform]


@dataclass
class FakeOffice:
    """Implements ``census_ports.KnockableBackEnd``."""

    names: tuple[str, ...]
    wrong: Mapping[str, str] = field(default_factory=dict)
    answer: JsonValue = None
    error: Exception | None = None
    knocks: int = 0

    def knock(self, seconds: float) -> Mapping[str, str]:
        self.knocks += 1
        return {name: self.wrong.get(name, "") for name in self.names}

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        assert operation == "fetch"
        assert values == {"inputs": {"notice_kind": None}}
        if self.error is not None:
            raise self.error
        return {"notice_count": 1, "notices": ROWS} if self.answer is None else self.answer


@dataclass
class FakeLinks:
    """Implements ``census_ports.LinkCheck``."""

    found: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def look(self, link: str, hosts: frozenset[str]) -> str:
        self.asked.append((link, hosts))
        return self.found.get(link, "")


@dataclass
class Town:
    """Two services, an app on each platform, everything in order; what the test changes is changed before the run."""

    mappings: dict[str, ServiceMapping] = field(default_factory=lambda: {GAS.id: GAS, NOTICES.id: NOTICES})
    store: FakeStore = field(default_factory=FakeStore)
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC)))
    links: FakeLinks = field(default_factory=FakeLinks)
    agencies: dict[str, UUID] = field(
        default_factory=lambda: {"demo-city": ROOT, GAS.agency: uuid4(), NOTICES.agency: uuid4()}
    )

    def __post_init__(self) -> None:
        self.apps = [PlatformApp(ROOT, f"{one}-app", one, "id", "") for one in PLATFORMS]
        self.door = FakeDoor({one: {name: self.offer(name) for name in self.mappings} for one in PLATFORMS})
        self.offices = {name: FakeOffice(tuple(one.connections())) for name, one in self.mappings.items()}
        self.unbound: set[str] = set()

    def offer(self, name: str) -> Offer:
        mapping = self.mappings[name]
        typed = frozenset(one for one, asked in mapping.inputs.items() if is_typed(asked))
        return Offer(name, mapping.version, paused=False, inputs=typed)

    def spoil(self, name: str, platform: PlatformName, **changed: object) -> None:
        """One offer otherwise."""
        offered = self.door.offers[platform]
        offered[name] = replace(offered[name], **changed)  # type: ignore[arg-type]  # whatever the test asks

    def find_office(self, mapping: ServiceMapping) -> FakeOffice:
        if mapping.id in self.unbound:
            raise ConfigurationFault
        return self.offices[mapping.id]

    @property
    def census(self) -> Census:
        return Census(
            store=self.store, catalogue=Catalogue(self.mappings, {}, CATALOGUE.vocabulary),
            directory=FakeDirectory(self.agencies), apps=lambda one: [app for app in self.apps if app.platform is one],
            clock=self.clock, new_id=lambda: make_id(self.clock.now()), door=self.door, back_end_of=self.find_office,
            links=self.links, judge=judge_body,
        )  # fmt: skip

    def take(self) -> dict[tuple[str, PlatformName], tuple[Finding, ...]]:
        """What a run found, by service and platform."""
        return {(line.service, line.platform): line.findings for line in take_census(self.census)}

    def read(self) -> list[CensusLine]:
        """The lines of the newest run in the store."""
        agencies = tuple(self.agencies.values())
        with self.store.begin(agencies) as tx:
            [(run_id, _)] = tx.census.list_runs(agencies, self.clock.now() - timedelta(days=1), 1)
            return tx.census.list_lines(agencies, run_id)


@pytest.fixture
def town() -> Town:
    return Town()


def reach(code: str, place: str = "") -> Finding:
    return Finding(Question.REACHABLE, code, place)


def test_everything_in_order_is_recorded(town: Town) -> None:
    """A line for each service on each platform, of its own agency, without a finding."""
    taken = take_census(town.census)
    assert [(one.service, one.platform, one.findings) for one in taken] == [
        ("gas-bill", W, ()), ("gas-bill", A, ()), ("local-notices", W, ()), ("local-notices", A, ()),
    ]  # fmt: skip
    assert {one.agency_id for one in taken} == {town.agencies[GAS.agency], town.agencies[NOTICES.agency]}
    assert town.read() == list(taken)


def test_an_office_that_is_away(town: Town) -> None:
    """Its services are not reachable on either platform; all others are."""
    town.offices["gas-bill"].wrong = {"gas-company": "no_answer"}
    found = town.take()
    assert found["gas-bill", W] == found["gas-bill", A] == (reach("back_end", "gas-company: no_answer"),)
    assert found["local-notices", W] == ()


def test_each_office_is_knocked_at_once(town: Town) -> None:
    """However many services of an agency stand on it."""
    town.mappings["gas-twice"] = replace(GAS, id="gas-twice")
    town.offices["gas-twice"] = FakeOffice(tuple(GAS.connections()), {"gas-company": "no_answer"})
    for platform in PLATFORMS:
        town.door.offers[platform]["gas-twice"] = town.offer("gas-twice")
    found = town.take()
    assert (town.offices["gas-bill"].knocks, town.offices["gas-twice"].knocks) == (1, 0)
    assert found["gas-twice", W] == ()


def test_a_silent_app_is_reachable_nowhere(town: Town) -> None:
    """What else is wrong is found all the same."""
    town.door.silent = "no_connection"
    town.mappings["gas-bill"] = replace(GAS, raw={**GAS.raw, "review_on": "2020-01-01"})
    found = town.take()
    assert found["local-notices", W] == (reach("public_app", "no_connection"),)
    assert [one.code for one in found["gas-bill", A]] == ["public_app", "review_passed"]


def test_a_door_that_a_platform_keeps_shut(town: Town) -> None:
    """One platform refuses our app: found there, with the app and its code, and not on the other."""
    town.door.codes = {"wechat-app": "platform_refused"}
    found = town.take()
    assert found["gas-bill", W] == (reach("platform_door", "wechat-app: platform_refused"),)
    assert found["gas-bill", A] == ()


def test_a_platform_without_an_app(town: Town) -> None:
    """A service that a mapping offers where we have no mini-program."""
    town.apps = town.apps[:1]
    assert town.take()["gas-bill", A] == (reach("no_app"),)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda town: town.door.offers[W].pop("gas-bill"), reach("not_offered")),
        (lambda town: town.spoil("gas-bill", W, paused=True), reach("paused")),
        (lambda town: town.spoil("gas-bill", W, version=9), Finding(Question.CURRENT, "old_version", "9")),
        (
            lambda town: town.spoil("gas-bill", W, inputs=frozenset()),
            Finding(Question.FAULTLESS, "form_differs", "inputs.household_no"),
        ),
    ],
)  # fmt: skip
def test_what_the_app_shows(town: Town, spoil: Callable[[Town], object], found: Finding) -> None:
    """Left out, paused, in another version, without an input: found once, on the platform where it is so."""
    spoil(town)
    taken = town.take()
    assert taken["gas-bill", W] == (found,)
    assert taken["gas-bill", A] == ()


def test_a_service_that_is_not_bound_here(town: Town) -> None:
    """Its back end has no address in this environment."""
    town.unbound.add("gas-bill")
    assert town.take()["gas-bill", W] == (reach("not_bound"),)


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (BackEndUnreachable(), reach("back_end", "public-notices: no_answer")),
        (BackEndGarbled(), Finding(Question.FAULTLESS, "information_failed", "public-notices: garbled")),
        (BackEndRefused("system"), Finding(Question.FAULTLESS, "information_failed", "public-notices: system")),
    ],
)
def test_published_information_is_fetched(town: Town, error: Exception, found: Finding) -> None:
    """What anybody may read is read; how it failed is told."""
    town.offices["local-notices"].error = error
    assert town.take()["local-notices", W] == (found,)


def test_notices_without_a_date(town: Town) -> None:
    """The office publishes a row without its day."""
    town.offices["local-notices"].answer = {"notice_count": 1, "notices": [{**ROWS[0], "published_on": "2020-01-01"}]}
    assert town.take()["local-notices", W] == (Finding(Question.CURRENT, "nothing_recent", "notices"),)


def test_links_are_asked_of_named_hosts_only(town: Town) -> None:
    """A link in published rows counts only if the mapping itself names its host; a dead one is found at its place."""
    named = {"zh-CN": "见 https://a.example/1", "en": "see https://a.example/1"}
    town.mappings["local-notices"] = replace(NOTICES, raw={**NOTICES.raw, "summary": named})
    summary = "https://a.example/2 https://elsewhere.example/3"
    town.offices["local-notices"].answer = {"notice_count": 1, "notices": [{**ROWS[0], "summary": summary}]}
    town.links.found = {"https://a.example/1": "dead", "https://a.example/2": "moved"}
    found = town.take()["local-notices", W]
    assert found == (
        Finding(Question.FAULTLESS, "dead_link", "summary.zh-CN: https://a.example/1"),
        Finding(Question.FAULTLESS, "moved_link", "outputs.notices[0].summary: https://a.example/2"),
    )
    assert {hosts for _, hosts in town.links.asked} == {frozenset({"a.example"})}
    assert "elsewhere" not in str(town.links.asked)


def test_once_a_day(town: Town) -> None:
    """A second run of the same day in China is not taken; the next day's is, also half an hour later by the clock."""
    town.clock.advance(14.5 * 3600)
    assert take_daily_census(town.census) is not None
    town.clock.advance(600)
    assert take_daily_census(town.census) is None
    town.clock.advance(1800)
    assert take_daily_census(town.census) is not None


def test_a_run_is_recorded_whole_or_not_at_all(town: Town) -> None:
    """A store that goes away while the census looks leaves no half run."""
    town.store.down = True
    with pytest.raises(StoreUnavailable):
        take_census(town.census)
    town.store.down = False
    assert town.store.tables.counter.census == []


def answers(
    *given: tuple[UUID, UUID, datetime, tuple[bool, bool, bool]],
) -> list[CensusAnswers]:
    """Lines by agency, run and moment."""
    return [
        CensusAnswers(agency, run, f"service-{number}", W, 1, at, dict(zip(Question, held, strict=True)))
        for number, (agency, run, at, held) in enumerate(given)
    ]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_a_scorecard_says_a_hundred_only_if_all_hold(held: list[tuple[bool, bool, bool]]) -> None:
    """Shares are whole percent, rounded down; the score is never above any share."""
    at, agency, run = datetime(2026, 11, 24, tzinfo=UTC), uuid4(), uuid4()
    [card] = list_cards(answers(*((agency, run, at, one) for one in held)))
    for index, question in enumerate(Question):
        assert (card.share(question) == 100) == all(one[index] for one in held)
        assert 0 <= card.score <= card.share(question) <= 100
    assert (card.score == 100) == all(all(one) for one in held)


def test_cards_of_the_newest_run_and_the_course_of_all() -> None:
    """The agency with the lowest score stands first; the course has a point for each run, oldest first."""
    early, late = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    good, bad, before, now = uuid4(), uuid4(), uuid4(), uuid4()
    listed = answers(
        (good, now, late, (True, True, True)), (bad, now, late, (True, False, True)), (bad, before, early, (False, False, False))
    )  # fmt: skip
    assert [one.agency_id for one in list_cards(keep_latest(listed))] == [bad, good]
    course = list_course(listed)
    assert [(point.run_id, point.card.score) for point in course] == [(before, 0), (now, 50)]
    assert list_cards([]) == []
    assert keep_latest([]) == []
