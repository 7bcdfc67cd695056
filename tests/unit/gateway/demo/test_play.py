"""Stories are played by kind; what does not hold is counted, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.clock import SharedClock
from adapters.mapping_files import MAPPINGS_FOLDER
from gateway.demo import play as played
from gateway.demo.agenda import Scene
from gateway.demo.applications import Submitted
from gateway.demo.forms import check_expected, write_text
from gateway.demo.journey import Journey, StepFailed, require
from gateway.demo.phone import Person
from gateway.demo.play import Company
from gateway.demo.run import JOURNEYS
from gateway.demo.stage import A_MINUTE, TEXTS, Play, Stage
from services.doors import PLATFORMS
from services.model import PlatformName
from services.stories import Story, read_stories
from tests.unit.services.test_stories import read

LOOKUP = read(MAPPINGS_FOLDER / "tax-statement.yaml")
BILL = read(MAPPINGS_FOLDER / "gas-bill.yaml")
CLAIM = read(MAPPINGS_FOLDER / "hospital-reimbursement.yaml")


class QuietWatch:
    """A ledger in which nothing happens."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def look(self) -> list[Any]:
        return []

    def describe(self) -> list[str]:
        return []

    def move_on(self) -> None:
        pass


def open_company(folder: Path, *services: Any, offices: bool = True) -> Company:
    """A company for these services, on a stage without a stack behind it."""
    clock = SharedClock(folder / "clock.json")
    clock.stop_at(datetime(2026, 11, 24, 8, tzinfo=UTC))
    stack = SimpleNamespace(
        require_alive=lambda: None, registries_url="postgresql://", addresses=dict.fromkeys(PLATFORMS, ""), urls={"public": ""}
    )  # fmt: skip
    people = {name: Person(name, name, "", "") for name in ("wang", "li")}
    known = {one.back_end.name: "http://127.0.0.1:9" for one in services} if offices else {}
    stage = Stage(
        stack, clock, {one.id: one for one in services}, people, known, dict.fromkeys(PLATFORMS, "app")  # type: ignore[arg-type]  # a double
    )  # fmt: skip
    return Company(stage, QuietWatch(), lambda _line: None)  # type: ignore[arg-type]  # a double


def hold(journey: Journey, _stage: Stage, _play: Play) -> None:
    with journey.step("holds"):
        pass


def fail(journey: Journey, _stage: Stage, _play: Play) -> None:
    with journey.step("fails"):
        require(False, "it does not hold")


def break_off(_journey: Journey, _stage: Stage, _play: Play) -> None:
    raise ValueError("outside of any step")


def use(monkeypatch: pytest.MonkeyPatch, **kinds: Callable[..., None]) -> None:
    """Other journeys for some kinds."""
    monkeypatch.setattr(played, "KINDS", {"bill": hold, "lookup": hold, "application": hold, **kinds})


def test_all_services_are_played_on_both_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The beginning first, then the others by id; a minute of the clock lies between them."""
    use(monkeypatch)
    company = open_company(tmp_path, BILL, LOOKUP)
    JOURNEYS["all"](company)
    assert [(one.name, one.platform) for one in company.journeys] == [
        ("gas-bill", "wechat"), ("gas-bill", "alipay"), ("tax-statement", "wechat"), ("tax-statement", "alipay"),
    ]  # fmt: skip
    assert all(one.ok for one in company.journeys)
    assert company.faults == []
    passed = company.stage.clock.now() - datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert passed.total_seconds() == 3 * A_MINUTE


def test_bills_alone_are_the_beginning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a mapping puts at the start; the clock stays."""
    use(monkeypatch)
    company = open_company(tmp_path, BILL, LOOKUP)
    JOURNEYS["bills"](company)
    assert [(one.name, one.platform) for one in company.journeys] == [("gas-bill", "wechat")]


def test_a_failed_step_ends_one_journey_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The others are played; the step has told the reason, so no fault is told twice."""
    use(monkeypatch, bill=fail)
    company = open_company(tmp_path, BILL, LOOKUP)
    company.play_all()
    assert [one.ok for one in company.journeys] == [False, False, True, True]
    assert company.faults == []


def test_what_fails_outside_of_a_step_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is lost between two steps."""
    use(monkeypatch, lookup=break_off)
    company = open_company(tmp_path, LOOKUP)
    company.play_all()
    assert not any(one.ok for one in company.journeys)
    assert len(company.faults) == 2
    assert all("ValueError" in fault for fault in company.faults)


