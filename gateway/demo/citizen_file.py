"""The end of the demo: a citizen fetches her file from the web door and holds it against the published keys, offline.

What is judged is not this program's word: the file is read by ``exposure check-file`` in a process of its own, which gets the file, the public
keys and the promises that the phones kept, and nothing else; and a copy in which one field is missing must fail, naming the place.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rfc8785

from gateway.demo.journey import StepFailed, require
from gateway.demo.phone import Person, Phone
from gateway.demo.stage import Stage
from gateway.demo.web import WebVisitor
from gateway.launch.children import clean_environment
from gateway.launch.places import ROOT
from services.doors import PLATFORMS
from services.model import Assurance

FILE = "citizen-file.json"
WAIT_SECONDS = 60.0
"""The merge delay: from then on everything that was promised is under a published checkpoint."""
KEYS = {"--log-key": "ledger-key.pub", "--witness-key": "witness-key.pub", "--promise-key": "promise-key.pub"}


@dataclass(frozen=True, slots=True)
class FileTold:
    """What the report says of the file."""

    holds: bool
    records: dict[str, int]
    chains: int
    size: int
    witnessed_at: str | None
    promises_kept: int
    tampered_copy: str
    """The first fault of the copy in which a field is missing, with its place; empty if it was not found."""

    @property
    def ok(self) -> bool:
        """Whether the file held, and the copy did not."""
        return self.holds and bool(self.tampered_copy) and sum(self.records.values()) > 0


def play_file(stage: Stage, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Fetch, check, tamper, check. What the report says of it; raises ``StepFailed``."""
    person = choose_person(stage)
    say(f"\n{person.real_name}: one file of what both platforms may have seen of her, verified offline")
    file, promises = folder / FILE, folder / "promises.txt"
    kept = [value for phone in list_phones(stage, person) for value in phone.promises]
    promises.write_text("".join(f"{value}\n" for value in kept), "ascii")
    found = await_file(stage, person, file, promises if kept else None)
    copy = folder / f"tampered-{FILE}"
    copy.write_bytes(tamper(file.read_bytes()))
    spoilt = check(stage, copy, None)
    place = "" if spoilt["holds"] else str(spoilt["faults"][0]["en"])
    told = FileTold(
        bool(found["holds"]), found["records"], len(found["chains"]), found["size"], found["witnessed_at"],
        found["promises"].count("kept"), place,
    )  # fmt: skip
    for fault in found["faults"]:
        say(f"      {fault['en']}")
    say(f"  {'✓' if told.holds else '✗'} {file}: {told.records} in {told.chains} chains under the checkpoint of size"
        f" {told.size}; {told.promises_kept} of {len(kept)} promises kept")  # fmt: skip
    say(f"  {'✓' if place else '✗'} a copy without one field fails: {place or 'it does not'}")
    return {"ok": told.ok, "file": FILE, "promises": len(kept), **asdict(told)}


def choose_person(stage: Stage) -> Person:
    """Whoever is known by name on most platforms; raises ``StepFailed`` if nobody is."""
    known = [person for person in stage.people.values() if list_phones(stage, person)]
    require(bool(known), "nobody has proven a name on a platform")
    return max(known, key=lambda person: len(list_phones(stage, person)))


def list_phones(stage: Stage, person: Person) -> list[Phone]:
    """The person's phones whose account is the one that opens at the web door."""
    found = [phone for (user, door), phone in stage.phones.items() if user == person.user and door in PLATFORMS]
    return [phone for phone in found if phone.assurance >= Assurance.REAL_NAME]


def await_file(stage: Stage, person: Person, file: Path, promises: Path | None) -> dict[str, Any]:
    """The file once it has everything that was promised, or the last one when the merge delay is over."""
    until = time.monotonic() + WAIT_SECONDS
    visitor = stage.visit(person)
    visitor.open_page("/seen/proof")
    while True:
        content = fetch(visitor)
        if content is not None:
            file.write_bytes(content)
            found = check(stage, file, promises)
            if (found["holds"] and set(found["promises"]) <= {"kept"}) or time.monotonic() > until:
                return found
        elif time.monotonic() > until:
            raise StepFailed("no file could be made within the merge delay")
        time.sleep(2.0)


def fetch(visitor: WebVisitor) -> bytes | None:
    """The bytes of the file, or None while nothing is published."""
    reply = visitor.browser.fetch("/seen/file")
    require(reply.status in (200, 503), f"the file was answered with status {reply.status}")
    require(reply.headers.get("cache-control") == "no-store", "the file may be kept on the way")
    return reply.body if reply.status == 200 else None


def check(stage: Stage, file: Path, promises: Path | None) -> dict[str, Any]:
    """What ``exposure check-file`` says, with the public keys of this home and nothing else."""
    given: list[str] = []
    for option, name in KEYS.items():
        key = stage.stack.places.home / name
        given += [option, key.read_text("ascii").strip()] if key.exists() else []
    given += ["--promise", str(promises)] if promises is not None else []
    done = run_command([str(file), "--json", *given])
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise StepFailed(f"check-file said nothing: {done.stderr[-300:]}") from None
    return found


def run_command(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without a setting of ours."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "gateway", "exposure", "check-file", *arguments],
        cwd=ROOT, env=clean_environment({"HOME": os.environ.get("HOME", "/")}), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def tamper(data: bytes) -> bytes:
    """The file as somebody would give it who hides what was seen: one field less in the last record that has any."""
    body = json.loads(data)
    for entry in reversed(body["leaves"]):
        leaf = json.loads(entry["leaf"])
        if leaf.get("fields"):
            entry["leaf"] = rfc8785.dumps({**leaf, "fields": leaf["fields"][1:]}).decode()
            break
    return rfc8785.dumps(body)
