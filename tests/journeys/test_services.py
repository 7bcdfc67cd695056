"""Every service of the catalogue on both platforms, over real sockets: the journey of its kind, by the stories of its own mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from adapters.mapping_files import MAPPINGS_FOLDER
from gateway.demo.applications import decide, see_result
from gateway.demo.journey import Journey
from gateway.demo.play import KINDS
from gateway.demo.stage import A_MINUTE, Play, Stage, open_stage
from gateway.launch.loopback import send
from services.doors import PLATFORMS
from services.model import PlatformName
from services.stories import read_stories
from tests.journeys.city import City

SERVICES = sorted(
    file.stem for file in MAPPINGS_FOLDER.glob("*.yaml") if "\nkind: case\n" not in file.read_text("utf-8")
)
"""A case has journeys of its own: days, a clerk and a head stand between its steps."""


@pytest.fixture(scope="module")
def stage(proven_city: City) -> Iterator[Stage]:
    """One stage for all stories of this file; what its phones got is looked through at the end."""
    proven_city.calm_down()
    stage = open_stage(proven_city.stack)
    yield stage
    proven_city.shown.extend(reply for phone in stage.phones.values() for reply in phone.received)


def find_play(stage: Stage, service: str, platform: PlatformName) -> Play:
    """The story of a service on a platform; a minute after the one before, so that no limit of a minute is met."""
    stage.pass_time(A_MINUTE)
    mapping = stage.services[service]
    story = next(one for one in read_stories(mapping, stage.today) if platform in one.platforms)
    return stage.cast(mapping, story, platform)


def open_journey(play: Play) -> Journey:
    """A journey that tells nobody."""
    return Journey(play.service.id, play.phone.platform, lambda _line: None, list)


@dataclass
class Season:
    """All plays of the catalogue, each played once, by whichever test asks for it first."""

    stage: Stage
    journeys: dict[tuple[str, PlatformName], Journey] = field(default_factory=dict)

    def play(self, service: str, platform: PlatformName) -> Journey:
        """The journey of a service on a platform, to its late result."""
        if (service, platform) not in self.journeys:
            play = find_play(self.stage, service, platform)
            journey = open_journey(play)
            submitted = KINDS[play.service.kind](journey, self.stage, play)
            if submitted is not None:
                decide(submitted)
                self.stage.pass_time(submitted.waits_seconds)
                see_result(self.stage, submitted)
            self.journeys[service, platform] = journey
        return self.journeys[service, platform]

    def play_all(self) -> None:
        """Whatever has not been played yet."""
        for service in SERVICES:
            for platform in PLATFORMS:
                self.play(service, platform)


@pytest.fixture(scope="module")
def season(stage: Stage) -> Season:
    """One season for the tests of this file, in whatever order they come."""
    return Season(stage)


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_on_a_platform(season: Season, service: str, platform: PlatformName) -> None:
    """Every step holds, what the story expects is shown, the office's own books agree, late results arrive."""
    journey = season.play(service, platform)
    assert journey.ok
    assert len(journey.steps) >= 3


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_what_is_seen_of_a_person_is_masked(season: Season, platform: PlatformName) -> None:
    """After all journeys no reply to a phone holds its person's name, identity or phone number in clear."""
    season.play_all()
    held = [phone for (_, where), phone in season.stage.phones.items() if where is platform]
    assert held
    for phone in held:
        seen = b"\n".join(phone.received)
        person = phone.person
        assert seen
        for value in (person.identity_number, person.phone, person.real_name):
            assert value.encode() not in seen
            assert value.encode("unicode_escape") not in seen


def test_the_budget_of_each_service_is_what_was_seen(season: Season, proven_city: City) -> None:
    """No record of the ledger names a field that the budget of its service, platform and direction does not have."""
    season.play_all()
    services = season.stage.services
    rows = proven_city.read(
        "SELECT DISTINCT leaf ->> 'service' AS service, leaf ->> 'platform' AS platform, leaf ->> 'direction' AS direction,"
        " json_array_elements_text(leaf -> 'fields') AS field"
        " FROM (SELECT convert_from(leaf, 'UTF8')::json AS leaf FROM exposure_records WHERE kind = 'exposure') AS records"
    )
    beyond = [
        row
        for row in rows
        if row["service"] in services
        and row["field"]
        not in services[row["service"]].exposure[PlatformName(row["platform"])].get(row["direction"], ())
    ]
    assert beyond == []
    assert {row["service"] for row in rows} >= set(SERVICES)


def test_nothing_is_asked_of_an_office_for_no_purpose(season: Season) -> None:
    """What an office heard from us came with the number of a request and with a purpose that a mapping on it states."""
    season.play_all()
    stage, heard = season.stage, {}
    for mapping in stage.services.values():
        if mapping.kind == "case":  # played in test_cases.py
            continue
        reply = send("GET", f"{stage.offices[mapping.back_end.name]}/_sandbox/requests")
        if reply.status == 200:  # the other offices keep no list of who asked
            heard[mapping.id] = reply.json()
            assert {one["purpose"] for one in heard[mapping.id]} <= set(mapping.purposes)
            assert all(one["request_id"] for one in heard[mapping.id])
    assert len(heard) >= 10
    assert all(heard.values())
