"""Runs journeys on a running stack and, for ``make demo``, gathers the evidence and judges it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from adapters.clock import SharedClock, business_date
from adapters.sandbox.utilities.prices import price_gas, price_water
from gateway.demo.bills import Tariff, Utility, pay_bill_journey
from gateway.demo.evidence import LedgerWatch, compare_evidence, read_received, write_ledger, write_utility
from gateway.demo.journey import Journey
from gateway.demo.phone import AlipayPhone, Person, Phone, WeChatPhone
from gateway.launch.loopback import send
from gateway.launch.places import write_json
from gateway.launch.processes import start_apps, start_sandbox
from gateway.launch.stack import Choices, Stack, open_stack, start_stores, write_state
from gateway.launch.staff import demo_accounts_file, read_demo_accounts

JOURNEYS = ("bills",)
PAYEES = ("gas", "water")
EVIDENCE = ("report.json", "received.jsonl", "ledger.jsonl", "utility.jsonl")
HOUSEHOLDS: Mapping[str, tuple[str, Tariff]] = {"gas": ("10086001", price_gas), "water": ("20086001", price_water)}
"""The seeded household of each company, and the tariff by which it bills."""


def say(line: str) -> None:
    """Tell the story on standard output, at once."""
    click.echo(line)


def make_progress() -> Callable[[str], None]:
    """Progress lines on standard error, with the seconds since the start."""
    started = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - started:6.1f} s  {line}", err=True)

    return report


@dataclass(frozen=True, slots=True)
class Scene:
    """A running stack as the demo's phones see it."""

    stack: Stack
    credentials: dict[str, Any]
    watch: LedgerWatch

    @classmethod
    def open(cls, stack: Stack) -> Scene:
        """Read the app ids that the sandbox gave; watch the ledger from now on."""
        credentials = json.loads((stack.places.home / "sandbox" / "credentials.json").read_text("utf-8"))
        return cls(stack, credentials, LedgerWatch(stack.owner_url))

    def wechat_phone(self, person: Person) -> Phone:
        """This person's phone with WeChat."""
        app_id = self.credentials["wechat"]["apps"][0]["app_id"]
        return WeChatPhone(self.stack.addresses["wechat"], self.stack.urls["public"], app_id, person)

    def alipay_phone(self, person: Person) -> Phone:
        """This person's phone with Alipay."""
        apps = self.credentials["alipay"]["apps"]
        app_id = next(app["app_id"] for app in apps if app["account"] == "alipay-main")
        return AlipayPhone(self.stack.addresses["alipay"], self.stack.urls["public"], app_id, person)

    def utility(self, name: str) -> Utility:
        """The company with its seeded household."""
        household_no, price = HOUSEHOLDS[name]
        url = self.stack.addresses[name]
        return Utility(url, f"{name}-bill", household_no, price, proves_identity=name == "water")


PEOPLE = (
    Person("wang", "王小明", "110101199003070011", "13800138001"),
    Person("li", "李秀英", "110101198505120029", "13800138002"),
)
"""Two invented persons whom the sandbox's population register knows; their numbers have valid check digits."""


def play_bills(scene: Scene) -> list[Journey]:
    """Gas in WeChat, water in Alipay. A step that does not hold ends its journey, not the other one."""
    wang, li = PEOPLE
    period = business_date(SharedClock(scene.stack.clock_file).now()).strftime("%Y-%m")
    cast: Sequence[tuple[str, Phone, Utility]] = [
        ("gas-bill", scene.wechat_phone(wang), scene.utility("gas")),
        ("water-bill", scene.alipay_phone(li), scene.utility("water")),
    ]
    return [play(scene, name, phone, utility, period) for name, phone, utility in cast]


def play(scene: Scene, name: str, phone: Phone, utility: Utility, period: str) -> Journey:
    """One journey; what went wrong is told by its last step."""
    say(f"\n{phone.person.real_name} pays the {name.replace('-', ' ')} through {phone.platform}")
    before = len(scene.watch.seen)
    journey = Journey(name, phone.platform, say, scene.watch.describe)
    try:
        pay_bill_journey(journey, phone, utility, period)
    except Exception:  # noqa: BLE001 - the step has told the reason; the other journey goes on
        scene.stack.require_alive()
    records = scene.watch.seen[before:]
    journey.exposure_records = sum(1 for record in records if record.leaf["platform"] == phone.platform)
    return journey


def run_demo(folder: Path, journeys: Sequence[str], choices: Choices) -> bool:
    """``make demo``: a fresh home, the journeys, the evidence, the report. Whether every step held."""
    home = folder / "home"
    report = make_progress()
    folder.mkdir(parents=True, exist_ok=True)
    discard_old_home(home)
    for name in EVIDENCE:
        (folder / name).unlink(missing_ok=True)  # what lies here afterwards is of this run, also if it fails half-way
    stack = open_stack(home, report)
    try:
        start_stores(stack, choices)
        ledger = LedgerWatch(stack.owner_url)
        start_sandbox(stack)
        send(
            "POST",
            f"{stack.addresses['wechat']}/_sandbox/control/evidence",
            {"file": str((folder / "received.jsonl").resolve())},
        )
        start_apps(stack)
        write_state(stack)
        scene = Scene.open(stack)
        done = [journey for name in journeys for journey in {"bills": play_bills}[name](scene)]
        faults = gather_evidence(stack, folder, ledger)
    finally:
        report("stopping")
        stack.stop()
    write_json(folder / "report.json", {"journeys": [journey.report() for journey in done]})
    for fault in faults:
        say(f"✗ {fault}")
    return bool(done) and all(journey.ok for journey in done) and not faults


def discard_old_home(home: Path) -> None:
    """Begin with nothing. A home in use is refused: its lock is taken before anything is removed."""
    if home.exists():
        stack = open_stack(home, lambda _line: None)
        stack.stop()
        shutil.rmtree(home)


def gather_evidence(stack: Stack, folder: Path, ledger: LedgerWatch) -> list[str]:
    """End the counter, so that nothing more is sent; then write and compare what both sides know."""
    stack.children.stop_named("public", "console", "operations", "worker")
    records = ledger.look()
    received = read_received(folder / "received.jsonl")
    write_ledger(folder / "ledger.jsonl", records)
    write_utility(folder / "utility.jsonl", [stack.addresses[name] for name in PAYEES])
    faults = compare_evidence(received, records)
    sent = sum(1 for record in records if record.leaf["direction"] == "sent_to_server")
    say(f"\nThe platforms received {len(received)} requests; the ledger has {sent} records of sending: "
        + ("they match one to one, byte for byte" if not faults else f"{len(faults)} do not match"))  # fmt: skip
    return faults


def run_and_serve(home: Path, choices: Choices) -> NoReturn:
    """``make run``: start, pay the two bills, then serve until ``Stopped``. Raises ``LaunchFault`` if a part ends."""
    stack = open_stack(home, make_progress())
    try:
        start_stores(stack, choices)
        start_sandbox(stack)
        start_apps(stack)
        write_state(stack)
        journeys = play_bills(Scene.open(stack))
        tell_addresses(stack, all_held=all(journey.ok for journey in journeys))
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
    say(f"  console           {stack.urls['console']}/")
    say(f"  health, metrics   {stack.urls['operations']}/ready")
    for name, url in stack.addresses.items():
        say(f"  sandbox {name:<9} {url}")
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
