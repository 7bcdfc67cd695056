"""The checklist of a case or draft: for each material its level, what is there, what was checked, against which register, when, by whom.

One view for the citizen, the clerk and the window; a citizen reads that a clerk checked, not which. Values that a register gave are for
the clerk alone. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.case_clocks import terms_of
from services.case_file import CaseFile
from services.case_record import Draft, StoredFile
from services.case_supply import gather_files, list_wanted
from services.counter_materials import Standing, judge_material
from services.counter_terms import Material, Texts
from services.draft_content import name_promises
from services.file_rules import COPIES
from services.mapping import ServiceMapping
from services.model import JsonValue, Language

_ZH, _EN = Language.ZH_CN, Language.EN
LEVEL_WORDS: Mapping[str, Texts] = {
    "A": {_ZH: "由登记机关系统调取，无需提交", _EN: "taken from the government's register; you need not bring it"},
    "B": {
        _ZH: "请携带原件到窗口核验，可先上传复印件",
        _EN: "the original is seen at the window; a copy may be uploaded first",
    },
    "C": {_ZH: "请上传，受理人员将与原件核对", _EN: "please upload it; the office holds it against the original"},
    "D": {_ZH: "由申请人书面承诺", _EN: "vouched for by the applicant"},
}
"""What a trust level means to an applicant (case-rules, section 3)."""
STANDING_WORDS: Mapping[Standing, Texts] = {
    Standing.FINE: {_ZH: "符合要求", _EN: "in order"},
    Standing.LEFT_OUT: {_ZH: "未提交（非必需）", _EN: "left out (not needed)"},
    Standing.ABSENT: {_ZH: "尚未取得", _EN: "not there yet"},
    Standing.UNCHECKED: {_ZH: "已提交，待核对", _EN: "handed in, to be checked"},
    Standing.WRONG: {_ZH: "不符合要求", _EN: "not in order"},
    Standing.ORIGINAL_UNSEEN: {_ZH: "原件待核验", _EN: "the original has not been seen"},
}
NOT_IN_REGISTER: Texts = {
    _ZH: "登记机关系统未查到，请上传复印件并携带原件核验",
    _EN: "the register does not have it; please upload a copy and bring the original",
}
ASKING: Texts = {_ZH: "正在向登记机关调取", _EN: "being taken from the register"}
BY_HOUSE: Texts = {_ZH: "系统自动核验", _EN: "checked by the system"}
BY_STAFF: Texts = {_ZH: "受理人员核对", _EN: "checked by the office"}
BY_HAND: Texts = {_ZH: "人工核对", _EN: "checked by hand"}


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check. ``register`` is empty for a check by eye; ``by`` is in words; ``staff_id`` for the staff's own page alone."""

    what: str
    ok: bool
    register: str
    at: datetime | None
    by: str
    original_seen: bool = False
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file. ``waiting``: it is uploaded and not handed in yet."""

    file_id: UUID
    title: str
    media_type: str
    size_bytes: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """What the register says of the document itself; ``values`` for the staff alone."""

    number: str
    issued_by: str
    issued_on: str
    expires_on: str
    values: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One material. ``standing`` None in a draft, where nobody has judged yet; ``may_upload``: a file is taken for it now."""

    name: str
    title: str
    level: str
    level_words: str
    optional: bool
    secondary: bool
    legal_ground: str
    standard: str
    register: str
    standing: Standing | None
    words: str
    files: tuple[FileLine, ...]
    vouched: bool
    issued: IssuedLine | None
    checks: tuple[CheckLine, ...]
    may_upload: bool
    accepts: tuple[str, ...]
    maximum_files: int
    maximum_megabytes: int


def list_checklist(
    file: CaseFile, mapping: ServiceMapping, language: Language, waiting: Sequence[StoredFile] = (), *, staff: bool = False
) -> tuple[ChecklistLine, ...]:  # fmt: skip
    """The checklist of a case. ``waiting``: of ``uploads.list_waiting``; ``staff``: with what only the office reads."""
    terms = terms_of(mapping)
    wanted = list_wanted(file, mapping, terms).materials
    return tuple(
        _view_line(file, material, language, waiting, wanted, staff=staff) for material in terms.materials.values()
    )


