"""``mapping try``: a mapping that may be a draft, against the back ends of an accounts document, told on the terminal.

Who tries sees what the back end holds about a person. Nothing of it is logged; headers, tokens and secrets are never part of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from adapters.accounts_directory import AccountsDirectory
from adapters.backends.observation import ObservedCall
from adapters.clock import SharedClock, SystemClock, business_date
from adapters.http import HttpClient
from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from adapters.reach import LOOPBACK, Reach
from adapters.secrets import FileSecrets
from config.mapping_schema import APPLICANT
from gateway.bindings import BackEnds
from gateway.workshop import Workshop, write_value
from services.errors import ConfigurationFault, InputRefused
from services.exposure_label import name_fields
from services.mapping import ServiceMapping
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping
from services.mapping_trial import TrialReport, Wishes, name_party
from services.model import Language
from services.stories import fill_in


@dataclass(frozen=True, slots=True)
class Where:
    """Which addresses and secrets: a run's home, or an accounts document and a folder of secrets."""

    home: Path
    accounts: Path | None = None
    secrets_dir: Path | None = None


def run_trial(file: Path, wishes: Wishes, where: Where) -> Iterator[str]:
    """Everything that the terminal shows, line by line. Raises ``ClickException`` for a faulty mapping or input, ``ConfigurationFault``."""
    mapping = load_draft(file)
    back_ends, now = open_back_ends(where)
    try:
        trial = Workshop(load_vocabulary(), back_ends, lambda: now).try_out(mapping, wishes, mapping)
    except InputRefused as refused:
        told = ", ".join(f"{name}: {rule}" for name, rule in sorted((refused.detail or {}).items()))
        raise click.ClickException(f"the inputs are refused ({told}); give each as --input NAME=VALUE") from None
    report = trial.report
    yield from tell_calls(trial.calls)
    for plan in report.planned:
        yield f"--- {plan.operation}: {plan.back_end}, not sent (a write: see --write)"
        yield f"request   {plan.method} {plan.path}".rstrip()
        yield f"          {write_value(plan.document)}"
    yield from tell_report(mapping, report)
    if any(tried.error for tried in report.tried):
        raise click.ClickException("the back end did not answer as the mapping says")


def load_draft(file: Path) -> ServiceMapping:
    """The mapping of a file. Raises ``ClickException`` with its faults, ``OSError``."""
    documents = FolderDocuments(MAPPINGS_FOLDER)
    mapping, faults = read_mapping(str(file), file.read_bytes(), load_vocabulary(), documents=documents)
    if mapping is None:
        raise click.ClickException("\n".join(str(fault) for fault in faults))
    return mapping


def open_back_ends(where: Where) -> tuple[BackEnds, datetime]:
    """The back ends of an environment, and its present moment. Raises ``ConfigurationFault``."""
    accounts = where.accounts or where.home / "accounts.yaml"
    if not accounts.is_file():
        raise ConfigurationFault(f"no accounts document: {accounts} does not exist; name one with --accounts")
    directory = AccountsDirectory(accounts)
    listed = [entry.strip() for entry in os.environ.get("GUITAI_PRIVATE_BACK_ENDS", "").split(",") if entry.strip()]
    local = LOOPBACK if where.accounts is None else ()
    reach = Reach((*local, *listed))
    clock_file = where.home / "run" / "clock.json"
    clock = SharedClock(clock_file) if where.accounts is None and clock_file.exists() else SystemClock()
    http = HttpClient(lambda purpose: directory.list_urls(purpose.partition(":")[2]), reach_of=lambda _purpose: reach)
    secrets_dir = where.secrets_dir or where.home / "secrets"
    return BackEnds(directory, http, FileSecrets(secrets_dir), clock, reach), clock.now()


def read_story(file: Path, number: int) -> dict[str, str]:
    """What the person of one of the mapping's own demo stories enters (from 1). Raises ``ClickException``, ``OSError``."""
    stories = load_draft(file).raw.get("demo", {}).get("stories", [])
    if not 1 <= number <= len(stories):
        raise click.ClickException(f"{file} has {len(stories)} stories")
    today = business_date(SystemClock().now())
    return {name: fill_in(str(text), today) for name, text in stories[number - 1].get("inputs", {}).items()}


def read_entries(entries: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` pairs. Raises ``BadParameter``."""
    pairs = [entry.partition("=") for entry in entries]
    if any(not name or not sign for name, sign, _ in pairs):
        raise click.BadParameter("an entry is NAME=VALUE")
    return {name: value for name, _, value in pairs}


def read_party(file: Path, number: int | None) -> dict[str, str]:
    """For which organisation a story of a case is told (from 1; None: the first one); nothing where a person alone may apply."""
    return name_party(load_draft(file), (number or 1) - 1)


def read_applicant(entries: tuple[str, ...], party: Mapping[str, str]) -> dict[str, str]:
    """Who asks: the example person, for a ``party`` where there is one, with what the entries say otherwise. Raises ``BadParameter``."""
    given, known = read_entries(entries), {**APPLICANT, **party}
    if given.keys() - known.keys():
        raise click.BadParameter(f"an applicant has {', '.join(known)}")
    return {**known, **given}


def tell_calls(seen: Sequence[ObservedCall]) -> Iterator[str]:
    """Each exchange: what was asked, what came back, what the mapping made of it."""
    for call in seen:
        name = call.operation if call.operation == call.call else f"{call.operation}, call {call.call}"
        yield f"--- {name}: {call.back_end} ({call.connector}{', a write' if call.writes else ''}), {call.seconds:.3f} s"
        yield f"request   {call.method} {call.target}".rstrip()
        if call.request is not None:
            yield f"          {write_value(call.request)}"
        yield f"reply     {write_value(call.reply)}" if call.reply is not None else "reply     none that can be read"
        yield f"error     {call.error}" if call.error else f"result    {write_value(call.result)}"


def tell_report(mapping: ServiceMapping, report: TrialReport) -> Iterator[str]:
    """What the citizen would be shown, and the exact exposure per platform."""
    if report.shown is not None:
        yield f"=== shown to the citizen: {write_value(report.shown)}"
    for tried in report.tried:
        if tried.error:
            yield f"=== {tried.operation} failed: {tried.error}"
    vocabulary = load_vocabulary()
    for platform, seen in report.exposure.items():
        yield f"=== what {platform} sees of this ({mapping.legal_basis})"
        for direction, names in seen.items():
            for one in name_fields(mapping, vocabulary, names):
                mark = " (personal)" if one.personal else ""
                yield f"{direction}  {one.name}  {one.label.get(Language.ZH_CN, '')}{mark}"
