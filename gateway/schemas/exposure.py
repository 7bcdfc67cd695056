"""What this platform saw of the caller."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import TEXT
from gateway.schemas.fields import UUID_FORM, Choice, Count, Day, Flag, Many, Moment, Strict, Word
from services.doors import PLATFORMS
from services.exposure import Direction, Outcome

SERVICE_FORM = "[a-z0-9-]{1,64}"
PURPOSE_FORM = "[a-z_]{1,64}"


class ExposureQuery(Strict):
    """Where to go on in the list, which records, and whether they are also told by purpose."""

    cursor = Word("counters", UUID_FORM, description="上一页的 next_cursor · next_cursor of the page before")
    platform = Choice("counters", PLATFORMS, description="只在政府网站可选 · at the government's own door only")
    service = Word("counters", SERVICE_FORM, description="服务或本系统的部分 · service or part of the counter")
    purpose = Word("counters", PURPOSE_FORM, description="用途代码 · code of a purpose")
    direction = Choice("counters", tuple(Direction))
    since = Day("counters")
    until = Day("counters")
    group_by = Choice("counters", ("purpose",), description="同时按用途汇总 · also summed up by purpose")


class SeenFieldReply(Strict):
    """One kind of thing that was seen."""

    name = Word("exposure_view", "[a-z_]{1,40}")
    label = Word("exposure_view", TEXT)


class SeenGroupReply(Strict):
    """The records of one purpose."""

    purpose = Word("exposure_view", PURPOSE_FORM)
    purpose_label = Word("exposure_view", TEXT)
    count = Count("exposure_view")
    services = Many("exposure_view", Word("exposure_view", TEXT))
    fields_ = Many("exposure_view", Word("exposure_view", TEXT), data_key="fields", attribute="fields")
    legal_bases = Many("exposure_view", Word("exposure_view", TEXT))
    first_at = Moment("exposure_view")
    last_at = Moment("exposure_view")


class SeenReply(Strict):
    """One record of the ledger."""

    at = Moment("exposure_view")
    platform = Choice("exposure_view", PLATFORMS, allow_none=True)
    direction = Choice("exposure_view", tuple(Direction))
    direction_label = Word("exposure_view", TEXT, description="方向，用语言说明 · the direction in words")
    service = Word("exposure_view", SERVICE_FORM)
    service_title = Word(
        "exposure_view", TEXT,
        description="服务的名称，或本系统的部分（登录、账户等） · the service's name, or a part of the counter (signing in, account)",
    )  # fmt: skip
    purpose = Word("exposure_view", TEXT)
    purpose_code = Word(
        "exposure_view", PURPOSE_FORM, description="用途代码，可用于筛选 · code of the purpose, to choose by"
    )
    about = Word(
        "reference", UUID_FORM, allow_none=True,
        description="所涉办件或缴费的编号 · id of the case or payment that it was about",
    )  # fmt: skip
    legal_basis = Word("exposure_view", TEXT)
    fields_ = Many("exposure_view", fields.Nested(SeenFieldReply), data_key="fields", attribute="fields")
    outcome = Choice("exposure_view", tuple(Outcome), allow_none=True)
    outcome_label = Word(
        "exposure_view", TEXT, allow_none=True,
        description="发给平台的内容是否送达；其他方向为 null · whether what was sent arrived; null in other directions",
    )  # fmt: skip


class ExposureReply(Strict):
    """A page of records, and what no record can know."""

    platform = Choice("exposure_view", (*PLATFORMS, "all"))
    note = Word("exposure_view", TEXT)
    records = Many("exposure_view", fields.Nested(SeenReply))
    groups = Many("exposure_view", fields.Nested(SeenGroupReply))
    groups_whole = Flag(
        "exposure_view", documented={"description": "汇总是否包括全部记录 · whether the groups are over all records"}
    )
    next_cursor = Word("counters", UUID_FORM, allow_none=True)
