"""The letters of a case in Chinese: titles, paragraphs with the article of the law that demands or allows each, and an English summary.

``{…}`` are filled in by ``services/case_letters.py``: ``you`` (你单位 or 您), ``matter``, ``number`` (of the case), ``received`` (a day),
and what the event holds. AL: 中华人民共和国行政许可法.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class DocumentKind(StrEnum):
    """Every document of a case; what is due for which event stands in ``services/case_letters.py``."""

    ACCEPTANCE = "acceptance"
    """受理通知书 (AL art. 32: a dated voucher with the organ's seal)."""
    CORRECTION = "correction"
    """补正告知书 (AL art. 32(1)(4))."""
    NON_ACCEPTANCE = "non_acceptance"
    """不予受理决定书 (AL art. 32(1)(1), (2))."""
    GAP = "gap"
    """容缺受理告知书."""
    SPECIAL = "special"
    """特别程序告知书 (AL art. 45: the applicant is told in writing how long it takes)."""
    EXTENSION = "extension"
    """延长办理期限告知书 (AL art. 42(1): the reason is told)."""
    GRANT = "decision_granted"
    """准予行政许可决定书 (AL art. 38(1))."""
    REFUSAL = "decision_refused"
    """不予行政许可决定书 (AL art. 38(2): reasons and the way of appeal)."""
    TERMINATION = "termination"
    """终止办理告知书."""
    WITHDRAWAL = "withdrawal"
    """撤回申请确认书."""
    REVOCATION = "revocation"
    """撤销行政许可决定书 (AL art. 69, 70)."""
    CERTIFICATE = "certificate"
    """证照 (AL art. 39)."""


class Wording(NamedTuple):
    """``code`` stands in the letter's number; the lines of the letter come after the first paragraph."""

    code: str
    title: str
    paragraphs: tuple[str, ...]
    summary: str


_OPENING = "{you}于{received}提交的“{matter}”申请（办件编号：{number}）收悉。"
_FOLLOW = "{you_can}凭办件编号或者扫描下方二维码核验本文书、查询办理进度。"

WORDS: Mapping[DocumentKind, Wording] = {
    DocumentKind.ACCEPTANCE: Wording(
        "SL",
        "受理通知书",
        (
            _OPENING + "{accepting}",
            ("本机关将自受理之日起{promised}个工作日内作出决定（法定期限为{statutory}个工作日，均自受理之日的次日起算）。依法需要听证、招标、拍卖、"
            "检验、检测、检疫、鉴定和专家评审的，所需时间不计算在内，本机关将另行书面告知（《中华人民共和国行政许可法》第四十二条、第四十五条）。"),
            _FOLLOW,
        ),
        "Your application was accepted as of {on_en}. The office promises a decision by {promised_en}; the statutory limit is "
        "{statutory_en}. Time for hearings, inspections and other special procedures is excluded and told separately.",
    ),
    DocumentKind.CORRECTION: Wording(
        "BZ",
        "补正告知书",
        (
            _OPENING + "经审查，申请材料不齐全或者不符合法定形式。根据《中华人民共和国行政许可法》第三十二条第一款第（四）项的规定，现一次告知需要"
            "补正的全部内容如下：",
            ("请于{until_on}前补正，可以在线提交，也可以到服务窗口提交。{you_short}按照本告知书提交全部补正材料的，本机关将依法受理。逾期未补正的，"
            "本机关可以终止办理，{you_short}可以重新提出申请。"),
            _FOLLOW,
        ),
        "Something in your application must be put right. This notice names everything, once (Administrative Licensing Law art. 32). "
        "Please supply it by {until_en}, online or at the window.",
    ),
    DocumentKind.NON_ACCEPTANCE: Wording(
        "BY",
        "不予受理决定书",
        (
            _OPENING + "经审查，{reason}。根据{legal_ground}的规定，决定不予受理。",
            "{right_organ}",
            "{appeal}",
        ),
        "Your application was not accepted; the reason and the law stand above, with the competent authority if there is one, and how to "
        "appeal.",
    ),
    DocumentKind.GAP: Wording(
        "RQ",
        "容缺受理告知书",
        (
            _OPENING + "主要申请材料齐全且符合法定形式，次要材料尚有欠缺。根据{you_short}作出的书面承诺，本机关先予受理并开始审查。需要补齐的材料如下：",
            "请于{until_on}前补齐，可以在线提交，也可以到服务窗口提交。材料补齐之前，本机关不颁发许可证件。",
            "{effect}",
        ),
        "Your application was accepted although secondary documents are missing, against your signed promise. Please bring them by "
        "{until_en}; no certificate is issued before.",
    ),
    DocumentKind.SPECIAL: Wording(
        "TB",
        "特别程序告知书",
        (
            _OPENING + "审查中需要进行{procedure}，事由：{reason}。",
            ("根据{legal_ground}的规定，上述程序所需时间为{days}个工作日，自{on}起至{until_on}止，不计算在办理期限内；提前完成的，办理期限自完成之日起"
            "继续计算。"),
            _FOLLOW,
        ),
        "A special procedure began on {on_en} and takes {days} working days, till {until_en}. Its time does not count towards the limit "
        "(Administrative Licensing Law art. 45).",
    ),
    DocumentKind.EXTENSION: Wording(
        "YQ",
        "延长办理期限告知书",
        (
            _OPENING + "因{reason}，不能在规定期限内作出决定。根据《中华人民共和国行政许可法》第四十二条第一款的规定，经本机关负责人批准，办理期限延长"
            "{days}个工作日。",
            "延长期限只此一次。",
            _FOLLOW,
        ),
        "The limit was extended once, by {days} working days, with the approval of the head of the office (Administrative Licensing Law "
        "art. 42). The reason stands above.",
    ),
    DocumentKind.GRANT: Wording(
        "ZY",
        "准予行政许可决定书",
        (
            _OPENING + "经审查，申请符合法定条件、标准。根据《中华人民共和国行政许可法》第三十八条第一款和{legal_ground}的规定，决定准予行政许可。",
            "{rule}",
            "本机关将自作出决定之日起{delivery}个工作日内颁发、送达许可证件（《中华人民共和国行政许可法》第四十四条）。",
        ),
        "Granted on {on_en}. The certificate will be issued and delivered within {delivery} working days.",
    ),
    DocumentKind.REFUSAL: Wording(
        "BX",
        "不予行政许可决定书",
        (
            _OPENING + "经审查，申请不符合法定条件、标准。根据《中华人民共和国行政许可法》第三十八条第二款和{legal_ground}的规定，决定不予行政许可。"
            "理由如下：",
            "{rule}",
            "{appeal}",
        ),
        "Refused on {on_en}, for the reasons above. You may appeal as described (Administrative Licensing Law art. 38).",
    ),
    DocumentKind.TERMINATION: Wording(
        "ZZ",
        "终止办理告知书",
        (
            _OPENING + "因{reason}，本机关决定终止办理。",
            "终止办理不影响{you_short}依法重新提出申请。",
            "{appeal}",
        ),
        "The procedure was terminated for the reason above. You may apply again.",
    ),
    DocumentKind.WITHDRAWAL: Wording(
        "CH",
        "撤回申请确认书",
        (
            _OPENING + "{you_short}已于{on}撤回上述申请，本机关不再办理。",
            "撤回申请不影响{you_short}依法重新提出申请。",
        ),
        "Your application was withdrawn on {on_en} at your own request. You may apply again.",
    ),
    DocumentKind.REVOCATION: Wording(
        "CX",
        "撤销行政许可决定书",
        (
            ("本机关就{you}的“{matter}”申请（办件编号：{number}）颁发的许可证件（编号：{certificate}），因{reason}，根据{legal_ground}的规定，决定予以"
            "撤销（注销）。自本决定作出之日起，该证件不再有效，其二维码核验结果为已撤销。"),
            "{appeal}",
        ),
        "The certificate named above was revoked; its code no longer verifies. You may appeal as described.",
    ),
}  # fmt: skip

ACCEPTING: Mapping[str, str] = {
    "accepted": "经审查，申请事项属于本机关职权范围，申请材料齐全、符合法定形式。根据《中华人民共和国行政许可法》第三十二条第一款第（五）项的规定，"
    "决定予以受理。",
    "accepted_with_gap": "经审查，申请事项属于本机关职权范围，主要申请材料齐全、符合法定形式，次要材料由{you_short}书面承诺限期补齐。本机关决定容缺受理，"
    "需要补齐的材料见容缺受理告知书。",
    "deemed_accepted": "本机关未在法定期限内一次告知需要补正的内容。根据《中华人民共和国行政许可法》第三十二条第一款第（四）项的规定，自收到申请材料之日"
    "起即为受理。",
}
"""How it was accepted, by event."""

BY_RULE = (
    "本决定依据政府信息系统中登记的事实，按照规则{id}（版本{version}）作出。{you_short}对所依据的事实有异议的，可以向本机关申请查阅、更正，"
    "并可以要求说明理由。"
)
"""Whoever is decided about by a rule is told which, and how to have the facts corrected (PIPL art. 24, 46, 48)."""
RIGHT_ORGAN = "上述事项依法由{organ}办理，请向该机关提出申请。"
PROVISIONAL = "（该年度放假安排尚未公布，日期以公布后为准）"
PROVISIONAL_EN = " (provisional: the holidays of that year are not published yet)"
