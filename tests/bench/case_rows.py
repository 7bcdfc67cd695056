"""Rows of a grown store: cases of five years with their events, lines, plans, acts, ratings and complaints, a chunk at a time.

Nineteen of twenty are closed, the rest lie on a desk, at any size. The cells are encrypted and hashed as the stores do it, so that pages
open what lies here. A chunk depends on its number alone: built again, it gives the same ids.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.stores.cases import NAME, NUMBER
from adapters.stores.cells import seal_json, seal_text
from adapters.stores.keyring import Keyring
from services.clock import SHANGHAI_OFFSET
from tests.bench import history_rows
from tests.bench.history_rows import Moment, make_history
from tests.case_samples import LICENSING

NOW = datetime(2026, 11, 11, 1, 0, tzinfo=UTC)
"""When the measurements take place: 09:00 on a Wednesday in Beijing."""
FIRST = datetime(2021, 11, 11, tzinfo=UTC)
CLOSED_SHARE = 0.95
CHUNK = 25_000
STAFF = tuple(UUID(int=0x57AF << 96 | number) for number in range(60))
"""Case managers, for the columns that name one."""
OPENED = timedelta(days=21)
"""What is open was received in these last days."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "cases": (
        "agency_id", "case_id", "service", "mapping_version", "case_no", "channel", "app", "delivery", "received_at",
        "received_on", "business_on", "name_hash", "number_hash", "applicant_cipher", "inputs_cipher",
    ),
    "case_events": ("agency_id", "case_id", "version", "name", "state", "hand", "at", "staff_id", "data_cipher"),
    "desk_lines": (
        "agency_id", "case_id", "lead_agency_id", "service", "case_no", "state", "version", "waits_for", "step",
        "due_on", "urgent_on", "due_clock", "provisional", "claimed_by", "received_at", "updated_at", "closed",
        "name_hash", "number_hash",
    ),
    "planned_alerts": (
        "agency_id", "lead_agency_id", "case_id", "clock", "rung", "due_at", "service", "case_no", "staff_id",
    ),
    "alerts": (
        "agency_id", "alert_id", "case_id", "clock", "rung", "lead_agency_id", "due_at", "service", "case_no", "staff_id",
        "sent_at", "state", "level_agency_id", "escalations", "escalate_at", "version",
    ),
    "alert_events": ("agency_id", "alert_id", "version", "name", "state", "at", "staff_id", "data_cipher"),
    "ratings": (
        "agency_id", "rating_id", "about", "subject", "service", "channel", "level", "tags", "words_cipher", "staff_id",
        "rated_at",
    ),
    "complaints": (
        "agency_id", "complaint_id", "kind", "about", "subject", "service", "case_no", "channel", "against",
        "rating_id", "words_cipher", "filed_at", "due_on", "state",
    ),
    "complaints_against": ("agency_id", "staff_id", "complaint_id"),
    "struck_ratings": ("agency_id", "service", "staff_id", "rated_at", "rating_id"),
    "complaint_events": ("agency_id", "complaint_id", "version", "name", "state", "at", "staff_id", "data_cipher"),
    **history_rows.COLUMNS,
}  # fmt: skip
NEVER = date.max
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose cases these are, with which other office some were worked on, and how many there are in all."""

    agency_id: UUID
    other_id: UUID
    cases: int
    ring: Keyring


def make_rows(scene: Scene, chunk: int, size: int = CHUNK) -> dict[str, list[Row]]:
    """All rows of one chunk of ``size`` cases by table."""
    rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}
    dice = random.Random(chunk)  # noqa: S311 - a seed, no secret
    for number in range(chunk * size, min((chunk + 1) * size, scene.cases)):
        for table, row in _make_case(scene, number, dice):
            rows[table].append(row)
    return rows


def _make_case(scene: Scene, number: int, dice: random.Random) -> Iterator[tuple[str, Row]]:
    closing = int(scene.cases * CLOSED_SHARE)
    is_closed = number < closing
    span, start = (NOW - OPENED - FIRST, FIRST) if is_closed else (OPENED, NOW - OPENED)
    place = number / closing if is_closed else (number - closing) / (scene.cases - closing)
    at = (start + span * place).replace(microsecond=0)
    ring, case_id = scene.ring, make_id(at, number, dice)
    case_no, staff = f"B{number:012d}", STAFF[number % len(STAFF)]
    name_hash = ring.lookup_hash(NAME, f"申请人{number}")
    number_hash = ring.lookup_hash(NUMBER, f"{number:018d}")
    applicant = {
        "kind": "person",
        "name": f"申请人{number}",
        "identity_number": f"{number:018d}",
        "phone": "13800000000",
    }
    on = (at + SHANGHAI_OFFSET).date()
    yield "cases", (
        scene.agency_id, case_id, LICENSING, 1, case_no, "window", "window", "window", at, on, on, name_hash, number_hash,
        seal_json(ring, ("cases", "applicant_cipher", case_id), applicant),
        seal_json(ring, ("cases", "inputs_cipher", case_id), {"company_name": "早点"}),
    )  # fmt: skip
    told = _tell_story(at, on, is_closed=is_closed, is_accepted=number % 2 == 0)
    for version, (event, state, hand, moment, data) in enumerate(told, 1):
        cipher = seal_json(ring, ("case_events", "data_cipher", f"{case_id}:{version}"), data)
        who = staff if hand == "clerk" else None
        yield "case_events", (scene.agency_id, case_id, version, event, state, hand, moment, who, cipher)
    _, state, _, updated, _ = told[-1]
    clock, days = ("completeness", 7) if state == "received" else ("promised", 21)
    due_on = None if is_closed else on + timedelta(days=days)
    line = (
        scene.agency_id, LICENSING, case_no, state, len(told), "nobody" if is_closed else "clerk", -1, due_on, due_on or NEVER,
        "" if is_closed else clock, False, None if is_closed or number % 3 else staff, at, updated, is_closed, name_hash,
        number_hash,
    )  # fmt: skip
    yield "desk_lines", (scene.agency_id, case_id, *line)
    if is_closed and number % 20 == 7:
        yield "desk_lines", (scene.other_id, case_id, *line)
    if not is_closed:
        yield from _plan(scene, case_id, case_no, clock, staff)
    yield from _remember(scene, number, at, case_id, case_no, staff, dice, is_closed=is_closed)


def _tell_story(
    at: datetime, on: date, *, is_closed: bool, is_accepted: bool
) -> list[tuple[str, str, str, datetime, dict[str, Any]]]:
    """Events as (name, state, hand, moment, data)."""
    told: list[tuple[str, str, str, datetime, dict[str, Any]]] = [
        ("case_received", "received", "applicant", at, {"materials": {}, "promises": ["promise"]})
    ]
    if is_closed or is_accepted:
        told.append(("accepted", "accepted", "clerk", at + timedelta(minutes=5), {"on": on.isoformat()}))
    if is_closed:
        decided = at + timedelta(days=9)
        reasons = {"on": (on + timedelta(days=9)).isoformat(), "by": "clerk", "reasons": ["不符合条件"]}
        told.append(("refused", "refused", "clerk", decided, reasons))
    return told


def _plan(scene: Scene, case_id: UUID, case_no: str, clock: str, staff: UUID) -> Iterator[tuple[str, Row]]:
    """What will be due, all of it ahead of the measurements."""
    rungs = (("late", 7),) if clock == "completeness" else (("orange", 16), ("red", 22))
    for rung, days in rungs:
        due_at = NOW + timedelta(days=days)
        yield "planned_alerts", (
            scene.agency_id, scene.agency_id, case_id, clock, rung, due_at, LICENSING, case_no, staff,
        )  # fmt: skip


def _remember(
    scene: Scene, number: int, at: datetime, case_id: UUID, case_no: str, staff: UUID, dice: random.Random, *, is_closed: bool
) -> Iterator[tuple[str, Row]]:  # fmt: skip
    """What came of it: an alert of every thirtieth, a rating of every twentieth, a complaint of every fiftieth that is open, and the rest."""
    on, colleague = (at + SHANGHAI_OFFSET).date(), STAFF[(number + 1) % len(STAFF)]
    of = Moment(
        number, at, on, case_id, case_no, LICENSING, scene.agency_id, scene.other_id, staff, colleague, is_closed
    )
    yield from make_history(scene.ring, scene.cases, of)
    if number % 30 == 0:
        yield from _tell(scene, at, case_id, case_no, staff, number, dice, is_closed=is_closed)
    if is_closed and number % 20 == 0:
        yield from _rate(scene, of, make_id(at + timedelta(days=10), number, dice), dice)
    if not is_closed and number % 50 == 0:
        complaint_id = make_id(at + timedelta(hours=2), number, dice)
        yield from _complain(scene, of, complaint_id, "complaint", at + timedelta(hours=2), None, ("filed", "open"))


def _rate(scene: Scene, of: Moment, rating_id: UUID, dice: random.Random) -> Iterator[tuple[str, Row]]:
    """A rating; the bad ones are followed up, and of ten of those one is found mistaken."""
    rated_at, turn = of.at + timedelta(days=10), of.number // 20
    words = seal_text(scene.ring, ("ratings", "words_cipher", rating_id), "")
    yield "ratings", (
        of.agency_id, rating_id, "case", of.case_id, LICENSING, "window", 1 + turn % 5, "[]", words, of.staff, rated_at,
    )  # fmt: skip
    if turn % 5 == 0:
        ended = ("dismissed", "dismissed") if turn % 50 == 0 else ("answered", "answered")
        filed_at = rated_at + timedelta(days=1)
        if ended[1] == "dismissed":
            yield "struck_ratings", (of.agency_id, LICENSING, of.staff, rated_at, rating_id)
        complaint_id = make_id(filed_at, of.number, dice)
        yield from _complain(scene, of, complaint_id, "bad_rating", filed_at, rating_id, ("filed", "open"), ended)


def _complain(
    scene: Scene, of: Moment, complaint_id: UUID, kind: str, filed_at: datetime, rating_id: UUID | None,
    *told: tuple[str, str],
) -> Iterator[tuple[str, Row]]:  # fmt: skip
    words = seal_text(scene.ring, ("complaints", "words_cipher", complaint_id), "太慢")
    yield "complaints", (
        of.agency_id, complaint_id, kind, "case", of.case_id, LICENSING, of.case_no, "window", json.dumps([str(of.staff)]),
        rating_id, words, filed_at, (filed_at + timedelta(days=7)).date(), told[-1][1],
    )  # fmt: skip
    yield "complaints_against", (of.agency_id, of.staff, complaint_id)
    for version, (event, state) in enumerate(told, 1):
        cipher = seal_json(scene.ring, ("complaint_events", "data_cipher", f"{complaint_id}:{version}"), {})
        at = filed_at + timedelta(days=version - 1)
        yield "complaint_events", (of.agency_id, complaint_id, version, event, state, at, None, cipher)


def _tell(
    scene: Scene, at: datetime, case_id: UUID, case_no: str, staff: UUID, number: int, dice: random.Random, *, is_closed: bool
) -> Iterator[tuple[str, Row]]:  # fmt: skip
    """An orange alert, of a closed case long followed up, of an open one on the desk of the office."""
    due_at = at + timedelta(hours=6)
    alert_id, state = make_id(due_at, number, dice), "closed" if is_closed else "open"
    escalate_at = None if is_closed else NOW + timedelta(days=30)
    yield "alerts", (
        scene.agency_id, alert_id, case_id, "bench", "orange", scene.agency_id, due_at, LICENSING, case_no, staff, due_at,
        state, scene.agency_id, 0, escalate_at, 1,
    )  # fmt: skip
    cipher = seal_json(scene.ring, ("alert_events", "data_cipher", f"{alert_id}:1"), {})
    yield "alert_events", (scene.agency_id, alert_id, 1, "told", state, due_at, None, cipher)


def make_id(at: datetime, number: int, dice: random.Random) -> UUID:
    """A UUIDv7 (RFC 9562 section 5.7) of this moment; ``number`` keeps those of one millisecond apart."""
    milliseconds = int(at.timestamp() * 1000)
    tail = (number & 0xFFFFFFFF) << 30 | dice.getrandbits(30)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | dice.getrandbits(12) << 64 | 0b10 << 62 | tail)
