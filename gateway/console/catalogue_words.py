"""Words of the mapping rooms: what happened to a mapping, how a service stands, kinds, directions. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

from services.exposure import Direction
from services.mapping_record import MappingAct

Words = tuple[str, str]

KINDS: Mapping[str, Words] = {
    "bill": ("缴费", "bill"),
    "application": ("申办", "application"),
    "case": ("办件", "case"),
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
