"""The companies of the sandbox's city: what the register of market entities, the seal office and the report platform have of them.

Each office keeps its own part by itself. All codes have the right check character (GB 32100, MOD 31); one company of each kind of
trouble: cancelled, revoked, seal lost, report withdrawn, neither seal nor report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.sandbox.applications.persons import RESIDENTS


@dataclass(frozen=True, slots=True)
class Company:
    """A company as it is seeded. ``story`` is its name in the demo's stories; ``representative`` an identity number.

    ``status``: OPEN, CANCELLED (注销), REVOKED (吊销). ``seal``: 01 in use, 02 reported lost, 03 destroyed, "" never registered.
    ``report``: VALID, WITHDRAWN, "" for none; ``verified`` is the capital in it. Amounts in yuan with two decimals.
    """

    story: str
    credit_code: str
    name: str
    representative: str
    capital: str
    address: str
    issued_on: str
    status: str = "OPEN"
    seal: str = "01"
    report: str = "VALID"
    verified: str = "2000000.00"

    @property
    def representative_name(self) -> str:
        """The legal representative (法定代表人)."""
        return RESIDENTS[self.representative].name


_WANG, _LI, _OUYANG = "110101199003070011", "110101198505120029", "11010119621125003X"
COMPANIES: Mapping[str, Company] = {
    one.credit_code: one
    for one in (
        Company(
            "shunda", "91110101MA01ABCD19", "演示市顺达人力资源有限公司", _WANG, "2000000.00",
            "演示市东城区朝阳门内大街9号", "2018-05-14",
        ),
        Company(
            "qingyun", "91110105MA03HXKJ5R", "演示市青云商贸有限公司", _LI, "1000000.00",
            "演示市朝阳区团结湖路6号", "2019-09-02", verified="5000000.00",
        ),
        Company(
            "jiucheng", "91110101MA02LCBH0U", "演示市旧城百货有限公司", _WANG, "500000.00",
            "演示市东城区东四北大街31号", "2015-03-20", status="CANCELLED", seal="03", report="",
        ),
        Company(
            "yuanshan", "91110105MA04YHWL13", "演示市远山物流有限公司", _LI, "3000000.00",
            "演示市朝阳区双桥路18号", "2016-11-08", status="REVOKED", report="", verified="3000000.00",
        ),
        Company(
            "mingyue", "91110108MA05MYCY2U", "演示市明月餐饮管理有限公司", _WANG, "1000000.00",
            "演示市海淀区知春路23号", "2020-07-01", seal="02", verified="1000000.00",
        ),
        Company(
            "hongtu", "91110102MA06HTTX3D", "演示市宏图建材有限公司", _OUYANG, "2000000.00",
            "演示市西城区月坛南街15号", "2021-01-25", report="WITHDRAWN",
        ),
        Company(
            "xintian", "91110101MA07XTKX4R", "演示市新天科技有限公司", _LI, "300000.00",
            "演示市东城区和平里东街4号", "2024-06-18", seal="", report="",
        ),
    )
}  # fmt: skip
"""By credit code. Wang's and Li's employees are whom they authorise at the counter: no register knows them."""
