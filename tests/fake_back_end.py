"""A utility in memory with its own books: customers, bills, write-offs by sequence number. Idempotent as the real ones are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.boundary import refuse_inside_transaction
from services.errors import BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.model import JsonValue
from tests.fake_faults import Faults, Script


@dataclass
class FakeBill:
    """One bill in the company's books. ``paid_by``: a sequence number, "hall", or None while it is owed."""

    household_no: str
    amount_fen: int
    period: str = "2026-10"
    paid_by: str | None = None


@dataclass
class FakeBackEnd:
    """Implements ``ports.BackEnd`` for a company that sends bills. ``write_offs``: sequence number to (reference, bill, fen).

    ``forgetful``: it does not recognise a repeated sequence number and says that the bill is paid already.
    """

    households: dict[str, tuple[str, str]] = field(default_factory=dict)
    bills: dict[str, FakeBill] = field(default_factory=dict)
    write_offs: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, JsonValue]]] = field(default_factory=list)
    script: Script = field(default_factory=Script)
    faults: Faults = field(default_factory=Faults)
    forgetful: bool = False

    def call(
        self, operation: str, values: Mapping[str, JsonValue], request_id: str, *, purpose: str = "", case_no: str = ""
    ) -> JsonValue:
        refuse_inside_transaction()
        self.calls.append((operation, dict(values)))
        behaviour = self.script.next(operation)
        self.faults.before(operation)
        if behaviour == "unreachable":
            raise BackEndUnreachable
        if behaviour == "timeout":
            raise BackEndOutcomeUnknown
        if behaviour not in ("", "timeout_after", "garbled"):
            raise BackEndRefused(behaviour)
        answer = getattr(self, f"_{operation}")(**values)
        self.faults.after(operation)
        if behaviour == "timeout_after":
            raise BackEndOutcomeUnknown
        if behaviour == "garbled":
            raise BackEndGarbled
        return answer

    def pay_at_hall(self, bill_no: str) -> bool:
        """Somebody pays this bill at the company's hall."""
        bill = self.bills[bill_no]
        if bill.paid_by is None:
            bill.paid_by = "hall"
            return True
        return False

    def _find_household(self, household_no: str) -> JsonValue:
        if household_no not in self.households:
            raise BackEndRefused("no_such_household")
        name, address = self.households[household_no]
        return {"holder_name": name, "address": address}

    def _list_bills(self, household_no: str) -> JsonValue:
        if household_no not in self.households:
            raise BackEndRefused("no_such_household")
        owed = [
            (no, bill) for no, bill in self.bills.items() if bill.household_no == household_no and bill.paid_by is None
        ]
        return {"bills": [self._show(no, bill) for no, bill in owed]}

    def _show(self, bill_no: str, bill: FakeBill) -> JsonValue:
        items = [{"label": "燃气费", "amount_fen": bill.amount_fen, "quantity": "32", "unit_price": "2.70"}]
        return {
            "bill_no": bill_no,
            "period": bill.period,
            "amount_fen": bill.amount_fen,
            "due_on": None,
            "items": items,
        }

    def _write_off(
        self,
        sequence_no: str,
        household_no: str,
        bill_no: str,
        amount_fen: int,
        paid_at: str,
        channel: str,
        business_on: str,
    ) -> JsonValue:
        if sequence_no in self.write_offs and not self.forgetful:
            return {"reference": self.write_offs[sequence_no][0]}
        if bill_no == f"topup-{sequence_no}":  # an amount that the payer chose: no bill was sent
            self.bills[bill_no] = FakeBill(household_no, amount_fen)
        bill = self.bills.get(bill_no)
        if bill is None or bill.household_no != household_no:
            raise BackEndRefused("nothing_owed")
        if bill.paid_by is not None:
            raise BackEndRefused("already_paid")
        if bill.amount_fen != amount_fen:
            raise BackEndRefused("amount_mismatch")
        bill.paid_by = sequence_no
        self.write_offs[sequence_no] = (f"W{len(self.write_offs) + 1:06d}", bill_no, amount_fen)
        return {"reference": self.write_offs[sequence_no][0]}

    def _find_write_off(self, sequence_no: str, household_no: str, business_on: str) -> JsonValue:
        if sequence_no not in self.write_offs:
            raise BackEndRefused("no_such_write_off")
        reference, _, amount_fen = self.write_offs[sequence_no]
        return {"reference": reference, "amount_fen": amount_fen}
