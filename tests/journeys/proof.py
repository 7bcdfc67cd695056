"""What must hold after any story: every byte at a platform has its record, the ledger is whole, no secret of a back end got out.

The witnesses are others than the counter: the emulators' evidence, the companies' own databases, what the phones were shown.
"""

from __future__ import annotations

import base64
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from adapters.stores.exposure_export import ExportedRecord, export_records
from gateway.launch.children import clean_environment
from gateway.launch.places import ROOT
from tests.journeys.books import list_company_strangers, read_accounts
from tests.journeys.city import City

_OUTCOMES = "SELECT of_id, convert_from(leaf, 'UTF8')::json ->> 'outcome' AS outcome FROM exposure_records WHERE kind = 'outcome'"
NEVER_ASKED = ("idCardNo", "contractNo", "meterNo", "IdNo", "MeterNo", "birthDate")
"""Names of fields in the back ends' answers that no mapping takes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the city stood before a story: requests received, last record, bytes shown."""

    received: int
    record: UUID | None
    shown: int


def set_mark(city: City) -> Mark:
    """Remember where we are; nothing is on its way."""
    city.await_quiet()
    records = export_records(city.stack.owner_url)
    return Mark(len(city.received()), records[-1].record_id if records else None, len(city.shown))


def require_proof(city: City, mark: Mark) -> None:
    """All of it, for what happened since the mark."""
    city.calm_down()
    city.converge()
    faults = [account.fault for account in read_accounts(city) if account.fault]
    faults += [f"a write-off nobody asked for: {reference}" for reference in list_company_strangers(city)]
    received = city.received(mark.received)
    faults += match_records(city, received, export_records(city.stack.owner_url, mark.record))
    faults += find_leaks(city, received, city.shown[mark.shown :])
    assert not faults, "\n".join(faults)
    verify_ledger(city)


def match_records(city: City, received: list[dict[str, Any]], records: list[ExportedRecord]) -> list[str]:
    """Every request received has one record. A record without a request is right only if it never says that it arrived."""
    outcomes = {row["of_id"]: row["outcome"] for row in city.read(_OUTCOMES)}
    sending = [record for record in records if record.leaf["direction"] == "sent_to_server"]
    waiting = sorted(sending, key=lambda record: outcomes.get(record.record_id) != "sent")
    faults = []
    for request in received:
        match = next((record for record in waiting if _fits(record, request)), None)
        if match is None:
            faults.append(f"{request['platform']} received {request['target'].split('?')[0]}, unrecorded")
        else:
            waiting.remove(match)
    left = [record for record in waiting if outcomes.get(record.record_id) == "sent"]
    return faults + [f"the record of {record.leaf['operation']} has no request" for record in left]


def _fits(record: ExportedRecord, request: dict[str, Any]) -> bool:
    body = base64.b64decode(request["body"])
    same_platform = record.leaf["platform"] == request["platform"]
    return bool(same_platform and record.fits_request(request["method"], request["target"], body))


def find_leaks(city: City, received: list[dict[str, Any]], shown: list[bytes]) -> list[str]:
    """Values that only back ends and the register know, in bytes that a platform's server or its client got."""
    hidden, personal = read_secrets(city)
    at_servers = b"\n".join(one["target"].encode() + b"\n" + base64.b64decode(one["body"]) for one in received)
    at_servers += unquote_to_bytes(at_servers.replace(b"+", b" "))
    at_clients = b"\n".join(shown)
    faults = [
        f"a platform's server got a {kind}"
        for kind, value in {**hidden, **personal}.items()
        if _holds(at_servers, value)
    ]
    faults += [
        f"a platform's client got a {kind}"
        for kind, value in {**hidden, **personal}.items()
        if _holds(at_clients, value)
    ]
    faults += [f"a field {name} got out" for name in NEVER_ASKED if _holds(at_servers + b"\n" + at_clients, name)]
    return faults


def _holds(bytes_seen: bytes, value: str) -> bool:
    """Whether a value stands there: one of letters and digits as a word of its own, since by chance it stands in signatures too."""
    if value.isascii():
        word = rb"(?<![0-9A-Za-z])" + re.escape(value.encode()) + rb"(?![0-9A-Za-z])"
        return value.encode() in bytes_seen and re.search(word, bytes_seen) is not None
    return any(form in bytes_seen for form in (value.encode(), value.encode("gb18030"), value.encode("unicode_escape")))


def read_secrets(city: City) -> tuple[dict[str, str], dict[str, str]]:
    """Canaries, and personal values in clear, from the databases of the companies and of the register; by a name for each."""
    folder = city.stack.places.home / "sandbox"
    hidden: dict[str, str] = {}
    personal: dict[str, str] = {}
    for company in ("gas", "water"):
        for row in _rows(folder / f"{company}.sqlite", "SELECT * FROM households"):
            number = row["household_no"]
            hidden |= {f"{name} of {number}": row[name] for name in row if name.endswith("_canary")}
            personal |= {f"{name} of {number}": row[name] for name in ("household_no", "name", "address")}
        for row in _rows(folder / f"{company}.sqlite", "SELECT bill_no, meter_canary FROM bills"):
            hidden |= {
                f"meter of {row['bill_no']}": row["meter_canary"],
                f"bill number {row['bill_no']}": row["bill_no"],
            }
    for row in _rows(folder / "register.sqlite", "SELECT * FROM persons"):
        number = row["identity_number"]
        hidden |= {f"address of {number}": row["address"]}
        personal |= {f"{name} of {number}": row[name] for name in ("identity_number", "name", "phone") if row[name]}
    return hidden, personal


def _rows(file: Any, query: str) -> list[dict[str, str]]:
    with closing(sqlite3.connect(file, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def verify_ledger(city: City) -> None:
    """``python -m gateway exposure verify`` finds nothing wrong.

    Where the shared clock was moved, a record may look late until the sequencer looks again: docs/exposure.md. Nothing else is asked twice.
    """
    done = run_verify(city)
    faults = [line for line in done.stdout.splitlines() if ": " in line]
    if faults and all(line.endswith("the record has waited longer than the merge delay") for line in faults):
        time.sleep(15)
        done = run_verify(city)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert " 0 faults" in done.stdout


def run_verify(city: City) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", "exposure", "verify", "--home", str(city.stack.places.home)],
        cwd=ROOT, env=clean_environment({"HOME": os.environ.get("HOME", "/")}), capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
