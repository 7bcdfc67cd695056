"""A service of kind ``case`` made by hand, and rows for the stores of cases: what tests of every room begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.case_record import Case, CaseEvent, CaseState, DeskLine, Draft, Hand
from services.counter_terms import (
    CertificateTerms,
    Correction,
    CounterTerms,
    Material,
    Receiving,
    SpecialProcedure,
    Step,
)
from services.mapping import Authentication, BackEndSpec, Input, ServiceMapping
from services.model import Assurance, Language, PlatformName

MORNING = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""10:00 on a Monday in Beijing."""
LICENSING = "trial-licence"


def say(text: str) -> Mapping[Language, str]:
    """The same words in both languages."""
    return {Language.ZH_CN: text, Language.EN: text}


MATERIALS: Mapping[str, Material] = {
    "business_licence": Material("business_licence", say("营业执照"), "A", register=say("市场主体登记系统")),
    "proof_of_premises": Material(
        "proof_of_premises", say("场所证明"), "C", secondary=True,
        corrections=(Correction("unclear", say("图像不清晰")), Correction("expired", say("证明已过期"))),
    ),
    "floor_plan": Material("floor_plan", say("平面图"), "C"),
    "promise": Material("promise", say("承诺书"), "D"),
}  # fmt: skip
STEPS = (
    Step(say("受理"), "clerk", 2, "clerk"),
    Step(say("审查"), "clerk", 5, "head"),
    Step(say("决定"), "head", 3, "clerk"),
)


def make_terms(**changes: Any) -> CounterTerms:
    """What the trial service says of its counter: decided by a clerk, by two hands."""
    terms: dict[str, Any] = {
        "applicants": ("person", "organisation"), "mandates": ("agent", "guardian", "family"), "materials": MATERIALS,
        "decided_by": "clerk", "accepted_by": "clerk", "two_hands": True, "steps": STEPS, "statutory_days": 20,
        "promised_days": 15, "extension_days": 10, "completeness_days": 5, "correction_days": 15, "delivery_days": 10,
        "gap_days": 10,
        "special": {"inspection": SpecialProcedure("inspection", say("现场检验"), "《行政许可法》第四十五条", 10)},
        "certificate": CertificateTerms(
            say("经营许可证"), say("准予 {applicant.name} 经营。"),
            {"applicant.name": say("名称"), "company_name": say("字号")}, "SYXK", 36,
        ),
        "delivery": ("window", "post", "electronic"), "receiving": Receiving(),
        "appeal": say("可以自收到本决定之日起六十日内申请行政复议。"), "region": "CN", "rights_by": "演示市市场监督管理局",
    }  # fmt: skip
    return CounterTerms(**(terms | changes))


def make_case_mapping(
    service: str = LICENSING, version: int = 1, agency: str = "demo-office", **changes: Any
) -> ServiceMapping:
    """A service of kind ``case``; ``changes`` are those of ``make_terms``, operations are whatever the fake back end answers."""
    end = BackEndSpec("trial-office", "rest", "", "utf-8", Authentication("none"), None, None, (), {})
    return ServiceMapping(
        id=service, version=version, kind="case", title=say("经营许可"), agency=agency, legal_basis="测试法第一条",
        assurance=Assurance.REAL_NAME, channels=("wechat", "alipay"), owner="测试科", back_end=end, exposure={},
        effort={"clicks": 3, "trips": 0, "preconditions": []},
        inputs={
            "company_name": Input("company_name", "text", say("字号"), maximum=40),
            "premises": Input("premises", "text", say("经营场所"), maximum=80, optional=True),
        },
        limits={"statutory_days": 20, "promised_days": 15}, counter=make_terms(**changes),
    )  # fmt: skip


def make_case(agency_id: UUID, at: datetime = MORNING, **changes: Any) -> Case:
    """A case that no store has yet: Wang's own company, on the WeChat door."""
    cells: dict[str, Any] = {
        "case_id": make_id(at), "agency_id": agency_id, "service": LICENSING, "mapping_version": 1,
        "case_no": uuid4().hex[:20], "channel": PlatformName.WECHAT, "app": "wechat-main", "person_id": make_id(at),
        "login_id": make_id(at), "chain_id": uuid4(), "principal_chain_id": uuid4(), "organisation_id": None,
        "mandate_id": None, "opened_by": None,
        "applicant": {"kind": "person", "name": "王秀英", "identity_number": "110101196001010010", "phone": "13800000001"},
        "agent": None, "inputs": {"company_name": "秀英早点"}, "delivery": "window", "received_at": at,
        "received_on": date(2026, 11, 2), "business_on": date(2026, 11, 2),
    }  # fmt: skip
    return Case(**(cells | changes))


def make_case_event(
    case: Case, version: int = 1, name: str = "case_received", state: CaseState = CaseState.RECEIVED,
    hand: Hand = Hand.APPLICANT, at: datetime = MORNING, staff_id: UUID | None = None, **data: Any,
) -> CaseEvent:  # fmt: skip
    """An event of a case."""
    return CaseEvent(case.case_id, version, name, state, hand, at, staff_id, data)


def make_line(case: Case, event: CaseEvent, **changes: Any) -> DeskLine:
    """The case's line on its own agency's desk, or with ``agency_id`` on another's."""
    line = DeskLine(
        case.agency_id, case.case_id, case.agency_id, case.service, case.case_no, event.state, event.version, "clerk",
        -1, date(2026, 11, 9), "completeness", False, None, case.received_at, event.at,
    )  # fmt: skip
    return replace(line, **changes)


def make_draft(agency_id: UUID, at: datetime = MORNING, **changes: Any) -> Draft:
    """A draft in its first version."""
    cells: dict[str, Any] = {
        "draft_id": make_id(at), "agency_id": agency_id, "person_id": make_id(at), "login_id": make_id(at),
        "service": LICENSING, "mapping_version": 1, "channel": PlatformName.WECHAT,
        "content": {"inputs": {"company_name": "秀英早点"}, "applicant": {"kind": "person"}, "mandate_id": None,
                    "delivery": "window", "address": None, "promises": ["promise"]},
        "version": 1, "created_at": at, "updated_at": at,
    }  # fmt: skip
    return Draft(**(cells | changes))