def test_nobody_and_nowhere_are_faults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A story of somebody who is not in the register, and of a service whose office is not there."""
    use(monkeypatch)
    company = open_company(tmp_path, LOOKUP, offices=False)
    company.play_all()
    assert all("no office of the sandbox" in fault for fault in company.faults)
    assert len(company.faults) == 2
    with pytest.raises(StepFailed, match="nobody in the register"):
        company.stage.cast(LOOKUP, Story("nobody", (PlatformName.WECHAT,)), PlatformName.WECHAT)


def test_a_service_that_is_not_played_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On each platform on which it is offered."""
    use(monkeypatch)
    company = open_company(tmp_path, LOOKUP)
    monkeypatch.setattr(played, "read_stories", lambda _service, _today: ())
    company.play_all()
    assert company.faults == [
        "tax-statement: no story of it is played on wechat", "tax-statement: no story of it is played on alipay",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "seconds"),
    [
        ("social-benefits", 0),
        ("business-certificate", 31 * 60),
        ("vehicle-registration", 61 * 60),
        ("hospital-reimbursement", 86_400),
    ],
)
def test_how_long_a_result_takes(service: str, seconds: int, tmp_path: Path) -> None:
    """Pushed at once, polled after an interval, in the file after a day."""
    mapping = read(MAPPINGS_FOLDER / f"{service}.yaml")
    company = open_company(tmp_path, mapping)
    play = company.stage.cast(mapping, Story("wang", (PlatformName.WECHAT,)), PlatformName.WECHAT)
    journey = Journey(service, "wechat", lambda _line: None, list)
    assert Submitted(journey, play, "", "").waits_seconds == seconds


def make_play(tmp_path: Path, **expect: str) -> Play:
    """A play that expects something."""
    story = Story(
        "wang", (PlatformName.WECHAT,), expect={name.replace("__", "."): text for name, text in expect.items()}
    )
    return open_company(tmp_path, CLAIM).stage.cast(CLAIM, story, PlatformName.WECHAT)


def test_what_is_expected_is_compared(tmp_path: Path) -> None:
    """State, message and outputs; what comes later only later."""
    play = make_play(tmp_path, state="accepted", later__state="granted", later__outputs__fund_payment="935000")
    assert check_expected(play, {"state": "accepted"}) == ["state: accepted"]
    seen = {"state": "granted", "outputs": {"fund_payment": 935_000}}
    assert check_expected(play, seen, "later.") == ["state: granted", "outputs.fund_payment: 935000"]


@pytest.mark.parametrize(
    "shown",
    [
        {"state": "refused"},
        {},
        {"state": "granted", "outputs": None},
        {"state": "granted", "outputs": {"fund_payment": 1}},
    ],
)
def test_what_differs_fails(tmp_path: Path, shown: dict[str, object]) -> None:
    """Another word, none, no outputs, another amount."""
    play = make_play(tmp_path, later__state="granted", later__outputs__fund_payment="935000")
    with pytest.raises(StepFailed):
        check_expected(play, shown, "later.")


def test_values_are_compared_as_texts() -> None:
    """Numbers by their digits, truth by its word, nothing as nothing."""
    assert [write_text(value) for value in (12, True, False, None, "x")] == ["12", "true", "false", "", "x"]


CARD = read(MAPPINGS_FOLDER / "elder-card.yaml")


def test_a_case_is_played_at_every_door_of_its_stories(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Platforms, web and window; an act that fails ends that case alone; a door at which none is played is a fault."""

    def play_case(journey: Journey, stage: Stage, _play: Play, door: PlatformName) -> Scene:
        yield stage.clock.now()
        with journey.step("holds"):
            require(door is not PlatformName.WEB, "not there")

    monkeypatch.setattr(played, "play_case", play_case)

    monkeypatch.setattr(
        played, "read_stories", lambda service, today: (replace(read_stories(service, today)[0], person="wang"),)
    )
    company = open_company(tmp_path, CARD)
    company.stage.stack.urls["web"] = company.stage.stack.addresses[TEXTS] = ""
    company.play_all()
    assert [(one.platform, one.ok) for one in company.journeys] == [
        ("wechat", True), ("alipay", True), ("web", False), ("window", True),
    ]  # fmt: skip
    assert company.faults == []
    company.journeys.pop()
    assert list(company._find_unplayed()) == ["elder-card: no story of it is played on window"]
