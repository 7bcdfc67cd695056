"""Who there is in a supervisor's morning: three levels of government with their offices, four licences, the staff, all of it made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.counter_terms import Step
from services.mapping import ServiceMapping
from services.model import Language
from services.staffing import Role
from tests.case_samples import make_case_mapping
from tests.contract.samples import ACCOUNTS

BOX = "ducha@city.example.gov.cn"
"""Where the city's supervision office reads its mail."""
LAKE_BOX = "ducha@lake.example.gov.cn"


def _agency(slug: str, chinese: str, english: str, parent: str | None) -> dict[str, Any]:
    return {"slug": slug, "name": {"zh-CN": chinese, "en": english}, "parent": parent}


TOWN: Mapping[str, Any] = {
    "agencies": [
        _agency("province", "演示省政务服务管理局", "Demo Province", None),
        _agency("city", "演示市政务服务中心", "Demo City", "province") | {"supervision_mail": [BOX]},
        _agency("gas", "演示市市场监督管理局", "Market Office", "city"),
        _agency("water", "演示市卫生健康委员会", "Health Office", "city"),
        _agency("lake", "东湖区政务服务中心", "Donghu District", "city") | {"supervision_mail": [LAKE_BOX]},
        _agency("civil", "东湖区民政局", "Donghu Civil Affairs", "lake"),
        _agency("west", "西山区政务服务中心", "Xishan District", "city"),
        _agency("elder", "西山区民政局", "Xishan Civil Affairs", "west"),
    ],
    "apps": ACCOUNTS["apps"],
    "merchants": [],
    "back_ends": [],
}  # fmt: skip
PEOPLE: Mapping[str, tuple[str, str, Role]] = {
    "chen": ("陈思远", "city", Role.SUPERVISOR),
    "zhou": ("周文博", "city", Role.SUPERVISOR),
    "he": ("何佳怡", "lake", Role.SUPERVISOR),
    "qin": ("秦立新", "west", Role.SUPERVISOR),
    "gao": ("高远", "province", Role.SUPERVISOR),
    "lin": ("林审言", "city", Role.AUDITOR),
    "li": ("李建平", "gas", Role.CLERK),
    "wu": ("吴晓东", "gas", Role.CLERK),
    "xu": ("徐梅", "gas", Role.CLERK),
    "wang": ("王德海", "gas", Role.HEAD),
    "zhang": ("张核查", "water", Role.CLERK),
    "sun": ("孙民生", "civil", Role.CLERK),
    "qian": ("钱长青", "elder", Role.CLERK),
}
"""By the short name of each: what they are called, where they work, what they are."""
TITLES: Mapping[str, tuple[str, str, str, int, int]] = {
    "food-licence": ("食品经营许可", "Food business licence", "gas", 15, 20),
    "hygiene-permit": ("公共场所卫生许可", "Public hygiene permit", "water", 10, 15),
    "allowance": ("最低生活保障认定", "Minimum living allowance", "civil", 10, 15),
    "elder-card": ("高龄津贴认定", "Allowance for old age", "elder", 10, 15),
}
"""By service: Chinese, English, whose it is, promised days, statutory days."""
STEPS = (
    Step({Language.ZH_CN: "材料审查", Language.EN: "Papers"}, "clerk", 5, ""),
    Step({Language.ZH_CN: "现场核查", Language.EN: "Inspection"}, "clerk", None, ""),
    Step({Language.ZH_CN: "决定", Language.EN: "Decision"}, "head", None, ""),
)  # fmt: skip


def make_mappings() -> dict[str, ServiceMapping]:
    """The four services: the hygiene permit alone has a limit for its first step."""
    made = {}
    for service, (chinese, english, agency, promised, statutory) in TITLES.items():
        steps = STEPS if service == "hygiene-permit" else tuple(replace(one, limit_days=None) for one in STEPS)
        plain = make_case_mapping(
            service, agency=agency, steps=steps, promised_days=promised, statutory_days=statutory
        )  # fmt: skip
        title = {Language.ZH_CN: chinese, Language.EN: english}
        made[service] = replace(plain, title=title, limits={"statutory_days": statutory, "promised_days": promised})
    return made
