"""What the census found, in words of what to do about it; acts and refusals of its room. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.census_words import Words
from services.census_room import ENTER

FINDINGS: Mapping[str, Words] = {
    "no_app": ("平台上没有小程序", "no mini-program of ours on this platform"),
    "public_app": ("市民接口没有应答", "the public app does not answer"),
    "platform_door": ("平台没有确认登录", "the platform does not answer for sign-ins"),
    "not_offered": ("小程序里看不到此事项", "not offered inside the mini-program"),
    "paused": ("已暂停办理", "switched off at present"),
    "not_bound": ("此环境没有绑定业务系统", "its back end is not bound here"),
    "back_end": ("业务系统没有应答", "a back end does not answer"),
    "no_review_date": ("没有写明复查日期", "no day of review is stated"),
    "review_passed": ("复查日期已过，请核对文字并更新", "the day of review has passed"),
    "old_version": ("平台上仍是旧版本", "another version is shown than the one in force"),
    "undated": ("公布的内容没有日期", "published entries without a date"),
    "nothing_recent": ("一年内没有更新", "nothing new for a year"),
    "translation_missing": ("缺少一种语言的文字", "a text is missing in one language"),
    "not_translated": ("英文处仍是中文或未翻译", "not translated"),
    "dead_link": ("链接打不开", "a dead link"),
    "moved_link": ("链接转往他处，请改为新地址", "a link leads elsewhere: name the new address"),
    "form_refused": ("按示例填写的表单会被退回", "a form filled in as the examples say would be refused"),
    "form_over_budget": (
        "此项不在该平台的可见范围内，表单提交会被拦下",
        "outside what this platform may see: the form would be stopped",
    ),
    "form_differs": ("平台上的表单缺少此项", "missing in the form that is shown"),
    "material_untakable": ("必需材料无法上传", "a needed document could not be uploaded"),
    "information_failed": ("公布的内容取不出来", "published information could not be read"),
}
ACTS: Mapping[str, Words] = {ENTER: ("登记组织指标", "entered an indicator")}
RULES: Mapping[str, Words] = {
    "entered_already": ("该日已有此项指标；如有误，请更正原记录。", "There is an entry for this day: correct it."),
    "somebody_was_first": ("他人刚刚更正了这条记录，请重新查看。", "Somebody else corrected it first: look again."),
    "not_a_choice": ("请选择指标。", "Choose an indicator."),
    "not_a_number": (
        "数值不正确：人数为整数，经费按元填写，机构填 1（有）或 0（没有）。",
        "A whole number of people, funds in yuan, 1 or 0 for an office.",
    ),
    "not_a_date": ("请填写不晚于今天的日期。", "Enter a day that is not after today."),
    "form": ("来源和更正原因为 4 至 300 字。", "Source and reason have 4 to 300 characters."),
}
DONE: Words = ("已登记。", "It is kept.")
