"""What is owed in taxes and what was paid: assessments with their items, the late fee by the day, payments by serial number.

The late fee (滞纳金) is 0.05 % of the tax for each day after the deadline (税收征收管理法 article 32), computed anew each time by whoever is
owed, up to the day on which the taxpayer pays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from adapters.sandbox.applications.book import Refused
from adapters.sandbox.applications.persons import complete_credit_code
from adapters.sandbox.canaries import make_canary, make_identity_canary, make_phone_canary
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.utilities.seeds import BEIJING, last_period
from services.ports import Clock

LATE_RATE = Decimal("0.0005")
_TAXPAYERS = (
    (complete_credit_code("92110101MA01A0001"), "演示市东城区小明便利店", "演示市东城区和平里西街12号"),
    (complete_credit_code("92110105MA01A0002"), "演示市朝阳区秀英面馆", "演示市朝阳区团结湖南里8号"),
    (complete_credit_code("92110102MA01A0003"), "演示市西城区建国修车行", "演示市西城区百万庄中里6号"),
)
_LEAST_SALES_FEN = 3_120_000


@dataclass(frozen=True, slots=True)
class TaxItem:
    """One line: ``base`` in yuan and ``rate`` as text, the amount in fen."""

    name: str
    base: str
    rate: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is owed for a period (YYYY-MM) by a day (YYYY-MM-DD), without late fee; ``paid_by`` is channel, hall or empty."""

    voucher_no: str
    taxpayer_no: str
    period: str
    deadline: str
    items: tuple[TaxItem, ...]
    paid_by: str = ""

    @property
    def tax_fen(self) -> int:
        """The tax without late fee."""
        return sum(item.amount_fen for item in self.items)

    def list_items(self, day: date) -> tuple[TaxItem, ...]:
        """All lines, with the late fee as it is on a day."""
        days = (day - date.fromisoformat(self.deadline)).days
        late_fen = round_fen(Decimal(self.tax_fen) * LATE_RATE * max(0, days))
        late = TaxItem("滞纳金", write_base(self.tax_fen), f"0.05%×{days}天", late_fen)
        return (*self.items, late) if late_fen else self.items

    def amount_on(self, day: date) -> int:
        """What has to be paid on a day, in fen."""
        return sum(item.amount_fen for item in self.list_items(day))


def round_fen(amount: Decimal) -> int:
    """Whole fen, halves up."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def write_base(amount_fen: int) -> str:
    """Yuan with two decimals."""
    return str(Decimal(amount_fen).scaleb(-2).quantize(Decimal("0.01")))


def compute_items(sales_fen: int) -> tuple[TaxItem, ...]:
    """What a small taxpayer owes on its sales: VAT at the reduced rate of 1 %, and what is levied on the VAT."""
    vat_fen = round_fen(Decimal(sales_fen) * Decimal("0.01"))
    levied = (("城市维护建设税", "7%", "0.07"), ("教育费附加", "3%", "0.03"), ("地方教育附加", "2%", "0.02"))
    return (
        TaxItem("增值税", write_base(sales_fen), "1%", vat_fen),
        *(
            TaxItem(name, write_base(vat_fen), rate, round_fen(Decimal(vat_fen) * Decimal(factor)))
            for name, rate, factor in levied
        ),
    )


def canaries_of(taxpayer_no: str) -> dict[str, str]:
    """Personal data of a taxpayer's legal person that no service needs."""
    return {
        "legalPersonIdNo": make_identity_canary(taxpayer_no),
        "legalPersonPhone": make_phone_canary(taxpayer_no),
        "bankAccount": make_canary("6217", taxpayer_no, 15),
    }


def officer_of(voucher_no: str) -> str:
    """The officer in charge of an assessment: a canary too."""
    return make_canary("税管员", voucher_no, 6)


