"""What the reader does with a case: answer a correction notice, bring what was left out, put right, withdraw, collect.

Files are uploaded one at a time and wait; one form at the end hands everything in. Each form carries the version that was shown.
"""

from __future__ import annotations

import re
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.routes.cases import ACTS_A_MINUTE
from gateway.web.cases import describe_case
from gateway.web.desk import current_citizen, current_web, spend_as_citizen
from gateway.web.frame import say_fault, show_page
from gateway.web.gate import page, see_other
from gateway.web.words import Words, say_file_rule, say_rules
from services.case_errors import CaseMoved, CorrectionLate, FileRefused, MaterialsMissing, NotAllowedNow
from services.case_events import load_case
from services.case_record import CaseState, StoredFile
from services.case_views import CaseView, view_case
from services.cases import Brought, collect_online, correct_case, fix_on_the_spot, supply_gap, withdraw_case
from services.errors import InputRefused, TooManyRequests
from services.file_rules import Upload
from services.input_values import write_value
from services.mapping import Input
from services.model import JsonValue, Language
from services.uploads import list_waiting, remove_from_case, upload_to_case

ZH, EN = Language.ZH_CN, Language.EN
ANSWER = ("补正和补交", "Correct and supply")
WITHDRAW = ("撤回申请", "Withdraw")
ANSWERS = {"correct": correct_case, "supply_gap": supply_gap, "fix": fix_on_the_spot}
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,12}")
blueprint = Blueprint("case_acts", __name__)


def choose_act(view: CaseView) -> str:
    """Which of the answers the state asks for. Raises ``NotAllowedNow`` for none."""
    found = next((act for act in ANSWERS if act in view.acts), None)
    if found is None:
        raise NotAllowedNow(detail={"state": str(view.state), "asked": "correct"})
    return found


@page(blueprint, "/cases/<uuid:case_id>/answer", title=ANSWER)
def show_answer(case_id: UUID) -> Response:
    """The form: what is wanted, what has been uploaded so far."""
    return ask_for_answer(case_id)


def ask_for_answer(
    case_id: UUID, faults: list[Words] | None = None, status: int = 200, typed: dict[str, JsonValue] | None = None
) -> Response:
    """The form, with what is wrong above it and what was typed in it."""
    view = view_case(current_web().applicants, current_citizen(), case_id)
    waiting = find_waiting(view)
    notice = view.file.last("correction_asked") if view.state is CaseState.CORRECTION_ASKED else None
    terms = view.mapping.counter
    materials = terms.materials if terms else {}
    values = {**view.file.inputs, **(typed or {})}
    return show_page(
        "answer.html", status, title=ANSWER, **describe_case(view), act=choose_act(view), faults=faults or [],
        until_on=notice.data.get("until_on") if notice else None,
        asked={str(item["about"]): str(item["words"]) for item in (notice.data["items"] if notice else ())},
        uploads=[(one, [file for file in waiting if file.material == name], name in view.wanted.needed)
                 for name, one in materials.items() if name in view.wanted.materials and one.level != "D"],
        promises=[one for name, one in materials.items() if name in view.wanted.materials and one.level == "D"],
        fields=[(one, write_value(one, values.get(name)), name in view.wanted.needed)
                for name, one in view.mapping.inputs.items() if name in view.wanted.inputs],
    )  # fmt: skip


def find_waiting(view: CaseView) -> tuple[StoredFile, ...]:
    """What was uploaded and is not handed in yet."""
    with current_web().applicants.till.store.begin(current_citizen().agencies) as tx:
        return list_waiting(tx, load_case(tx, view.case.case_id))


@page(blueprint, "/cases/<uuid:case_id>/answer", title=ANSWER, methods=["POST"])
def send_answer(case_id: UUID) -> Response:
    """Hand everything in. What was typed is not lost if something is missing."""
    web, caller = current_web(), current_citizen()
    view = view_case(web.applicants, caller, case_id)
    typed = {
        name: read_field(asked, request.form.get(f"input.{name}", ""))
        for name, asked in view.mapping.inputs.items()
        if f"input.{name}" in request.form
    }
    changed = {name: value for name, value in typed.items() if _differs(view, name, value)}
    brought = Brought(changed, request.form.getlist("promise"))
    try:
        spend_as_citizen("case-acts", ACTS_A_MINUTE, 60)
        ANSWERS[choose_act(view)](web.applicants, caller, case_id, read_version(), brought)
    except InputRefused as refused:
        return ask_for_answer(case_id, say_rules(refused.detail, name_fields(view)), 422, typed)
    except (CaseMoved, CorrectionLate, MaterialsMissing) as refused:
        return ask_for_answer(case_id, [say_fault(refused)], 409, typed)
    except TooManyRequests as refused:
        return ask_for_answer(case_id, [say_fault(refused)], 429, typed)
    return see_other(f"/cases/{case_id}")