def list_checklist_of_draft(
    draft: Draft, mapping: ServiceMapping, language: Language, files: Sequence[StoredFile]
) -> tuple[ChecklistLine, ...]:
    """The checklist of a draft: what is fetched, what is there, what is still to come."""
    terms = terms_of(mapping)
    brought = {**gather_files(files, terms.materials), **name_promises(draft.content)}
    return tuple(
        _make_line(
            material, language, standing=None, words=_say(LEVEL_WORDS[material.level], language),
            files=tuple(_line_of(file, waiting=False) for file in files if file.material == name),
            vouched=bool(brought.get(name, {}).get("vouched")), issued=None, checks=(), may_upload=material.level in COPIES,
        )
        for name, material in terms.materials.items()
    )  # fmt: skip


def _view_line(
    file: CaseFile, material: Material, language: Language, waiting: Sequence[StoredFile], wanted: Collection[str], *,
    staff: bool,
) -> ChecklistLine:  # fmt: skip
    held, standing = file.materials.get(material.name, {}), judge_material(file, material)
    given = tuple(_handed_in(one) for one in held.get("files") or ())
    staged = tuple(_line_of(one, waiting=True) for one in waiting if one.material == material.name)
    fetched = held.get("fetched") or {}
    return _make_line(
        material, language, standing=standing, words=_explain(material, held, standing, language), files=(*given, *staged),
        vouched=bool(held.get("vouched")), issued=_view_issued(fetched, staff=staff),
        checks=(*_list_fetched(fetched, language), *_list_seen(file, material, language, staff=staff)),
        may_upload=material.name in wanted and material.level != "D",
    )  # fmt: skip


def _make_line(material: Material, language: Language, **found: JsonValue) -> ChecklistLine:
    return ChecklistLine(
        name=material.name, title=_say(material.title, language), level=material.level,
        level_words=_say(LEVEL_WORDS[material.level], language), optional=material.optional, secondary=material.secondary,
        legal_ground=material.legal_ground, standard=_say(material.standard, language),
        register=_say(material.register, language), accepts=material.accepts, maximum_files=material.maximum_files,
        maximum_megabytes=material.maximum_megabytes, **found,
    )  # fmt: skip


def _handed_in(told: Mapping[str, JsonValue]) -> FileLine:
    """A file as its event keeps it."""
    kind, size = str(told.get("media_type") or ""), int(told.get("size_bytes") or 0)
    return FileLine(UUID(str(told["file_id"])), str(told.get("title") or ""), kind, size, waiting=False)


def _line_of(file: StoredFile, *, waiting: bool) -> FileLine:
    return FileLine(file.file_id, file.title, file.media_type, file.size_bytes, waiting)


def _explain(material: Material, held: Mapping[str, JsonValue], standing: Standing, language: Language) -> str:
    """One sentence on how a material stands."""
    if material.level == "A" and standing is Standing.ABSENT:
        return _say(NOT_IN_REGISTER if "fetched" in held else ASKING, language)
    return _say(STANDING_WORDS[standing], language)


def _view_issued(fetched: Mapping[str, JsonValue], *, staff: bool) -> IssuedLine | None:
    if not fetched.get("found"):
        return None
    number, by, on, until = (
        str(fetched.get(name) or "") for name in ("number", "issued_by", "issued_on", "expires_on")
    )
    return IssuedLine(number, by, on, until, dict(fetched.get("values") or {}) if staff else {})


def _list_fetched(fetched: Mapping[str, JsonValue], language: Language) -> tuple[CheckLine, ...]:
    return tuple(
        CheckLine(str(one["what"]), bool(one["ok"]), str(one.get("register") or ""), _read_moment(one.get("at")), _say(BY_HOUSE, language))
        for one in fetched.get("checks") or ()
    )  # fmt: skip


def _list_seen(file: CaseFile, material: Material, language: Language, *, staff: bool) -> tuple[CheckLine, ...]:
    """What clerks noted of this material, oldest first."""
    return tuple(
        CheckLine(
            str(event.data.get("words") or "") or _say(BY_HAND, language), bool(event.data["ok"]),
            str(event.data.get("register") or ""), event.at, _say(BY_STAFF, language),
            bool(event.data.get("original_seen")), event.staff_id if staff else None,
        )
        for event in file.all_of("material_checked")
        if event.data["name"] == material.name
    )  # fmt: skip


def _read_moment(text: JsonValue) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def _say(texts: Texts, language: Language) -> str:
    return texts.get(language) or texts.get(_ZH, "")
