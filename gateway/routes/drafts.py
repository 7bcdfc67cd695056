"""Filling in a case before it is handed in: drafts, their files, handing in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.case_replies import describe_draft, describe_draft_line
from gateway.case_tellers import is_here, tell_draft, tell_draft_file, tell_drafts, tell_new_draft
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room, show
from gateway.publication import JSON
from gateway.schemas.case_services import draft_change_schema, draft_request_schema, draft_schema
from gateway.schemas.cases import CaseReply
from gateway.schemas.drafts import DraftChangeRequest, DraftReply, DraftRequest, DraftsReply, SubmitRequest
from gateway.schemas.materials import FileReply, UploadQuery
from gateway.schemas.payments import IdempotencyHeader
from services.case_drafts import DraftView, discard_draft, list_drafts, read_draft, save_draft
from services.case_record import Draft, StoredFile
from services.case_submission import is_answered, submit_case
from services.checklists import list_checklist_of_draft
from services.file_rules import LARGEST_MEGABYTES, MEGABYTE, Upload
from services.mapping import ServiceMapping
from services.uploads import remove_from_draft, upload_to_draft

blueprint = Blueprint("drafts", __name__, description="办件草稿")
SAVINGS_A_MINUTE = 60
"""Of drafts, per person."""
SUBMISSIONS_A_MINUTE = 5
"""Per person; the repeat of a request that was answered is not one more."""
LARGEST_BYTES = LARGEST_MEGABYTES * MEGABYTE


@blueprint.post("/services/<string:service>/drafts")
@exposed(
    "save_draft",
    tell_new_draft(),
    asks=DraftRequest,
    shows=DraftReply,
    asks_of=draft_request_schema,
    shows_of=draft_schema,
)
@blueprint.arguments(DraftRequest)
@blueprint.response(201, DraftReply)
def begin_draft(asked: dict[str, Any], service: str) -> Response:
    """开始一份办件草稿；可以不完整 · Begin a draft; it may be incomplete."""
    desk, caller = current_desk(), current_caller()
    desk.limiter.spend("drafts", str(caller.person_id), SAVINGS_A_MINUTE, 60)
    return _show_draft(save_draft(desk.applicants, caller, service, asked), g.service, 201)


@blueprint.get("/drafts")
@exposed("save_draft", in_room("account", "save_draft"), shows=DraftsReply)
@blueprint.response(200, DraftsReply)
def show_drafts() -> dict[str, Any]:
    """可以继续填写的草稿，含同一单位经办人的 · Drafts that can be gone on with, those of colleagues for the same organisation too."""
    desk, caller = current_desk(), current_caller()
    drafts = [one for one in list_drafts(desk.applicants, caller) if is_here(caller, one.channel, _mapping_of(one))]
    if drafts:
        current_arrival().tell(tell_drafts(desk, caller, drafts))
    return {"drafts": [describe_draft_line(one, _mapping_of(one), caller.language) for one in drafts]}


@blueprint.get("/drafts/<uuid:draft_id>")
@exposed("save_draft", tell_draft("save_draft"), shows=DraftReply, shows_of=draft_schema)
@blueprint.response(200, DraftReply)
def show_draft(draft_id: UUID) -> Response:
    """草稿的全部内容、材料清单和尚缺的内容 · A draft, its checklist and what it still lacks."""
    return _show_draft(read_draft(current_desk().applicants, current_caller(), draft_id), g.service)


@blueprint.post("/drafts/<uuid:draft_id>")
@exposed(
    "save_draft", tell_draft("save_draft", in_force=True), asks=DraftChangeRequest, shows=DraftReply,
    asks_of=draft_change_schema, shows_of=draft_schema,
)  # fmt: skip
@blueprint.arguments(DraftChangeRequest)
@blueprint.response(200, DraftReply)
def change_draft(asked: dict[str, Any], draft_id: UUID) -> Response:
    """保存草稿的全部内容，替换此前的版本；他人已先保存的返回 case_moved · Save all of a draft in the place of that version; 409 case_moved if somebody saved meanwhile."""
    desk, caller = current_desk(), current_caller()
    desk.limiter.spend("drafts", str(caller.person_id), SAVINGS_A_MINUTE, 60)
    content = {name: value for name, value in asked.items() if name != "version"}
    view = save_draft(desk.applicants, caller, g.draft.service, content, draft_id, asked["version"])
    return _show_draft(view, g.service)


@blueprint.delete("/drafts/<uuid:draft_id>")
@exposed("save_draft", tell_draft("save_draft"))
@blueprint.response(204)
def delete_draft(draft_id: UUID) -> Response:
    """删除草稿及其上传的材料 · Throw a draft away, with its files."""
    discard_draft(current_desk().applicants, current_caller(), draft_id)
    return Response(status=204)


@blueprint.post("/drafts/<uuid:draft_id>/materials/<string:material>/files")
@exposed(
    "save_draft", tell_draft_file("save_draft"), asks_query=UploadQuery, shows=FileReply, takes="material_file",
    takes_bytes=LARGEST_BYTES,
)  # fmt: skip
@blueprint.arguments(UploadQuery, location="query")
@blueprint.response(201, FileReply)
def add_draft_file(asked: dict[str, Any], draft_id: UUID, material: str) -> dict[str, Any]:
    """上传一份材料：请求体即文件本身（PDF、JPEG、PNG），不是表单 · Upload a file: the body is the file itself, never a form."""
    desk, caller = current_desk(), current_caller()
    upload = Upload(material, asked.get("title", ""), current_arrival().body)
    return describe_file(upload_to_draft(desk.uploads, desk.applicants, caller, draft_id, upload), waiting=False)


@blueprint.delete("/drafts/<uuid:draft_id>/files/<uuid:file_id>")
@exposed("save_draft", tell_draft("save_draft"))
@blueprint.response(204)
def delete_draft_file(draft_id: UUID, file_id: UUID) -> Response:
    """从草稿中移除一份材料 · Take a file out of a draft again."""
    remove_from_draft(current_desk().applicants, current_caller(), draft_id, file_id)
    return Response(status=204)


@blueprint.post("/drafts/<uuid:draft_id>/submit")
@exposed(
    "submit_case", tell_draft("submit_case", in_force=True), asks=SubmitRequest, shows=CaseReply,
    asks_headers=IdempotencyHeader,
)  # fmt: skip
@blueprint.arguments(SubmitRequest)
@blueprint.arguments(IdempotencyHeader, location="headers")
@blueprint.response(201, CaseReply)
def submit_draft(asked: dict[str, Any], headers: Mapping[str, str], draft_id: UUID) -> Response:
    """提交草稿成为办件，返回办件编号；同一草稿只能成为一个办件 · Hand the draft in: it becomes one case, however often it is sent."""
    desk, caller = current_desk(), current_caller()
    version, key = asked["version"], headers["key"]
    if not is_answered(desk.applicants, caller, draft_id, version, key):
        desk.limiter.spend("cases", str(caller.person_id), SUBMISSIONS_A_MINUTE, 60)
    return Response(submit_case(desk.applicants, caller, draft_id, version, key), status=201, content_type=JSON)


def describe_file(file: StoredFile, *, waiting: bool) -> dict[str, Any]:
    """A file that was just taken in."""
    return {
        "file_id": file.file_id,
        "title": file.title,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
        "waiting": waiting,
    }


def _mapping_of(draft: Draft) -> ServiceMapping:
    return current_desk().catalogue.service_at(draft.service, draft.mapping_version)


def _show_draft(view: DraftView, mapping: ServiceMapping, status: int = 200) -> Response:
    language = current_caller().language
    checklist = list_checklist_of_draft(view.draft, mapping, language, view.files)
    return show(describe_draft(view, mapping, checklist, language), status)