def _differs(view: CaseView, name: str, value: JsonValue) -> bool:
    """An input that a notice names is sent whatever it is; on the spot only what was changed."""
    asked = view.mapping.inputs[name]
    return name in view.wanted.needed or value != (write_value(asked, view.file.inputs.get(name)) or "")


def read_field(asked: Input, text: str) -> JsonValue:
    """What a form's text means for a number or a flag."""
    if asked.type == "whole" and _WHOLE.fullmatch(text.strip()):
        return int(text)
    return text == "true" if asked.type == "flag" and text in ("true", "false") else text


def name_fields(view: CaseView) -> dict[str, Words]:
    """Inputs and materials of the service by name."""
    titles = {name: one.label for name, one in view.mapping.inputs.items()}
    titles |= {
        name: one.title for name, one in (view.mapping.counter.materials if view.mapping.counter else {}).items()
    }
    return {name: (texts.get(ZH, name), texts.get(EN, name)) for name, texts in titles.items()}


def read_version() -> int:
    """The version of the case that the form was made from. Raises ``CaseMoved`` for none: it was tampered with."""
    text = request.form.get("version", "")
    if not re.fullmatch("[0-9]{1,9}", text):
        raise CaseMoved
    return int(text)


@page(blueprint, "/cases/<uuid:case_id>/upload", title=ANSWER, methods=["POST"])
def upload(case_id: UUID) -> Response:
    """One file. It is looked into, kept encrypted, and counts when everything is handed in."""
    web, caller = current_web(), current_citizen()
    given = request.files.get("file")
    content = given.stream.read() if given is not None else b""
    title = given.filename or "" if given is not None else ""
    try:
        upload_to_case(
            web.uploads, web.applicants, caller, case_id, Upload(request.form.get("material", ""), title, content)
        )
    except FileRefused as refused:
        return ask_for_answer(case_id, [say_file_rule(refused.detail)], 422)
    except InputRefused as refused:
        return ask_for_answer(case_id, say_rules(refused.detail), 422)
    except TooManyRequests as refused:
        return ask_for_answer(case_id, [say_fault(refused)], 429)
    return see_other(f"/cases/{case_id}/answer")


@page(blueprint, "/cases/<uuid:case_id>/remove/<uuid:file_id>", title=ANSWER, methods=["POST"])
def remove(case_id: UUID, file_id: UUID) -> Response:
    """Take back what was uploaded and not handed in."""
    remove_from_case(current_web().applicants, current_citizen(), case_id, file_id)
    return see_other(f"/cases/{case_id}/answer")


@page(blueprint, "/cases/<uuid:case_id>/withdraw", title=WITHDRAW)
def show_withdrawal(case_id: UUID) -> Response:
    """What it means, before it is done."""
    return ask_to_withdraw(case_id)


def ask_to_withdraw(case_id: UUID, faults: list[Words] | None = None, status: int = 200) -> Response:
    """The form."""
    view = view_case(current_web().applicants, current_citizen(), case_id)
    if "withdraw" not in view.acts:
        raise NotAllowedNow(detail={"state": str(view.state), "asked": "withdrawn"})
    return show_page("withdraw.html", status, title=WITHDRAW, faults=faults or [], **describe_case(view))


@page(blueprint, "/cases/<uuid:case_id>/withdraw", title=WITHDRAW, methods=["POST"])
def withdraw(case_id: UUID) -> Response:
    """Take the application back, once it was confirmed."""
    if request.form.get("sure") != "yes":
        return ask_to_withdraw(case_id, [("请先勾选确认。", "Tick the box first.")], 422)
    spend_as_citizen("case-acts", ACTS_A_MINUTE, 60)
    try:
        withdraw_case(
            current_web().applicants, current_citizen(), case_id, read_version(), request.form.get("reason", "")
        )
    except InputRefused as refused:
        return ask_to_withdraw(case_id, say_rules(refused.detail), 422)
    return see_other(f"/cases/{case_id}")


@page(blueprint, "/cases/<uuid:case_id>/collect", title=("领取电子证照", "Collect"), methods=["POST"])
def collect(case_id: UUID) -> Response:
    """Take the electronic certificate: it is delivered by that."""
    collect_online(current_web().applicants, current_citizen(), case_id)
    return see_other(f"/cases/{case_id}")
