"""``python -m gateway clock``: working-day clocks; the calendar they go by, and a year's notice that joins it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.clock_desk import SlugOf, find_calendar, open_case_desk, open_clock
from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option
from services.errors import VersionTaken

if TYPE_CHECKING:
    from services.calendar_record import Calendar
    from services.case_desk import CaseDesk
    from services.case_recompute import Touched
    from services.clock import Deadline
    from services.model import JsonValue

FIRST, LAST = date(1949, 10, 1), date(2999, 12, 31)
MOST_DAYS = 3660
"""Ten years of days: nothing that the law or an office promises is longer."""
keyring_option = click.option(
    "--keyring", type=click.Path(path_type=Path, dir_okay=False), help="The keys of the installation; else those of --home."
)  # fmt: skip
region_option = click.option("--region", default="CN", show_default=True, help="Whose working days.")
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


class Day(click.ParamType[date]):
    """A day as ``2026-02-10``."""

    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """See click. A day in a form other than this one (20260210, 2026-W07-2) is refused."""
        try:
            on = date.fromisoformat(str(value))
        except ValueError:
            on = None
        if on is None or on.isoformat() != str(value) or not FIRST <= on <= LAST:
            self.fail(f"found {value!r}, expected a day from {FIRST} to {LAST}, as 2026-02-10", param, ctx)
        return on


@click.group()
def clock() -> None:
    """Working-day clocks and the calendar that they go by: docs/clocks.md."""


@clock.command()
@home_option
@region_option
@click.option(
    "--accepted",
    type=Day(),
    required=True,
    help="The day on which the clock starts; day 1 is the working day after it.",
)
@click.option("--working-days", type=click.IntRange(0, MOST_DAYS), required=True, help="The budget.")
@json_option
@tell_faults
def due(home: Path, region: str, accepted: date, working_days: int, as_json: bool) -> None:
    """The last day of a limit. Without a store: by the shipped calendar, which is said on standard error."""
    from services.clock import Clock, ClockKind, compute
    from services.clock_words import say_provisional
    from services.model import Language

    calendar = find_calendar(home, region)
    deadline = compute(Clock(ClockKind.STATUTORY, accepted, working_days), calendar)
    if as_json:
        told = {"due_on": deadline.due_on.isoformat(), "provisional": deadline.provisional}
        click.echo(json.dumps({**told, "calendar_version": deadline.calendar_version}))
        return
    click.echo(deadline.due_on.isoformat())
    if deadline.provisional:
        click.echo(say_provisional(deadline)[Language.EN], err=True)


@clock.command()
@home_option
@keyring_option
@json_option
@click.argument("case_no")
@tell_faults
def explain(home: Path, keyring: Path | None, as_json: bool, case_no: str) -> None:
    """Every clock of a case, each counted and skipped day with its reason and source. Nothing personal is shown."""
    with open_case_desk(home, keyring) as (desk, _):
        told = explain_case(desk, case_no)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{told['case_no']}\t{told['state']}")
    for one in told["clocks"]:
        for line in write_clock(one):
            click.echo(line)


def explain_case(desk: CaseDesk, case_no: str) -> JsonValue:
    """The case's clocks that run, and those of the decision also after they have ended. Raises ``click.ClickException``."""
    from services.case_clocks import calendar_of, terms_of
    from services.case_events import mapping_of
    from services.case_file import CaseFile
    from services.case_limits import business_day, clocks_of, decision_clocks
    from services.clock_words import tell_clock

    with desk.house.begin(desk.directory.all_agencies()) as tx:
        found = tx.cases.find_by_number(case_no)
        if found is None:
            raise click.ClickException(f"no case {case_no}")
        file = CaseFile(found[0], tuple(found[1]))
        terms = terms_of(mapping_of(desk, file))
        calendar = calendar_of(tx, terms.region)
    running = clocks_of(file, terms, calendar)
    ended = [one for one in decision_clocks(file, terms) if one not in running]
    today = business_day(desk.clock.now())
    clocks = [{**tell_clock(one, calendar, today), "running": one in running} for one in (*running, *ended)]
    return {"case_no": case_no, "state": str(file.state), "region": calendar.region, "clocks": clocks}


