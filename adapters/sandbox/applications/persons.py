"""The residents whom the offices of the sandbox know, and the numbers of companies.

The same people as in ``adapters/sandbox/register.py``; each office keeps what it has of them by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.sandbox.applications.book import Refused

DISTRICTS: Mapping[str, str] = {"110101": "东城区", "110102": "西城区", "110105": "朝阳区", "110108": "海淀区"}
"""Districts of the sandbox's city by the codes of GB/T 2260, as far as the offices serve them."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody whom the offices know; ``address`` is where the household register has them."""

    identity_number: str
    name: str
    phone: str
    district: str
    address: str


RESIDENTS: Mapping[str, Resident] = {
    one.identity_number: one
    for one in (
        Resident(
            "110101199003070011", "王小明", "13800138001", "110101", "演示市东城区和平里西街12号院3号楼2单元501室"
        ),
        Resident("110101198505120029", "李秀英", "13800138002", "110105", "演示市朝阳区团结湖南里8号楼1门302室"),
        Resident(
            "11010119621125003X", "欧阳建国", "13800138003", "110102", "演示市西城区百万庄中里6号院4号楼3单元102室"
        ),
    )
}

RELATIVES: Mapping[str, Resident] = {
    one.identity_number: one
    for one in (
        Resident(
            "110101195304180013", "王长山", "13800138011", "110101", "演示市东城区和平里西街12号院3号楼2单元501室"
        ),
        Resident("110101201506010010", "王小雨", "", "110101", "演示市东城区和平里西街12号院3号楼2单元501室"),
        Resident("110101195509020021", "周桂兰", "13800138012", "110105", "演示市朝阳区团结湖南里8号楼1门302室"),
        Resident("110101200903150020", "张一诺", "", "110105", "演示市朝阳区团结湖南里8号楼1门302室"),
    )
}
"""The old parents and the children of Wang and Li: those offices know them that deal with the old; the population register knows all."""
KINSHIP = (
    ("110101195304180013", "110101199003070011"),
    ("110101199003070011", "110101201506010010"),
    ("110101195509020021", "110101198505120029"),
    ("110101198505120029", "110101200903150020"),
)
"""Who is whose parent: (parent, child)."""


def find_resident(identity_number: str, name: str) -> Resident:
    """The resident of a number, if the name is right too. Raises ``Refused("NO_SUCH_PERSON")`` for both faults alike."""
    found = RESIDENTS.get(identity_number)
    if found is None or found.name != name:
        raise Refused("NO_SUCH_PERSON")
    return found


_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def complete_credit_code(first_seventeen: str) -> str:
    """Append the check character of a unified social credit code (统一社会信用代码, GB 32100, MOD 31)."""
    weighted = sum(
        _USCC.index(character) * weight for character, weight in zip(first_seventeen, _USCC_WEIGHTS, strict=True)
    )
    return first_seventeen + _USCC[(31 - weighted % 31) % 31]


def is_credit_code(text: str) -> bool:
    """Whether a text is a unified social credit code with the right check character."""
    known = len(text) == 18 and all(character in _USCC for character in text)
    return known and complete_credit_code(text[:17]) == text
