"""What the page of one case shows: everything is read by ``CounterDesk.open_case``, here it is put into words and order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from gateway.console.counter_words import EVENTS, HANDS
from gateway.console.desk import current_actor, current_console
from gateway.console.words import Words
from services.case_clocks import terms_of
from services.case_limits import clocks_of
from services.case_record import CaseEvent
from services.case_supply import list_wanted
from services.case_timeline import tell_timeline
from services.case_views import DocumentLine, list_documents
from services.checklists import list_checklist
from services.clock import explain
from services.clock_words import name_clock, say_days_left, say_provisional, tell_line
from services.counter_colleagues import list_colleagues, name_members
from services.counter_permits import find_news
from services.counter_terms import CounterTerms
from services.counter_view import OpenedCase
from services.letter_words import WORDS, DocumentKind
from services.mapping import Input, ServiceMapping
from services.model import JsonValue, Language
from services.outputs import mask_outputs
from services.staffing import Role
from services.till import business_day

ZH = Language.ZH_CN


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """A deadline in words, with each of its days. ``colour`` is that of the queue."""

    name: str
    due_on: date
    left: Words
    provisional: str
    colour: str
    days: tuple[Mapping[str, JsonValue], ...]


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as the staff reads it: who made it, by name; the office's own words about it."""

    event: CaseEvent
    what: Words
    who: str
    words: tuple[str, ...]
    new: bool


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the examination: whose, whether it is finished, with which opinion; ``mine``: the reader may finish it now."""

    index: int
    name: str
    whose: str
    done: CaseEvent | None
    mine: bool
    days: int | None


def describe_case(opened: OpenedCase, seen: int | None = None) -> dict[str, Any]:
    """The cells of the page. ``seen``: the version that the reader had seen before, to mark what is new since."""
    file, mapping = opened.file, opened.mapping
    terms, actor, desk = terms_of(mapping), current_actor(), current_console()
    counter = desk.rooms.counter
    staff = name_members(counter, actor, {event.staff_id for event in file.events} | {file.claimed_by})
    today = business_day(desk.clock.now())
    events = list_events(opened, terms, staff, seen)
    wanted, asked = list_wanted(file, mapping, terms), file.last("correction_asked")
    return {
        "opened": opened, "file": file, "case": file.case, "mapping": mapping, "terms": terms, "today": today,
        "checklist": list_checklist(file, mapping, ZH, opened.waiting, staff=True), "deadlines": list_deadlines(opened, terms, today),
        "events": events, "news": [line for line in events if line.new], "steps": list_steps(opened, terms),
        "documents": list_documents(file), "document_title": title_document, "staff": staff, "facts": list_facts(mapping, file.inputs),
        "outputs": list_outputs(opened), "colleagues": find_colleagues(opened), "me": actor.member.staff_id,
        "label": lambda name: label_input(mapping, name), "secondary": [one for one in terms.materials.values() if one.secondary],
        "promises": [one for one in terms.materials.values() if one.level == "D"], "inputs": list_inputs(mapping),
        "gap_latest": terms.gap_days, "wanted": wanted.materials, "wanted_inputs": wanted.inputs,
        "asked_about": {str(item["about"]) for item in asked.data["items"]} if asked is not None else set(),
    }  # fmt: skip


def list_deadlines(opened: OpenedCase, terms: CounterTerms, today: date) -> list[DeadlineLine]:
    """The deadlines that run, the nearest first, each with its explained days."""
    orange = current_console().rooms.counter.orange_days
    lines = []
    for deadline in sorted(opened.deadlines, key=lambda one: one.due_on):
        left = deadline.days_left(today)
        words = say_days_left(deadline, today)
        colour = "red" if left < 0 else "orange" if left <= orange else "green"
        days: tuple[Mapping[str, JsonValue], ...] = ()
        if deadline.calendar is not None:
            clocks = clocks_of(opened.file, terms, deadline.calendar)
            clock = next((one for one in clocks if (one.kind, one.step) == (deadline.kind, deadline.step)), None)
            days = (
                tuple(tell_line(line) for line in explain(clock, deadline.calendar, today)) if clock is not None else ()
            )
        name = name_clock(deadline)[ZH]
        if 0 <= deadline.step < len(terms.steps):
            name += f"（{terms.steps[deadline.step].name.get(ZH, '')}）"
        both = (words[ZH], words[Language.EN])
        lines.append(DeadlineLine(name, deadline.due_on, both, say_provisional(deadline).get(ZH, ""), colour, days))
    return lines


def list_events(
    opened: OpenedCase, terms: CounterTerms, staff: Mapping[UUID, str], seen: int | None
) -> list[EventLine]:
    """Every event, newest first."""
    told = {line.version: line for line in tell_timeline(opened.file, opened.mapping, terms, ZH)}
    new = {event.version for event in find_news(opened.file, seen)} if seen is not None else set()
    lines = []
    for event in reversed(opened.file.events):
        line = told.get(event.version)
        words = (line.sentence, *line.words) if line is not None else ()
        who = staff.get(event.staff_id, "") if event.staff_id else HANDS[event.hand][0]
        own = (*words, *_list_own_words(event, staff))
        what = EVENTS.get(event.name, (event.name, event.name))
        lines.append(EventLine(event, what, who, tuple(dict.fromkeys(own)), event.version in new))
    return lines


def _list_own_words(event: CaseEvent, staff: Mapping[UUID, str]) -> list[str]:
    """What the applicant is not told, and the office is: reasons within the house, opinions, to whom a case went."""
    data = event.data
    found = [str(data[key]) for key in ("reason", "opinion", "result", "proof", "words") if data.get(key)]
    if event.name == "reassigned" and data.get("to"):
        found.append(f"转至：{staff.get(UUID(str(data['to'])), '')}")
    if event.name == "notice_told":
        found.append(" · ".join(str(data[key]) for key in ("notice", "rung", "outcome") if data.get(key)))
    return found


def list_steps(opened: OpenedCase, terms: CounterTerms) -> list[StepLine]:
    """The steps of the mapping with what became of each."""
    done = {int(event.data["step"]): event for event in opened.file.all_of("step_finished")}
    tree, directory = current_actor().tree, current_console().rooms.counter.desk.directory
    lines = []
    for index, step in enumerate(terms.steps):
        role = "负责人" if step.role == Role.HEAD else "经办"
        agency = tree.name(directory.agency_id(step.agency)) if step.agency else ""
        whose = f"{agency}{role}" if agency else role
        mine = index in opened.ready_steps and not opened.own_matter
        lines.append(StepLine(index, step.name.get(ZH, ""), whose, done.get(index), mine, step.limit_days))
    return lines


def list_facts(mapping: ServiceMapping, inputs: Mapping[str, JsonValue]) -> list[tuple[str, str]]:
    """What the applicant stated: label and value in the mapping's own order and words."""
    known = [
        (label_input(mapping, name), say_value(mapping.inputs[name], inputs[name]))
        for name in mapping.inputs
        if name in inputs
    ]
    return known + [(name, str(value)) for name, value in inputs.items() if name not in mapping.inputs]


