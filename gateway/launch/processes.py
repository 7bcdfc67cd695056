"""The Python processes of a run: the sandbox, the four WSGI apps under granian, the worker."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from adapters.mapping_files import MAPPINGS_FOLDER
from adapters.secrets import write_secret
from adapters.stores.directory import import_accounts
from gateway.launch.accounts import make_accounts
from gateway.launch.catalogue import import_catalogue
from gateway.launch.children import Child
from gateway.launch.ledger import give_keys, make_keys, start_sequencer
from gateway.launch.loopback import LoopbackFault, send
from gateway.launch.mail import make_mail_environment, start_watchman
from gateway.launch.papers import folder_of_seals, folder_of_slips, make_papers
from gateway.launch.places import LaunchFault, reserve_ports
from gateway.launch.stack import Stack
from gateway.launch.staff import make_demo_accounts

READY_SECONDS = 60.0
ADDRESSES = "addresses.json"
"""Of the sandbox; kept between runs."""
WEB_THREADS = {"public": 16, "console": 4, "operations": 2, "web": 8}
ROLE_OF = {
    "public": "public",
    "web": "public",
    "console": "console",
    "operations": "public",
    "worker": "worker",
    "census": "worker",
}


def begin_sandbox(stack: Stack, offices: Path | None = None) -> None:
    """Let the emulators start; they may make keys while something else goes on. ``start_sandbox`` waits for them.

    ``offices`` is a folder with more offices than the sandbox's own (``docs/sandbox.md``).
    """
    home = stack.places.folder("sandbox")
    before = _read_mark(home / ADDRESSES)
    arguments = ["-m", "gateway", "sandbox", "run", "--all", "--home", str(home), "--clock-file", str(stack.clock_file)]
    if offices is not None:
        arguments += ["--offices", str(offices)]
    if stack.registries_url:
        write_secret(stack.places.secrets, "registries-url", stack.registries_url.encode())
        arguments += ["--registries-url-file", str(stack.places.secrets / "registries-url")]
    stack.begun = (stack.children.start("sandbox", arguments, {}), before)
    stack.report("starting the sandbox")


def start_sandbox(stack: Stack, offices: Path | None = None, mappings: Path | None = None) -> None:
    """Start the emulators unless they have begun, then bring their credentials into our secrets and accounts.

    ``offices`` as for ``begin_sandbox``; ``mappings`` is a folder with more mappings than the shipped ones.
    """
    if stack.begun is None:
        begin_sandbox(stack, offices)
    await_sandbox(stack)
    home = stack.places.folder("sandbox")
    credentials = json.loads((home / "credentials.json").read_text("utf-8"))
    bindings = json.loads((home / "bindings.json").read_text("utf-8"))
    accounts = make_accounts(credentials, bindings, stack.addresses, stack.places.secrets)
    document = yaml.safe_dump(accounts, allow_unicode=True, sort_keys=False)
    stack.places.path("accounts.yaml").write_text(document, "utf-8")
    import_accounts(stack.owner_url, accounts)
    stack.report("agencies, apps, merchants and back ends are imported")
    make_papers(stack, next(one["name"]["zh-CN"] for one in accounts["agencies"] if one["parent"] is None), mappings)
    for folder in (MAPPINGS_FOLDER, mappings):
        if folder is not None:
            import_catalogue(stack, folder)


def await_sandbox(stack: Stack) -> None:
    """Wait until every emulator listens, and know its address. The sandbox takes the ports of the last run again."""
    if stack.begun is None:
        raise LaunchFault("the sandbox was not started")
    child, before = stack.begun
    stack.begun = None
    file = stack.places.path("sandbox", ADDRESSES)
    await_condition(stack, child, lambda: _read_mark(file) != before)
    stack.addresses = json.loads(file.read_text("utf-8"))
    stack.report("the sandbox is listening: " + ", ".join(sorted(stack.addresses)))


def _read_mark(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def start_apps(stack: Stack) -> None:
    """Start public, web, console, operations, the worker, the watchman and the sequencer; wait until each web app answers and is ready."""
    stack.report("starting the public app, the web door, the console, operations and the worker")
    stack.reserved = reserve_ports(stack.places, stack.report)
    ports = {name: reserved.getsockname()[1] for name, reserved in stack.reserved.items()}
    stack.urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    metrics = stack.places.home / "run" / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    make_keys(stack)
    children = {name: _start_app(stack, name, port) for name, port in ports.items()}
    worker_environment = make_environment(stack, "worker") | make_mail_environment(stack)
    worker = stack.children.start("worker", ["-m", "gateway", "worker", "run"], worker_environment)
    make_demo_accounts(stack)  # passwords are slow on purpose, and so are web servers
    for name, child in children.items():
        address = stack.urls[name] + ("/ready" if name == "operations" else "/")
        await_condition(stack, child, _make_check(address, ready=name == "operations"))
        stack.report(f"{name} answers at {stack.urls[name]}")
    worker.require_alive()
    start_watchman(stack)
    start_sequencer(stack)
    agree_on_fee_notices(stack)
    agree_on_results(stack)
    stack.report("the worker is running")
    stack.serving = True


def agree_on_fee_notices(stack: Stack) -> None:
    """Tell WeChat's non-tax platform where notices of government fees go: no order names an address, it is agreed beforehand."""
    credentials = json.loads((stack.places.folder("sandbox") / "credentials.json").read_text("utf-8"))
    for merchant in credentials["wechat"]["merchants"]:
        if merchant.get("non_tax"):
            told = {"account": merchant["account"], "url": f"{stack.urls['public']}/v1/notices/{merchant['account']}"}
            send("POST", f"{stack.addresses['wechat']}/_sandbox/control/nontax/receiver", told)


