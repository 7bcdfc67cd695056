"""Words of requests about one's own data, of what is kept, and of legal holds. Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from services.rights import About, Urgency
from services.rights_record import HoldKind, RequestKind, RightsName

Pair = tuple[str, str]
KINDS: Mapping[str, Pair] = {
    RequestKind.COPY: ("查阅、复制", "copy"),
    RequestKind.CORRECTION: ("更正、补充", "correction"),
    RequestKind.DELETION: ("删除", "deletion"),
    RequestKind.CLOSING: ("注销账户", "closing the account"),
}
NAMES: Mapping[str, Pair] = {
    RightsName.ASKED: ("已提出", "asked"),
    RightsName.WITHDRAWN: ("已撤回", "withdrawn"),
    RightsName.ANSWERED: ("已办理", "done as asked"),
    RightsName.REFUSED: ("不予办理", "refused"),
    RightsName.CUT_OFF: ("登录已全部停用", "every log-in is cut off"),
    RightsName.WAITS: ("等待中", "waiting"),
    RightsName.ERASED: ("已删除", "erased"),
    RightsName.DONE: ("已完成", "done"),
}
ABOUT: Mapping[About, Pair] = {
    About.NAME: ("姓名", "name"),
    About.PHONE: ("手机号码", "telephone"),
    About.HOUSEHOLD: ("户号", "household"),
    About.ADDRESS: ("地址", "address"),
    About.CASE: ("办件材料", "material of a case"),
    About.SEEN: ("平台所见记录", "what platforms saw"),
    About.OTHER: ("其他", "something else"),
}
OBSTACLES: Mapping[str, Pair] = {
    "hold": ("依法留存期间不能删除", "a legal hold forbids deletion"),
    "payment": ("有缴费尚未完结，完结后继续", "a payment is not final yet; it goes on then"),
    "application": ("有申请尚未送达经办单位，送达后继续", "an application is not at its office yet; it goes on then"),
}
ON_CLOSING: Mapping[str, Pair] = {
    "erased": ("注销时删除", "erased on closing"),
    "unlinked": ("依法留存，注销时断开与账户的关联", "kept by law, its link to the account is cut"),
    "kept": ("依法留存", "kept by law"),
}
URGENCIES: Mapping[Urgency, Pair] = {
    Urgency.IN_TIME: ("时限内", "in time"),
    Urgency.URGENT: ("将到期", "due soon"),
    Urgency.LATE: ("已超期", "late"),
}
HOLD_KINDS: Mapping[str, Pair] = {
    HoldKind.PERSON: ("个人", "person"),
    HoldKind.CASE: ("办件", "case"),
    HoldKind.SERVICE: ("事项", "service"),
}
SECTIONS: Mapping[str, Pair] = {
    "persons": ("账户", "Account"), "logins": ("登录方式", "Log-ins"), "person_events": ("账户日志", "Account log"),
    "household_bindings": ("户号绑定", "Bindings of households"), "households": ("户号", "Households"),
    "consent_events": ("授权同意", "Consents"), "payments": ("缴费", "Payments"), "payment_events": ("缴费过程", "Steps of payments"),
    "applications": ("申请", "Applications"), "application_events": ("申请过程", "Steps of applications"),
    "cases": ("办件", "Cases"), "case_events": ("办件过程", "Steps of cases"), "case_drafts": ("草稿", "Drafts"),
    "stored_files": ("文件目录", "List of files"), "ratings": ("评价", "Ratings"), "complaints": ("投诉", "Complaints"),
    "mandates": ("授权委托", "Mandates"), "rights_requests": ("个人信息权利请求", "Requests about one's data"),
    "rights_events": ("请求的办理", "What became of them"),
}  # fmt: skip
