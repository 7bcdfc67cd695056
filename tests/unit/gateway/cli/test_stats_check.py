"""``stats check`` before there is anything to check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from gateway.cli import main
from services.statistics import StatisticsDesk
from tests.contract.month_office import make_fake_office


@pytest.mark.parametrize(("options", "told"), [([], ""), (["--json"], "[]\n")], ids=["lines", "json"])
def test_nothing_closed_is_said(options: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is no proof: where no month is closed the command says on standard error that it checked nothing."""
    office = make_fake_office()

    @contextmanager
    def open_desk(*_: Path | None) -> Iterator[tuple[StatisticsDesk, Callable[[UUID], str]]]:
        yield office.desk, lambda _: "gas"

    monkeypatch.setattr("gateway.cli.stats.open_statistics", open_desk)
    done = CliRunner().invoke(main, ["stats", "check", *options])
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.stdout == told
    assert done.stderr == "no month is closed yet: nothing was checked\n"
