"""Why the counter says no, in plain sentences for the page on which somebody tried: what is the matter, and what to do now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from gateway.console.counter_words import STANDINGS
from gateway.console.words import FAULTS, RULES, Words
from services.case_errors import CaseInOtherHands, CaseMoved, MaterialsMissing, SlipRefused
from services.case_words import write_day
from services.counter_materials import Standing
from services.counter_sentences import SENTENCES
from services.errors import BackEndError, GuitaiError, InputRefused, Refusal
from services.mapping import ServiceMapping
from services.model import Language

HANDLED = (Refusal, BackEndError)
"""Errors that a page answers by itself, with what was typed still in it."""
WHAT: Mapping[str, Words] = {
    "not_permitted": ("您的角色不能办理此项。", "Your roles do not allow this."),
    "not_found": ("没有此办件，或不在您的办理范围。", "There is no such case within your reach."),
    "not_allowed_now": ("办件当前的状态不允许此操作。", "The state of the case does not allow it."),
    "case_in_other_hands": ("该办件由他人承办。", "Somebody else has the case in hand."),
    "case_moved": (
        "您打开之后，办件有了新变动，本次提交没有生效。请看下方“新变动”，核对后再次提交；您填写的内容已保留。",
        "The case moved since you opened it; nothing was done. See what is new below, then send again. What you typed is kept.",
    ),
    "own_matter": ("该办件涉及您本人，应当回避；请放回队列，由他人办理。", "It is your own matter: give it back."),
    "correction_late": (
        "补正期限已过，不能再收补正材料；可终止办理，请申请人重新申请。",
        "The term for corrections has passed.",
    ),
    "extension_spent": ("不能延期。", "It cannot be extended."),
    "mandate_ended": (
        "委托已撤销、已到期，或不包含此事项；请来人出示有效委托。",
        "The mandate has ended or does not reach this service.",
    ),
    "materials_missing": ("材料尚不齐全，不能办理此项：", "Materials are missing:"),
    "input_refused": ("有内容需要更正：", "Something has to be put right:"),
    "file_refused": ("文件不符合要求，没有存入。", "The file is not acceptable."),
    "slip_refused": ("二维码不能使用。", "The code does not hold."),
    "service_off": ("该服务已暂停。", "The service is switched off."),
    "person_mismatch": ("该账户已属于另一人。", "The account belongs to somebody else."),
    "too_many_requests": ("操作过于频繁，请稍候再试。", "Too many attempts; wait a little."),
    "document_not_ready": ("文书正在制作，请稍候再试。", "The document is being made."),
    "conflict": ("当前情况不允许此操作。", "It cannot be done now."),
}
"""By the stable code of an error."""
BACK_END: Words = (
    "登记机关系统没有答复，本次没有办成；您填写的内容已保留，请稍后再次提交。",
    "A register did not answer; nothing was done. What you typed is kept: send it again later.",
)
SLIPS: Mapping[str, Words] = {
    "form": ("这不是本柜台的二维码，或没有扫完整；请重新扫描。", "This is no code of ours, or it was not read whole."),
    "key": ("签发二维码的密钥不在公布之列。", "It was signed with a key that is not published."),
    "signature": ("签名不对：二维码可能是伪造的。", "The signature is wrong: it may be forged."),
    "expired": ("二维码已过期，请来人重新出示。", "It has expired: ask for a new one."),
    "revoked": ("二维码已使用过或已作废。", "It was used before or revoked."),
    "not_yet": ("二维码尚未生效。", "It is not valid yet."),
    "kind": ("这是另一种凭证，或属于另一个办件。", "It is another kind of slip, or of another case."),
}
FILES: Mapping[str, str] = {
    "type": "文件类型不符（按内容判断）。", "size": "文件为空或过大。", "count": "文件数量已达上限。", "pages": "页数过多。",
    "active": "文件含有可执行内容。", "encrypted": "文件已加密，无法查看。", "damaged": "文件已损坏。", "bomb": "文件展开后过大。",
    "material": "该材料不收文件。",
}  # fmt: skip
PLACES: Mapping[str, str] = {
    "reason": "理由", "words": "说明", "card_seen": "身份证原件", "cards_seen": "双方身份证原件", "card.name": "来人姓名",
    "card.identity_number": "来人身份号码", "identity_number": "身份号码", "credit_code": "统一社会信用代码",
    "principal_number": "被代理人身份号码", "principal.identity_number": "委托人身份号码", "agent.identity_number": "受托人身份号码",
    "parent.identity_number": "父（母）身份号码", "child.identity_number": "子女身份号码", "phone": "手机号码", "delivery": "领取方式",
    "address": "邮寄地址", "days": "天数", "until": "截止日期", "until_on": "截止日期", "on": "日期", "proof": "签收凭据",
    "carrier": "承运单位", "number": "单号", "opinion": "审查意见", "result": "结果", "reasons": "决定理由",
    "legal_ground": "法律依据", "ground": "不予受理的情形", "right_organ": "有权机关", "items": "补正事项", "checks": "核对结果",
    "to": "接办人", "bearer": "领取人", "value": "查找内容", "material": "材料", "materials": "材料", "promises": "承诺",
    "originals": "原件", "later": "容缺材料", "promise": "承诺书", "missing": "容缺材料", "outcome": "决定", "kind": "类别",
    "services": "事项", "applicant.kind": "申请人类别", "file": "文件", "selected": "所选办件", "act": "操作",
}  # fmt: skip
"""What a place of a form is called."""
BROKEN: Mapping[str, str] = {
    "missing": "请填写", "required": "必须填写", "none": "请至少选一项", "none_or_too_many": "请选一项以上，且不超过 50 项",
    "too_many": "过多", "unknown": "没有此项", "unknown_field": "没有此项", "not_asked": "现在不需要", "out_of_range": "超出允许的范围",
    "form": "格式不对", "choice": "请从列表中选择", "not_secondary": "不是次要材料，不能容缺", "not_a_clerk_here": "不是本单位的经办人员",
    "not_a_name": "请填写申请人姓名（名称）全称", "not_a_number": "请填写 18 位身份号码或统一社会信用代码",
    "not_a_case_no": "请填写办件编号", "no_such_organisation": "登记机关查无此单位", "not_in_business": "该单位已不在业",
    "not_for_this_service": "该事项不接受此类申请人", "not_with_credit_code": "代单位办理时不填此项", "mismatch": "与登记机关的记录不一致",
    "not_confirmed": "登记机关的记录不能证实", "checksum": "校验位不对，请核对", "date": "日期不对", "type": "类型不对", "maximum": "过大",
    "minimum": "过小", "too_long": "过长", "too_short": "过短", "characters": "含有不可用的字符", "own": "不能是本人",
    "under_age": "未满 18 周岁", "of_age": "已满 18 周岁，不适用监护", "not_old": "未到适用的年龄", "not_given": "请选择类别",
    "past": "日期已过", "too_far": "期限过长", "unknown_service": "没有此事项", "no_mandate": "该事项不接受代办",
}  # fmt: skip
"""What is wrong at a place."""


def say_refusal(error: GuitaiError, mapping: ServiceMapping | None = None) -> tuple[Words, tuple[str, ...]]:
    """The sentence of a refusal in both languages, and a line for each thing that is wrong. Chinese names of the mapping's own things."""
    detail = error.detail or {}
    if isinstance(error, BackEndError):
        return BACK_END, ()
    if isinstance(error, SlipRefused):
        return SLIPS.get(error.reason, WHAT["slip_refused"]), ()
    rule = str(detail.get("rule", ""))
    if error.code == "file_refused":
        return WHAT["file_refused"], tuple(filter(None, [FILES.get(rule, "")]))
    if isinstance(error, CaseMoved) and rule != "open_first":
        return WHAT["case_moved"], ()
    words = SENTENCES.get(rule) or RULES.get(rule) or WHAT.get(error.code, WHAT["conflict"])
    if isinstance(error, CaseInOtherHands) and rule == "not_claimed":
        words = (words[0] + "按“领取”后再次提交；您填写的内容已保留。", words[1] + " What you typed is kept.")
    return words, tuple(_list_lines(error, detail, mapping))


