"""Mail of a run: the sandbox's mail server for the worker and the watchman, and the watchman as a process beside all others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.secrets import write_secret
from gateway.launch.children import Child
from gateway.launch.ledger import give_witness_key
from gateway.launch.loopback import send
from gateway.launch.stack import Stack

EMULATOR = "mail"
MAIL_FROM = "counter@mail.demo.example"


def name_mailbox(slug: str) -> str:
    """The mailbox of an agency's supervision office in a run."""
    return f"supervision@{slug}.example"


def make_mail_environment(stack: Stack) -> dict[str, str]:
    """The settings of mail at the sandbox's server; none if it does not run."""
    address = stack.addresses.get(EMULATOR)
    if address is None:
        return {}
    credentials = json.loads((stack.places.folder("sandbox") / "credentials.json").read_text("utf-8"))
    write_secret(stack.places.secrets, "smtp-password", credentials[EMULATOR]["password"].encode())
    place = json.loads(send("GET", f"{address}/_sandbox/control/smtp").body)
    return {
        "GUITAI_SMTP_URL": place["url"],
        "GUITAI_SMTP_PASSWORD_FILE": str(stack.places.secrets / "smtp-password"),
        "GUITAI_MAIL_FROM": MAIL_FROM,
        "GUITAI_CONSOLE_URL": stack.urls["console"],
    }


def _list_mailboxes(stack: Stack) -> list[str]:
    """Those of all levels of government: the watchman must know them before it ever saw the store."""
    bindings = json.loads((stack.places.folder("sandbox") / "bindings.json").read_text("utf-8"))
    return [name_mailbox(slug) for slug in list_levels(bindings["agencies"])]


def list_levels(agencies: Sequence[Mapping[str, Any]]) -> list[str]:
    """The slugs of agencies that have others below them: those with a supervision office of their own."""
    above = {agency["parent"] for agency in agencies}
    return [agency["slug"] for agency in agencies if agency["slug"] in above]


def start_watchman(stack: Stack) -> Child | None:
    """Start it with its own role and nothing that it does not need; None if there is no mail server to tell anybody by."""
    mail = make_mail_environment(stack)
    if not mail:
        stack.report("NO mail server in the sandbox: no watchman looks after the sweeper")
        return None
    write_secret(stack.places.secrets, "database-url-watch", stack.role_urls["watch"].encode())
    environment = mail | {
        "GUITAI_ENVIRONMENT": "demo",
        "GUITAI_DATABASE_URL_FILE": str(stack.places.secrets / "database-url-watch"),
        "GUITAI_CLOCK_FILE": str(stack.clock_file),
        "GUITAI_WATCH_MAIL": ",".join(_list_mailboxes(stack)),
        "GUITAI_WATCH_DIARY": str(stack.places.path("run", "watchman.json")),
        **give_witness_key(stack),
    }
    child = stack.children.start("watchman", ["-m", "gateway", "watchman"], environment)
    stack.report(
        f"the watchman looks after the sweeper; the sandbox's mail is read at {stack.addresses[EMULATOR]}/_sandbox/inbox"
    )
    return child
