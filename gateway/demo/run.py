"""Runs journeys on a running stack and, for ``make demo``, gathers the evidence and judges it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from gateway.demo.apart import find_ids
from gateway.demo.citizen_file import FILE, play_file
from gateway.demo.evidence import LedgerWatch, compare_evidence, read_received, write_ledger, write_utility
from gateway.demo.leaks import find_leaks, read_canaries, read_server_bytes
from gateway.demo.play import Company
from gateway.demo.stage import open_stage
from gateway.launch.loopback import send
from gateway.launch.places import write_json
from gateway.launch.processes import begin_sandbox, start_apps, start_census, start_sandbox
from gateway.launch.stack import Choices, Stack, open_stack, start_stores, write_state
from gateway.launch.staff import demo_accounts_file, read_demo_accounts
from gateway.logging import configure_logging
from services.doors import OWN_DOORS

EVIDENCE = ("report.json", "received.jsonl", "ledger.jsonl", "utility.jsonl", FILE)
JOURNEYS: Mapping[str, Callable[[Company], None]] = {"all": Company.play_all, "bills": Company.play_beginning}
"""What ``--journey`` chooses: all stories, or those alone that the mappings put at the start (two bills)."""


def say(line: str) -> None:
    """Tell the story on standard output, at once."""
    click.echo(line)


def make_progress() -> Callable[[str], None]:
    """Progress lines on standard error, with the seconds since the start."""
    started = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - started:6.1f} s  {line}", err=True)

    return report


def open_company(stack: Stack) -> Company:
    """Everybody who plays on this stack."""
    configure_logging("warning")
    stage = open_stage(stack)
    return Company(stage, LedgerWatch(stack.owner_url, stage.services), say)


def run_demo(folder: Path, journey: str, choices: Choices) -> bool:
    """``make demo``: a fresh home, the journeys, the evidence, the report. Whether every step held."""
    home = folder / "home"
    report = make_progress()
    folder.mkdir(parents=True, exist_ok=True)
    discard_old_home(home)
    for name in EVIDENCE:
        (folder / name).unlink(missing_ok=True)  # what lies here afterwards is of this run, also if it fails half-way
    stack = open_stack(home, report)
    try:
        start_stores(stack, choices, begin_sandbox)
        ledger = LedgerWatch(stack.owner_url)
        start_sandbox(stack)
        evidence = {"file": str((folder / "received.jsonl").resolve())}
        send("POST", f"{stack.addresses['wechat']}/_sandbox/control/evidence", evidence)
        start_apps(stack)
        write_state(stack)
        company = open_company(stack)
        JOURNEYS[journey](company)
        told = tell_file(company, folder)
        faults = company.faults + gather_evidence(company, folder, ledger)
    finally:
        report("stopping")
        stack.stop()
    done = company.journeys
    write_json(folder / "report.json", {"journeys": [one.report() for one in done], "citizen_file": told})
    held = [one for one in done if one.ok]
    say(f"{len(held)} of {len(done)} journeys held every step: {len({one.name for one in held})} services")
    for fault in faults:
        say(f"✗ {fault}")
    return bool(done) and len(held) == len(done) and not faults


def tell_file(company: Company, folder: Path) -> dict[str, Any]:
    """The last act: a citizen's file is fetched and verified offline. What the report says of it; a fault is the company's."""
    try:
        told = play_file(company.stage, folder, say)
    except Exception as error:  # noqa: BLE001 - told, and counted; the evidence is gathered all the same
        told = {"ok": False, "fault": f"{type(error).__name__}: {error}"}
    if not told["ok"]:
        company.faults.append(f"the citizen's file: {told.get('fault', 'it did not hold, or a changed copy did')}")
    return told


def discard_old_home(home: Path) -> None:
    """Begin with nothing. A home in use is refused: its lock is taken before anything is removed."""
    if home.exists():
        stack = open_stack(home, lambda _line: None)
        stack.stop()
        shutil.rmtree(home)


def gather_evidence(company: Company, folder: Path, ledger: LedgerWatch) -> list[str]:
    """End the counter, so that nothing more is sent; then write and compare what both sides know. All faults."""
    stage = company.stage
    stage.stack.children.stop_named("public", "web", "console", "operations", "worker", "watchman")
    records = ledger.look()
    received = read_received(folder / "received.jsonl")
    write_ledger(folder / "ledger.jsonl", records)
    payees = dict.fromkeys(
        stage.offices[one.back_end.name] for one in stage.services.values() if one.payee and one.back_end.name in stage.offices
    )  # fmt: skip
    write_utility(folder / "utility.jsonl", payees)
    faults = compare_evidence(received, records)
    sent = sum(1 for record in records if record.leaf["direction"] == "sent_to_server")
    say(f"\nThe platforms received {len(received)} requests; the ledger has {sent} records of sending: "
        + ("they match one to one, byte for byte" if not faults else f"{len(faults)} do not match"))  # fmt: skip
    canaries = read_canaries({name: stage.offices[name] for name in stage.offices})
    at_servers = read_server_bytes(received)
    at_clients = b"\n".join(reply for phone in stage.phones.values() for reply in phone.received)
    on_pages = stage.gather_pages()
    leaks = find_leaks(canaries, at_servers, at_clients, on_pages)
    say(f"{len(canaries)} canaries of {len(set(canaries.values()))} back ends searched for in"
        f" {len(at_servers) + len(at_clients) + len(on_pages)} bytes: "
        + (f"{len(leaks)} found" if leaks else "none found"))  # fmt: skip
    chains = {str(one) for record in records for one in (record.leaf["actor"], *record.leaf["concerned"]) if one}
    found = find_ids(at_servers + b"\n" + at_clients, chains)
    faults += [f"{len(found)} of {len(chains)} chain ids reached a platform, which could join by them"] if found else []
    own = [one for one in records if one.leaf["platform"] in OWN_DOORS]
    faults += [f"the ledger has {len(own)} records of our own doors, where no platform looks"] if own else []
    return faults + leaks + ([] if canaries and at_clients else ["there was nothing to search for, or nowhere"])


def run_and_serve(home: Path, choices: Choices) -> NoReturn:
    """``make run``: start, play the stories of the beginning, then serve until ``Stopped``. Raises ``LaunchFault`` if a part ends."""
    stack = open_stack(home, make_progress())
    try:
        start_stores(stack, choices, begin_sandbox)
        start_sandbox(stack)
        start_apps(stack)
        write_state(stack)
        company = open_company(stack)
        company.play_beginning()
        held = bool(company.journeys) and not company.faults and all(one.ok for one in company.journeys)
        start_census(stack)
        tell_addresses(stack, all_held=held)
        while True:
            stack.require_alive()
            time.sleep(0.3)
    finally:
        stack.report("stopping")
        stack.stop()


def tell_addresses(stack: Stack, *, all_held: bool) -> None:
    """What to open now."""
    say("\nBoth bills are paid." if all_held else "\nNOT every step held; see above and the logs.")
    say(f"  public app        {stack.urls['public']}/docs")
    say(f"  web door          {stack.urls['web']}/")
    say(f"  console           {stack.urls['console']}/")
    say(f"  health, metrics   {stack.urls['operations']}/ready")
    for name, url in stack.addresses.items():
        say(f"  sandbox {name:<21}{url}")
    say(f"  logs              {stack.places.home / 'log'}")
    say(f"  where all this is {stack.places.state_file}")
    tell_accounts(stack)
    say("Ctrl-C stops all of it; the data stays.")


def tell_accounts(stack: Stack) -> None:
    """Who may sign in to the console, and how; the passwords are of this home alone."""
    file = demo_accounts_file(stack)
    accounts = read_demo_accounts(file)
    say(f"\nDemo accounts of the console ({file}):")
    say(f"  {'login':<20}{'password':<22}{'role':<15}agency")
    for account in accounts:
        say(f"  {account.login:<20}{account.password:<22}{account.role:<15}{account.agency}")
    say(f"  one-time code: python -m gateway staff code LOGIN --home {stack.places.home}")
