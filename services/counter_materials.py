"""Whether the materials of a case are complete and in due form (AL art. 32): what each one is, as far as the file tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.case_file import SUPPLYING, CaseFile
from services.counter_terms import CounterTerms, Material


class Standing(StrEnum):
    """How a material stands."""

    FINE = "fine"
    LEFT_OUT = "left_out"
    """Optional, and not there."""
    ABSENT = "absent"
    UNCHECKED = "unchecked"
    """It is there, and no clerk has looked at it since."""
    WRONG = "wrong"
    ORIGINAL_UNSEEN = "original_unseen"
    """Level B, whose original must be seen at the window; or level A from paper because the register did not have it."""


SUFFICIENT = frozenset({Standing.FINE, Standing.LEFT_OUT})


def judge_materials(file: CaseFile, terms: CounterTerms) -> Mapping[str, Standing]:
    """How each material of the service stands, in the mapping's order."""
    return {name: judge_material(file, material) for name, material in terms.materials.items()}


def list_lacking(file: CaseFile, terms: CounterTerms) -> dict[str, Standing]:
    """Those that stand in the way of acceptance."""
    return {name: how for name, how in judge_materials(file, terms).items() if how not in SUFFICIENT}


def judge_material(file: CaseFile, material: Material) -> Standing:
    """How one material stands: by the clerk's check since it was supplied, else by the register's, else by what there is."""
    held = file.materials.get(material.name, {})
    checked = _last_check(file, material.name, int(held.get("version") or 0))
    if checked is not None:
        return _judge_check(checked, material, held)
    found = _judge_presence(file, material, held)
    return Standing.LEFT_OUT if found is Standing.ABSENT and material.optional else found


def _last_check(file: CaseFile, name: str, since: int) -> Mapping[str, object] | None:
    checks = [
        event for event in file.all_of("material_checked") if event.data["name"] == name and event.version > since
    ]
    return checks[-1].data if checks else None


def _judge_check(checked: Mapping[str, object], material: Material, held: Mapping[str, object]) -> Standing:
    if not checked["ok"]:
        return Standing.WRONG
    on_paper = material.level == "B" or (material.level == "A" and not is_confirmed(held.get("fetched")))
    if on_paper and not (checked.get("original_seen") or held.get("original_seen")):
        return Standing.ORIGINAL_UNSEEN
    return Standing.FINE


def _judge_presence(file: CaseFile, material: Material, held: Mapping[str, object]) -> Standing:
    if material.level == "A":
        fetched = held.get("fetched")
        if not isinstance(fetched, Mapping) or not fetched.get("found"):
            return Standing.UNCHECKED if held.get("files") else Standing.ABSENT
        return Standing.FINE if is_confirmed(fetched) else Standing.WRONG
    if material.level == "D":
        return Standing.FINE if is_vouched(file, material.name) else Standing.ABSENT
    return Standing.UNCHECKED if held.get("files") or held.get("original_seen") else Standing.ABSENT


def is_confirmed(fetched: object) -> bool:
    """Whether a register has the document and every check of it held."""
    if not isinstance(fetched, Mapping) or not fetched.get("found"):
        return False
    return all(check.get("ok") for check in fetched.get("checks") or ())


def is_vouched(file: CaseFile, name: str) -> bool:
    """Whether the applicant vouched for a material of level D."""
    return any(
        name in (event.data.get("promises") or ())
        or bool((event.data.get("materials") or {}).get(name, {}).get("vouched"))
        for event in file.all_of(*SUPPLYING)
    )


def list_supplied_since(file: CaseFile, version: int) -> frozenset[str]:
    """Names of materials and inputs that came in after a version: from the applicant, or from a register."""
    names: set[str] = set()
    for event in file.events:
        if event.version <= version:
            continue
        if event.name in SUPPLYING:
            names |= set(event.data.get("materials") or {}) | set(event.data.get("inputs") or {})
        elif event.name == "material_fetched":
            names.add(str(event.data["name"]))
    return frozenset(names)
