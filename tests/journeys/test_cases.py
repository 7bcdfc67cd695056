"""Cases over real sockets: every service on every door, from application to collection, living through the days; and what may go wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import yaml

from adapters.mapping_files import MAPPINGS_FOLDER
from gateway.demo import examination
from gateway.demo.agenda import Agenda, Matter
from gateway.demo.applicant import Applicant
from gateway.demo.applying import apply, greet
from gateway.demo.cases import ACCEPTS, DECIDES, find_correction, play_case
from gateway.demo.clerk import CASES
from gateway.demo.journey import Journey
from gateway.demo.pages import Page
from gateway.demo.signing_in import log_in, sign_in
from gateway.demo.stage import A_MINUTE, Stage, open_stage
from gateway.demo.workdays import at_office, next_working
from gateway.launch.loopback import send
from services.doors import OWN_DOORS, PLATFORMS
from services.model import Assurance, PlatformName
from services.stories import Story, read_stories
from tests.journeys.city import City, await_truth

SERVICES = sorted(
    file.stem for file in MAPPINGS_FOLDER.glob("*.yaml") if yaml.safe_load(file.read_text("utf-8"))["kind"] == "case"
)
DOORS = (*PLATFORMS, *OWN_DOORS)
CITIZENS = ("wang", "li")
"""Whom every file of the journeys knows."""
RAISING = "company-certificate"
"""Examined by a clerk, decided by the head, entered in the office's own register."""
_NAMES = "SELECT name FROM case_events WHERE case_id = %s ORDER BY version"


@pytest.fixture(scope="module")
def stage(proven_city: City) -> Iterator[Stage]:
    """One stage for all cases of this file; what phones in a platform's app got is looked through at the end."""
    proven_city.calm_down()
    stage = open_stage(proven_city.stack)
    for name in CITIZENS:  # other files may have signed them in: whether a platform reaches them must be known here
        for platform in PLATFORMS:
            phone = stage.pick_up(stage.people[name], platform)
            sign_in(
                Journey("", platform.value, lambda _line: None, list), phone, Assurance.REAL_NAME, stage.clock.now()
            )
    yield stage
    shown = [one.received for (_, door), one in stage.phones.items() if door in PLATFORMS]
    proven_city.shown.extend(reply for received in shown for reply in received)


@dataclass
class Played:
    """One case at one door: its journey, what it said, what fell out of any step."""

    journey: Journey
    said: list[str]
    fault: str = ""

    @contextmanager
    def follow(self) -> Iterator[None]:
        """What does not hold ends this case and no other; its own test tells it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - kept for the test of this very case
            self.fault = f"{type(error).__name__}: {error}"


@dataclass
class Season:
    """Every case of the catalogue at each of its doors; all of them live through the same days, once for all tests of the file."""

    stage: Stage
    cases: dict[tuple[str, str], list[Played]] = field(default_factory=dict)

    def play(self) -> None:
        """All of them."""
        agenda = Agenda(self.stage, lambda _line: None)
        for name in SERVICES:
            for story in read_stories(self.stage.services[name], self.stage.today):
                for door in (*story.platforms, *story.own_doors):
                    agenda.matters.append(self._cast(name, story, door))
        agenda.run()

    def _cast(self, service: str, story: Story, door: PlatformName) -> Matter:
        said: list[str] = []
        played = Played(Journey(service, door.value, said.append, list), said)
        self.cases.setdefault((service, door.value), []).append(played)
        play = self.stage.cast(self.stage.services[service], story, door)
        scene = play_case(played.journey, self.stage, play, door)
        return Matter(scene, played.follow, service, self.stage.clock.now())


@pytest.fixture(scope="module")
def season(stage: Stage) -> Season:
    """Played when the first test asks for it."""
    season = Season(stage)
    season.play()
    return season


@pytest.mark.parametrize("door", DOORS, ids=str)
@pytest.mark.parametrize("service", SERVICES)
def test_a_case_at_a_door(season: Season, service: str, door: PlatformName) -> None:
    """Every step from application to rating holds, with deadlines as counted by hand and slips that hold offline."""
    for played in season.cases[service, door.value]:
        assert played.fault == "", "\n".join([played.fault, *played.said[-20:]])
        assert played.journey.ok
        assert played.journey.steps[-1].name in ("rates the service, once", "opens “what the platform saw”")


def test_no_own_door_stands_in_the_ledger(season: Season, proven_city: City) -> None:
    """Of what passes the web and the window the ledger knows nothing, and each case service has records of both platforms."""
    assert season.cases
    rows = proven_city.read(
        "SELECT DISTINCT convert_from(leaf, 'UTF8')::json ->> 'platform' AS platform,"
        " convert_from(leaf, 'UTF8')::json ->> 'service' AS service FROM exposure_records WHERE kind = 'exposure'"
    )
    assert {row["platform"] for row in rows} <= set(PLATFORMS)
    assert {(row["service"], row["platform"]) for row in rows} >= {
        (one, door) for one in SERVICES for door in PLATFORMS
    }


def begin(stage: Stage, door: PlatformName) -> examination.Matter:
    """A case of a company, handed in on the next working morning, with what the registers have of it."""
    service = stage.services[RAISING]
    story = next(one for one in read_stories(service, stage.today) if PlatformName.WECHAT in one.platforms)
    move_to_morning(stage)
    play, terms = stage.cast(service, story, door), service.counter
    assert terms is not None
    clerk, head = stage.call_clerk(ACCEPTS), stage.call_clerk(DECIDES)
    matter = examination.Matter(
        Journey(RAISING, door.value, lambda _line: None, list), stage, Applicant(play), terms, clerk, head
    )
    greet(matter)
    since = stage.clock.now()
    apply(matter)
    examination.await_registers(matter, since)
    return matter


def move_to_morning(stage: Stage) -> None:
    """Ten o'clock of the next working day."""
    morning = at_office(next_working(stage.today))
    stage.pass_time(max((morning - stage.clock.now()).total_seconds(), A_MINUTE))