def agree_on_results(stack: Stack) -> None:
    """Tell each office that pushes results where they go; what it decided before is sent then."""
    bindings = json.loads((stack.places.folder("sandbox") / "bindings.json").read_text("utf-8"))
    for entry in bindings["inbound"]:
        told = {"url": f"{stack.urls['public']}/v1/results/{entry['agency']}/{entry['service']}"}
        send("POST", f"{entry['address']}/_sandbox/control/inbound", told)


def start_census(stack: Stack) -> None:
    """Take the census of services once on each day of the shared clock, beside everything that serves."""
    stack.children.start("census", ["-m", "gateway", "census", "keep"], make_environment(stack, "census"))
    stack.report("the census of services is taken once a day")


def _start_app(stack: Stack, name: str, port: int) -> Child:
    arguments = [
        "-m", "granian", "--interface", "wsgi", f"wsgi:{name}", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", str(WEB_THREADS[name]), "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    return stack.children.start(name, arguments, make_environment(stack, name))


def make_environment(stack: Stack, process: str) -> dict[str, str]:
    """The settings of one process. Addresses with a password in them come from files."""
    role = ROLE_OF[process]
    write_secret(stack.places.secrets, f"database-url-{role}", stack.role_urls[role].encode())
    write_secret(stack.places.secrets, "redis-url", stack.redis_url.encode())
    return {
        "GUITAI_ENVIRONMENT": "demo",
        "GUITAI_DATABASE_URL_FILE": str(stack.places.secrets / f"database-url-{role}"),
        "GUITAI_REDIS_URL_FILE": str(stack.places.secrets / "redis-url"),
        "GUITAI_PUBLIC_URL": stack.urls["public"],
        "GUITAI_WEB_URL": stack.urls["web"],
        "GUITAI_SECRETS_DIR": str(stack.places.secrets),
        "GUITAI_KEYRING_FILE": str(stack.keyring_file),
        "GUITAI_FILES": (stack.places.home.resolve() / "files").as_uri(),
        "GUITAI_SLIP_KEYS": str(folder_of_slips(stack)),
        "GUITAI_SEALS": str(folder_of_seals(stack)) if process == "worker" else "",
        "GUITAI_CLOCK_FILE": str(stack.clock_file),
        "PROMETHEUS_MULTIPROC_DIR": str(stack.places.home / "run" / "metrics"),
        **give_keys(stack, process),
    } | {name: value for name, value in os.environ.items() if name == "GUITAI_LOG_LEVEL"}


def _make_check(address: str, *, ready: bool) -> Callable[[], bool]:
    def check() -> bool:
        try:
            status = send("GET", address, timeout_seconds=5.0).status
        except LoopbackFault:
            return False
        return status == 200 if ready else status < 500

    return check


def await_condition(stack: Stack, child: Child, check: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """Wait until ``check`` holds; raises ``LaunchFault`` if the child ends meanwhile or takes too long."""
    deadline = time.monotonic() + seconds
    while not check():
        stack.require_alive()
        if time.monotonic() > deadline:
            raise LaunchFault(f"{child.name} is not ready after {seconds:.0f} s. Its log: {child.log}")
        time.sleep(0.05)
