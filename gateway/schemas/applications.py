"""Applying, looking up, reading information: the parts that are the same for every service.

What a service asks and shows is put in for each service and version by ``gateway/schemas/services.py``.
"""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.catalogue import SERVICE_ID, TEXT
from gateway.schemas.fields import (
    PLAIN_TEXT,
    UUID_FORM,
    Choice,
    Flag,
    Id,
    Many,
    Moment,
    Part,
    Strict,
    Values,
    Varied,
    Word,
)
from services.application_record import ApplicationState

STATES = tuple(ApplicationState)
OFFICE_TEXT = PLAIN_TEXT + "{1,300}"


class FormRequest(Strict):
    """A filled-in form: the values by the names in ``inputs`` of ``GET /v1/services/{service}``."""

    inputs = Values(
        "service_choice", required=True,
        description="按服务表单的 inputs 填写；不可编辑的预填项不要提交 · by the service's own inputs; never send a prefilled one "
        "that is not editable",
    )  # fmt: skip


class Outputs(Varied):
    """What the result shows. Its members are the service's outputs."""


class ApplicationReply(Strict):
    """An application. ``message`` is a fixed sentence for its state, ``office_message`` what the office says."""

    application_id = Id()
    application_no = Word("application_no", "[0-9]{28}")
    service = Word("service_info", SERVICE_ID)
    state = Choice("application_state", STATES)
    message = Word("application_state", TEXT)
    office_message = Word("application_message", OFFICE_TEXT, allow_none=True)
    created_at = Moment("application_state")


class ApplicationInListReply(ApplicationReply):
    """An application in the list."""

    title = Word("service_info", TEXT)
    updated_at = Moment("application_state")


class ApplicationDetailReply(ApplicationInListReply):
    """An application with the outputs of its result, if there is one."""

    outputs = Part(
        "application_state", Outputs, allow_none=True,
        description="结果内容，按服务的 outputs；尚无结果为 null · the result, by the service's outputs; null as long as there is none",
    )  # fmt: skip


class ApplicationsQuery(Strict):
    """Where to go on in the list."""

    cursor = Word("counters", UUID_FORM, description="上一页的 next_cursor · next_cursor of the page before")


class ApplicationsReply(Strict):
    """A page of applications made on this platform, newest first."""

    applications = Many("counters", fields.Nested(ApplicationInListReply))
    next_cursor = Word("counters", UUID_FORM, allow_none=True)


class FoundReply(Strict):
    """What an office says, with the moment at which it said it. ``stale``: it could not be asked again."""

    service = Word("service_info", SERVICE_ID)
    current_at = Moment("current_at")
    stale = Flag(
        "current_at",
        documented={
            "description": "true：单位暂时无法访问，所示为此前的内容 · true: the office is away, this is older"
        },
    )
    outputs = Part(
        "current_at", Outputs, description="按服务的 outputs；金额为分 · by the service's outputs; amounts in fen"
    )