def go_to_decision(matter: examination.Matter) -> None:
    """Accepted, both steps finished; the decision is next."""
    examination.accept(matter, [])
    examination.finish_steps(matter)


def name_events(city: City, case_id: str) -> list[str]:
    """What happened to a case, oldest first."""
    return [str(row["name"]) for row in city.read(_NAMES, case_id)]


def test_a_worker_killed_between_decision_and_certificate(stage: Stage, city: City) -> None:
    """SIGKILL before the grant is entered and again in the midst of it: one entry, one certificate, one letter of each kind."""
    matter = begin(stage, PlatformName.WECHAT)
    go_to_decision(matter)
    city.kill("worker")
    examination.decide(matter)
    assert "certificate_issued" not in name_events(city, matter.case_id)
    city.start_worker()
    await_truth(lambda: "recording_started" in name_events(city, matter.case_id), 30, "the worker did not go on")
    city.kill("worker")
    city.start_worker()
    stage.pass_time(timedelta(minutes=10).total_seconds())
    case = matter.await_case(lambda one: one["state"] == "issued", "the certificate")
    assert case["outputs"]
    city.await_quiet()
    names = name_events(city, matter.case_id)
    assert names.count("certificate_issued") == names.count("recorded") == 1
    kinds = [one["kind"] for one in matter.applicant.read("documents")["documents"]]
    assert len(kinds) == len(set(kinds))


def test_a_clerks_browser_that_submits_twice(stage: Stage, city: City) -> None:
    """The same page sent again, one after the other and at once: one acceptance, and the second answer says that the case has moved."""
    matter = begin(stage, PlatformName.ALIPAY)
    page = matter.clerk.open_case(matter.case_id)
    entered = examination.judge(page, "/accept", matter.applicant.uploaded)
    pages: list[Page] = []
    address = f"{CASES}{matter.case_id}/accept"
    threads = [
        threading.Thread(target=lambda: pages.append(matter.clerk.browser.submit(page, address, entered)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    again = matter.clerk.browser.submit(page, address, entered)
    assert sorted(one.status for one in pages) == [200, 409, 409]
    assert again.status == 409
    assert name_events(city, matter.case_id).count("accepted") == 1


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_a_case_begun_in_a_shut_platform_goes_on_on_the_web(stage: Stage, city: City, platform: PlatformName) -> None:
    """S16: nobody can log in through the platform any more; the same person sees, corrects and withdraws the case on the web."""
    matter = begin(stage, platform)
    material, code = find_correction(matter)
    examination.ask_correction(matter, material, code)
    city.arrange(platform.value, "code2session" if platform is PlatformName.WECHAT else "token", "server_error", 50)
    with pytest.raises(Exception, match="status 50"):
        log_in(matter.journey, matter.applicant.phone, stage.clock.now())
    play = matter.applicant.play
    visitor = stage.visit(matter.applicant.phone.person)
    matter.applicant.play = type(play)(play.service, play.story, visitor, play.office)
    greet(matter)
    listed = visitor.call("GET", "/cases")["cases"]
    assert matter.case_id in [one["case_id"] for one in listed]
    done = matter.applicant.bring("corrections", [material])
    assert done["state"] == "received"
    page = visitor.open_page(f"/cases/{matter.case_id}")
    assert matter.applicant.case_no in page.text
    body = {"version": matter.applicant.view()["version"]}
    assert visitor.call("POST", f"/cases/{matter.case_id}/withdraw", body)["state"] == "withdrawn"


def test_a_case_of_nobody_is_none_at_the_console(stage: Stage) -> None:
    """An id that no case has gives the page of something that is not there, before any reason is asked."""
    clerk = stage.call_clerk(ACCEPTS)
    clerk.open("/counter")
    assert clerk.browser.open(f"{CASES}00000000-0000-7000-8000-000000000000").status == 404


def test_the_published_keys_are_those_of_the_slips(stage: Stage) -> None:
    """The web door publishes the keys by which the receipt of a case is verified, and no private half."""
    keys = send("GET", f"{stage.stack.urls['web']}/keys").json()["keys"]
    assert keys
    assert all("d" not in one for one in keys)
