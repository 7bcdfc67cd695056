"""``python -m gateway stats``: the statistics of a month: computed from the events, closed with a digest in the ledger, checked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.clock import keyring_option
from gateway.cli.clock_desk import open_case_desk
from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option
from services.errors import NotFound
from services.months import Month, read_month

if TYPE_CHECKING:
    from uuid import UUID

    from services.month_document import Counted, Difference, Moved
    from services.statistics import MonthCheck, StatisticsDesk

SlugOf = Callable[["UUID"], str]
TOLD_EVERY = 10_000
WITHOUT_EVENTS = "was closed without the events' digest: what changes no figure does not show"


class MonthName(click.ParamType[Month]):
    """A month as ``2026-10``."""

    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """See click."""
        try:
            return read_month(str(value))
        except ValueError as fault:
            self.fail(f"found {value!r}: {fault}", param, ctx)


month_argument = click.argument("month", type=MonthName())


@click.group()
def stats() -> None:
    """Statistics of a month, a pure function of what happened: docs/statistics.md."""


@stats.command("month")
@home_option
@keyring_option
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="The canonical document, byte for byte: its SHA-256 is the digest in the ledger.",
)
@month_argument
@tell_faults
def show_month(home: Path, keyring: Path | None, as_json: bool, month: Month) -> None:
    """Compute a month anew from the events; changes nothing. Of a month that still runs: as far as it has come."""
    from services.month_document import write_document
    from services.month_record import FIGURES_ALONE
    from services.statistics import as_closed, count_month, find_month, is_over

    with open_statistics(home, keyring) as (desk, slug_of):
        closed = find_month(desk, month)
        if not is_over(month, desk.clock.now()):
            click.echo(f"{month} is not over: these figures will change", err=True)
        elif closed is not None and closed.form == FIGURES_ALONE:
            click.echo(f"{month} {WITHOUT_EVENTS}", err=True)
        counted = as_closed(count_month(desk, month, tell_progress), closed)
    if as_json:
        sys.stdout.buffer.write(write_document(counted))
        sys.stdout.buffer.flush()
        return
    for line in write_table(counted, slug_of):
        click.echo(line)


@stats.command("close")
@home_option
@keyring_option
@tell_faults
def close_months(home: Path, keyring: Path | None) -> None:
    """Close every month that is over: its digest goes into the ledger, its figures are kept. The worker does so by itself."""
    from services.statistics import close_due

    with open_statistics(home, keyring) as (desk, _):
        closed = close_due(desk, lambda one: click.echo(f"{one.month}\t{one.digest}\t{one.record_id}"))
    if not closed:
        click.echo("no month is open that is over", err=True)


@stats.command("check")
@home_option
@keyring_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.argument("month", type=MonthName(), required=False)
@tell_faults
def check_months(home: Path, keyring: Path | None, as_json: bool, month: Month | None) -> None:
    """Compute closed months again (all, or one); hold events, kept figures, seals and ledger against each other. Status 1: something differs."""
    from services.statistics import check_month, list_closed

    with open_statistics(home, keyring) as (desk, slug_of):
        months = [month] if month else [read_month(one.month) for one in reversed(list_closed(desk))]
        checks = [_check(check_month, desk, one) for one in months]
    if not checks:
        click.echo("no month is closed yet: nothing was checked", err=True)
    if as_json:
        click.echo(json.dumps([describe_check(one, slug_of) for one in checks], ensure_ascii=False))
    else:
        for one in checks:
            for line in write_check(one, slug_of):
                click.echo(line)
    if not all(one.holds for one in checks):
        raise SystemExit(1)


@stats.command("patterns")
@home_option
@keyring_option
@click.option("--json", "as_json", is_flag=True, help="Canonical JSON with the cases that are the evidence.")
@month_argument
@tell_faults
def find_month_patterns(home: Path, keyring: Path | None, as_json: bool, month: Month) -> None:
    """What can look like deliberate slowness in a month, with its evidence; no finding about anybody. Writes nothing."""
    from gateway.cli.stats_patterns import describe_found, list_lines
    from services.slowness import find_patterns

    with open_statistics(home, keyring) as (desk, slug_of):
        found = find_patterns(desk, month, tell_progress)
    if as_json:
        sys.stdout.buffer.write(describe_found(found, slug_of))
        sys.stdout.buffer.flush()
        return
    for line in list_lines(found, slug_of):
        click.echo(line)


def _check(check: Callable[[StatisticsDesk, Month], MonthCheck], desk: StatisticsDesk, month: Month) -> MonthCheck:
    try:
        return check(desk, month)
    except NotFound:
        raise click.ClickException(f"{month} was not closed") from None


@contextmanager
def open_statistics(home: Path, keyring: Path | None) -> Iterator[tuple[StatisticsDesk, SlugOf]]:
    """A desk on the owner's database, and how agencies are called. Raises ``SettingsFault``, ``ConfigurationFault``."""
    from adapters.stores.exposure_log import SqlExposureLog
    from services.statistics import StatisticsDesk

    with open_case_desk(home, keyring) as (desk, slug_of):
        log = SqlExposureLog(find_database(home), desk.clock, 1)
        try:
            yield StatisticsDesk(desk.house, desk.catalogue, desk.directory, desk.clock, log), slug_of
        finally:
            log.close()


