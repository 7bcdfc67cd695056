"""Following a case and acting on it as its applicant. No route here decides anything: the engine has no hand for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.case_replies import OF_THE_OFFICE, describe_case, describe_explained, describe_line
from gateway.case_tellers import is_here, mapping_of_case, tell_case, tell_case_file, tell_cases
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room, show
from gateway.routes.drafts import LARGEST_BYTES, describe_file
from gateway.schemas.case_services import case_schema, changes_schema
from gateway.schemas.cases import (
    ActRequest,
    CaseDetailReply,
    CasesQuery,
    CasesReply,
    ChangesRequest,
    DeadlinesReply,
)
from gateway.schemas.materials import FileReply, UploadQuery
from services.case_record import Case
from services.case_views import explain_deadlines, list_cases, view_case
from services.cases import Brought, correct_case, fix_on_the_spot, supply_gap, withdraw_case
from services.checklists import list_checklist
from services.file_rules import Upload
from services.model import Caller
from services.till import business_day
from services.uploads import list_waiting, remove_from_case, upload_to_case

blueprint = Blueprint("cases", __name__, description="办件")
ACTS_A_MINUTE = 20
"""Corrections, withdrawals and the like, per person."""
FOLLOW = "follow_case"


@blueprint.get("/cases")
@exposed(FOLLOW, in_room("account", FOLLOW), asks_query=CasesQuery, shows=CasesReply)
@blueprint.arguments(CasesQuery, location="query")
@blueprint.response(200, CasesReply)
def show_cases(asked: dict[str, Any]) -> dict[str, Any]:
    """本人的办件，以及受托代办的办件 · One's own cases, and those of whom one acts for, newest first."""
    desk, caller = current_desk(), current_caller()
    before = UUID(asked["cursor"]) if "cursor" in asked else None
    page = list_cases(desk.applicants, caller, before)
    lines = [one for one in page.items if is_here(caller, one.case.channel, mapping_of_case(desk, one.case))]
    if lines:
        current_arrival().tell(tell_cases(desk, caller, [one.case for one in lines]))
    today = business_day(desk.clock.now())
    described = [
        describe_line(one, mapping_of_case(desk, one.case), today, caller.language, own=is_own_matter(caller, one.case))
        for one in lines
    ]
    return {"cases": described, "next_cursor": page.next_cursor}


def is_own_matter(caller: Caller, case: Case) -> bool:
    """Whether the caller is whom the case is about, not who acts for them."""
    return case.organisation_id is None and (case.agent is None or case.principal_chain_id == caller.chain_id)


@blueprint.get("/cases/<uuid:case_id>")
@exposed(FOLLOW, tell_case(FOLLOW), shows=CaseDetailReply, shows_of=case_schema)
@blueprint.response(200, CaseDetailReply)
def follow_case(case_id: UUID) -> Response:
    """办件进度、经过、时限、材料核对情况和现在可以做什么 · How far a case is, what happened, its deadlines and checklist, what may be done now."""
    return _show_case(case_id)


@blueprint.get("/cases/<uuid:case_id>/deadline")
@exposed(FOLLOW, tell_case(FOLLOW), shows=DeadlinesReply)
@blueprint.response(200, DeadlinesReply)
def explain_deadline(case_id: UUID) -> dict[str, Any]:
    """时限逐日说明：哪些日子计入、哪些不计入、依据 · The deadlines day by day: which days count, which do not, and why."""
    desk, caller = current_desk(), current_caller()
    today, explained = business_day(desk.clock.now()), explain_deadlines(desk.applicants, caller, case_id)
    return {
        "case_id": case_id,
        "case_no": g.case_file.case.case_no,
        "deadlines": [
            describe_explained(one, today, caller.language)
            for one in explained
            if one.deadline.kind not in OF_THE_OFFICE
        ],
    }


