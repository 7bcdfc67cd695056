"""Which document is due for which event, its number, and what it says. Pure; the words stand in ``services/letter_words.py``.

A letter tells of one event as the case was then: a later event changes nothing in it, however late it is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.case_file import CaseFile
from services.case_numbers import write_certificate_no
from services.case_ports import Letter
from services.case_record import CaseEvent
from services.clock import ClockKind, Deadline
from services.counter_terms import CounterTerms
from services.letter_values import add_months, fill_in, list_values, say_day, say_day_en, say_moment
from services.letter_words import (
    ACCEPTING,
    BY_RULE,
    PROVISIONAL,
    PROVISIONAL_EN,
    RIGHT_ORGAN,
    WORDS,
    DocumentKind,
)
from services.mapping import ServiceMapping
from services.model import JsonValue, Language
from services.slips import shanghai_day

_ZH, _EN = Language.ZH_CN, Language.EN

DUE: Mapping[str, tuple[DocumentKind, ...]] = {
    "accepted": (DocumentKind.ACCEPTANCE,),
    "accepted_with_gap": (DocumentKind.ACCEPTANCE, DocumentKind.GAP),
    "deemed_accepted": (DocumentKind.ACCEPTANCE,),
    "correction_asked": (DocumentKind.CORRECTION,),
    "not_accepted": (DocumentKind.NON_ACCEPTANCE,),
    "special_began": (DocumentKind.SPECIAL,),
    "extension_granted": (DocumentKind.EXTENSION,),
    "granted": (DocumentKind.GRANT,),
    "refused": (DocumentKind.REFUSAL,),
    "terminated": (DocumentKind.TERMINATION,),
    "withdrawn": (DocumentKind.WITHDRAWAL,),
    "certificate_revoked": (DocumentKind.REVOCATION,),
}
"""The letters of each event. The certificate is no letter: it follows the grant (``is_certificate_due``)."""

WITH_DEADLINES = frozenset({DocumentKind.ACCEPTANCE, DocumentKind.EXTENSION})


@dataclass(frozen=True, slots=True)
class Matter:
    """A case as it was at an event, and its service: what a letter is written from. ``deadlines`` are those of that moment."""

    file: CaseFile
    event: CaseEvent
    mapping: ServiceMapping
    terms: CounterTerms
    deadlines: tuple[Deadline, ...] = ()

    @property
    def organ(self) -> str:
        """Who decides, by full name."""
        return self.terms.rights_by or self.mapping.owner

    @property
    def dated_on(self) -> date:
        """The legal day of the event where it states one that is not back-dated, else the day in Shanghai on which it happened."""
        return shanghai_day(self.event.at)


def list_due(file: CaseFile, terms: CounterTerms) -> tuple[tuple[int, DocumentKind], ...]:
    """The letters that are due and not made: version of the event, and kind; oldest first."""
    made = {(int(event.data["of"]), str(event.data["kind"])) for event in file.all_of("document_made")}
    return tuple(
        (event.version, kind)
        for event in file.events
        for kind in DUE.get(event.name, ())
        if (event.version, kind) not in made and not (kind is DocumentKind.GRANT and terms.certificate is None)
    )


def as_of(file: CaseFile, version: int) -> CaseFile:
    """The case as it was right after this event."""
    return CaseFile(file.case, tuple(event for event in file.events if event.version <= version))


def number_letter(file: CaseFile, version: int, kind: DocumentKind) -> str:
    """The letter's number: the case's, the code of its kind, and which of its kind it is in the case. The same each time."""
    names = [name for name, kinds in DUE.items() if kind in kinds]
    earlier = sum(1 for event in file.all_of(*names) if event.version <= version)
    return f"{file.case.case_no}-{WORDS[kind].code}{earlier}"


def write_letter(matter: Matter, kind: DocumentKind, number: str, slip: str) -> Letter:
    """The letter of an event."""
    wording, values = WORDS[kind], _list_words(matter)
    paragraphs = (_strip(fill_in(paragraph, values)) for paragraph in wording.paragraphs)
    lines = _LINES.get(kind, _no_lines)(matter)
    return Letter(
        kind=kind,
        title=wording.title,
        number=number,
        addressee=str(matter.file.case.applicant.get("name", "")),
        paragraphs=tuple(paragraph for paragraph in paragraphs if paragraph),
        lines=tuple(lines),
        organ=matter.organ,
        dated_on=matter.dated_on,
        slip=slip,
        summary=fill_in(wording.summary, values),
    )


def write_certificate(matter: Matter, on: date, slip: str) -> Letter:
    """The certificate of a granted case, dated ``on``; without terms for one, the decision itself is the document (AL art. 39(1)(3))."""
    terms = matter.terms.certificate
    if terms is None:
        return write_letter(matter, DocumentKind.GRANT, number_certificate(matter), slip)
    values, until = list_values(matter.file, matter.mapping), find_end(matter, on)
    lines = [(label.get(_ZH, name), values.get(name, "—")) for name, label in terms.lines.items()]
    lines.append(("有效期", f"{say_day(on)}至{say_day(until)}" if until else "长期"))
    summary = fill_in(terms.text.get(_EN, ""), values) + (f" Valid until {say_day_en(until)}." if until else "")
    return Letter(
        kind=DocumentKind.CERTIFICATE,
        title=terms.title.get(_ZH, ""),
        number=number_certificate(matter),
        addressee=values["applicant.name"],
        paragraphs=(fill_in(terms.text.get(_ZH, ""), values),),
        lines=tuple(lines),
        organ=matter.organ,
        dated_on=on,
        slip=slip,
        summary=summary.strip(),
    )


def number_certificate(matter: Matter) -> str:
    """One case, one number (``case_numbers``); without terms for a certificate the number of the decision."""
    terms = matter.terms.certificate
    if terms is None:
        return number_letter(matter.file, matter.event.version, DocumentKind.GRANT)
    return write_certificate_no(terms.prefix, matter.file.case.case_no)


def find_end(matter: Matter, on: date) -> date | None:
    """The last day of a certificate that begins on ``on``; None: it has no end."""
    months = matter.terms.certificate.valid_months if matter.terms.certificate else None
    return add_months(on, months) if months else None


def _list_words(matter: Matter) -> dict[str, str]:
    """What the braces of a letter stand for."""
    file, data, case = matter.file, matter.event.data, matter.file.case
    organisation = case.applicant.get("kind") == "organisation"
    short = "你单位" if organisation else "您"
    words = {
        "you": short, "you_short": short, "you_can": f"{short}可以", "matter": matter.mapping.title.get(_ZH, matter.mapping.id),
        "number": case.case_no, "received": say_day(case.received_on), "accepting": ACCEPTING.get(matter.event.name, "").replace("{you_short}", short),
        "promised": str(matter.terms.promised_days), "statutory": str(matter.terms.statutory_days),
        "delivery": str(matter.terms.delivery_days), "days": str(data.get("days", "")),
        "reason": _end(str(data.get("reason") or "")), "legal_ground": str(data.get("legal_ground") or matter.mapping.legal_basis),
        "procedure": _name_procedure(matter), "appeal": _say_appeal(matter), "effect": _pick(data.get("effect")),
        "right_organ": RIGHT_ORGAN.replace("{organ}", str(data["right_organ"])) if data.get("right_organ") else "",
        "rule": _say_rule(data, short), "certificate": _name_certificate(file),
    }  # fmt: skip
    for name in ("on", "until_on"):
        day = date.fromisoformat(str(data[name])) if data.get(name) else matter.dated_on
        words[name] = say_day(day)
        words["on_en" if name == "on" else "until_en"] = say_day_en(day)
    for line in matter.deadlines:
        words[f"{line.kind}_en"] = say_day_en(line.due_on) + (PROVISIONAL_EN if line.provisional else "")
    return words


def _say_appeal(matter: Matter) -> str:
    return _pick(matter.event.data.get("appeal")) or matter.terms.appeal.get(_ZH, "")


def _pick(texts: JsonValue) -> str:
    """The Chinese of texts by language, or the text itself."""
    if isinstance(texts, Mapping):
        return str(texts.get(str(_ZH), ""))
    return str(texts or "")


def _say_rule(data: Mapping[str, JsonValue], you: str) -> str:
    rule = data.get("rule")
    if not isinstance(rule, Mapping):
        return ""
    return fill_in(BY_RULE, {"id": str(rule.get("id")), "version": str(rule.get("version")), "you_short": you})


def _name_procedure(matter: Matter) -> str:
    special = matter.terms.special.get(str(matter.event.data.get("code")))
    return special.title.get(_ZH, "") if special else ""


def _name_certificate(file: CaseFile) -> str:
    issued = file.last("certificate_issued")
    return str(issued.data["number"]) if issued else ""


def _end(reason: str) -> str:
    """A reason without its full stop: the sentence goes on."""
    return reason.rstrip("。.；; ")


def _strip(paragraph: str) -> str:
    return paragraph.replace("。。", "。").strip()


Lines = Sequence[tuple[str, str]]


def _no_lines(_matter: Matter) -> Lines:
    return ()


def _accepted_lines(matter: Matter) -> Lines:
    file = matter.file
    return [
        ("办件编号", file.case.case_no),
        ("收到申请日期", say_day(file.case.received_on)),
        ("受理日期", say_day(file.accepted_on or matter.dated_on)),
        ("受理登记时刻", say_moment(matter.event.at)),
        *_deadline_lines(matter),
    ]


def _deadline_lines(matter: Matter) -> list[tuple[str, str]]:
    labels = ((ClockKind.PROMISED, "承诺办结日期"), (ClockKind.STATUTORY, "法定办结日期"))
    found = {line.kind: line for line in matter.deadlines}
    return [
        (label, say_day(found[kind].due_on) + (PROVISIONAL if found[kind].provisional else ""))
        for kind, label in labels
        if kind in found
    ]


def _extension_lines(matter: Matter) -> Lines:
    return [("延长", f"{matter.event.data.get('days', '')}个工作日"), *_deadline_lines(matter)]


def _correction_lines(matter: Matter) -> Lines:
    return [(_title_of(matter, str(item["about"])), str(item["words"])) for item in matter.event.data["items"]]


def _gap_lines(matter: Matter) -> Lines:
    materials = matter.terms.materials
    told = []
    for name in matter.event.data["missing"]:
        standard = materials[name].standard.get(_ZH, "") if name in materials else ""
        told.append((_title_of(matter, str(name)), standard or "符合法定形式的材料原件或者电子件"))
    return told


def _reason_lines(matter: Matter) -> Lines:
    reasons = [str(reason) for reason in matter.event.data.get("reasons") or ()]
    return [
        (f"理由（{_NUMERALS[index] if index < len(_NUMERALS) else index + 1}）", reason)
        for index, reason in enumerate(reasons)
    ]


def _granted_lines(matter: Matter) -> Lines:
    return [("决定日期", say_day(date.fromisoformat(str(matter.event.data["on"])))), *_reason_lines(matter)]


def _title_of(matter: Matter, name: str) -> str:
    material, entered = matter.terms.materials.get(name), matter.mapping.inputs.get(name)
    texts: Mapping[Any, str] = material.title if material else entered.label if entered else {}
    return texts.get(_ZH, name)


_NUMERALS = "一二三四五六七八九十"
_LINES: Mapping[DocumentKind, Callable[[Matter], Lines]] = {
    DocumentKind.ACCEPTANCE: _accepted_lines,
    DocumentKind.CORRECTION: _correction_lines,
    DocumentKind.GAP: _gap_lines,
    DocumentKind.EXTENSION: _extension_lines,
    DocumentKind.GRANT: _granted_lines,
    DocumentKind.REFUSAL: _reason_lines,
}