def write_clock(told: JsonValue) -> list[str]:
    """A clock as lines: its name and deadline, then a day a line."""
    left = f"\t{told['days_left_zh']} · {told['days_left_en']}" if told["running"] else "\t已结束 · ended"
    lines = ["", f"{told['name_zh']} · {told['name_en']}: {told['due_on']}{left}"]
    if told["provisional"]:
        lines += [told["provisional_zh"], told["provisional_en"]]
    for day in told["days"]:
        number = str(day["number"] or "-").rjust(3)
        mark = "*" if day["when"] == "today" else " "
        reason = f"{day['reason_zh']} · {day['reason_en']}"
        lines.append(f"{mark}{day['on']} {number}  {reason}  [{day['source_zh']} · {day['source_en']}]")
    return lines


@clock.command(name="import")
@home_option
@keyring_option
@region_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@tell_faults
def import_(home: Path, keyring: Path | None, region: str, file: Path) -> None:
    """A year's notice into the calendar: a new version, and every open case whose deadline moves is set anew and told of.

    Every fault is told with its line, and nothing is written then. Importing a file again changes nothing; it takes up a run that
    broke off.
    """
    from services.case_recompute import add_calendar, recompute_cases

    with open_case_desk(home, keyring) as (desk, slug_of):
        present = require_calendar(desk, region)
        version = present.version
        joined = join_notice(file, present)
        if joined is None:
            click.echo(f"{file}: known already, in version {version} of {region}", err=True)
        else:
            version = joined.version
            try:
                add_calendar(desk, joined, f"clock import {file.name}")
            except VersionTaken:
                raise click.ClickException(
                    "somebody else made a version of this calendar just now: look again"
                ) from None
            click.echo(f"{region}: version {version}, published until {joined.published_until}")
        tell_touched(slug_of, recompute_cases(desk, region, version))


def require_calendar(desk: CaseDesk, region: str) -> Calendar:
    """The calendar that a notice joins. Raises ``click.ClickException`` if the store has none."""
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        present = tx.calendars.current(region)
    if present is None:
        raise click.ClickException(f"the store has no calendar of {region}: begin with clock seed")
    return present


def join_notice(file: Path, present: Calendar) -> Calendar | None:
    """The calendar with the notice in it; None if it says nothing new. Raises ``click.ClickException`` with every fault."""
    from services.calendar_notices import adds_nothing, merge_notice, read_notice

    notice, faults = read_notice(str(file), file.read_bytes(), present)
    if notice is None:
        for fault in faults:
            click.echo(str(fault), err=True)
        raise click.ClickException(f"{file}: {len(faults)} fault{'s' * (len(faults) > 1)}; nothing was written")
    return None if adds_nothing(present, notice) else merge_notice(present, notice)


def tell_touched(slug_of: SlugOf, touched: Iterable[Touched]) -> None:
    """One line for each case: its number, its service, the desks that have it, what moved from when to when."""
    count = 0
    for one in touched:
        count += 1
        desks = ",".join(sorted(slug_of(agency_id) for agency_id in one.desks))
        moved = "; ".join(
            f"{before.kind} {write_day(before)} -> {write_day(after)}"
            for before, after in zip(one.before, one.after, strict=True)
        )
        click.echo(f"{one.case_no}\t{one.service}\t{desks}\t{moved}")
    click.echo(f"{count} open case{'s' * (count != 1)} set anew; their applicants are told", err=True)


def write_day(deadline: Deadline) -> str:
    """A day, marked if it may still move."""
    return f"{deadline.due_on}{' (provisional)' if deadline.provisional else ''}"


@clock.command()
@home_option
@tell_faults
def seed(home: Path) -> None:
    """The shipped calendar into a store that has none; a run of the launcher does so by itself."""
    from gateway.launch.calendar import describe_calendar, seed_shipped_calendar

    sown = seed_shipped_calendar(find_database(home), open_clock(home))
    click.echo(describe_calendar(sown) if sown else "the store has a calendar: nothing changed")
