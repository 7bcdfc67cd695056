"""A service never seen before: one mapping file and one office of the sandbox, brought in by command while everything runs.

The files are the scaffolds of ``mapping new`` with their examples changed; the offices lie in ``tests/journeys/unseen``, which nothing
else knows. No Python of the product changes: the processes that serve the new service are those that ran before it was thought of.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from adapters.stores.directory import RELOAD_SECONDS
from gateway.cli.mapping import mapping
from gateway.cli.store import store
from gateway.demo.applications import decide, see_result
from gateway.demo.journey import Journey
from gateway.demo.play import KINDS
from gateway.demo.stage import A_MINUTE, Stage, open_stage
from gateway.launch.accounts import make_accounts
from gateway.launch.processes import await_sandbox, begin_sandbox
from services.doors import PLATFORMS
from services.model import PlatformName
from services.stories import read_stories
from tests.databases import DEBIAN, DEFAULT_KIND
from tests.journeys.city import City, await_truth, open_city
from tests.journeys.errands import sign_in
from tests.journeys.proof import require_proof, set_mark
from tests.plugin_packages import find_debian_postgres
from tests.test_no_service_names import SANDBOX, find_names, list_sources

OFFICES = Path(__file__).parent / "unseen"
WITHIN_SECONDS = 2.0
CHANGES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "waste-fee": (
        "bill",
        {
            "example-agency": "demo-waste-office",
            "example-company": "waste-company",
            "{zh-CN: 示例公司, en: Example company}": "{zh-CN: 示范市环卫有限公司, en: Demo City Waste Company}",
            "{zh-CN: 示例缴费, en: Example bill}": "{zh-CN: 生活垃圾处理费缴纳, en: Waste fee}",
            "reply: [customerNo, name, address]": 'reply: [customerNo, name, address, "idCardNo?"]',
            'inputs: {household_no: "10086001"}': 'inputs: {household_no: "90086001"}',
        },
    ),
    "parking-permit": (
        "application",
        {
            "example-agency": "demo-parking-office",
            "example-office": "parking-desk",
            "{zh-CN: 示例申请, en: Example application}": "{zh-CN: 居民停车证, en: Residents' parking permit}",
            "inputs: {example_address: 演示路1号,": "expect: {state: pending, later.state: granted}\n"
            "      inputs: {example_address: 和平里西街12号院3号楼2单元501室,",
        },
    ),
}
"""By the new service: its kind, and what is put in place of the scaffold's examples."""


def command(group: object, *words: object) -> str:
    """One command of the operator; it must succeed. What it said."""
    done = CliRunner().invoke(group, [str(word) for word in words])  # type: ignore[arg-type]  # a click group of ours
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of its own: it gets more offices than others know of."""
    binaries = find_debian_postgres() if DEFAULT_KIND == DEBIAN else None
    with open_city(tmp_path_factory.mktemp("city"), binaries=binaries) as city:
        mark = set_mark(city)
        yield city
        require_proof(city, mark)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the two files and the two offices lie; each file begins as the scaffold of its kind."""
    folder = tmp_path_factory.mktemp("unseen")
    (folder / "offices").mkdir()
    for file in OFFICES.glob("[a-z]*.py"):
        shutil.copy(file, folder / "offices")
    for service, (kind, changes) in CHANGES.items():
        file = folder / f"{service}.yaml"
        command(mapping, "new", service, "--kind", kind, "--out", file)
        text = file.read_text("utf-8")
        for example, own in changes.items():
            assert example in text, example
            text = text.replace(example, own)
        file.write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def running(city: City, folder: Path) -> dict[str, int]:
    """The offices open: the sandbox starts again with them, the operator binds them. Nothing of the counter is touched: its pids."""
    before = dict(city.stack.children.pids)
    city.kill("sandbox")
    begin_sandbox(city.stack, folder / "offices")
    await_sandbox(city.stack)
    home = city.stack.places.home
    credentials, bindings = (
        json.loads((home / "sandbox" / f"{name}.json").read_text()) for name in ("credentials", "bindings")
    )
    accounts = make_accounts(credentials, bindings, city.stack.addresses, city.stack.places.secrets)
    (home / "accounts.yaml").write_text(yaml.safe_dump(accounts, allow_unicode=True), "utf-8")
    command(store, "import", home / "accounts.yaml", "--home", home)
    time.sleep(RELOAD_SECONDS)  # every process looks at the accounts this often
    return {name: pid for name, pid in before.items() if name != "sandbox"}


