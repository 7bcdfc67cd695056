"""The console's own words: roles, states, acts, and the sentence for each rule of the organisation. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from services.application_record import ApplicationState
from services.staffing import Role

Words = tuple[str, str]

ROLES: Mapping[Role, Words] = {
    Role.IT: ("信息化", "IT"),
    Role.CLERK: ("经办", "clerk"),
    Role.HEAD: ("负责人", "head"),
    Role.SUPERVISOR: ("督查", "supervisor"),
    Role.FINANCE: ("财务", "finance"),
    Role.PRIVACY: ("个人信息保护", "privacy"),
    Role.AUDITOR: ("审计", "auditor"),
    Role.OPERATOR: ("运维", "operator"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
}
STATES: Mapping[ApplicationState, Words] = {
    ApplicationState.INTENDED: ("已提交", "handed in"),
    ApplicationState.SUBMITTING: ("送达中", "being handed over"),
    ApplicationState.SUBMISSION_UNKNOWN: ("送达待核实", "hand-over unknown"),
    ApplicationState.DECLINED: ("部门未接收", "not taken"),
    ApplicationState.PENDING: ("待部门受理", "pending"),
    ApplicationState.ACCEPTED: ("已受理", "accepted"),
    ApplicationState.GRANTED: ("已批准", "granted"),
    ApplicationState.REFUSED: ("未批准", "refused"),
}
ACTS: Mapping[str, Words] = {
    "staff.sign_in": ("登录", "signed in"),
    "staff.set_own_password": ("修改本人密码", "set own password"),
    "staff.enrol": ("绑定验证器", "enrolled authenticator"),
    "staff.add": ("新增人员", "added a member"),
    "staff.move": ("调动人员", "moved a member"),
    "staff.suspend": ("停用人员", "suspended a member"),
    "staff.restore": ("恢复人员", "restored a member"),
    "staff.grant": ("授予角色", "granted a role"),
    "staff.revoke": ("收回角色", "revoked a role"),
    "staff.deputy": ("指定代理人", "named a deputy"),
    "staff.reset_password": ("重置密码", "reset a password"),
    "staff.bind_subject": ("绑定统一身份", "bound an OpenID subject"),
    "application.read": ("查阅申请", "read an application"),
    "person.search": ("查询个人", "searched for a person"),
    "acts.export": ("导出日志", "exported acts"),
    "mapping.import": ("导入映射", "imported a mapping"),
    "mapping.propose": ("提交映射版本", "proposed a version"),
    "mapping.approve_privacy": ("批准扩大平台所见", "approved what platforms see more"),
    "mapping.publish": ("发布映射版本", "published a version"),
    "mapping.refuse": ("退回映射版本", "refused a version"),
    "mapping.roll_back": ("回退映射版本", "rolled back"),
    "mapping.switch_off": ("暂停服务", "switched a service off"),
    "mapping.switch_on": ("恢复服务", "switched a service on"),
    "mapping.review": ("复核", "reviewed"),
    "mapping.try": ("试运行映射", "tried a mapping"),
    "till.open": ("开箱", "opened a till"),
    "till.count": ("清点钱箱", "counted a till"),
    "till.explain": ("说明差额", "explained a difference"),
    "till.countersign": ("签认差额", "countersigned a difference"),
    "till.send_back": ("退回重点", "had a till counted again"),
    "window.find_bills": ("查询账单", "looked up bills"),
    "window.hold_bill": ("锁定账单", "held a bill"),
    "window.let_go": ("放开账单", "let a bill go"),
    "window.take_money": ("窗口收款", "took a payment"),
    "window.ask_to_close": ("请求关闭平台订单", "asked to close an order"),
    "window.ask_return": ("提出窗口退款", "asked for a return"),
    "window.approve_return": ("批准窗口退款", "approved a return"),
    "window.deny_return": ("不批准窗口退款", "denied a return"),
    "window.give_back": ("窗口退款", "gave money back"),
    "window.find_receipt": ("按编号查收据", "found a receipt"),
    "window.print_receipt": ("打印收据", "printed a receipt"),
}
"""Acts that rooms here write. Another room's acts show by their code until it puts words here."""

