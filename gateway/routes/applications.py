"""Applying for a service, and following the application."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room, show
from gateway.publication import JSON
from gateway.schemas.applications import (
    ApplicationDetailReply,
    ApplicationReply,
    ApplicationsQuery,
    ApplicationsReply,
    FormRequest,
)
from gateway.schemas.payments import IdempotencyHeader
from gateway.schemas.services import application_schema, request_schema
from gateway.service_tellers import tell_application, tell_applications, tell_form
from gateway.words import load_wording
from services.applications import ApplicationView, is_answered, list_applications, submit, view_application

blueprint = Blueprint("applications", __name__, description="申请")
APPLICATIONS_A_MINUTE = 5
"""Per person and service; the repeat of a request that was answered is not one more."""


@blueprint.post("/services/<string:service>/applications")
@exposed(
    "submit_application", tell_form("submit_application", "application"), asks=FormRequest, shows=ApplicationReply,
    asks_headers=IdempotencyHeader, asks_of=request_schema,
)  # fmt: skip
@blueprint.arguments(FormRequest)
@blueprint.arguments(IdempotencyHeader, location="headers")
@blueprint.response(201, ApplicationReply)
def apply(asked: dict[str, Any], headers: dict[str, str], service: str) -> Response:
    """提交申请；送达受理单位，返回申请编号和进度 · Apply: the office is told, the reply says what it made of it."""
    desk, caller = current_desk(), current_caller()
    sent, key = asked["inputs"], headers["key"]
    if not is_answered(desk.till, caller, key, service, sent):
        desk.limiter.spend("applications", f"{caller.person_id}|{service}", APPLICATIONS_A_MINUTE, 60)
    reply = submit(desk.till, caller, g.service, sent, key, load_wording().say_refusal)
    return Response(reply, status=201, content_type=JSON)


@blueprint.get("/applications")
@exposed(
    "follow_application", in_room("account", "follow_application"), asks_query=ApplicationsQuery, shows=ApplicationsReply
)  # fmt: skip
@blueprint.arguments(ApplicationsQuery, location="query")
@blueprint.response(200, ApplicationsReply)
def show_applications(asked: dict[str, Any]) -> dict[str, Any]:
    """在本平台提交的申请 · Applications made on this platform, newest first."""
    desk, caller = current_desk(), current_caller()
    before = UUID(asked["cursor"]) if "cursor" in asked else None
    page = list_applications(desk.till, caller, load_wording().say_refusal, before)
    if page.items:
        current_arrival().tell(tell_applications(desk, caller, [view.application for view in page.items]))
    return {"applications": [describe_application(view) for view in page.items], "next_cursor": page.next_cursor}


@blueprint.get("/applications/<uuid:application_id>")
@exposed("follow_application", tell_application, shows=ApplicationDetailReply, shows_of=application_schema)
@blueprint.response(200, ApplicationDetailReply)
def follow_application(application_id: UUID) -> Response:  # noqa: ARG001 - the teller read it
    """申请进度和结果 · How far an application is, with its result."""
    file, desk = g.application_file, current_desk()
    mapping = desk.catalogue.service_at(file.application.service, file.application.mapping_version)
    view = view_application(file, current_caller().language, load_wording().say_refusal, mapping)
    return show({**describe_application(view), "outputs": view.outputs})


def describe_application(view: ApplicationView) -> dict[str, Any]:
    """An application in view as the schema names it."""
    application, caller = view.application, current_caller()
    mapping = current_desk().catalogue.service_at(application.service, application.mapping_version)
    return {
        "application_id": application.application_id,
        "application_no": application.application_no,
        "service": application.service,
        "title": mapping.title[caller.language],
        "state": view.state,
        "message": view.message,
        "office_message": view.office_message,
        "created_at": application.created_at,
        "updated_at": view.updated_at,
    }
