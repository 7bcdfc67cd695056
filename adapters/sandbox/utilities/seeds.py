"""What stands in the books at first start: households with canaries, and unpaid bills with a breakdown.

Households whose number ends in 9001 to 9008 choose a behaviour by themselves (``docs/sandbox.md``, magic values).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from adapters.sandbox.utilities.books import Books
from adapters.sandbox.utilities.model import BillLine, HouseholdEntry
from adapters.sandbox.utilities.prices import price_gas, price_heating, price_water, total_fen

BEIJING = timezone(timedelta(hours=8))

_GAS_CUSTOMERS = (
    ("10086001", "王小明", "青云市石榴区槐荫路8号2幢1单元301室", Decimal(32)),
    ("10086002", "李秀英", "青云市石榴区槐荫路8号2幢1单元402室", Decimal(12)),
    ("10086003", "欧阳建国", "青云市河东区柳巷15号", Decimal(44)),
)
_WATER_CUSTOMERS = (
    ("20086001", "李秀英", "青云市石榴区槐荫路8号2幢1单元402室", Decimal(42)),
    ("20086002", "王小明", "青云市石榴区槐荫路8号2幢1单元301室", Decimal(18)),
    ("20086003", "赵铁柱", "青云市河东区东风大街甲6号", Decimal(27)),
)
_HEATING_CUSTOMERS = (
    ("40086001", "王小明", "青云市石榴区槐荫路8号2幢1单元301室", Decimal("89.50")),
    ("40086002", "李秀英", "青云市石榴区槐荫路8号2幢1单元402室", Decimal("76.20")),
    ("40086003", "赵铁柱", "青云市河东区东风大街甲6号", Decimal("112.00")),
)
_MAGIC = range(9001, 9009)


def make_household(household_no: str, name: str, address: str) -> HouseholdEntry:
    """A customer with canaries that follow from the number: recognisable, unlike anything else, and not real."""
    digest = int.from_bytes(hashlib.sha256(household_no.encode()).digest()[:8], "big")
    return HouseholdEntry(
        household_no=household_no,
        name=name,
        address=address,
        identity_canary=f"990000{digest % 10**11:011d}X",
        mobile_canary=f"199{digest // 7 % 10**8:08d}",
        contract_canary=f"HT{digest // 11 % 10**10:010d}",
    )


def make_meter(household_no: str) -> str:
    """The number on the household's meter: a canary too."""
    digest = int.from_bytes(hashlib.sha256(b"meter" + household_no.encode()).digest()[:8], "big")
    return f"MT{digest % 10**10:010d}"


def last_period(now: datetime) -> str:
    """The month before this one in Beijing, as YYYYMM."""
    first = now.astimezone(BEIJING).replace(day=1)
    return (first - timedelta(days=1)).strftime("%Y%m")


def due_date(now: datetime) -> str:
    """The 10th of the next month in Beijing, as YYYYMMDD."""
    later = now.astimezone(BEIJING).replace(day=1) + timedelta(days=32)
    return later.strftime("%Y%m10")


def seed_gas(books: Books, now: datetime) -> None:
    """Enter the gas company's customers and bills once."""
    if books.is_empty():
        for number, name, address, volume in _GAS_CUSTOMERS:
            _seed(books, now, make_household(number, name, address), price_gas(volume))
        for suffix in _MAGIC:
            _seed(books, now, make_household(f"1008{suffix}", "演示用户", "青云市演示路1号"), price_gas(Decimal(10)))


def seed_water(books: Books, now: datetime) -> None:
    """Enter the water company's customers and bills once."""
    if books.is_empty():
        for number, name, address, volume in _WATER_CUSTOMERS:
            late_fen = 135 if number.endswith("3") else 0
            _seed(books, now, make_household(number, name, address), price_water(volume, late_fen))
        for suffix in _MAGIC:
            _seed(books, now, make_household(f"2008{suffix}", "演示用户", "青云市演示路1号"), price_water(Decimal(10)))


def seed_heating(books: Books, now: datetime) -> None:
    """Enter the heating company's customers and bills once."""
    if books.is_empty():
        for number, name, address, area in _HEATING_CUSTOMERS:
            late_fen = 214 if number.endswith("3") else 0
            _seed(books, now, make_household(number, name, address), price_heating(area, late_fen))
        for suffix in _MAGIC:
            _seed(
                books, now, make_household(f"4008{suffix}", "演示用户", "青云市演示路1号"), price_heating(Decimal(50))
            )


def _seed(books: Books, now: datetime, household: HouseholdEntry, lines: tuple[BillLine, ...]) -> None:
    books.enter_household(household)
    meter = make_meter(household.household_no)
    books.enter_bill(household.household_no, last_period(now), total_fen(lines), due_date(now), meter, lines)
