"""What each operation of one mapping of kind ``case`` takes and gives: one to fetch each material of level A, and what the kind has.

What is taken is tried twice when a mapping is read (``services/request_trial.py``): with everything, and with the least that may be
there: the other kind of applicant, nobody who acts for a person, no optional input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.counter_schema import ACTS_FOR_OTHERS, FETCH, FETCHED, ORGANISATION_APPLIES, PERSON_APPLIES
from config.mapping_schema import OPERATIONS_OF_KIND, OperationShape
from config.shapes import Maybe, Record, Shape
from services.mapping import Input, Output, ServiceMapping
from services.model import Assurance
from services.result_shapes import (
    example_applicant,
    example_inputs,
    is_from_back_end,
    shape_operations,
    shape_outputs,
    shape_prefilled,
)

ASKED = ("applicant", "agent", "inputs", "case_no", "business_on")
"""What a fetch is given; ``decide`` and ``record`` get it too."""


def list_fetched(counter: Mapping[str, Any]) -> tuple[str, ...]:
    """The materials of level A: they are fetched, never asked for."""
    return tuple(name for name, entry in counter.get("materials", {}).items() if entry["level"] == "A")


def shape_case_operations(
    counter: Mapping[str, Any], inputs: Mapping[str, Input], outputs: Mapping[str, Output], *, full: bool = True
) -> dict[str, OperationShape]:
    """Every operation that this mapping may have. ``counter`` is the block as written; ``full=False``: the least that may be given."""
    kinds = OPERATIONS_OF_KIND["case"]
    own = example_case(counter, inputs, full=full)
    own_of_form = {"applicant": example_applicant(Assurance.REAL_NAME)}
    fetches = {
        f"{FETCH}{name}": OperationShape({key: own[key] for key in ASKED}, FETCHED) for name in list_fetched(counter)
    }
    shapes: dict[str, OperationShape] = {}
    for name, shape in kinds.items():
        known = own_of_form if name == "prefill" else own
        takes = {key: known.get(key, example) for key, example in shape.takes.items()}
        shapes[name] = OperationShape(takes, _shape_gives(name, shape.gives, inputs, outputs))
    return {**fetches, **shapes}


def _shape_gives(name: str, gives: Shape, inputs: Mapping[str, Input], outputs: Mapping[str, Output]) -> Shape:
    if name == "prefill":
        return Record({"values": shape_prefilled(inputs)})
    if name in ("record", "find_record") and isinstance(gives, Record):
        return Record(gives.required, {"outputs": Maybe(shape_outputs(outputs))})
    return gives


def example_case(counter: Mapping[str, Any], inputs: Mapping[str, Input], *, full: bool = True) -> dict[str, Any]:
    """Example values of ``ASKED``: the first kind of applicant with everything, or the last kind with the least."""
    kinds = counter.get("applicants", ["person"])
    kind = kinds[0] if full else kinds[-1]
    return {
        "applicant": dict(ORGANISATION_APPLIES if kind == "organisation" else PERSON_APPLIES),
        "agent": example_agent(counter, kind, full=full),
        "inputs": example_inputs(inputs, optional_too=full),
        "case_no": OPERATIONS_OF_KIND["case"]["find_record"].takes["case_no"],
        "business_on": OPERATIONS_OF_KIND["case"]["find_record"].takes["business_on"],
    }


def example_agent(counter: Mapping[str, Any], kind: str, *, full: bool = True) -> dict[str, str] | None:
    """Who acts: for an organisation somebody always does, for a person only where the service has mandates."""
    if kind == "organisation":
        return {**ACTS_FOR_OTHERS, "as": "legal_representative"}
    mandates = counter.get("mandates", ())
    return {**ACTS_FOR_OTHERS, "as": mandates[0]} if full and mandates else None


def need_case_operations(
    counter: Mapping[str, Any], inputs: Mapping[str, Input], written: Mapping[str, object]
) -> tuple[str, ...]:
    """The operations that this mapping must have; ``written`` are those that it has."""
    needed = [f"{FETCH}{name}" for name in list_fetched(counter)]
    if any(is_from_back_end(entry) for entry in inputs.values()):
        needed.append("prefill")
    if counter.get("decided_by") == "back_end":
        needed.append("decide")
    if "record" in written or "find_record" in written:
        needed += ["record", "find_record"]
    return tuple(needed)


def list_case_money(inputs: Mapping[str, Input], outputs: Mapping[str, Output]) -> frozenset[str]:
    """The operations whose results or values hold money for certain: what is recorded is everything."""
    money = any(one.type == "money" for output in outputs.values() for one in (output, *output.of.values()))
    asked = any(entry.type == "money" for entry in inputs.values())
    return frozenset({"record", *(["find_record"] if money else [])}) if money or asked else frozenset()


def shape_mapping(mapping: ServiceMapping) -> dict[str, OperationShape]:
    """Every operation of a mapping that was read, of whatever kind, with everything that it may be given."""
    if mapping.kind == "case":
        return shape_case_operations(mapping.raw.get("counter", {}), mapping.inputs, mapping.outputs)
    return shape_operations(mapping.kind, mapping.inputs, mapping.outputs, mapping.payment, mapping.assurance)
