"""A case of the reader's: how far it is, each day of its deadlines, its receipt, its documents, the code to collect it with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.routes.case_papers import SLIPS_A_MINUTE
from gateway.web.desk import current_citizen, current_web, spend_as_citizen
from gateway.web.frame import draw_code, show_page
from gateway.web.gate import page
from gateway.web.words import DELIVERIES, DOORS, LETTERS, STATES, Words
from services.case_views import CaseView, explain_deadlines, view_case
from services.clock import ClockKind, Deadline
from services.clock_words import name_clock, say_days_left, say_provisional, say_reason, say_source
from services.errors import NotFound
from services.input_values import write_value
from services.model import JsonValue, Language
from services.opened_files import read_own_file
from services.slip_desk import show_case_receipt, show_collection_code

ZH, EN = Language.ZH_CN, Language.EN
STATUS = ("办件进度", "How far it is")
blueprint = Blueprint("cases", __name__)


@page(blueprint, "/cases/<uuid:case_id>", title=STATUS)
def show_case(case_id: UUID) -> Response:
    """State, deadlines, what can be done now, documents, what happened."""
    view = view_case(current_web().applicants, current_citizen(), case_id)
    return show_page("case.html", title=STATUS, **describe_case(view))


def describe_case(view: CaseView) -> dict[str, Any]:
    """The cells of a page about a case."""
    return {
        "view": view, "case": view.case, "state": STATES[view.state], "acts": view.acts, "doors": DOORS,
        "deadlines": [describe_deadline(one, view) for one in view.deadlines if one.kind is not ClockKind.STEP],
        "timeline": tuple(reversed(view.timeline)), "letters": LETTERS, "delivery": DELIVERIES.get(view.case.delivery),
        "service": (view.mapping.title.get(ZH, ""), view.mapping.title.get(EN, "")),
        "outputs": list_outputs(view), "inputs": list_inputs(view),
    }  # fmt: skip


def describe_deadline(deadline: Deadline, view: CaseView) -> dict[str, Any]:
    """A deadline in words."""
    name, left, moves = name_clock(deadline), say_days_left(deadline, view.today), say_provisional(deadline)
    return {
        "name": (name[ZH], name[EN]), "due_on": deadline.due_on, "standing": deadline.standing,
        "left": (left[ZH], left[EN]), "late": deadline.days_left(view.today) < 0,
        "provisional": (moves[ZH], moves[EN]) if moves else None,
    }  # fmt: skip


def list_inputs(view: CaseView) -> list[tuple[Words, JsonValue]]:
    """What was handed in, in the form's order and words."""
    values = view.file.inputs
    return [
        ((asked.label.get(ZH, name), asked.label.get(EN, name)), say_value(write_value(asked, values[name])))
        for name, asked in view.mapping.inputs.items()
        if values.get(name) is not None
    ]


def list_outputs(view: CaseView) -> list[tuple[Words, JsonValue]]:
    """What the record's back end gave, masked as the mapping says."""
    declared = view.mapping.outputs
    return [
        ((declared[name].label.get(ZH, name), declared[name].label.get(EN, name)), say_value(value))
        for name, value in (view.outputs or {}).items()
        if name in declared and value is not None
    ]


def say_value(value: JsonValue) -> str:
    """A value on a screen: a list by semicolons, what has parts by its parts."""
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, dict):
        return " ".join(say_value(part) for part in value.values() if part is not None)
    return "；".join(map(say_value, value)) if isinstance(value, list) else str(value)


@page(blueprint, "/cases/<uuid:case_id>/deadline", title=("期限逐日说明", "The deadline, day by day"))
def show_deadline(case_id: UUID) -> Response:
    """Each day that counts and each that does not, why, and by which law or notice."""
    view = view_case(current_web().applicants, current_citizen(), case_id)
    explained = explain_deadlines(current_web().applicants, current_citizen(), case_id)
    told = [
        {
            **describe_deadline(one.deadline, view),
            "start_on": one.clock.start_on,
            "days": [(day, _pair(say_reason(day)), _pair(say_source(day))) for day in one.days],
        }
        for one in explained
        if one.deadline.kind is not ClockKind.STEP
    ]
    return show_page(
        "deadline.html", title=("期限逐日说明", "The deadline, day by day"), case=view.case, deadlines=told
    )


def _pair(texts: Any) -> Words:
    return texts[ZH], texts[EN]


@page(blueprint, "/cases/<uuid:case_id>/receipt", title=("办件凭证", "Receipt"))
def show_receipt(case_id: UUID) -> Response:
    """The receipt in large type, to print or to show: the office cannot back-date what stands in its code."""
    view = view_case(current_web().applicants, current_citizen(), case_id)
    spend_as_citizen("case-slips", SLIPS_A_MINUTE, 60)
    receipt = show_case_receipt(current_web().applicants.desk, view.file)
    return show_page("receipt.html", title=("办件凭证", "Receipt"), receipt=receipt, case=view.case,
                     code=draw_code(receipt.slip, "办件凭证二维码"), state=STATES[view.state])  # fmt: skip


@page(blueprint, "/cases/<uuid:case_id>/collection-code", title=("领取码", "Collection code"))
def show_collection(case_id: UUID) -> Response:
    """A new code each time that the page is opened; good for minutes, once."""
    view = view_case(current_web().applicants, current_citizen(), case_id)
    spend_as_citizen("case-slips", SLIPS_A_MINUTE, 60)
    code = show_collection_code(current_web().applicants.desk, view.file)
    return show_page("collection.html", title=("领取码", "Collection code"), collection=code, case=view.case,
                     code=draw_code(code.slip, "领取码二维码"))  # fmt: skip


@page(blueprint, "/cases/<uuid:case_id>/files/<uuid:file_id>", title=("文件", "File"), bearer=True)
def fetch_file(case_id: UUID, file_id: UUID) -> Response:
    """A document of the office or a file of the reader's own, as it is: the PDF is signed, and one changed byte would show."""
    opened = read_own_file(
        current_web().applicants, current_citizen(), file_id, inline=request.args.get("inline") == "1"
    )
    if opened.file.owner != case_id:
        raise NotFound
    return Response(opened.content, headers=dict(opened.headers))