def _list_lines(error: GuitaiError, detail: Mapping[str, object], mapping: ServiceMapping | None) -> Iterator[str]:
    if isinstance(error, MaterialsMissing):
        missing = detail.get("materials")
        standings = missing if isinstance(missing, Mapping) else dict.fromkeys(missing or (), "absent")  # type: ignore[call-overload] # a list of names
        for name, how in standings.items():
            yield f"《{name_thing(str(name), mapping)}》：{STANDINGS[Standing(str(how))][0]}"
        return
    if isinstance(error, InputRefused):
        for place, broken in detail.items():
            yield f"{name_place(place, mapping)}：{say_broken(str(broken))}"
        return
    for key in ("about", "materials", "steps", "ready"):
        named = detail.get(key)
        if isinstance(named, list):
            yield "、".join(_name_part(key, one, mapping) for one in named)
    for key in ("latest", "until_on"):
        if key in detail:
            yield f"最迟：{write_day(date.fromisoformat(str(detail[key])), Language.ZH_CN)}"


def _name_part(key: str, one: object, mapping: ServiceMapping | None) -> str:
    steps = mapping.counter.steps if mapping is not None and mapping.counter is not None else ()
    if key in ("steps", "ready") and isinstance(one, int) and one < len(steps):
        return f"{one + 1}. {steps[one].name.get(Language.ZH_CN, '')}"
    return f"《{name_thing(str(one), mapping)}》"


def name_thing(name: str, mapping: ServiceMapping | None) -> str:
    """What a material or an input is called in Chinese."""
    if mapping is None:
        return name
    materials = mapping.counter.materials if mapping.counter is not None else {}
    if name in materials:
        return materials[name].title.get(Language.ZH_CN, name)
    return mapping.inputs[name].label.get(Language.ZH_CN, name) if name in mapping.inputs else name


def name_place(place: str, mapping: ServiceMapping | None) -> str:
    """A place of a form in Chinese: ``inputs.company_name`` is the label of that input."""
    if place in PLACES:
        return PLACES[place]
    indexed = re.fullmatch(r"(checks|items)\[([0-9]+)\]\.([a-z_]+)", place)
    if indexed:
        return f"第 {int(indexed.group(2)) + 1} 项判断：不符合的理由"
    head, _, name = place.rpartition(".")
    if head in ("inputs", "materials", "promises", "originals"):
        return f"“{name_thing(name, mapping)}”"
    return PLACES.get(name or place, name or place)


def say_broken(rule: str) -> str:
    """What is wrong, in a few words; a rule without words is a form that does not fit."""
    if rule in BROKEN:
        return BROKEN[rule]
    return FAULTS[rule][0].rstrip("。") if rule in FAULTS else "不符合要求"
