"""What the demo proves afterwards: every request that the platforms received stands in the ledger, one to one.

The witness is the sandbox: ``received.jsonl`` is written by its emulators alone. The ledger is read with its salts, and
each digest is computed again from the received bytes.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from adapters.stores.exposure_export import ExportedRecord, export_records
from gateway.launch.loopback import send
from gateway.launch.places import ROOT
from services.mapping import ServiceMapping, Texts
from services.model import Language

SHOPS = {"wechat": "WeChat", "alipay": "Alipay"}
DIRECTIONS = {
    "sent_to_server": "our servers sent",
    "received_from_platform": "told us",
    "shown_in_client": "was shown in the app",
    "entered_in_client": "was typed into the app",
}


class LedgerWatch:
    """Reads what was recorded since it was last asked; what was there when it was made is not its business."""

    def __init__(self, owner_url: str, services: Mapping[str, ServiceMapping] | None = None) -> None:
        self._owner_url = owner_url
        self._services = services or {}
        self._vocabulary = yaml.safe_load((ROOT / "config" / "vocabulary.yaml").read_text("utf-8"))
        before = export_records(owner_url)
        self._start: UUID | None = before[-1].record_id if before else None
        self._before: UUID | None = self._start
        self._told: set[UUID] = set()
        self.seen: list[ExportedRecord] = []

    def look(self) -> list[ExportedRecord]:
        """The new records, oldest first. Ids of several processes need not become visible in their order."""
        records = [
            record for record in export_records(self._owner_url, self._start) if record.record_id not in self._told
        ]
        self._told.update(record.record_id for record in records)
        self.seen += records
        return records

    def move_on(self) -> None:
        """Nothing from before the last time that this was called is waited for any more: a look need not read it again."""
        self._start, self._before = self._before, self.seen[-1].record_id if self.seen else self._before

    def describe(self) -> list[str]:
        """The new records as lines: who saw what, for which purpose, in the citizen's words."""
        lines: Counter[str] = Counter()
        for record in self.look():
            leaf = record.leaf
            service = self._services.get(leaf["service"])
            words = service.words if service is not None else {}
            fields = "、".join(self._label("fields", name, words) for name in leaf["fields"]) or "（无）"
            purpose = self._label("purposes", leaf["purpose"], service.purposes if service is not None else {})
            shop = SHOPS.get(leaf["platform"], leaf["platform"])
            lines[f"{shop}: {DIRECTIONS[leaf['direction']]} ({purpose}): {fields}"] += 1
        return [f"{line}  ×{count}" if count > 1 else line for line, count in lines.items()]

    def _label(self, kind: str, name: str, own: Mapping[str, Texts]) -> str:
        if name in own:
            return own[name][Language.ZH_CN]
        entry = self._vocabulary[kind].get(name)
        return str(entry["zh-CN"]) if entry else name


def read_received(file: Path) -> list[dict[str, Any]]:
    """The requests that the emulators of the platforms kept."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def compare_evidence(received: Sequence[Mapping[str, Any]], records: Iterable[ExportedRecord]) -> list[str]:
    """Faults of a one-to-one match between received requests and ``sent_to_server`` records; an empty list means none."""
    waiting = [record for record in records if record.leaf["direction"] == "sent_to_server"]
    faults = []
    for request in received:
        body = base64.b64decode(request["body"])
        match = next(
            (
                record
                for record in waiting
                if record.leaf["platform"] == request["platform"]
                and record.fits_request(request["method"], request["target"], body)
            ),
            None,
        )
        if match is None:
            faults.append(
                f"{request['platform']} received {request['method']} {request['target'].split('?')[0]}, unrecorded"
            )
        else:
            waiting.remove(match)
    faults += [
        f"{record.leaf['platform']}: the record of {record.leaf['operation']} has no request" for record in waiting
    ]
    return faults


def write_ledger(file: Path, records: Iterable[ExportedRecord]) -> None:
    """``ledger.jsonl``: direction, platform, service, fields, digest, salt of each record."""
    lines = [
        {
            "direction": record.leaf["direction"],
            "platform": record.leaf["platform"],
            "service": record.leaf["service"],
            "fields": record.leaf["fields"],
            "digest": record.leaf["digest"],
            "salt": record.salt.hex() if record.salt is not None else None,
        }
        for record in records
    ]
    write_lines(file, lines)


def write_utility(file: Path, payee_urls: Iterable[str]) -> None:
    """``utility.jsonl``: reference and amount of every write-off in the databases of the payees' emulators, at these addresses."""
    write_lines(
        file,
        (
            {"reference": entry["reference"], "amount_fen": entry["amount_fen"]}
            for url in payee_urls
            for entry in send("GET", f"{url}/_sandbox/write-offs").json()
        ),
    )


def write_lines(file: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """One JSON document a line."""
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
