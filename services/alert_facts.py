"""What the supervision office is told at once, whatever the clocks say: no reason given, a fee outside the catalogue. Pure.

The source names both beside lateness (case rules §1: acceptance refused, no reason given, a fee outside the catalogue). The use cases
of the counter ask for a reason before they act; this looks at what was really written down, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from services.alert_record import PlannedAlert, Rung
from services.case_file import CaseFile
from services.case_record import CaseEvent
from services.model import JsonValue

NO_REASON = "no_reason"
"""未说明理由: a refusal, or a refusal to accept, without its reason or its legal ground (AL art. 32(1), 38(2), 55)."""
FEE_OUTSIDE = "fee_outside_catalogue"
"""目录外收费: a fee that the service's published list does not name, or not in this amount (AL art. 58, 59)."""
FACTS = (NO_REASON, FEE_OUTSIDE)


def plan_facts(file: CaseFile, fees: Sequence[Mapping[str, JsonValue]]) -> tuple[PlannedAlert, ...]:
    """The facts in the latest event, due at its moment. ``fees`` is the service's catalogue: [{name: {language: text}, amount_fen?}]."""
    case, event = file.case, file.events[-1]
    return tuple(
        PlannedAlert(
            case.agency_id, case.agency_id, case.case_id, f"{code}:{event.version}", Rung.FACT, event.at, case.service,
            case.case_no, event.staff_id or file.claimed_by,
        )
        for code in find_facts(event, fees)
    )  # fmt: skip


def find_facts(event: CaseEvent, fees: Sequence[Mapping[str, JsonValue]]) -> Iterator[str]:
    """Codes of what is wrong with an event by itself."""
    if _lacks_reason(event):
        yield NO_REASON
    if any(not is_in_catalogue(fee, fees) for fee in event.data.get("fees") or ()):
        yield FEE_OUTSIDE


def _lacks_reason(event: CaseEvent) -> bool:
    if event.name == "refused":
        reasons = event.data.get("reasons")
        given = any(map(_says_something, reasons)) if isinstance(reasons, list | tuple) else _says_something(reasons)
        return not given or not _says_something(event.data.get("legal_ground"))
    if event.name == "not_accepted":
        return not (_says_something(event.data.get("reason")) and _says_something(event.data.get("ground")))
    return False


def _says_something(text: JsonValue) -> bool:
    """Whether there is a letter, a digit or a character in it: dots and dashes are no reason."""
    return isinstance(text, str) and any(sign.isalnum() for sign in text)


def is_in_catalogue(fee: JsonValue, fees: Sequence[Mapping[str, JsonValue]]) -> bool:
    """Whether a fee {name, amount_fen} is on the list under this name, with this amount where the list states one."""
    if not isinstance(fee, Mapping):
        return False
    for listed in fees:
        named = fee.get("name") in dict(listed["name"]).values()
        if named and listed.get("amount_fen") in (None, fee.get("amount_fen")):
            return True
    return False