RULES: Mapping[str, Words] = {
    "not_oneself": ("不能变更本人的身份或角色。", "Nobody changes their own standing or roles."),
    "not_whom_one_deputises_for": (
        "代理管理员不能变更被代理人。",
        "A deputy administrator does not change the one deputised for.",
    ),
    "administrator_holds_no_cases": (
        "管理员不得兼任经办或负责人：管人者不办件，办件者不管人。",
        "An administrator is never clerk or head as well: who decides on staff does not handle cases.",
    ),
    "last_administrator_of_the_root": (
        "这是最高机构的最后一名管理员，不能停用或收回。",
        "The last administrator of the root agency stays.",
    ),
    "a_deputy_names_no_deputy": ("代理所得的角色不能再代理。", "A role held as a deputy is not passed on."),
    "role_not_in_force": ("该角色当前不生效。", "The role is not in force."),
    "no_deputy_of_oneself": ("不能代理本人。", "Nobody is their own deputy."),
    "suspended": ("该人员已停用。", "This member is suspended."),
    "not_suspended": ("该人员未停用。", "This member is not suspended."),
    "end_in_the_past": ("结束日期须在将来。", "The end must lie in the future."),
    "longer_than_the_role": ("代理期不能超过原角色的期限。", "A deputy's time ends with the role itself."),
    "login_taken": ("登录名已被使用。", "The login is taken."),
    "subject_taken": ("该统一身份已绑定他人。", "The subject belongs to somebody else."),
    "role_held_already": ("该人员在此机构已有此角色。", "The person holds this role there already."),
    "nothing_changes": ("没有变化。", "Nothing would change."),
    "not_ones_own_proposal": (
        "提交人不能发布或批准自己提交的版本，须由另一人办理。",
        "Whoever proposed a version neither publishes nor approves it: that takes another person.",
    ),
    "not_ones_own_act": ("本人的操作须由另一人复核。", "Whoever did it does not review it."),
    "proposer_left": (
        "提交人已不在该机构信息化岗位，请重新提交。",
        "Whoever proposed it is no longer in the agency's IT: propose it again.",
    ),
    "privacy_first": (
        "该版本扩大了平台所见，须先由个人信息保护负责人批准。",
        "This version lets platforms see more: a privacy officer has to approve it first.",
    ),
    "never_in_force": ("没有这样一个曾经生效的版本。", "There is no such version that was in force before."),
    "in_force_already": ("该版本正在生效。", "This version is in force."),
    "not_off": ("该服务未暂停。", "This service is not switched off."),
    "nothing_to_review": ("没有需要复核的操作。", "There is nothing to review under this number."),
    "another_agency": ("该服务属于其他机构。", "This service belongs to another agency."),
    "somebody_was_first": (
        "他人刚刚更改了该服务，请重新查看。",
        "Somebody else changed this service first: look again.",
    ),
    "version_not_higher": (
        "版本号须高于该服务以往所有版本。",
        "The version must be above any that the service ever had.",
    ),
    "cannot_be_read": (
        "该版本已无法读取，请以更高版本号重新提交。",
        "This version can no longer be read: propose it again under a higher number.",
    ),
    "does_not_wait": ("该版本并不在等待发布，请重新查看。", "This version does not wait to be published: look again."),
    "nothing_in_force": ("该服务没有生效的版本。", "Nothing of this service is in force."),
    "already_enrolled": ("验证器已绑定；如已丢失，请管理员重置。", "Enrolled already; an administrator can reset it."),
}
FAULTS: Mapping[str, Words] = {
    "not_a_login": (
        "登录名为 3 至 40 位小写字母、数字、点、横线。",
        "A login has 3 to 40 lower-case letters, digits, dots, hyphens.",
    ),
    "not_a_name": ("姓名为 1 至 40 字。", "A name has 1 to 40 characters."),
    "too_weak": (
        "密码至少 12 位，至少 6 种不同字符，且不含登录名。",
        "At least 12 characters, 6 different ones, without the login in it.",
    ),
    "unchanged": ("新密码与原密码相同。", "The new password is the old one."),
    "wrong": ("不正确。", "Not right."),
    "too_short_or_long": ("理由为 4 至 500 字。", "A reason has 4 to 500 characters."),
    "not_identity_number": ("请输入 18 位公民身份号码。", "Enter an identity number of 18 characters."),
    "checksum": ("身份号码的校验位不对，请核对。", "The check digit of the identity number is wrong."),
    "not_phone": ("请输入 11 位手机号码。", "Enter a mobile number of 11 digits."),
    "not_a_subject": (
        "统一身份标识为 1 至 255 位可见字符。",
        "A subject has 1 to 255 printable ASCII characters.",
    ),
    "not_a_date": ("请按 年-月-日 填写日期。", "Enter a date as YYYY-MM-DD."),
    "expired": ("页面已过期，请返回重试。", "The page had expired; go back and try again."),
    "not_a_choice": ("请从列表中选择。", "Choose from the list."),
    "missing": (
        "请填写告知市民的中英文说明。",
        "The sentence to citizens is missing in one of both languages.",
    ),
    "form": ("内容过长或含有不可显示的字符。", "Too long, or with characters that cannot be shown."),
    "not_a_number": ("请填写整数。", "Enter a whole number."),
}
ERRORS: Mapping[int, Words] = {
    400: ("请求不正确", "The request is not right"),
    403: ("无权进入", "Not permitted"),
    404: ("没有此页", "Not found"),
    405: ("不支持此操作", "Not possible here"),
    413: ("内容过大", "Too large"),
    409: ("当前状态不允许", "The state does not allow it"),
    429: ("尝试过于频繁", "Too many attempts"),
    500: ("系统出错", "Something failed"),
    503: ("系统暂时不可用", "Not available at the moment"),
}


def say_rule(detail: Mapping[str, object] | None) -> Words:
    """The sentence for a refusal's detail: ``{"rule": code}`` or ``{field: code}``; a general one for what has no words."""
    for code in (detail or {}).values():
        found = RULES.get(str(code)) or FAULTS.get(str(code))
        if found:
            return found
    return ("当前状态不允许此操作。", "The state does not allow it.")
