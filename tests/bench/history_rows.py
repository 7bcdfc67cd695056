"""What lies around the cases of a grown store, in proportion to them: looks, also those that stand out, payments, applications, leaves of
the ledger, tills. Only the census runs as often at any size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.stores.cells import seal_json, seal_text
from adapters.stores.keyring import Keyring
from adapters.stores.readings import REASON
from services.exposure import Direction, Disclosure, Exposure
from services.leaves import make_leaf
from services.model import PlatformName
from services.month_figures import FIGURES
from services.months import list_months, month_of

Row = tuple[Any, ...]
STANDING_OUT = 25
"""Of so many cases, one was looked at by somebody who had nothing to do in it. In a good office there is next to none; this one is bad."""
DAYS_LOOKED_AROUND = 400
"""So many runs of the census in all the years, at any size: there are as many services whatever comes in."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "case_readings": (
        "agency_id", "reading_id", "at", "staff_id", "reader_agency_id", "act", "about", "subject_id", "key_hash",
        "reason_hash", "told_cipher",
    ),
    "looks_to_audit": ("agency_id", "kind", "act", "reading_id", "staff_id", "reader_agency_id", "subject_id"),
    "acts": (
        "agency_id", "act_id", "at", "staff_id", "act", "subject_kind", "subject_id", "reason_cipher", "detail",
    ),
    "reading_delays": (
        "agency_id", "delay_id", "case_id", "case_no", "reader_id", "ground", "order_cipher", "until_at", "asked_by",
        "asked_at",
    ),
    "reading_delay_events": ("agency_id", "delay_id", "version", "state", "at", "staff_id", "data_cipher"),
    "persons": ("agency_id", "person_id", "assurance", "created_at"),
    "person_events": ("agency_id", "event_id", "person_id", "name", "at", "data"),
    "applications": (
        "agency_id", "application_id", "service", "mapping_version", "person_id", "login_id", "applicant_cipher",
        "inputs_cipher", "platform", "app", "application_no", "created_at", "business_on",
    ),
    "application_events": ("agency_id", "application_id", "version", "name", "state", "at", "data_cipher"),
    "payments": (
        "agency_id", "payment_id", "service", "mapping_version", "person_id", "login_id", "household_id", "details_cipher",
        "amount_fen", "platform", "app", "account", "payee", "order_no", "sequence_no", "refund_no", "description",
        "created_at", "expires_at", "business_on",
    ),
    "payment_events": ("agency_id", "payment_id", "version", "name", "state", "at", "data"),
    "exposure_records": (
        "agency_id", "record_id", "at", "kind", "platform", "direction", "service", "of_id", "leaf", "leaf_hash",
    ),
    "exposure_persons": ("agency_id", "chain_id", "record_id", "platform", "attributed_by"),
    "exposure_salts": ("agency_id", "record_id", "salt", "erased_at"),
    "staff_events": ("agency_id", "event_id", "staff_id", "name", "at", "by", "data"),
    "cash_tills": ("agency_id", "till_id", "staff_id", "number", "opened_at", "business_on"),
    "cash_till_events": ("agency_id", "till_id", "version", "name", "state", "at", "staff_id", "data"),
    "census_lines": (
        "agency_id", "run_id", "service", "platform", "version", "at", "reachable", "current", "faultless", "findings",
    ),
    "organisational_indicators": (
        "agency_id", "entry_id", "kind", "value", "as_of", "source", "reason", "entered_by", "entered_at",
    ),
    "turned_away": ("agency_id", "day", "platform", "occasion", "ground", "count"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One case of a grown store, as far as others speak of it."""

    number: int
    at: datetime
    on: date
    case_id: UUID
    case_no: str
    service: str
    agency_id: UUID
    other_id: UUID
    staff: UUID
    colleague: UUID
    is_closed: bool

    @property
    def is_joint(self) -> bool:
        """Whether the other office had a step in it."""
        return self.is_closed and self.number % 20 == 7

    def spare(self, slot: int) -> UUID:
        """A further UUIDv7 of the case's moment; another one for each slot."""
        milliseconds = int(self.at.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | slot << 64 | 0b10 << 62 | self.number)


def make_history(ring: Keyring, cases: int, of: Moment) -> Iterator[tuple[str, Row]]:
    """The rows that came with one case, by table: each kind has its own rate."""
    yield from _look(ring, of)
    if of.number % 40 == 5:
        yield from _pay(ring, of)
    if of.number % 40 == 9:
        yield from _apply(ring, of)
    if (
        not of.is_closed or of.number % 40 == 3
    ):  # of the days that pages count, all; of the years before, what the disk bears
        yield from _expose(of)
    if of.number % 400 == 17:
        yield from _keep_till(of)
    if of.number % 2_000 == 13:
        staffing = json.dumps({"role": "clerk"})
        yield "staff_events", (of.agency_id, of.spare(0), of.staff, "role_granted", of.at, of.colleague, staffing)
    if of.number % max(1, cases // DAYS_LOOKED_AROUND) == 0:
        yield from _look_around(of, of.number // max(1, cases // DAYS_LOOKED_AROUND))


def _look(ring: Keyring, of: Moment) -> Iterator[tuple[str, Row]]:
    """Every fourth case was opened by whoever handles it, a file of every sixteenth read; one look of each ``STANDING_OUT`` stands out."""
    if of.number % 4 == 0:
        yield from note_look(ring, of, of.spare(0), "case.open", of.staff, of.agency_id, "审查材料")
    if of.number % 16 == 4:
        yield from note_look(ring, of, of.spare(1), "case.read_file", of.staff, of.agency_id, "")
    if of.number % STANDING_OUT == 1:
        yield from look_by_stranger(ring, of)
    if of.number % 1_000 == 21:
        yield from _delay(ring, of)


def look_by_stranger(ring: Keyring, of: Moment) -> Iterator[tuple[str, Row]]:
    """A search without a case, or a look from another office: the one and the other in turns."""
    elsewhere = of.number // STANDING_OUT % 2
    reader_at = of.other_id if elsewhere else of.agency_id
    act, reason = ("case.open", "了解情况") if elsewhere else ("case.search", f"来电咨询{of.number}")
    yield from note_look(ring, of, of.spare(2), act, of.colleague, reader_at, reason)


def note_look(
    ring: Keyring, of: Moment, look_id: UUID, act: str, reader: UUID, reader_at: UUID, reason: str
) -> Iterator[tuple[str, Row]]:
    """The act and what the citizen is told of it."""
    at = of.at + timedelta(minutes=4)
    sealed = seal_text(ring, ("acts", "reason_cipher", look_id), reason)
    yield "acts", (of.agency_id, look_id, at, reader, act, "case", str(of.case_id), sealed, "{}")
    told = {"name": "经办", "login": "clerk", "office": "办事处", "office_en": "Office", "reason": reason}
    letters = "".join(one for one in reason if not one.isdigit())
    yield "case_readings", (
        of.agency_id, look_id, at, reader, reader_at, act, "case", of.case_id, None,
        ring.lookup_hash(REASON, letters) if letters else None, seal_json(ring, ("case_readings", "told_cipher", look_id), told),
    )  # fmt: skip
    kinds = {
        "bare": not letters,
        "without_case": reader != of.staff,
        "elsewhere": reader_at != of.agency_id and not of.is_joint,
    }
    for kind in (kind for kind, holds in kinds.items() if holds):
        yield "looks_to_audit", (of.agency_id, kind, act, look_id, reader, reader_at, of.case_id)


def _delay(ring: Keyring, of: Moment) -> Iterator[tuple[str, Row]]:
    order = {"authority": "监察委员会", "document_no": f"〔2024〕{of.number}号"}
    delay_id = of.spare(3)
    yield "reading_delays", (
        of.agency_id, delay_id, of.case_id, of.case_no, of.staff, "pipl_18",
        seal_json(ring, ("reading_delays", "order_cipher", delay_id), order), of.at + timedelta(days=90), of.colleague, of.at,
    )  # fmt: skip
    for version, state in enumerate(("asked", "granted"), 1):
        data = seal_json(ring, ("reading_delay_events", "data_cipher", f"{delay_id}:{version}"), {})
        at = of.at + timedelta(hours=version)
        yield "reading_delay_events", (of.agency_id, delay_id, version, state, at, of.colleague, data)


def _pay(ring: Keyring, of: Moment) -> Iterator[tuple[str, Row]]:
    """A bill and the account that paid it; one in a hundred was in question for a while."""
    payment_id, person_id, login_id = of.spare(4), of.spare(5), of.spare(6)
    numbers = tuple(f"{kind}{of.number:020d}" for kind in ("P", "S", "R"))
    yield "persons", (of.agency_id, person_id, 2, of.at)
    yield "person_events", (of.agency_id, of.spare(7), person_id, "person_met", of.at, "{}")
    yield "payments", (
        of.agency_id, payment_id, "gas-bill", 1, person_id, login_id, login_id,
        seal_json(ring, ("payments", "details_cipher", payment_id), {}), 10_000 + of.number % 9_000, "wechat", "app", "account", "payee",
        *numbers, "燃气费", of.at, of.at + timedelta(minutes=30), of.on,
    )  # fmt: skip
    doubt = ("write_off_unknown",) if of.number % 4_000 == 5 else ()
    states = ("intended", "awaiting_payment", "paid", "writing_off", *doubt, "written_off")
    for version, state in enumerate(states, 1):
        at = of.at + timedelta(seconds=20 * version)
        yield "payment_events", (of.agency_id, payment_id, version, state, state, at, "{}")


def _apply(ring: Keyring, of: Moment) -> Iterator[tuple[str, Row]]:
    application_id, person_id = of.spare(4), of.spare(5)
    sealed = (
        seal_json(ring, ("applications", cell, application_id), {}) for cell in ("applicant_cipher", "inputs_cipher")
    )
    yield "applications", (
        of.agency_id, application_id, "newborn-registration", 1, person_id, of.spare(6), *sealed, "alipay", "app",
        f"A{of.number:020d}", of.at, of.on,
    )  # fmt: skip
    for version, state in enumerate(("intended", "submitting", "granted"), 1):
        data = seal_json(ring, ("application_events", "data_cipher", f"{application_id}:{version}"), {})
        at = of.at + timedelta(minutes=version)
        yield "application_events", (of.agency_id, application_id, version, state, state, at, data)


def _expose(of: Moment) -> Iterator[tuple[str, Row]]:
    """What a platform saw, as a leaf that holds against its own columns; it belongs to no published tree."""
    record_id, chain_id = of.spare(8), of.spare(9)
    salt = hashlib.sha256(record_id.bytes).digest()
    told = Disclosure(
        of.agency_id, PlatformName.WECHAT, "app", of.service, 1, "提交申请", "行政许可法第二十九条", {}, f"bench-{of.number}",
        chain_id, (chain_id,), of.case_id, frozenset({"platform_user", "phone"}),
    )  # fmt: skip
    leaf = make_leaf(
        record_id, of.at, of.on, Exposure(Direction.SENT_TO_SERVER, told, b"{}", 200), nonce=salt[::-1], salt=salt
    )
    yield "exposure_records", (
        of.agency_id, record_id, of.at, leaf.kind, leaf.platform, leaf.direction, leaf.service, None, leaf.data, leaf.leaf_hash,
    )  # fmt: skip
    yield "exposure_persons", (of.agency_id, chain_id, record_id, leaf.platform, None)
    yield "exposure_salts", (of.agency_id, record_id, salt, None)


def _keep_till(of: Moment) -> Iterator[tuple[str, Row]]:
    till_id = of.spare(4)
    told = (("till_opened", "open"), ("till_counted", "counted"), ("till_closed", "closed"))
    yield "cash_tills", (of.agency_id, till_id, of.staff, of.number + 1, of.at, of.on)
    for version, (event, state) in enumerate(told, 1):
        at = of.at + timedelta(hours=4 * (version - 1))
        data = json.dumps({"float_fen": 20_000} if version == 1 else {"cash_fen": 20_000, "card_fen": 0})
        yield "cash_till_events", (of.agency_id, till_id, version, event, state, at, of.staff, data)


def _look_around(of: Moment, turn: int) -> Iterator[tuple[str, Row]]:
    """A run of the census, an indicator, people turned away."""
    run_id = of.spare(5)
    for service in ("gas-bill", "newborn-registration", of.service):
        for platform in ("wechat", "alipay"):
            yield "census_lines", (of.agency_id, run_id, service, platform, 1, of.at, True, True, True, "[]")
    kind = ("people", "funds", "office")[turn % 3]
    value = 1 if kind == "office" else 5 + turn
    yield "organisational_indicators", (
        of.agency_id, of.spare(6), kind, value, of.on, "年度报告", "", of.staff, of.at,
    )  # fmt: skip
    if of.is_closed:
        yield "turned_away", (of.agency_id, of.on, "wechat", "payment", "refused", 3)


def make_months(
    cases: int, agency_id: UUID, root_id: UUID, service: str, staff: tuple[UUID, ...], first: datetime, now: datetime
) -> Iterator[tuple[str, Row]]:
    """Every closed month with a line for each case manager. Only the last month that is over is left open: it is closed by measuring it."""
    months = list_months(month_of(first), month_of(now).preceding.preceding)
    each = max(1, cases // (len(months) * len(staff)))
    told = {"received": each, "closed": each, "refused": each, "working_days": 7 * each, "squared_days": 49 * each}
    told |= {"promised_days": 15 * each, "statutory_days": 20 * each, "held_cases": each, "held_days": 9 * each}
    figures = json.dumps({name: told.get(name, 0) for name in FIGURES if told.get(name)})
    for month in months:
        digest, record = f"{month.year * 100 + month.number:064x}", UUID(int=month.year * 100 + month.number)
        yield "closed_months", (
            root_id, str(month), digest, record, "{}", json.dumps({service: [1]}), month.ends_at + timedelta(hours=2),
        )  # fmt: skip
        for manager in staff:
            yield "month_figures", (agency_id, str(month), service, manager, figures)


MONTH_COLUMNS: dict[str, tuple[str, ...]] = {
    "closed_months": ("agency_id", "month", "digest", "record_id", "calendars", "mappings", "closed_at"),
    "month_figures": ("agency_id", "month", "service", "manager_id", "figures"),
}
