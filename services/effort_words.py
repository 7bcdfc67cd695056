"""What the entries of an effort label say: the thing, and the reason for it, Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from services.model import Language

Texts = Mapping[Language, str]


def say(chinese: str, english: str) -> Texts:
    """A pair as texts."""
    return {Language.ZH_CN: chinese, Language.EN: english}


def name_thing(texts: Mapping[str, str]) -> Texts:
    """Texts as they stand in a mapping."""
    return {Language(code): text for code, text in texts.items()}


DELIVERIES: Mapping[str, Texts] = {
    "electronic": say("电子领取", "Collected online"),
    "post": say("邮寄送达", "Sent by post"),
    "window": say("到窗口领取", "Collected at the window"),
}
THINGS: Mapping[str, Texts] = {
    "telephone": say("手机号码", "Telephone number"),
    "send_code": say("获取验证码", "Ask for a code"),
    "code": say("短信验证码", "Code of the text message"),
    "last_six": say("身份证号码后六位", "Last six places of the identity number"),
    "sign_in": say("登录", "Sign in"),
    "prove_phone": say("授权手机号码", "Let the app confirm the telephone"),
    "real_name": say("姓名", "Name"),
    "identity_number": say("身份证号码", "Identity number"),
    "prove_name": say("实名核验", "Prove the real name"),
    "credit_code": say("统一社会信用代码", "Unified social credit code"),
    "prove_organisation": say("核验法定代表人身份", "Prove to be its legal representative"),
    "form": say("说明和表单", "Description and form"),
    "answer": say("查询结果", "The answer"),
    "outcome": say("受理结果", "What the office says"),
    "number": say("户号", "Number of the account"),
    "holder": say("核对户名和地址（遮蔽）", "Name and address of the holder, masked"),
    "amount_due": say("账单", "The bill"),
    "amount": say("充值金额", "The amount"),
    "till_screen": say("平台收银台", "The platform's till"),
    "payment_receipt": say("缴费凭证", "The receipt"),
    "papers": say("上传材料", "Papers"),
    "check": say("核对并提交", "Check and hand in"),
    "case": say("办件进度和结果", "The case and its result"),
    "read": say("查看", "Read"),
    "look_up": say("查询", "Look up"),
    "submit": say("确认提交", "Confirm and submit"),
    "look_up_household": say("查询户号", "Look up the account"),
    "bind": say("确认是本户", "Confirm that it is the one"),
    "type_amount": say("金额", "Amount"),
    "order": say("缴费", "Pay"),
    "till": say("在收银台确认付款", "Confirm the payment in the till"),
    "for_whom": say("为本人或为单位办理", "For oneself or for an organisation"),
    "choose_delivery": say("选择领取方式", "Choose how to get the result"),
    "address": say("邮寄地址", "Postal address"),
    "save": say("保存表单", "Save the form"),
    "hand_in": say("确认提交", "Confirm and hand in"),
    "collect": say("领取电子证照", "Collect the electronic certificate"),
    "come": say("到窗口办理", "Come to the window"),
    "identity_at_window": say("到窗口核验身份", "Prove the identity at a window"),
    "originals": say("携带原件核验", "Bring the originals"),
    "by_law": say("到现场办理", "Be there in person"),
}
"""The thing of each entry that is not an input, a material or a precondition with a name of its own."""
REASONS: Mapping[str, Texts] = {
    "telephone": say("每次登录本网站", "At each sign-in here"),
    "send_code": say("每次登录本网站", "At each sign-in here"),
    "code": say("证明持有该手机", "Shows that the telephone is in hand"),
    "last_six": say("只有手机不能证明是本人", "A telephone alone is nobody"),
    "sign_in": say("每次登录本网站", "At each sign-in here"),
    "prove_phone": say("本人首次使用，以后不再要求", "Once for a person, not asked again"),
    "real_name": say("本人首次使用，以后不再要求", "Once for a person, not asked again"),
    "identity_number": say("本人首次使用，以后不再要求", "Once for a person, not asked again"),
    "prove_name": say("本人首次使用，以后不再要求", "Once for a person, not asked again"),
    "credit_code": say("单位首次使用，以后不再要求", "Once for an organisation, not asked again"),
    "prove_organisation": say("单位首次使用，以后不再要求", "Once for an organisation, not asked again"),
    "form": say("打开事项后看到", "Seen when the service is opened"),
    "answer": say("结果页", "Shows what was found"),
    "outcome": say("结果页", "Shows the number and the state"),
    "number": say("首次缴费", "The first time"),
    "holder": say("防止缴错户", "So that nobody pays for the wrong account"),
    "amount_due": say("看清明细后再付款", "The breakdown is seen before paying"),
    "amount": say("由缴费人决定金额", "The payer chooses the amount"),
    "till_screen": say("平台自己的页面", "The platform's own screen"),
    "payment_receipt": say("结果页", "Shows that it is written off"),
    "papers": say("有需要上传的材料", "There are papers to upload"),
    "check": say("提交前完整核对", "Everything is seen before it is handed in"),
    "case": say("查看进度、领取结果", "Where it is followed and collected"),
    "read": say("一次请求", "One request"),
    "look_up": say("一次请求", "One request"),
    "submit": say("由本人确认", "Confirmed by the person"),
    "look_up_household": say("首次缴费", "The first time"),
    "bind": say("首次缴费，以后不再要求", "The first time, not asked again"),
    "type_amount": say("由缴费人决定金额", "The payer chooses the amount"),
    "order": say("由本人确认金额", "The person confirms the amount"),
    "till": say("平台要求付款人确认", "The platform asks whoever pays"),
    "for_whom": say("个人和单位都可以申请", "Persons and organisations may apply"),
    "choose_delivery": say("有多种领取方式", "There is more than one way"),
    "address": say("仅可邮寄", "It is sent by post only"),
    "save": say("上传材料前先有草稿", "Papers belong to a draft"),
    "hand_in": say("由本人确认", "Confirmed by the person"),
    "collect": say("领取即送达", "It is delivered by that"),
    "come": say("由工作人员录入", "Staff do the typing there"),
    "identity_at_window": say("本事项要求窗口核验的身份", "This service asks for an identity seen at a window"),
    "originals": say("材料须在窗口核验原件", "The originals are seen at a window"),
    "collect_at_window": say("结果只在窗口发放", "The result is given at the window only"),
    "by_law": say("法律要求到场", "The law asks for it"),
    "precondition": say("前置事项", "Must be done before"),
    "filled_in": say("政府已掌握，由系统填入", "Known already: filled in for you"),
    "prefilled": say("已预填，无误不必改", "Filled in: change it only if it is wrong"),
    "optional": say("可以不填", "May be left out"),
    "choose": say("需要选择", "Must be chosen"),
    "type": say("需要填写", "Must be typed"),
    "fetched": say("由系统调取，不必提交", "Fetched from a register: not asked for"),
    "promise": say("由本人承诺", "Vouched for by the person"),
    "upload": say("需要上传一份", "One file to upload"),
    "upload_secondary": say("需要上传一份，可以容缺后补", "One file to upload, later if need be"),
}  # fmt: skip
"""The reason of each entry."""