class TaxBook:
    """Taxpayers, assessments and payments on a shelf, seeded once."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock
        with shelf.change():
            for number, name, address in _TAXPAYERS if not shelf.all("taxpayer") else ():
                self.enter_taxpayer(number, name, address)
                self.assess(number)

    def today(self) -> date:
        """The day in Beijing."""
        return self._clock.now().astimezone(BEIJING).date()

    def enter_taxpayer(self, number: str, name: str, address: str) -> None:
        """Add a taxpayer, or change its name and address."""
        self._shelf.put("taxpayer", number, {"number": number, "name": name, "address": address})

    def find_taxpayer(self, number: str) -> dict[str, Any]:
        """Raises ``Refused("NO_SUCH_TAXPAYER")``."""
        found = self._shelf.get("taxpayer", number)
        if found is None:
            raise Refused("NO_SUCH_TAXPAYER")
        return found

    def assess(self, taxpayer_no: str, period: str = "") -> Assessment:
        """What is owed for a month (default: the last one), by the 15th of the month after it. Raises ``Refused``."""
        last = last_period(self._clock.now())
        month = period or f"{last[:4]}-{last[4:]}"
        with self._shelf.change():
            self.find_taxpayer(taxpayer_no)
            count = len(self._shelf.all("assessment"))
            following = date.fromisoformat(f"{month}-28") + timedelta(days=4)
            assessment = Assessment(
                voucher_no=f"SW{month.replace('-', '')}{count + 1:08d}",
                taxpayer_no=taxpayer_no,
                period=month,
                deadline=following.replace(day=15).isoformat(),
                items=compute_items(_LEAST_SALES_FEN + 100_000 * count),
            )
            self._keep(assessment)
        return assessment

    def _keep(self, assessment: Assessment) -> None:
        self._shelf.put("assessment", assessment.voucher_no, asdict(assessment))

    def list_open(self, taxpayer_no: str) -> list[Assessment]:
        """What a taxpayer has not paid, oldest period first. Raises ``Refused("NO_SUCH_TAXPAYER")``."""
        self.find_taxpayer(taxpayer_no)
        mine = [one for one in self._list_assessments() if one.taxpayer_no == taxpayer_no and not one.paid_by]
        return sorted(mine, key=lambda one: (one.period, one.voucher_no))

    def _list_assessments(self) -> Iterator[Assessment]:
        return (_read_assessment(entry) for entry in self._shelf.all("assessment"))

    def find_assessment(self, voucher_no: str) -> Assessment:
        """Raises ``Refused("NO_SUCH_ASSESSMENT")``."""
        found = self._shelf.get("assessment", voucher_no)
        if found is None:
            raise Refused("NO_SUCH_ASSESSMENT")
        return _read_assessment(found)

    def pay(
        self, serial_no: str, taxpayer_no: str, voucher_no: str, amount_fen: int, paid_at: datetime
    ) -> dict[str, Any]:
        """Book a payment once: by serial number, by assessment, for the amount of the day of payment.

        Raises ``Refused``: SERIAL_REUSED, NO_SUCH_TAXPAYER, NO_SUCH_ASSESSMENT, ALREADY_PAID, AMOUNT_MISMATCH.
        """
        content = {"taxpayer_no": taxpayer_no, "voucher_no": voucher_no, "amount_fen": amount_fen}
        with self._shelf.change():
            known = self._shelf.get("payment", serial_no)
            if known is not None:
                if any(known[name] != value for name, value in content.items()):
                    raise Refused("SERIAL_REUSED")
                return known
            self.find_taxpayer(taxpayer_no)
            assessment = self.find_assessment(voucher_no)
            if assessment.taxpayer_no != taxpayer_no:
                raise Refused("NO_SUCH_ASSESSMENT")
            if assessment.paid_by:
                raise Refused("ALREADY_PAID")
            if assessment.amount_on(paid_at.astimezone(BEIJING).date()) != amount_fen:
                raise Refused("AMOUNT_MISMATCH")
            return self._book(serial_no, content, assessment)

    def _book(self, serial_no: str, content: dict[str, Any], assessment: Assessment) -> dict[str, Any]:
        now = self._clock.now().astimezone(BEIJING)
        count = len(self._shelf.all("payment"))
        entry = content | {
            "serial_no": serial_no,
            "reference": f"SP{now:%Y%m%d}{count + 1:06d}",
            "booked_at": now.isoformat(),
        }
        self._shelf.put("payment", serial_no, entry)
        self._shelf.put("assessment", assessment.voucher_no, asdict(assessment) | {"paid_by": "channel"})
        return entry

    def find_payment(self, serial_no: str, taxpayer_no: str) -> dict[str, Any]:
        """Raises ``Refused("NO_SUCH_PAYMENT")``."""
        found = self._shelf.get("payment", serial_no)
        if found is None or found["taxpayer_no"] != taxpayer_no:
            raise Refused("NO_SUCH_PAYMENT")
        return found

    def pay_at_hall(self, voucher_no: str) -> None:
        """The taxpayer pays at the tax hall. Raises ``Refused``."""
        with self._shelf.change():
            assessment = self.find_assessment(voucher_no)
            if assessment.paid_by:
                raise Refused("ALREADY_PAID")
            self._shelf.put("assessment", voucher_no, asdict(assessment) | {"paid_by": "hall"})

    def list_payments(self) -> list[dict[str, Any]]:
        """Every payment, oldest first, in the words that the control of every payee uses."""
        return [
            {
                "reference": entry["reference"],
                "amount_fen": entry["amount_fen"],
                "sequence_no": entry["serial_no"],
                "bill_no": entry["voucher_no"],
                "household_no": entry["taxpayer_no"],
                "booked_at": entry["booked_at"],
            }
            for entry in self._shelf.all("payment")
        ]

    def list_canaries(self) -> Iterator[str]:
        """Everything about taxpayers and assessments that no service takes."""
        for taxpayer in self._shelf.all("taxpayer"):
            yield from canaries_of(taxpayer["number"]).values()
        yield from (officer_of(one.voucher_no) for one in self._list_assessments())


def _read_assessment(entry: dict[str, Any]) -> Assessment:
    return Assessment(**{**entry, "items": tuple(TaxItem(**item) for item in entry["items"])})
