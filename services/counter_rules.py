"""Whether a mapping of kind ``case`` makes sense: materials that can be had, a way of deciding, days within the law, steps, certificate.

Article numbers are those of the Administrative Licensing Law (行政许可法). Each fault has its place and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.counter_words import UPLOADED
from services.mapping import Input, Output
from services.model import Assurance

OF_LEVEL: Mapping[str, tuple[str, ...]] = {
    "register": ("A",),
    "accepts": UPLOADED,
    "maximum_files": UPLOADED,
    "maximum_megabytes": UPLOADED,
    "secondary": UPLOADED,
    "standard": ("B", "C", "D"),
    "corrections": ("B", "C", "D"),
}
"""Keys of a material that belong to some trust levels only: what is fetched is neither uploaded nor left out against a promise."""
NEEDED_BY_LEVEL: Mapping[str, tuple[str, ...]] = {"A": ("register",), "D": ("standard",)}
"""Which register is asked; what exactly is vouched for."""
ALWAYS_KNOWN = ("applicant.name", "applicant.number", "case_no")
"""What a certificate may name beside inputs and outputs."""
PLACE = re.compile(r"\{([^{}]*)\}")


def find_counter_faults(
    value: Mapping[str, Any], inputs: Mapping[str, Input], outputs: Mapping[str, Output]
) -> Iterator[Mismatch]:
    """Everything that is wrong with ``counter`` of a mapping that has its shape; nothing for another kind."""
    if value["kind"] != "case" or "counter" not in value:
        return
    counter = value["counter"]
    yield from _find_applicant_faults(value)
    yield from _find_material_faults(counter["materials"], inputs)
    yield from _find_decider_faults(counter)
    yield from _find_limit_faults(value)
    yield from _find_delivery_faults(value)
    known = (*ALWAYS_KNOWN, *inputs, *outputs)
    yield from _find_certificate_faults(counter["certificate"], known)


def find_operation_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Operations that do not go with ``counter``: a decision that nobody asked for, outputs without a record."""
    if value["kind"] != "case" or "counter" not in value:
        return
    written = value["back_end"]["operations"]
    if "decide" in written and value["counter"].get("decided_by", "clerk") == "clerk":
        yield Mismatch("back_end.operations.decide", "this operation", "no such operation (decided_by clerk)")
    if value.get("outputs") and "record" not in written:
        yield Mismatch("outputs", "this key", "no such key without the operation `record`: nothing else gives results")


def find_step_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Steps of several agencies and steps side by side, which a case alone has."""
    steps = value.get("steps", ())
    if value["kind"] != "case":
        yield from _find_joint_keys(value["kind"], steps)
        return
    if (
        not steps and value.get("counter", {}).get("decided_by") != "back_end"
    ):  # a rule that decides at once waits for nobody
        yield Mismatch("steps", "none", "at least one step")
    groups = [step.get("together", "") for step in steps]
    for index, step in enumerate(steps):
        group, path = groups[index], f"steps[{index}]"
        if step.get("agency") == value["agency"]:
            yield Mismatch(f"{path}.agency", "the mapping's own agency", "another agency, or no such key")
        if not group:
            continue
        if groups.count(group) == 1:
            yield Mismatch(f"{path}.together", "a group with one step", "a group that another step has too")
        elif index and groups[index - 1] != group and group in groups[:index]:
            yield Mismatch(
                f"{path}.together", "a group with a step of another between", "the steps of a group in a row"
            )
    if steps and (steps[-1].get("agency") or groups[-1]):
        yield Mismatch(f"steps[{len(steps) - 1}]", "a joint step", "a step of the deciding agency, after all others")


def _find_joint_keys(kind: str, steps: Any) -> Iterator[Mismatch]:
    for index, step in enumerate(steps):
        for key in ("agency", "together"):
            if key in step:
                yield Mismatch(f"steps[{index}].{key}", "this key", f"no such key (kind {kind}: it belongs to case)")


def _find_applicant_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """A case is somebody's: who applies and who acts for them must be known by name (art. 31)."""
    counter = value["counter"]
    if Assurance.from_label(value["assurance"]) < Assurance.REAL_NAME:
        yield Mismatch("assurance", "a lower level", "real-name or verified-at-window (kind case)")
    if "person" not in counter["applicants"]:
        for index, mandate in enumerate(counter.get("mandates", ())):
            if mandate != "agent":
                expected = "agent: guardian and family act for a person"
                yield Mismatch(f"counter.mandates[{index}]", "a mandate of persons", expected)


def _find_material_faults(materials: Mapping[str, Any], inputs: Mapping[str, Input]) -> Iterator[Mismatch]:
    for name, entry in materials.items():
        path, level = f"counter.materials.{name}", entry["level"]
        if name in inputs:
            yield Mismatch(path, "a name that an input has", "a name of its own: a correction names one or the other")
        for key, levels in OF_LEVEL.items():
            if key in entry and level not in levels:
                yield Mismatch(
                    f"{path}.{key}", "this key", f"no such key (level {level}: it belongs to {', '.join(levels)})"
                )
        for key in NEEDED_BY_LEVEL.get(level, ()):
            if key not in entry:
                yield Mismatch(f"{path}.{key}", "nothing", f"this key (level {level})")
        if entry.get("optional") and entry.get("secondary"):
            yield Mismatch(f"{path}.secondary", "this key", "no such key: what is optional leaves no gap")
        yield from _find_twice(f"{path}.corrections", entry.get("corrections", ()))