def tell_progress(cases: int) -> None:
    """A line on standard error now and then."""
    if cases % TOLD_EVERY == 0:
        click.echo(f"{cases} cases", err=True)


def write_table(counted: Counted, slug_of: SlugOf) -> list[str]:
    """A line for each account: agency, service, manager, then what is not 0."""
    from services.month_document import digest_document, sort_key, write_document
    from services.month_figures import FIGURES

    lines = [f"{counted.month}\t{digest_document(write_document(counted))}"]
    for account in sorted(counted.figures, key=sort_key):
        agency, service, manager = account
        told = " ".join(
            f"{name}={counted.figures[account][name]}" for name in FIGURES if counted.figures[account].get(name)
        )
        lines.append(f"{slug_of(agency)}\t{service}\t{manager or '-'}\t{told}")
    return lines


def write_check(check: MonthCheck, slug_of: SlugOf) -> list[str]:
    """What holds of a month, or every figure that differs and where, and every place where something else happened now."""
    from services.month_record import FIGURES_ALONE

    closed = check.closed
    note = [f"  {closed.month} {WITHOUT_EVENTS}"] if closed.form == FIGURES_ALONE else []
    if check.holds:
        return [f"{closed.month}\tholds\t{closed.digest}", *note]
    lines = [f"{closed.month}\tDIFFERS", *note]
    if check.counted_digest != closed.digest:
        lines.append(f"  the events now give {check.counted_digest}, closed was {closed.digest}")
    if check.kept_digest != closed.digest:
        lines.append(
            f"  the kept figures and seals give {check.kept_digest}: they were changed after the month was closed"
        )
    if not check.leaf:
        lines.append(f"  the ledger has no leaf {closed.record_id} with this digest")
    lines += [
        f"  the ledger also says {one.digest} (leaf {one.record_id}, {one.at.isoformat()})" for one in check.others
    ]
    lines += [f"  {_say(one, slug_of)}" for one in check.history]
    lines += [f"  {_say_moved(one, slug_of)}" for one in check.moved]
    return lines


def _say_moved(one: Moved, slug_of: SlugOf) -> str:
    place = one.place
    where = f"{slug_of(place.agency_id)} {place.service} {place.on.isoformat()} {place.kind}"
    if one.before == one.after:
        return f"{where}: not what was closed (of {one.after})"
    return f"{where}: not what was closed, was {one.before}, is {one.after}"


def _say(one: Difference, slug_of: SlugOf) -> str:
    if one.account is None:
        return f"{one.figure}: was {one.before}, is {one.after}"
    agency, service, manager = one.account
    return f"{slug_of(agency)} {service} {manager or '-'} {one.figure}: was {one.before}, is {one.after}"


def describe_check(check: MonthCheck, slug_of: SlugOf) -> dict[str, object]:
    """The same as an object."""
    from services.month_record import FIGURES_ALONE

    closed = check.closed
    return {
        "month": closed.month, "holds": check.holds, "closed": closed.digest, "events_now": check.counted_digest,
        "kept": check.kept_digest, "leaf": check.leaf, "other_leaves": [one.digest for one in check.others],
        "differences": [
            {
                "agency": slug_of(one.account[0]) if one.account else None,
                "service": one.account[1] if one.account else None,
                "manager": str(one.account[2]) if one.account and one.account[2] else None,
                "figure": one.figure, "was": one.before, "is": one.after,
            }
            for one in check.history
        ],
        "with_events": closed.form != FIGURES_ALONE,
        "moved": [
            {
                "agency": slug_of(one.place.agency_id), "service": one.place.service, "day": one.place.on.isoformat(),
                "what": str(one.place.kind), "was": one.before, "is": one.after,
            }
            for one in check.moved
        ],
    }  # fmt: skip
