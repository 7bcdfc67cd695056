"""What a reader of the ledger asks for: a choice of records, and the same records grouped by purpose. Pure rules over leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.model import JsonValue, PlatformName

_CHINA = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class SeenField:
    """One kind of thing that was seen, with its name in the reader's language."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """One record of the ledger in plain words: beside each code stand its words in the reader's language."""

    record_id: UUID
    at: datetime
    direction: str
    direction_label: str
    service: str
    service_title: str
    purpose: str
    legal_basis: str
    fields: tuple[SeenField, ...]
    outcome: str | None
    outcome_label: str | None
    platform: str | None = None
    """Which platform saw it: "wechat" or "alipay"."""
    purpose_code: str = ""
    about: UUID | None = None
    """Our id of the case or payment that it was about, if of one."""


@dataclass(frozen=True, slots=True)
class SeenChoice:
    """Which records are asked for; days are those of China, both included."""

    platform: PlatformName | None = None
    service: str | None = None
    purpose: str | None = None
    direction: str | None = None
    since: date | None = None
    until: date | None = None

    def admits(self, leaf: Mapping[str, JsonValue]) -> bool:
        """Whether a record is asked for; the platform is chosen where records are read."""
        wanted = (("service", self.service), ("purpose", self.purpose), ("direction", self.direction))
        if any(value is not None and leaf[name] != value for name, value in wanted):
            return False
        on = (datetime.fromisoformat(leaf["at"]).replace(tzinfo=None) + _CHINA).date()
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


EVERYTHING = SeenChoice()


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """Records of one purpose: how many, on which platforms, about which services, which fields, by which laws, from when to when."""

    purpose: str
    label: str
    count: int
    platforms: Mapping[str, int]
    services: tuple[str, ...]
    fields: tuple[str, ...]
    legal_bases: tuple[str, ...]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SeenSurvey:
    """The choice as groups, the largest first; ``whole``: False if only the newest records were looked at.

    ``services`` and ``purposes``: code and words of everything that occurs, whatever was chosen.
    """

    groups: tuple[SeenGroup, ...]
    services: tuple[tuple[str, str], ...]
    purposes: tuple[tuple[str, str], ...]
    whole: bool

    @property
    def count(self) -> int:
        """How many records."""
        return sum(group.count for group in self.groups)


def group_records(records: Sequence[SeenRecord]) -> tuple[SeenGroup, ...]:
    """Records by purpose, the most frequent first. A purpose that services call differently is as many groups."""
    by_purpose: dict[tuple[str, str], list[SeenRecord]] = {}
    for one in records:
        by_purpose.setdefault((one.purpose_code, one.purpose), []).append(one)
    groups = [_make_group(code, label, found) for (code, label), found in by_purpose.items()]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.purpose, group.label)))


def _make_group(code: str, label: str, found: Sequence[SeenRecord]) -> SeenGroup:
    times = [one.at for one in found]
    return SeenGroup(
        purpose=code,
        label=label,
        count=len(found),
        platforms=dict(sorted(Counter(one.platform or "" for one in found).items())),
        services=_list_once(one.service_title for one in found),
        fields=_list_once(field.label for one in found for field in one.fields),
        legal_bases=_list_once(one.legal_basis for one in found),
        first_at=min(times),
        last_at=max(times),
    )


def _list_once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
