"""The city government's notices (政府信息公开, 通知公告): XML in UTF-8 over one address, user and password.

Each notice holds canaries: the editor, the editor's phone, a draft number.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from werkzeug.wrappers import Request

from adapters.sandbox.agencies import GOVERNMENT_OFFICE
from adapters.sandbox.applications.book import BEIJING
from adapters.sandbox.applications.desk import Desk
from adapters.sandbox.applications.forms import NUMBER
from adapters.sandbox.applications.locks import ask_password
from adapters.sandbox.applications.speech import Content, XmlSpeech, check_fields
from adapters.sandbox.canaries import make_canary, make_phone_canary
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.office import Binding, Office, Place
from adapters.sandbox.routing import Router
from services.ports import Clock

NAME = "public-notices"
KINDS = ("traffic", "water", "education", "health", "planning")
_CODES: Mapping[str, tuple[str, str]] = {
    "BAD_REQUEST": ("4000", "请求格式错误"),
    "UNAUTHORIZED": ("4010", "身份校验失败"),
    "BATCH_WINDOW": ("5030", "系统维护"),
    "SYSTEM": ("5000", "系统异常"),
}
_NOTICES: tuple[tuple[str, str, str, str, int], ...] = (
    (
        "关于长安路地铁施工期间交通组织调整的通告",
        "市公安局交通管理局",
        "traffic",
        "施工期间长安路东段双向各保留两条车道，公交线路临时绕行。",
        1,
    ),
    ("冬季供水管网检修停水通知", "市水务局", "water", "和平里片区11月28日22时至次日5时停水，请居民提前储水。", 2),
    ("2027年春季义务教育转学安排", "市教育委员会", "education", "转学申请在网上办理，材料能够共享核验的不再提交。", 4),
    ("流感疫苗接种点及时间公告", "市卫生健康委员会", "health", "60岁及以上老年人可在户籍或居住地社区免费接种。", 5),
    ("团结湖公园改造方案公示", "市规划和自然资源委员会", "planning", "公示期三十日，意见可通过网上或书面方式提出。", 7),
    ("元旦期间公共交通延时运营安排", "市交通委员会", "traffic", "12月31日地铁各线末班车延时一小时。", 9),
)
"""Title, department, kind, summary, and how many days ago."""


def _canaries_of(title: str) -> dict[str, str]:
    return {
        "Editor": make_canary("编辑", title, 5),
        "EditorPhone": make_phone_canary(title),
        "DraftNo": make_canary("GG", title),
    }


class _Gazette:
    def __init__(self, speech: XmlSpeech, clock: Clock) -> None:
        self._speech = speech
        self._clock = clock

    def list_notices(self, request: Request) -> Content:
        given = check_fields(self._speech.read(request), {"SerialNo": NUMBER, "Kind": "|".join(("all", *KINDS))}, {})
        today = self._clock.now().astimezone(BEIJING).date()
        chosen = [one for one in _NOTICES if given["Kind"] in {"all", one[2]}]
        return {"Total": len(chosen), "Notice": [_show(one, today) for one in chosen]}


def _show(notice: tuple[str, str, str, str, int], today: date) -> dict[str, Any]:
    title, department, kind, summary, age = notice
    return {
        "Title": title,
        "Department": department,
        "Kind": kind,
        "Summary": summary,
        "PublishedOn": (today - timedelta(days=age)).strftime("%Y%m%d"),
        **_canaries_of(title),
    }


def create_public_notices(clock: Clock, credentials: Mapping[str, str]) -> Router:
    """The gazette as a WSGI application; ``credentials`` holds user and password."""
    speech = XmlSpeech("NoticeQuery", "NoticeList", "UTF-8", ("SerialNo",), _CODES)
    canaries = [value for one in _NOTICES for value in _canaries_of(one[0]).values()]
    desk = Desk(speech, ("list_notices",), _CODES, canaries)
    lock = ask_password(credentials["user"], credentials["password"])
    desk.open("POST", "/notices", "list_notices", lock, _Gazette(speech, clock).list_notices)
    return desk.router


def _build(context: SandboxContext) -> Router:
    return create_public_notices(context.clock, context.credentials[NAME])


def _bind(place: Place) -> Binding:
    return Binding(secrets={"password": place.credentials["password"]}, options={"user": place.credentials["user"]})


OFFICE = Office(
    name=NAME,
    agency=GOVERNMENT_OFFICE,
    back_ends=(NAME,),
    build=_build,
    make_credentials=lambda _folder: {"user": "guitai", "password": secrets.token_hex(16)},
    bind=_bind,
)
