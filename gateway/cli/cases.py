"""``python -m gateway cases``: what the supervision office would be told by a moment, and planning it anew for all open cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.clock import json_option, keyring_option
from gateway.cli.clock_desk import SlugOf, open_case_desk
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option

if TYPE_CHECKING:
    from uuid import UUID

    from services.alert_record import PlannedAlert
    from services.case_desk import CaseDesk

PAGE = 500


class Moment(click.ParamType[datetime]):
    """A moment with its offset, as ``2026-11-02T00:00:00+08:00`` or ``…Z``."""

    name = "ISO-8601"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """See click. A moment without an offset is refused: it would mean another one on each machine."""
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail(f"found {value!r}, expected a moment with its offset, as 2026-11-02T00:00:00+08:00", param, ctx)
        return at.astimezone(UTC)


@click.group()
def cases() -> None:
    """What the supervision office is told of cases: docs/supervision.md."""


@cases.command()
@home_option
@keyring_option
@click.option("--now", "until", type=Moment(), help="By which moment; without it, by now.")
@json_option
@tell_faults
def sweep(home: Path, keyring: Path | None, until: datetime | None, as_json: bool) -> None:
    """What would be told by a moment if no case moved before. A dry run: nothing is written, nothing is told.

    One line each: when it is due, rung, clock, case, service, agency. The worker tells them when they are due.
    """
    count = 0
    with open_case_desk(home, keyring) as (desk, slug_of):
        for plan in _list_coming(desk, until or desk.clock.now()):
            count += 1
            told = describe_plan(plan, slug_of)
            click.echo(json.dumps(told) if as_json else "\t".join(str(cell) for cell in told.values()))
    click.echo(f"{count} alert{'s' * (count != 1)} would be told; nothing was written", err=True)


def _list_coming(desk: CaseDesk, until: datetime) -> Iterator[PlannedAlert]:
    from services.alert_sweep import list_plans

    return list_plans(desk.house, desk.directory, until, PAGE)


def describe_plan(plan: PlannedAlert, slug_of: SlugOf) -> dict[str, str]:
    """A planned alert as a line of text or JSON; nothing personal."""
    return {
        "due_at": plan.due_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rung": str(plan.rung),
        "clock": plan.clock,
        "case_no": plan.case_no,
        "service": plan.service,
        "agency": slug_of(plan.agency_id),
    }


@cases.command()
@home_option
@keyring_option
@click.option("--orange-percent", type=click.IntRange(1, 100), help="As GUITAI_ORANGE_PERCENT of the processes.")
@tell_faults
def replan(home: Path, keyring: Path | None, orange_percent: int | None) -> None:
    """Plan anew what will be told of every open case: after GUITAI_ORANGE_PERCENT was changed. What was told stays told."""
    from services.case_recompute import replan_open_cases

    left_out: list[UUID] = []
    with _open_desk(home, keyring, orange_percent) as desk:
        count = replan_open_cases(desk, left_out.append)
    click.echo(f"{count} open case{'s' * (count != 1)} planned anew", err=True)
    if left_out:
        named = ", ".join(map(str, left_out))
        raise click.ClickException(f"their service or agency is not known, so they were left out: {named}")


@contextmanager
def _open_desk(home: Path, keyring: Path | None, orange_percent: int | None) -> Iterator[CaseDesk]:
    from dataclasses import replace

    with open_case_desk(home, keyring) as (desk, _):
        yield desk if orange_percent is None else replace(desk, orange_percent=orange_percent)
