"""What this platform saw of the caller."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import TEXT
from gateway.schemas.fields import UUID_FORM, Choice, Many, Moment, Strict, Word
from services.doors import PLATFORMS
from services.exposure import Direction, Outcome


class ExposureQuery(Strict):
    """Where to go on in the list."""

    cursor = Word("counters", UUID_FORM, description="上一页的 next_cursor · next_cursor of the page before")


class SeenFieldReply(Strict):
    """One kind of thing that was seen."""

    name = Word("exposure_view", "[a-z_]{1,40}")
    label = Word("exposure_view", TEXT)


class SeenReply(Strict):
    """One record of the ledger."""

    at = Moment("exposure_view")
    platform = Choice("exposure_view", PLATFORMS, allow_none=True)
    direction = Choice("exposure_view", tuple(Direction))
    direction_label = Word("exposure_view", TEXT, description="方向，用语言说明 · the direction in words")
    service = Word("exposure_view", "[a-z0-9-]{1,64}")
    service_title = Word(
        "exposure_view", TEXT,
        description="服务的名称，或本系统的部分（登录、账户等） · the service's name, or a part of the counter (signing in, account)",
    )  # fmt: skip
    purpose = Word("exposure_view", TEXT)
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
    next_cursor = Word("counters", UUID_FORM, allow_none=True)
