"""Words of the mapping rooms: what happened to a mapping, how a service stands, kinds, directions. Chinese first, English second."""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.exposure import Direction
from services.mapping_record import MappingAct

Words = tuple[str, str]

KINDS: Mapping[str, Words] = {
    "bill": ("缴费", "bill"),
    "application": ("申办", "application"),
    "lookup": ("查询", "look-up"),
    "information": ("信息", "information"),
}
DONE: Mapping[MappingAct, Words] = {
    MappingAct.IMPORTED: ("导入并生效", "imported, in force"),
    MappingAct.PROPOSED: ("提交待发布", "proposed"),
    MappingAct.PRIVACY_APPROVED: ("个人信息保护负责人批准", "approved by the privacy officer"),
    MappingAct.PUBLISHED: ("发布", "published"),
    MappingAct.REFUSED: ("退回", "refused"),
    MappingAct.ROLLED_BACK: ("回退", "rolled back"),
    MappingAct.SWITCHED_OFF: ("暂停", "switched off"),
    MappingAct.SWITCHED_ON: ("恢复", "switched on"),
    MappingAct.REVIEWED: ("复核", "reviewed"),
}
STATES: Mapping[str, Words] = {
    "served": ("服务中", "served"),
    "off": ("已暂停", "off"),
    "not_bound": ("未绑定", "not bound here"),
    "new": ("尚未发布", "not yet published"),
    "waiting": ("有待发布版本", "a version waits"),
    "to_review": ("待复核", "to be reviewed"),
    "stale": ("已过复查日期", "review date passed"),
    "left_alone": ("后端暂不可用", "back end left alone"),
    "unreadable": ("无法读取", "cannot be read"),
}
DIRECTIONS: Mapping[Direction, Words] = {
    Direction.SENT_TO_SERVER: ("发给平台服务器", "sent to its server"),
    Direction.RECEIVED_FROM_PLATFORM: ("平台发来", "received from it"),
    Direction.SHOWN_IN_CLIENT: ("在小程序内显示", "shown in its app"),
    Direction.ENTERED_IN_CLIENT: ("在小程序内填写", "entered in its app"),
}
CHANNELS: Mapping[str, Words] = {
    "wechat": ("微信", "WeChat"),
    "alipay": ("支付宝", "Alipay"),
    "web": ("网站", "web"),
    "window": ("窗口", "window"),
}
FOUND: Mapping[str, str] = {
    "an unknown key": "不认识的键",
    "an unknown name": "不认识的名称",
    "another word": "其他的词",
    "nothing": "没有内容",
    "the key a second time": "同一个键出现两次",
    "an alias inside its own value": "别名指向自身（循环）",
    "aliases that expand without end": "别名无限展开",
    "a YAML tag": "YAML 标签",
    "a key that is not text": "键不是文字",
    "a value that cannot be read": "无法读取的值",
    "bytes that are not UTF-8": "不是 UTF-8 编码",
    "text that is not YAML": "不是 YAML",
    "a number that was there before": "用过的版本号",
    "an agency out of reach": "不在您职权范围的机构",
    "another agency than the service's": "与该服务所属机构不同",
}
"""Chinese for what a fault found, where the whole phrase is known; the English stands beside it."""


def say_found(found: str) -> str:
    """The Chinese of a finding, or an empty text."""
    return FOUND.get(found, "")


EXPECTED: tuple[tuple[str, str], ...] = (
    (r"one of (.+)", r"以下之一：\1"),
    (r"this key", "补上这个键"),
    (r"each key once", "每个键只写一次"),
    (r"each item once", "每项只写一次"),
    (r"a whole number from (\S+) to (\S+)", r"\1 至 \2 的整数"),
    (r"a number from (\d+) on, above any that the service ever had", r"不小于 \1 的版本号（高于以往所有版本）"),
    (r"a number from (\S+) to (\S+)", r"\1 至 \2 的数"),
    (r"a date like (\S+)", r"日期，例如 \1"),
    (r"true or false", "true 或 false"),
    (r"a table with keys", "带键的表"),
    (r"a list", "列表"),
    (r"at least (\d+)", r"至少 \1 个"),
    (r"(\d+) to (\d+) items", r"\1 至 \2 项"),
    (r"(\d+) to (\d+) characters", r"\1 至 \2 个字符"),
    (r"at most (\d+) values", r"最多 \1 个值"),
    (r"at most (\d+) bytes", r"最多 \1 字节"),
    (r"a plain value", "普通的值"),
    (r"one YAML document", "一份 YAML 文档"),
    (r"a YAML file in UTF-8", "UTF-8 编码的 YAML 文件"),
    (r"an alias to something that has ended", "别名指向已经结束的内容"),
    (r"a text as key \(put it in quotes\)", "文字键（加引号）"),
    (r"a field of config/vocabulary\.yaml", "词表（config/vocabulary.yaml）中的字段"),
    (r"an agency of one's own, one of (.+)", r"您任职范围内的机构：\1"),
    (r"the name of a secret; its value is bound per environment", "写密钥的名称；密钥值在各环境另行绑定"),
)
"""Chinese for what was expected, by its whole form."""


def say_expected(expected: str) -> str:
    """The Chinese of an expectation, or an empty text."""
    for form, chinese in EXPECTED:
        found = re.fullmatch(form, expected)
        if found:
            return found.expand(chinese)
    return ""