def _find_twice(path: str, entries: Any) -> Iterator[Mismatch]:
    codes = [entry["code"] for entry in entries]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield Mismatch(f"{path}[{index}].code", "a code twice", "each code once")


def _find_decider_faults(counter: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Two ways of deciding, and no third: by a clerk, or by a value of a government back end."""
    by_back_end = counter.get("decided_by", "clerk") == "back_end"
    if by_back_end and counter.get("two_hands"):
        yield Mismatch("counter.two_hands", "true", "false: no second hand decides (decided_by back_end)")
    if counter.get("accepted_by", "clerk") == "checks" and not by_back_end:
        yield Mismatch("counter.accepted_by", "checks", "clerk: what a clerk decides, a clerk accepts")
    if counter.get("accepted_by", "clerk") == "checks" and counter.get("gap_days"):
        yield Mismatch("counter.gap_days", "this key", "no such key: a clerk alone accepts with a gap")


def _find_limit_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    counter, limits = value["counter"], value["limits"]
    for key in ("statutory_days", "promised_days"):
        if key not in limits:
            yield Mismatch(f"limits.{key}", "nothing", "this key (kind case)")
    gap, promised = counter.get("gap_days"), limits.get("promised_days")
    if gap is not None and promised is not None and gap > promised:
        yield Mismatch("counter.gap_days", "more days than promised", f"at most {promised}: the promised limit")
    secondary = [name for name, entry in counter["materials"].items() if entry.get("secondary")]
    if gap is not None and not secondary:
        yield Mismatch("counter.gap_days", "this key", "no such key without a secondary material")
    if gap is None and secondary:
        yield Mismatch("counter.gap_days", "nothing", f"this key: {secondary[0]} is secondary")
    yield from _find_twice("counter.special", counter.get("special", ()))
    hours = {"opens": "09:00", "closes": "17:00", **counter.get("receiving", {})}
    if hours["opens"] >= hours["closes"]:
        yield Mismatch("counter.receiving.closes", "no later than it opens", "a later time of the same day")


def _find_delivery_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """What is seen or handed over at a window needs a window."""
    counter = value["counter"]
    if "window" in value["channels"]:
        return
    if "window" in counter["delivery"]:
        at = counter["delivery"].index("window")
        yield Mismatch(f"counter.delivery[{at}]", "window", "a way without the window, or window in `channels`")
    for name, entry in counter["materials"].items():
        if entry["level"] == "B":
            expected = "another level, or window in `channels`: it is seen there"
            yield Mismatch(f"counter.materials.{name}.level", "B", expected)


def _find_certificate_faults(certificate: Mapping[str, Any], known: Collection[str]) -> Iterator[Mismatch]:
    expected = "an input, an output, " + ", ".join(ALWAYS_KNOWN)
    for name in certificate["lines"]:
        if name not in known:
            yield Mismatch(f"counter.certificate.lines.{name}", "an unknown name", expected, nearest_name(name, known))
    for language, text in certificate["text"].items():
        path = f"counter.certificate.text.{language}"
        for name in PLACE.findall(text):
            if name not in known:
                yield Mismatch(path, "an unknown name in braces", expected, nearest_name(name, known))
        if re.search(r"[{}]", PLACE.sub("", text)):
            yield Mismatch(path, "braces that are not a name", "{name}")


def list_counter_grounds(counter: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every law that the block names, with its place."""
    for name, entry in counter["materials"].items():
        yield f"counter.materials.{name}.legal_ground", entry["legal_ground"]
    for index, entry in enumerate(counter.get("special", ())):
        yield f"counter.special[{index}].legal_ground", entry["legal_ground"]


def find_case_story_faults(path: str, story: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """What one story says of a case and could not be played; of another kind: keys that belong to a case."""
    if value["kind"] != "case":
        for key in ("as", "organisation", "materials", "delivery"):
            if key in story:
                yield Mismatch(f"{path}.{key}", "this key", f"no such key (kind {value['kind']}: it belongs to case)")
        return
    counter = value["counter"]
    if "materials" not in counter:
        return
    applies = story.get("as", "person")
    if applies not in counter["applicants"]:
        yield Mismatch(f"{path}.as", applies, "one of counter.applicants: " + ", ".join(counter["applicants"]))
    if (applies == "organisation") != ("organisation" in story):
        found, expected = ("nothing", "this key") if applies == "organisation" else ("this key", "no such key")
        yield Mismatch(f"{path}.organisation", found, f"{expected} (as {applies})")
    if story.get("delivery", counter["delivery"][0]) not in counter["delivery"]:
        yield Mismatch(f"{path}.delivery", "another way", "one of counter.delivery: " + ", ".join(counter["delivery"]))
    yield from _find_brought_faults(f"{path}.materials", story.get("materials", {}), counter["materials"])


def _find_brought_faults(path: str, brought: Mapping[str, str], materials: Mapping[str, Any]) -> Iterator[Mismatch]:
    for name, how in brought.items():
        level = materials.get(name, {}).get("level")
        if level is None:
            yield Mismatch(f"{path}.{name}", "an unknown material", "one of " + ", ".join(materials))
        elif level == "A":
            yield Mismatch(f"{path}.{name}", "a material that is fetched", "no such key: nobody brings it")
        elif (how == "promise") != (level == "D"):
            yield Mismatch(f"{path}.{name}", how, f"{'promise' if level == 'D' else 'sample'} (level {level})")
    for name, entry in materials.items():
        needed = entry["level"] != "A" and not entry.get("optional") and not entry.get("secondary")
        if needed and name not in brought:
            yield Mismatch(f"{path}.{name}", "nothing", "what the person brings: this material is required")
