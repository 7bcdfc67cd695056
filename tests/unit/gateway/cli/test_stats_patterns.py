"""``stats patterns``: what the rules give, as a table and as canonical JSON; nothing is written and nothing of an applicant is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from services.slowness_rules import RULE
from services.statistics import StatisticsDesk
from tests.contract.month_office import ANN, MonthOffice, make_fake_office

APPLICANT = {"kind": "person", "name": "王秀英", "identity_number": "110101196001010011", "phone": "13800000001"}


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> MonthOffice:
    """An office in which one applicant was always fast with Ann, and the command's way to it."""
    made = make_fake_office()
    for _ in range(9):
        made.grant(0.2, applicant=APPLICANT)
    for number in range(25):
        made.grant(15, applicant={"kind": "person", "name": "某", "identity_number": f"5{number:016}", "phone": ""})

    @contextmanager
    def open_desk(*_: Path | None) -> Iterator[tuple[StatisticsDesk, Callable[[UUID], str]]]:
        yield made.desk, lambda _: "gas"

    monkeypatch.setattr("gateway.cli.stats.open_statistics", open_desk)
    return made


def invoke(*arguments: str) -> Result:
    """Run the command."""
    done = CliRunner().invoke(main, ["stats", "patterns", *arguments, "2026-10"])
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def test_the_same_bytes_each_time(office: MonthOffice) -> None:
    """Canonical JSON with rule, thresholds, intervals and the numbers of the cases; no state is left behind."""
    first, second = invoke("--json"), invoke("--json")
    assert first.stdout_bytes == second.stdout_bytes
    told = json.loads(first.stdout_bytes)
    assert (told["month"], told["rule"], told["terms"]["minimum"]) == ("2026-10", RULE, 20)
    assert [(one["agency"], one["kind"], one["manager"], one["hits"], one["of"]) for one in told["patterns"]] == [
        ("gas", "favoured", str(ANN), 9, 9)
    ]
    assert len(told["patterns"][0]["cases"]) == 9
    assert not [
        secret for secret in APPLICANT.values() if len(secret) > 2 and secret != "person" and secret in first.stdout
    ]
    assert office.houses.worker.tables.counter.pattern_runs == {}  # type: ignore[attr-defined] # the fake's


def test_a_line_for_each(office: MonthOffice) -> None:
    """Of how many comparisons, then what is shown, with interval and what would be expected."""
    lines = invoke().stdout.splitlines()
    assert lines[0].startswith("2026-10\t")
    assert lines[0].endswith("1 shown")
    assert "favoured" in lines[1]
    assert "9/9 (66.3 to 100.0 %)" in lines[1]
    assert "expected 0.0" in lines[1]
    assert len(lines) == 2
