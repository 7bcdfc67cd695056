"""Cases, drafts and checklists as the schemas name them. A line of the office's own words is one line here, whatever was typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.case_clocks import terms_of
from services.case_drafts import DraftView
from services.case_record import Case, Draft
from services.case_timeline import TimelineEntry
from services.case_views import CaseLine, CaseView, DocumentLine, ExplainedDeadline
from services.checklists import CheckLine, ChecklistLine
from services.clock import ClockKind, DayLine, Deadline
from services.clock_words import name_clock, say_days_left, say_provisional, say_reason, say_source
from services.counter_words import UPLOADED
from services.draft_content import ORGANISATION
from services.mapping import ServiceMapping
from services.masking import mask_name
from services.model import Language

OF_THE_OFFICE = frozenset({ClockKind.STEP, ClockKind.COMPLAINT})
"""Clocks that are no promise to the applicant."""
LONGEST = 4000


def write_line(text: str) -> str:
    """A text on one line, as a schema has room for it: no control characters, no line ends."""
    kept = "".join(one if one.isprintable() or one == "\u3000" else " " for one in text)
    return " ".join(kept.split(" ")).strip()[:LONGEST]


def describe_draft(
    view: DraftView, mapping: ServiceMapping, checklist: Iterable[ChecklistLine], language: Language
) -> dict[str, Any]:
    """A draft in full."""
    content = view.draft.content
    return {
        "draft_id": view.draft.draft_id,
        "service": view.draft.service,
        "title": mapping.title[language],
        "version": view.draft.version,
        "created_at": view.draft.created_at,
        "updated_at": view.draft.updated_at,
        "applicant": content.get("applicant") or {},
        "mandate_id": content.get("mandate_id"),
        "inputs": content.get("inputs") or {},
        "delivery": content.get("delivery"),
        "address": content.get("address"),
        "promises": content.get("promises") or [],
        "later": content.get("later") or [],
        "materials": [describe_material(line) for line in checklist],
        "lacking": [{"path": path, "rule": rule} for path, rule in view.missing.items()],
    }


def describe_draft_line(draft: Draft, mapping: ServiceMapping, language: Language) -> dict[str, Any]:
    """A draft in the list."""
    applicant = draft.content.get("applicant") or {}
    return {
        "draft_id": draft.draft_id,
        "service": draft.service,
        "title": mapping.title[language],
        "version": draft.version,
        "organisation": applicant.get("kind") == ORGANISATION,
        "created_at": draft.created_at,
        "updated_at": draft.updated_at,
    }


def describe_material(line: ChecklistLine) -> dict[str, Any]:
    """A line of the checklist; what a register says of the document itself stays at the office."""
    uploaded = line.level in UPLOADED or line.may_upload
    return {
        "name": line.name,
        "title": write_line(line.title),
        "level": line.level,
        "optional": line.optional,
        "secondary": line.secondary,
        "standard": write_line(line.standard) or None,
        "fetched_from": write_line(line.register) or None,
        "standing": line.standing,
        "message": write_line(line.words),
        "vouched": line.vouched,
        "files": [
            {"file_id": one.file_id, "title": write_line(one.title), "media_type": one.media_type,
             "size_bytes": one.size_bytes, "waiting": one.waiting}
            for one in line.files
        ],
        "checks": [_describe_check(one) for one in line.checks],
        "may_upload": line.may_upload,
        "accepts": list(line.accepts) if uploaded else [],
        "maximum_files": line.maximum_files if uploaded else None,
        "maximum_megabytes": line.maximum_megabytes if uploaded else None,
    }  # fmt: skip


def _describe_check(line: CheckLine) -> dict[str, Any]:
    return {
        "what": write_line(line.what),
        "ok": line.ok,
        "register": write_line(line.register) or None,
        "at": line.at,
        "by": line.by,
        "original_seen": line.original_seen,
    }


def describe_line(
    line: CaseLine, mapping: ServiceMapping, today: date, language: Language, own: bool
) -> dict[str, Any]:
    """A case in the list; for whom somebody acts is told by its page alone."""
    due = line.due if line.due is not None and line.due.kind not in OF_THE_OFFICE else None
    return {
        **_describe_start(line.case),
        "state": line.state,
        "message": line.message,
        "title": mapping.title[language],
        "for_another": not own,
        "updated_at": line.updated_at,
        "due": describe_deadline(due, today, language) if due is not None else None,
    }


def _describe_start(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "case_no": case.case_no,
        "service": case.service,
        "received_at": case.received_at,
        "received_on": case.received_on,
    }


def describe_case(view: CaseView, checklist: Iterable[ChecklistLine], language: Language) -> dict[str, Any]:
    """A case in full, as its applicant may know it."""
    case, terms = view.case, terms_of(view.mapping)
    promises = {name for name in view.wanted.materials if terms.materials[name].level == "D"}
    organisation = case.applicant.get("kind") == ORGANISATION
    name = str(case.applicant.get("name") or "")
    return {
        **_describe_start(case),
        "state": view.state,
        "message": view.message,
        "version": view.file.version,
        "title": view.mapping.title[language],
        "applicant": case.applicant.get("kind"),
        "organisation": write_line(name) if organisation else None,
        "on_behalf_of": mask_name(name) if case.agent is not None and name and not organisation else None,
        "acting_as": case.agent.get("as") if case.agent is not None else None,
        "updated_at": view.file.updated_at,
        "accepted_on": view.file.accepted_on,
        "delivery": case.delivery or None,
        "acts": list(view.acts),
        "wanted": {"inputs": sorted(view.wanted.inputs), "promises": sorted(promises), "needed": sorted(view.wanted.needed)},
        "deadlines": [describe_deadline(one, view.today, language) for one in view.deadlines if one.kind not in OF_THE_OFFICE],
        "timeline": [_describe_entry(one) for one in view.timeline],
        "materials": [describe_material(line) for line in checklist],
        "outputs": view.outputs,
    }  # fmt: skip


def _describe_entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "state": entry.state,
        "at": entry.at,
        "message": write_line(entry.sentence),
        "words": [write_line(one) for one in entry.words],
    }


def describe_deadline(deadline: Deadline, today: date, language: Language) -> dict[str, Any]:
    """A deadline in the reader's language."""
    return {
        "clock": deadline.kind,
        "name": name_clock(deadline)[language],
        "due_on": deadline.due_on,
        "days_left": deadline.days_left(today),
        "message": say_days_left(deadline, today)[language],
        "provisional": deadline.provisional,
        "note": say_provisional(deadline).get(language),
        "standing": deadline.standing,
        "calendar_version": deadline.calendar_version,
    }


def describe_explained(one: ExplainedDeadline, today: date, language: Language) -> dict[str, Any]:
    """A deadline with its days."""
    return {
        **describe_deadline(one.deadline, today, language),
        "start_on": one.clock.start_on,
        "days": [_describe_day(line, language) for line in one.days],
    }


def _describe_day(line: DayLine, language: Language) -> Mapping[str, Any]:
    return {
        "on": line.on,
        "counted": line.counted,
        "number": line.number,
        "reason": line.reason,
        "message": say_reason(line)[language],
        "source": say_source(line)[language] if line.source else None,
        "provisional": line.provisional,
    }


def describe_document(line: DocumentLine) -> dict[str, Any]:
    """A document in the list."""
    return {"version": line.version, "kind": line.kind, "number": line.number, "at": line.at, "revoked": line.revoked}
