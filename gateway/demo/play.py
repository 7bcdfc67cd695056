"""Plays the stories of all services, each by its kind: those of the beginning first, then every other, then the results that come late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.demo.agenda import Agenda, Matter
from gateway.demo.applications import Submitted, decide, play_application, see_result
from gateway.demo.bills import play_bill
from gateway.demo.cases import play_case
from gateway.demo.evidence import LedgerWatch
from gateway.demo.journey import Journey
from gateway.demo.questions import play_information, play_lookup
from gateway.demo.stage import A_MINUTE, Play, Stage
from services.doors import OWN_DOORS, PLATFORMS
from services.mapping import ServiceMapping
from services.model import PlatformName
from services.stories import Story, read_stories

KINDS: Mapping[str, Callable[[Journey, Stage, Play], Submitted | None]] = {
    "bill": play_bill,
    "application": play_application,
    "lookup": play_lookup,
    "information": play_information,
}
CASE = "case"
"""The kind whose journeys take days; they are played together, on the own doors too."""


@dataclass
class Company:
    """Who plays: the stage, the ledger that is watched, where the story is told, and what became of each journey."""

    stage: Stage
    watch: LedgerWatch
    say: Callable[[str], None]
    journeys: list[Journey] = field(default_factory=list)
    waiting: list[Submitted] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def play_beginning(self) -> None:
        """The stories that the mappings put at the start."""
        for service, story, platform in self._list_stories():
            if story.at_start:
                self._play(service, story, platform)

    def play_all(self) -> None:
        """All stories of all services, on both platforms; every service in force must have one on each of its platforms.

        A minute of the shared clock lies between two journeys, so that limits of so many a minute and person are kept without waiting.
        """
        self.play_beginning()
        for service, story, platform in self._list_stories():
            if not story.at_start:
                self._rest()
                self._play(service, story, platform)
        self.play_results()
        self.play_cases()
        self.faults += self._find_unplayed()

    def play_cases(self) -> None:
        """Every case of every story at each of its doors; all of them live through the same days."""
        agenda = Agenda(self.stage, self.say)
        for name, service in self.stage.services.items():
            if service.kind != CASE or not self._is_here(service):
                continue
            for story in read_stories(service, self.stage.today):
                for door in (*story.platforms, *story.own_doors):
                    self._enter(agenda, name, story, door)
        agenda.run()

    def _enter(self, agenda: Agenda, service: str, story: Story, door: PlatformName) -> None:
        journey = Journey(service, door.value, self.say, self.watch.describe)
        self.journeys.append(journey)
        with self._followed(journey):
            play = self.stage.cast(self.stage.services[service], story, door)
            heading = play.title + (f", {door}" if door.value != play.phone.platform else "")
            scene = play_case(journey, self.stage, play, door)
            agenda.matters.append(Matter(scene, lambda: self._followed(journey), heading, self.stage.clock.now()))

    def play_results(self) -> None:
        """The offices decide; then the clock moves on to the moment at which each result is known at the counter."""
        waiting, self.waiting = sorted(self.waiting, key=lambda one: one.waits_seconds), []
        waiting = [one for one in waiting if self._go_on(one, decide)]
        passed = 0.0
        for one in waiting:
            if one.waits_seconds > passed:
                self.stage.pass_time(one.waits_seconds - passed)
                passed = one.waits_seconds
            self._rest()
            self._go_on(one, lambda one: see_result(self.stage, one))

    def _list_stories(self) -> Iterator[tuple[str, Story, PlatformName]]:
        for name, service in self.stage.services.items():
            played_here = service.kind in KINDS and self._is_here(service)
            for story in read_stories(service, self.stage.today) if played_here else ():
                for platform in story.platforms:
                    yield name, story, platform

    def _is_here(self, service: ServiceMapping) -> bool:
        """Whether this kind is played here, at an office that runs.

        Offices that keep their data on an SQL server are left out by the sandbox where none can run; a line said so at the start.
        """
        return (service.kind in KINDS or service.kind == CASE) and (
            bool(self.stage.stack.registries_url) or service.back_end.name in self.stage.offices
        )

    def _play(self, service: str, story: Story, platform: PlatformName) -> None:
        journey = Journey(service, platform.value, self.say, self.watch.describe)
        self.journeys.append(journey)
        with self._followed(journey):
            play = self.stage.cast(self.stage.services[service], story, platform)
            self.say(f"\n{play.title}")
            submitted = KINDS[play.service.kind](journey, self.stage, play)
            if submitted is not None:
                self.waiting.append(submitted)

    def _go_on(self, submitted: Submitted, act: Callable[[Submitted], None]) -> bool:
        self.say(f"\n{submitted.play.title}, later")
        with self._followed(submitted.journey):
            act(submitted)
        return submitted.journey.ok

    @contextmanager
    def _followed(self, journey: Journey) -> Iterator[None]:
        """A fault ends this journey and no other. Raises ``LaunchFault`` if a part of the stack has ended."""
        before = len(self.watch.seen)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - told, and counted; the other journeys go on
            if all(step.ok for step in journey.steps):  # no step has told it
                self.faults.append(f"{journey.name} on {journey.platform}: {type(error).__name__}: {error}")
            self.stage.stack.require_alive()
        self.watch.look()
        seen = self.watch.seen[before:]
        journey.exposure_records += sum(1 for record in seen if record.leaf["platform"] == journey.platform)

    def _rest(self) -> None:
        self.stage.pass_time(A_MINUTE)
        self.watch.move_on()

    def _find_unplayed(self) -> Iterator[str]:
        """Services that were not played on a platform on which they are offered; of a case also at a door of our own."""
        played = {(journey.name, journey.platform) for journey in self.journeys}
        for name, service in self.stage.services.items():
            doors = (*PLATFORMS, *OWN_DOORS) if service.kind == CASE else PLATFORMS
            for platform in doors if self._is_here(service) else ():
                if service.is_on(platform) and (name, platform.value) not in played:
                    yield f"{name}: no story of it is played on {platform.value}"
