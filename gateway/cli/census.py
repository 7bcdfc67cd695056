"""``python -m gateway census``: every published service asked on both platforms, and what came of it (docs/census.md)."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from gateway.cli.faults import tell_faults
from services.census_record import CensusLine, Question

if TYPE_CHECKING:
    from config.settings import Settings
    from gateway.foundation import Foundation
    from services.census import Census
    from services.census_ports import KnockableBackEnd
    from services.mapping import ServiceMapping

LOOK_SECONDS = 30.0
"""How often ``census keep`` asks the clock whether a new day has come."""


@click.group()
def census() -> None:
    """The census of services: can each be reached, is it current, is it free of errors."""


@census.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--strict", is_flag=True, help="Status 1 if anything was found.")
@tell_faults
def run(*, as_json: bool, strict: bool) -> None:
    """Take the census once and record it. Settings come from the environment; the database role is the worker's."""
    from services.census import take_census

    lines = take_census(open_census(_load_settings()))
    click.echo(json.dumps(describe_run(lines), ensure_ascii=False) if as_json else "\n".join(write_run(lines)))
    if strict and any(line.findings for line in lines):
        raise click.exceptions.Exit(1)


@census.command()
@tell_faults
def keep() -> None:
    """Take the census once on each day (in China, by the clock port) until SIGTERM or SIGINT; a day that has one is left alone."""
    from gateway.logging import get_logger
    from services.census import take_daily_census
    from services.errors import GuitaiError

    stop, log = threading.Event(), get_logger("census")
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _number, _frame: stop.set())
    made = open_census(_load_settings())
    while not stop.is_set():
        try:
            lines = take_daily_census(made)
        except GuitaiError as error:
            log.warning("the census could not be taken", error=type(error).__name__)
            lines = None
        if lines is not None:
            log.info("the census was taken", services=len(lines), faultless=sum(not one.findings for one in lines))
        stop.wait(LOOK_SECONDS)


def _load_settings() -> Settings:
    from config.settings import load_settings
    from gateway.logging import configure_logging

    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    return settings


def open_census(settings: Settings) -> Census:
    """What a run is made of, on a client of its own. Raises ``ConfigurationFault``."""
    from adapters.http import HttpClient
    from adapters.probing import PUBLIC, HttpLinkCheck, HttpPublicDoor
    from adapters.reach import LOOPBACK, OpenReach
    from gateway.form_judge import judge_body
    from gateway.foundation import Foundation
    from services.census import Census

    base = Foundation(settings)
    local = LOOPBACK if settings.environment in ("demo", "test") else ()
    reach, seconds = OpenReach(local), settings.http_timeout_seconds
    ours = HttpClient(lambda purpose: {settings.public_url} if purpose == PUBLIC else set(), seconds)
    return Census(
        store=base.store, catalogue=base.catalogue, directory=base.directory, apps=base.directory.apps_on,
        clock=base.clock, new_id=base.new_id, door=HttpPublicDoor(ours, settings.public_url),
        back_end_of=lambda mapping: find_back_end(base, mapping),
        links=HttpLinkCheck(lambda origins: HttpClient(origins, seconds, 8 * 1_048_576, reach_of=lambda _purpose: reach)),
        judge=judge_body,
    )  # fmt: skip


def find_back_end(base: Foundation, mapping: ServiceMapping) -> KnockableBackEnd:
    """The back ends of a service; one that cannot be made, whatever is wrong with it, keeps no other from being asked."""
    from gateway.logging import describe_exception, get_logger
    from services.errors import ConfigurationFault

    try:
        return base.back_ends.connect(mapping)
    except ConfigurationFault:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one service, the others are asked
        get_logger("census").error("a back end cannot be made", service=mapping.id, **describe_exception(error))
        raise ConfigurationFault("its back end cannot be made") from None


def describe_run(lines: Sequence[CensusLine]) -> list[Mapping[str, object]]:
    """Each line with what was found, for programs."""
    return [
        {
            "service": line.service, "platform": str(line.platform), "version": line.version,
            **{str(question): line.holds(question) for question in Question},
            "findings": [{"question": str(one.question), "code": one.code, "place": one.place} for one in line.findings],
        }
        for line in lines
    ]  # fmt: skip


def write_run(lines: Sequence[CensusLine]) -> list[str]:
    """One row a line: service, platform, yes or no to each question, what was found; then the sums."""
    told = [f"{'service':<28}{'platform':<10}{'version':>7}  " + "".join(f"{question:<11}" for question in Question)]
    for line in lines:
        answers = "".join(f"{'yes' if line.holds(question) else 'NO':<11}" for question in Question)
        told.append(f"{line.service:<28}{line.platform:<10}{line.version:>7}  {answers}".rstrip())
        told += [f"    {one.code}{': ' if one.place else ''}{one.place}" for one in line.findings]
    good = sum(not line.findings for line in lines)
    return [*told, f"{good} of {len(lines)} hold everything"]