def label_input(mapping: ServiceMapping, name: str) -> str:
    """An input in Chinese."""
    return mapping.inputs[name].label.get(ZH, name) if name in mapping.inputs else name


def say_value(asked: Input, value: JsonValue) -> str:
    """One value as people read it: money in yuan, a choice by its label."""
    if asked.type == "money" and isinstance(value, int) and not isinstance(value, bool):
        return f"{value // 100:,}.{value % 100:02d} 元"
    if asked.choices and str(value) in asked.choices:
        return asked.choices[str(value)].get(ZH, str(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)


def list_inputs(mapping: ServiceMapping) -> list[Input]:
    """What is typed into a form, in order."""
    return list(mapping.inputs.values())


def list_outputs(opened: OpenedCase) -> list[tuple[str, str]]:
    """What the office's own register gave when the result was entered, masked as for anybody."""
    recorded = opened.file.last("recorded")
    outputs = recorded.data.get("outputs") if recorded else None
    if not isinstance(outputs, Mapping):
        return []
    masked = mask_outputs(opened.mapping.outputs, outputs)
    return [(opened.mapping.outputs[name].label.get(ZH, name), str(value)) for name, value in masked.items()]


def find_colleagues(opened: OpenedCase) -> Sequence[tuple[str, str]]:
    """To whom the head may give this case: id and name, without who has it."""
    if "reassign" not in opened.offers:
        return ()
    desk, actor = current_console(), current_actor()
    found = list_colleagues(desk.rooms.counter, actor, [opened.file.case.agency_id])
    return [
        (str(one.staff_id), f"{one.name}（{actor.tree.name(one.agency_id)}）")
        for one in found
        if one.staff_id != opened.file.claimed_by
    ]


def title_document(line: DocumentLine) -> str:
    """What a document is called."""
    if line.kind in set(DocumentKind) and DocumentKind(line.kind) in WORDS:
        return WORDS[DocumentKind(line.kind)].title
    return "证照" if line.kind == DocumentKind.CERTIFICATE else line.kind
