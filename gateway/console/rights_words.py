"""Words of the room for requests about one's own data and for legal holds. Chinese first."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.words import Words

ANSWERED: Words = ("已答复，申请人可在政府网站看到。", "Answered: the citizen reads it on the government's page.")
LAW_FORM: Words = (
    "不予办理须写明要求留存的法律条款，如：会计法 第二十三条。",
    "A refusal names the article that requires keeping, such as 会计法 第二十三条.",
)
PLACED: Words = ("留存令已生效。", "The hold is in force.")
LIFTED: Words = ("留存令已解除。", "The hold is lifted.")
NO_SUCH: Words = ("没有此人的账户或此办件。", "There is no account of this person, or no such case.")
ACTS: Mapping[str, Words] = {
    "rights.read": ("查看个人信息权利请求", "read a request about one's own data"),
    "rights.answer": ("答复个人信息权利请求", "answered a request about one's own data"),
    "hold.place": ("作出留存令", "placed a legal hold"),
    "hold.lift": ("解除留存令", "lifted a legal hold"),
}
