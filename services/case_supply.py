"""What an applicant brings to a case: values and materials, held against what the service asks for. Pure.

Level A (issued by an organ) is fetched, never asked for; B is seen at the window, a copy may be uploaded before; C is uploaded; D is a
promise signed by name. Secondary materials may be left for later where the service allows an acceptance with a gap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from services.case_file import CaseFile
from services.case_record import CaseState, StoredFile
from services.counter_terms import CounterTerms, Material
from services.errors import InputRefused
from services.input_values import ValueRefusedError, read_value
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.service_words import is_typed

FETCHED, SEEN, UPLOADED, PROMISED = "A", "B", "C", "D"
BROUGHT = frozenset({SEEN, UPLOADED, PROMISED})
"""Levels that an applicant may bring from where they are."""
NEEDED = frozenset({UPLOADED, PROMISED})
"""Levels without which a case is not taken in, unless the material is optional."""
Supplied = dict[str, dict[str, JsonValue]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the applicant may bring now: names of materials and of inputs; ``needed``: those without which nothing is taken."""

    materials: frozenset[str]
    inputs: frozenset[str]
    needed: frozenset[str]


def list_wanted(file: CaseFile, mapping: ServiceMapping, terms: CounterTerms) -> Wanted:
    """What the state of the case lets the applicant bring: everything that a correction notice names, what a gap left out, or,
    before anybody asked, what can be put right on the spot.
    """
    if file.state is CaseState.CORRECTION_ASKED:
        return _list_asked(file, mapping, terms)
    if file.state in (CaseState.ACCEPTED, CaseState.SPECIAL_PROCEDURE) and file.gap is not None:
        missing = set(file.gap.data["missing"]) - _list_supplied_gaps(file)
        return Wanted(frozenset(missing), frozenset(), frozenset())
    if file.state is CaseState.RECEIVED:
        brought = list_bringable(file, terms)
        typed = {name for name, asked in mapping.inputs.items() if is_typed(asked)}
        return Wanted(frozenset(brought), frozenset(typed), frozenset())
    return Wanted(frozenset(), frozenset(), frozenset())


def list_bringable(file: CaseFile, terms: CounterTerms) -> frozenset[str]:
    """What an applicant may bring from where they are; of what an organ issued only a copy of what its register does not have."""
    return frozenset(
        name
        for name, material in terms.materials.items()
        if material.level in BROUGHT or (material.level == FETCHED and is_unknown_to_register(file, name))
    )


def is_unknown_to_register(file: CaseFile, name: str) -> bool:
    """Whether the register was asked and has no such document (no answer is no such word)."""
    fetched = file.materials.get(name, {}).get("fetched")
    return isinstance(fetched, Mapping) and not fetched.get("found")


def _list_asked(file: CaseFile, mapping: ServiceMapping, terms: CounterTerms) -> Wanted:
    """Every item of the notice. What an organ issued is put right there and fetched again; a copy of what the window sees need not come."""
    notice = file.last("correction_asked")
    asked = {str(item["about"]) for item in (notice.data["items"] if notice else ())}
    levels = {name: material.level for name, material in terms.materials.items()}
    materials = asked & list_bringable(file, terms)
    typed = {name for name in asked if name in mapping.inputs and is_typed(mapping.inputs[name])}
    needed = {name for name in materials if levels[name] in NEEDED} | typed
    return Wanted(frozenset(materials), frozenset(typed), frozenset(needed))


def _list_brought(file: CaseFile, terms: CounterTerms) -> set[str]:
    """What an applicant may bring; of what a register should have but says it has not, a copy that a clerk holds against the original."""
    held = file.materials
    unknown = {
        name for name, material in held.items() if "fetched" in material and not material["fetched"].get("found")
    }
    return {name for name, material in terms.materials.items() if material.level in BROUGHT or name in unknown}


def _list_supplied_gaps(file: CaseFile) -> set[str]:
    return {name for event in file.all_of("gap_supplied") for name in (event.data.get("materials") or {})}


def read_changes(
    mapping: ServiceMapping, wanted: Wanted, sent: Mapping[str, JsonValue], place: str = "inputs."
) -> dict[str, JsonValue]:
    """The changed values, as the form's. Raises ``InputRefused``: ``not_asked`` for what nobody asked for, or the rule that is broken."""
    faults: dict[str, object] = {}
    values: dict[str, JsonValue] = {}
    for name, value in sent.items():
        asked = mapping.inputs.get(name)
        if asked is None or name not in wanted.inputs:
            faults[f"{place}{name}" if asked else place.rstrip(".")] = "not_asked" if asked else "unknown_field"
            continue
        try:
            values[name] = read_value(asked, value)
        except ValueRefusedError as refused:
            faults[f"{place}{name}"] = refused.rule
    if faults:
        raise InputRefused(detail=faults)
    return values


def read_promises(terms: CounterTerms, allowed: Collection[str], sent: Iterable[str]) -> Supplied:
    """The materials that the applicant vouches for. Raises ``InputRefused`` for what is no promise, or was not asked."""
    faults: dict[str, object] = {}
    signed: Supplied = {}
    for name in sent:
        material = terms.materials.get(name)
        if material is None or material.level != PROMISED:
            faults["promises"] = "unknown_field"
        elif name not in allowed:
            faults[f"promises.{name}"] = "not_asked"
        else:
            signed[name] = {"files": [], "vouched": True}
    if faults:
        raise InputRefused(detail=faults)
    return signed


def gather_files(files: Iterable[StoredFile], names: Collection[str], known: Collection[str] = ()) -> Supplied:
    """Files by the material as which they were uploaded, those of ``names`` alone; ``known`` ids were handed in before."""
    found: Supplied = {}
    for file in files:
        if file.material in names and str(file.file_id) not in known:
            found.setdefault(file.material, {"files": [], "vouched": False})["files"].append(_describe(file))
    return found


def list_handed_in(file: CaseFile) -> frozenset[str]:
    """The ids of all files that stand in some event of the case."""
    given = (event.data.get("materials") or {} for event in file.events)
    return frozenset(
        str(one["file_id"])
        for materials in given
        for material in materials.values()
        for one in material.get("files", ())
    )


def _describe(file: StoredFile) -> dict[str, JsonValue]:
    return {
        "file_id": str(file.file_id),
        "digest": file.digest,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
        "title": file.title,
    }


def find_missing_materials(terms: CounterTerms, brought: Mapping[str, JsonValue], later: Collection[str]) -> list[str]:
    """Materials without which the service does not take a case; ``later`` are secondary ones that the applicant will bring."""
    return [
        name
        for name, material in terms.materials.items()
        if material.level in NEEDED
        and not material.optional
        and name not in brought
        and not (name in later and may_come_later(terms, material))
    ]


def may_come_later(terms: CounterTerms, material: Material) -> bool:
    """Whether the service may be begun without it (容缺受理): secondary materials only, and only where it says so."""
    return material.secondary and terms.gap_days is not None