@blueprint.post("/cases/<uuid:case_id>/materials/<string:material>/files")
@exposed(
    FOLLOW, tell_case_file(FOLLOW), asks_query=UploadQuery, shows=FileReply, takes="material_file",
    takes_bytes=LARGEST_BYTES,
)  # fmt: skip
@blueprint.arguments(UploadQuery, location="query")
@blueprint.response(201, FileReply)
def add_case_file(asked: dict[str, Any], case_id: UUID, material: str) -> dict[str, Any]:
    """上传补正、补交的材料：请求体即文件本身；提交后才算数 · Upload what is asked for: the body is the file itself; it counts when it is handed in."""
    desk, caller = current_desk(), current_caller()
    upload = Upload(material, asked.get("title", ""), current_arrival().body)
    return describe_file(upload_to_case(desk.uploads, desk.applicants, caller, case_id, upload), waiting=True)


@blueprint.delete("/cases/<uuid:case_id>/files/<uuid:file_id>")
@exposed(FOLLOW, tell_case(FOLLOW))
@blueprint.response(204)
def delete_case_file(case_id: UUID, file_id: UUID) -> Response:
    """移除一份尚未提交的材料 · Take back a file that is not handed in yet."""
    remove_from_case(current_desk().applicants, current_caller(), case_id, file_id)
    return Response(status=204)


@blueprint.post("/cases/<uuid:case_id>/corrections")
@exposed(
    FOLLOW, tell_case(FOLLOW), asks=ChangesRequest, shows=CaseDetailReply, asks_of=changes_schema, shows_of=case_schema
)  # fmt: skip
@blueprint.arguments(ChangesRequest)
@blueprint.response(200, CaseDetailReply)
def correct(asked: dict[str, Any], case_id: UUID) -> Response:
    """一次性补正告知所列的全部内容 · Answer the correction notice: everything that it asks."""
    return _bring(correct_case, asked, case_id)


@blueprint.post("/cases/<uuid:case_id>/gap")
@exposed(
    FOLLOW, tell_case(FOLLOW), asks=ChangesRequest, shows=CaseDetailReply, asks_of=changes_schema, shows_of=case_schema
)  # fmt: skip
@blueprint.arguments(ChangesRequest)
@blueprint.response(200, CaseDetailReply)
def supply(asked: dict[str, Any], case_id: UUID) -> Response:
    """补交容缺受理所缺的材料 · Bring what the acceptance with a gap left out."""
    return _bring(supply_gap, asked, case_id)


@blueprint.post("/cases/<uuid:case_id>/fixes")
@exposed(
    FOLLOW, tell_case(FOLLOW), asks=ChangesRequest, shows=CaseDetailReply, asks_of=changes_schema, shows_of=case_schema
)  # fmt: skip
@blueprint.arguments(ChangesRequest)
@blueprint.response(200, CaseDetailReply)
def fix(asked: dict[str, Any], case_id: UUID) -> Response:
    """受理前更正可以当场更正的错误 · Put right, before anybody asks, what can be put right at once."""
    return _bring(fix_on_the_spot, asked, case_id)


@blueprint.post("/cases/<uuid:case_id>/withdraw")
@exposed(FOLLOW, tell_case(FOLLOW), asks=ActRequest, shows=CaseDetailReply, shows_of=case_schema)
@blueprint.arguments(ActRequest)
@blueprint.response(200, CaseDetailReply)
def withdraw(asked: dict[str, Any], case_id: UUID) -> Response:
    """作出决定前撤回申请 · Take the application back, before the decision."""
    _spend_act()
    withdraw_case(current_desk().applicants, current_caller(), case_id, asked["version"])
    return _show_case(case_id)


def _bring(act: Callable[..., object], asked: dict[str, Any], case_id: UUID) -> Response:
    _spend_act()
    brought = Brought(asked.get("inputs") or {}, asked.get("promises") or ())
    act(current_desk().applicants, current_caller(), case_id, asked["version"], brought)
    return _show_case(case_id)


def _spend_act() -> None:
    current_desk().limiter.spend("case-acts", str(current_caller().person_id), ACTS_A_MINUTE, 60)


def _show_case(case_id: UUID) -> Response:
    """The case as it stands now, with its checklist."""
    desk, caller = current_desk(), current_caller()
    view = view_case(desk.applicants, caller, case_id)
    with desk.store.begin(caller.agencies) as tx:
        waiting = list_waiting(tx, view.file)
    return show(describe_case(view, list_checklist(view.file, view.mapping, caller.language, waiting), caller.language))
