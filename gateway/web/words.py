"""The web door's own words: states, acts, rules of fields and files, letters. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from services.case_record import CaseState, ComplaintState, MandateKind
from services.letter_words import WORDS, DocumentKind
from services.mandate_rules import MandateState
from services.slips import SlipKind

Words = tuple[str, str]

STATES: Mapping[CaseState, Words] = {
    CaseState.RECEIVED: ("已收件", "received"),
    CaseState.CORRECTION_ASKED: ("待补正", "waiting for your correction"),
    CaseState.ACCEPTED: ("已受理", "accepted"),
    CaseState.NOT_ACCEPTED: ("不予受理", "not accepted"),
    CaseState.SPECIAL_PROCEDURE: ("特别程序", "special procedure"),
    CaseState.GRANTED: ("准予", "granted"),
    CaseState.REFUSED: ("不予许可", "refused"),
    CaseState.ISSUED: ("待领取", "ready to collect"),
    CaseState.POSTED: ("已寄出", "posted"),
    CaseState.DELIVERED: ("已送达", "delivered"),
    CaseState.WITHDRAWN: ("已撤回", "withdrawn"),
    CaseState.TERMINATED: ("已终止", "terminated"),
}
LETTERS: Mapping[str, Words] = {
    DocumentKind.ACCEPTANCE: (WORDS[DocumentKind.ACCEPTANCE].title, "acceptance"),
    DocumentKind.CORRECTION: (WORDS[DocumentKind.CORRECTION].title, "what to correct"),
    DocumentKind.NON_ACCEPTANCE: (WORDS[DocumentKind.NON_ACCEPTANCE].title, "why it is not accepted"),
    DocumentKind.GAP: (WORDS[DocumentKind.GAP].title, "acceptance with a gap"),
    DocumentKind.SPECIAL: (WORDS[DocumentKind.SPECIAL].title, "special procedure"),
    DocumentKind.EXTENSION: (WORDS[DocumentKind.EXTENSION].title, "extension"),
    DocumentKind.GRANT: (WORDS[DocumentKind.GRANT].title, "decision: granted"),
    DocumentKind.REFUSAL: (WORDS[DocumentKind.REFUSAL].title, "decision: refused"),
    DocumentKind.TERMINATION: (WORDS[DocumentKind.TERMINATION].title, "termination"),
    DocumentKind.WITHDRAWAL: (WORDS[DocumentKind.WITHDRAWAL].title, "withdrawal"),
    DocumentKind.REVOCATION: (WORDS[DocumentKind.REVOCATION].title, "revocation"),
    DocumentKind.CERTIFICATE: ("证照", "certificate"),
}
MANDATES: Mapping[MandateKind, Words] = {
    MandateKind.LEGAL_REPRESENTATIVE: ("法定代表人", "legal representative"),
    MandateKind.AGENT: ("委托代理人", "agent"),
    MandateKind.GUARDIAN: ("监护人", "guardian"),
    MandateKind.FAMILY: ("子女代办", "child of an old parent"),
}
MANDATE_STATES: Mapping[MandateState, Words] = {
    MandateState.IN_FORCE: ("有效", "in force"),
    MandateState.WAITING: ("未开始", "begins later"),
    MandateState.EXPIRED: ("已到期", "run out"),
    MandateState.REVOKED: ("已撤销", "ended"),
}
SLIPS: Mapping[str, Words] = {
    SlipKind.CASE_RECEIPT: ("办件凭证", "receipt of a case"),
    SlipKind.PAYMENT_RECEIPT: ("缴费凭证", "receipt of a payment"),
    SlipKind.CERTIFICATE: ("证照", "certificate"),
    SlipKind.COLLECTION_CODE: ("领取码", "collection code"),
    SlipKind.VOUCHER: ("文书", "letter"),
}
SLIP_REASONS: Mapping[str, Words] = {
    "": ("有效：由本机关签发，内容未被改动。", "Good: signed by this office and unchanged."),
    "form": ("无效：这不是本机关的凭证。", "Not good: this is no slip of this office."),
    "key": ("无效：不是用本机关公布的密钥签发的。", "Not good: not signed with a published key of this office."),
    "signature": ("无效：内容被改动过。", "Not good: it was changed."),
    "expired": ("已过期。", "It has expired."),
    "not_yet": ("无效：签发时间在将来。", "Not good: signed in the future."),
    "revoked": ("已作废。", "It was revoked."),
    "not_issued": ("无效：本机关没有这一办件或文书的记录。", "Not good: this office has no record of it."),
}
CLAIMS: Mapping[str, Words] = {
    "number": ("编号", "number"),
    "case_no": ("办件编号", "case number"),
    "document": ("文书种类", "kind of letter"),
    "received_at": ("收件时间", "received"),
    "received_on": ("收件日", "day of receipt"),
    "accepted_at": ("受理时间", "accepted"),
    "accepted_on": ("受理日", "day of acceptance"),
    "told_by_on": ("受理审查截止", "you are told what is missing by"),
    "promised_on": ("承诺办结日", "promised by"),
    "statutory_on": ("法定办结日", "statutory limit"),
    "provisional": ("期限暂定", "days are provisional"),
    "happened_at": ("发生时间", "happened"),
    "issued_on": ("签发日", "issued on"),
    "valid_until": ("有效期至", "valid until"),
    "paid_at": ("付款时间", "paid"),
    "written_off_at": ("销账时间", "written off"),
    "amount_fen": ("金额（元）", "amount (yuan)"),
}
LEVELS: Mapping[int, Words] = {
    5: ("非常满意", "very good"),
    4: ("满意", "good"),
    3: ("基本满意", "fair"),
    2: ("不满意", "bad"),
    1: ("非常不满意", "very bad"),
}
COMPLAINTS: Mapping[ComplaintState, Words] = {
    ComplaintState.OPEN: ("待处理", "waiting"),
    ComplaintState.IN_HAND: ("处理中", "in hand"),
    ComplaintState.ANSWERED: ("已答复", "answered"),
    ComplaintState.DISMISSED: ("已结束", "closed"),
}
DELIVERIES: Mapping[str, Words] = {
    "window": ("窗口领取", "at the window"),
    "post": ("邮寄", "by post"),
    "electronic": ("电子证照", "electronically"),
}
DOORS: Mapping[str, Words] = {
    "wechat": ("微信", "WeChat"),
    "alipay": ("支付宝", "Alipay"),
    "web": ("政务网站", "this site"),
    "window": ("服务窗口", "the window"),
}
RULES: Mapping[str, Words] = {
    "required": ("必须填写或提供", "is needed"),
    "form": ("格式不正确", "has the wrong form"),
    "checksum": ("校验位不正确，请核对", "the check digit is wrong"),
    "date": ("日期不存在", "no such date"),
    "not_asked": ("现在不需要提供", "is not asked for now"),
    "not_confirmed": ("与登记信息不一致，请核对姓名和号码", "the register does not bear it out"),
    "own": ("不能是本人", "cannot be yourself"),
    "under_age": ("须年满十八周岁", "must be eighteen or older"),
    "of_age": ("已年满十八周岁", "is of age already"),
    "past": ("日期已过", "lies in the past"),
    "too_far": ("期限过长", "is too far ahead"),
    "not_given": ("不能这样授权", "cannot be given like this"),
    "not_old": ("须年满六十周岁", "only from sixty years of age on"),
    "no_such_organisation": ("登记系统查无此代码", "the register has no such code"),
    "not_in_business": ("该单位已注销或吊销", "is not in business any more"),
    "not_a_choice": ("请选择一项", "is not one of the choices"),
    "too_long": ("过长", "is too long"),
    "unknown": ("没有这一项", "there is no such thing"),
    "unknown_field": ("没有这一项", "there is no such thing"),
    "no_such_service": ("没有这项服务", "no such service"),
}
FILE_RULES: Mapping[str, Words] = {
    "type": ("文件类型不符：请上传 PDF、JPEG 或 PNG。", "Wrong type: upload a PDF, JPEG or PNG."),
    "size": ("文件过大或为空。", "The file is too large, or empty."),
    "count": ("文件数量已达上限，请先移除不需要的文件。", "There are too many files; take one out first."),
    "pages": ("页数过多。", "Too many pages."),
    "active": ("文件含有会自动运行的内容，请另存为普通文件后再上传。", "The file holds something that runs by itself."),
    "encrypted": ("文件设有密码，请去除密码后再上传。", "The file has a password; take it off first."),
    "damaged": ("文件已损坏，无法打开。", "The file is damaged."),
    "bomb": ("文件展开后过大，不能接收。", "The file unpacks to too much."),
}
FIELDS: Mapping[str, Words] = {
    "phone": ("手机号", "phone"),
    "identity_number": ("身份证号码", "identity number"),
    "agent.identity_number": ("被授权人姓名和身份证号码", "the agent's name and number"),
    "child.identity_number": ("子女姓名和身份证号码", "the child's name and number"),
    "kind": ("授权种类", "kind"),
    "until": ("授权截止日", "last day"),
    "services": ("适用事项", "services"),
    "credit_code": ("统一社会信用代码", "credit code"),
    "organisation_id": ("单位", "organisation"),
    "reason": ("理由", "reason"),
    "material": ("材料", "material"),
    "level": ("评价", "level"),
    "words": ("内容", "words"),
    "contact": ("联系电话", "telephone"),
}


def say_rules(detail: Mapping[str, object] | None, titles: Mapping[str, Words] | None = None) -> list[Words]:
    """Each refused field with its rule, in words; ``titles`` has those of a service's own inputs and materials."""
    told = []
    for place, rule in (detail or {}).items():
        name = place.rpartition(".")[2] if place.startswith(("inputs.", "materials.", "promises.")) else place
        field = (titles or {}).get(name) or FIELDS.get(place, (place, place))
        why = RULES.get(str(rule), ("不符合要求", "is not acceptable"))
        told.append((f"{field[0]}：{why[0]}", f"{field[1]}: {why[1]}"))
    return told


def say_file_rule(detail: Mapping[str, object] | None) -> Words:
    """Why a file is not taken."""
    return FILE_RULES.get(str((detail or {}).get("rule")), ("文件不符合要求。", "The file is not acceptable."))
