"""Classes of data with the time for which they are kept, read from ``config/retention.yaml``. Pure. PIPL articles 19 and 47."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from config.retention_schema import RETENTION
from services.errors import ConfigurationFault
from services.form_reader import read_texts
from services.mapping_reader import read_shaped
from services.model import Language


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """One class. ``days`` is None where no end is set; ``duty`` is what the worker does then, ``setting`` what decides elsewhere."""

    name: str
    title: Mapping[Language, str]
    what: Mapping[Language, str]
    law: str
    since: Mapping[Language, str]
    days: int | None
    then: str
    on_closing: str
    tables: tuple[str, ...]
    duty: str
    setting: str


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """The whole table, and within how many working days a citizen is answered."""

    answer_days: int
    urgent_days: int
    classes: tuple[RetentionClass, ...]

    def list_duties(self) -> list[RetentionClass]:
        """Those that the worker ends."""
        return [one for one in self.classes if one.duty]


NO_CLASSES = RetentionRules(15, 3, ())
"""For whoever has no table yet: fifteen working days for an answer."""


@dataclass(frozen=True, slots=True)
class Due:
    """How much of a class is over its time. ``held``: whether a legal hold may keep some of it."""

    name: str
    until: datetime
    rows: int
    held: bool


class RetentionStore(Protocol):
    """What is over its time, on the worker's role."""

    def count_due(self, duty: str, until: datetime, now: datetime) -> int:
        """Rows that would go now. What a hold keeps is not among them."""
        ...

    def end_due(self, duty: str, until: datetime, now: datetime, limit: int) -> int:
        """Take away up to ``limit`` of them in one transaction; how many."""
        ...

    def has_holds(self, now: datetime) -> bool:
        """Whether any hold is in force."""
        ...


LIMIT = 500


def plan_retention(store: RetentionStore, rules: RetentionRules, now: datetime) -> list[Due]:
    """What is due, class by class; changes nothing."""
    held = store.has_holds(now)
    return [
        Due(one.name, until, store.count_due(one.duty, until, now), held)
        for one, until in ((one, now - timedelta(days=one.days or 0)) for one in rules.list_duties())
    ]


def end_retention(store: RetentionStore, rules: RetentionRules, now: datetime, limit: int = LIMIT) -> dict[str, int]:
    """Take away what is due, in batches; how much of each class. It may be killed between any two and run again."""
    gone: dict[str, int] = {}
    for one in rules.list_duties():
        until, batch = now - timedelta(days=one.days or 0), limit
        while batch == limit:
            batch = store.end_due(one.duty, until, now, limit)
            gone[one.name] = gone.get(one.name, 0) + batch
    return gone


def read_retention(path: Path) -> RetentionRules:
    """The table. Raises ``ConfigurationFault`` with all faults."""
    document = read_shaped(str(path), path.read_bytes(), RETENTION)
    faults = list(document.faults)
    tables: dict[str, str] = {}
    for name, entry in document.value["classes"].items() if not faults else ():
        wanted = {"erased": "duty", "erased_by_setting": "setting"}.get(entry["then"])
        faults += [
            document.fault(f"classes.{name}.{key}", "not what then says", f"then: {entry['then']}")
            for key in ("duty", "setting")
            if (key in entry) != (key == wanted)
        ]
        if wanted == "duty" and "days" not in entry:
            faults.append(document.fault(f"classes.{name}", "no days", "what is erased has days"))
        for index, table in enumerate(entry["tables"]):
            if tables.setdefault(table, name) != name:
                faults.append(document.fault(f"classes.{name}.tables[{index}]", "a table a second time", tables[table]))
    if faults:
        raise ConfigurationFault("\n".join(str(fault) for fault in faults))
    classes = tuple(_read_class(name, entry) for name, entry in document.value["classes"].items())
    return RetentionRules(document.value["answer_days"], document.value["urgent_days"], classes)


def _read_class(name: str, entry: Mapping[str, Any]) -> RetentionClass:
    days, tables = entry.get("days"), entry["tables"]
    return RetentionClass(
        name, read_texts(entry["title"]), read_texts(entry["what"]), str(entry["law"]), read_texts(entry["from"]),
        days if isinstance(days, int) else None, str(entry["then"]), str(entry["on_closing"]),
        tuple(str(one) for one in tables) if isinstance(tables, list) else (), str(entry.get("duty", "")),
        str(entry.get("setting", "")),
    )  # fmt: skip