@pytest.fixture(scope="module")
def stage(city: City, folder: Path, running: dict[str, int]) -> Iterator[Stage]:
    """After check and import of both files: what the citizens of both platforms find within two seconds."""
    assert running
    phones = [sign_in(city, platform.value) for platform in PLATFORMS]
    for service in CHANGES:
        file = folder / f"{service}.yaml"
        assert "no fault" in command(mapping, "check", file)
        offered = [phone.call("GET", "/services")["services"] for phone in phones]
        assert all(service not in [one["service"] for one in listed] for listed in offered)
        command(mapping, "import", file, "--home", city.stack.places.home)
        began = time.monotonic()
        for phone in phones:
            await_truth(
                lambda phone=phone, service=service: [  # type: ignore[misc]  # bound at once
                    one for one in phone.call("GET", "/services")["services"] if one["service"] == service and not one["off"]
                ],
                10, f"{service} is not served on {phone.platform}",
            )  # fmt: skip
            assert time.monotonic() - began < WITHIN_SECONDS
    stage = open_stage(city.stack)
    yield stage
    city.shown.extend(reply for phone in stage.phones.values() for reply in phone.received)


@pytest.fixture(scope="module")
def journeys(stage: Stage) -> dict[tuple[str, PlatformName], Journey]:
    """Each new service's own story, played to its end on each platform."""
    played = {}
    for service in CHANGES:
        for platform in PLATFORMS:
            stage.pass_time(A_MINUTE)
            new = stage.services[service]
            (story,) = [one for one in read_stories(new, stage.today) if platform in one.platforms]
            journey = Journey(service, platform.value, lambda _line: None, list)
            submitted = KINDS[new.kind](journey, stage, stage.cast(new, story, platform))
            if submitted is not None:
                decide(submitted)
                stage.pass_time(submitted.waits_seconds)
                see_result(stage, submitted)
            played[service, platform] = journey
    return played


@pytest.mark.parametrize("platform", list(PLATFORMS), ids=str)
@pytest.mark.parametrize("service", CHANGES)
def test_it_works_on_both_platforms(
    stage: Stage, journeys: Mapping[tuple[str, PlatformName], Journey], service: str, platform: PlatformName
) -> None:
    """Its own story is played to the end: money to a new payee and written off; an application with a result that came later."""
    journey = journeys[service, platform]
    assert journey.ok
    assert journey.payment_state == ("written_off" if stage.services[service].kind == "bill" else None)


def test_nobody_started_anew(stage: Stage, city: City, running: dict[str, int]) -> None:
    """The processes that serve it are those that ran before."""
    assert set(CHANGES) <= set(stage.services)
    now = city.stack.children.pids
    assert {name: now[name] for name in running} == running
    assert {"public", "worker", "console", "operations"} <= set(running)


def test_no_python_knows_it() -> None:
    """Neither service nor back end nor payee nor agency is named in the product, the sandbox's own folder included."""
    names = {*CHANGES, "waste-company", "parking-desk", "demo-waste-office", "demo-parking-office"}
    sources = [*list_sources(), *SANDBOX.rglob("*.py")]
    assert [path for path in sources if find_names(path.read_text("utf-8"), names)] == []


def test_what_is_in_force_is_the_file(
    stage: Stage, journeys: Mapping[tuple[str, PlatformName], Journey], city: City, folder: Path, tmp_path: Path
) -> None:
    """The store gives each file back byte for byte, and the ledger names its version in everything that was seen."""
    assert journeys
    command(mapping, "export", tmp_path / "export", "--home", city.stack.places.home)
    for service in CHANGES:
        exported = (tmp_path / "export" / f"{service}.yaml").read_bytes()
        assert exported == (folder / f"{service}.yaml").read_bytes()
    rows = city.read(
        "SELECT DISTINCT leaf ->> 'service' AS service, leaf ->> 'mapping_version' AS version FROM"
        " (SELECT convert_from(leaf, 'UTF8')::json AS leaf FROM exposure_records WHERE kind = 'exposure') AS records"
    )
    seen = {(row["service"], row["version"]) for row in rows if row["service"] in CHANGES}
    assert seen == {(service, "1") for service in CHANGES}
    assert set(CHANGES) <= set(stage.services)
