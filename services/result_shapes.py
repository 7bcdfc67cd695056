"""What each operation of one mapping takes and gives: the kind's shapes, with the mapping's own inputs and outputs put in.

A result that a citizen is shown has the type that the mapping states for it, checked at every reply: money is whole fen, a moment has
its zone. ``docs/mappings.md`` lists the types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.mapping_schema import (
    APPLICANT,
    BILL,
    INPUT_EXAMPLES,
    NON_TAX_BILL,
    OPERATIONS_OF_KIND,
    OPTIONAL_OPERATIONS,
    JsonExample,
    OperationShape,
)
from config.shapes import Anything, Day, Flag, Listing, Maybe, Record, Shape, Text, Whole
from services.expressions import ValueUntranslatable, read_money
from services.mapping import Input, Late, Output, PaymentTerms
from services.model import Assurance
from services.reply_shape import MAX_LISTED

MOST_FEN = 10**12
SHAPES_OF_TYPES: Mapping[str, Shape] = {
    "text": Text(max_length=4000, min_length=0),
    "money": Whole(-MOST_FEN, MOST_FEN),
    "date": Day(),
    "month": Text(r"[0-9]{4}-(0[1-9]|1[0-2])", "a month like 2026-10", 7),
    "moment": Text(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})",
        "a moment in RFC 3339 with its zone",
        40,
    ),
    "whole": Whole(-(10**12), 10**12),
    "flag": Flag(),
}
"""One shape per type of an output; a list is a list of records of these."""


def shape_outputs(outputs: Mapping[str, Output]) -> Record:
    """The record that a look-up, fetched information or the outputs of an application must be. Without outputs: an empty one."""
    required: dict[str, Shape] = {}
    optional: dict[str, Shape] = {}
    for name, output in outputs.items():
        shape = _shape_output(output)
        if output.optional:
            optional[name] = Maybe(shape)
        else:
            required[name] = shape
    return Record(required, optional)


def _shape_output(output: Output) -> Shape:
    if output.type == "list":
        return Listing(shape_outputs(output.of), 0, MAX_LISTED, distinct=False)
    return SHAPES_OF_TYPES[output.type]


def shape_prefilled(inputs: Mapping[str, Input]) -> Record:
    """What ``prefill`` gives: a text, or null, for each name that an input takes from the back end; nothing else."""
    names = {entry.prefilled_from.removeprefix("back_end.") for entry in inputs.values() if is_from_back_end(entry)}
    return Record({}, {name: Maybe(Text(max_length=2000, min_length=0)) for name in sorted(names)})


def is_from_back_end(entry: Input) -> bool:
    """Whether the back end has this input's value already."""
    return entry.prefilled_from.startswith("back_end.")


def shape_operations(
    kind: str,
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Output],
    payment: PaymentTerms,
    assurance: Assurance,
    *,
    optional_too: bool = True,
) -> dict[str, OperationShape]:
    """Every operation that a mapping of this kind may have: example values of what it takes, and the shape of what it gives.

    ``optional_too=False`` leaves optional inputs out of the examples, as a citizen may.
    """
    own = {"inputs": example_inputs(inputs, optional_too=optional_too), "applicant": example_applicant(assurance)}
    shapes: dict[str, OperationShape] = {}
    for name, shape in OPERATIONS_OF_KIND.get(kind, {}).items():
        if name == "list_bills" and payment.amount == "chosen":
            continue
        takes: dict[str, JsonExample] = {key: own.get(key, example) for key, example in shape.takes.items()}
        shapes[name] = OperationShape(takes, _shape_gives(name, shape.gives, inputs, outputs, payment))
    return shapes


def _shape_gives(
    name: str, gives: Shape, inputs: Mapping[str, Input], outputs: Mapping[str, Output], payment: PaymentTerms
) -> Shape:
    if name == "list_bills":
        return Record({"bills": Listing(NON_TAX_BILL if payment.model == "non-tax" else BILL, 0, 200)})
    if name == "prefill":
        return Record({"values": shape_prefilled(inputs)})
    if isinstance(gives, Anything):
        return shape_outputs(outputs)
    if name == "find_result" and isinstance(gives, Record):
        return _with_outputs(gives, outputs)
    if name == "list_results" and isinstance(gives, Record):
        listing = gives.required["results"]
        if isinstance(listing, Listing) and isinstance(listing.item, Record):
            return Record({"results": Listing(_with_outputs(listing.item, outputs), listing.minimum, listing.maximum)})
    return gives


def _with_outputs(result: Record, outputs: Mapping[str, Output]) -> Record:
    return Record(result.required, {**result.optional, "outputs": Maybe(shape_outputs(outputs))})


def need_operations(
    kind: str, inputs: Mapping[str, Input], payment: PaymentTerms, late: Late | None
) -> tuple[str, ...]:
    """The operations that a mapping must have."""
    needed = [name for name in OPERATIONS_OF_KIND.get(kind, {}) if name not in OPTIONAL_OPERATIONS]
    if payment.amount == "chosen" and "list_bills" in needed:
        needed.remove("list_bills")
    if any(is_from_back_end(entry) for entry in inputs.values()):
        needed.append("prefill")
    if kind == "application" and late is not None:
        needed += {"polled": ["find_result"], "file": ["list_results"]}.get(late.arrives, [])
    return tuple(needed)


MONEY_OF_KIND: Mapping[str, tuple[str, ...]] = {"bill": ("list_bills", "write_off", "find_write_off")}


def list_money_operations(kind: str, inputs: Mapping[str, Input], outputs: Mapping[str, Output]) -> frozenset[str]:
    """The operations whose values or results hold money, whatever their expressions do with it."""
    found = set(MONEY_OF_KIND.get(kind, ()))
    if any(entry.type == "money" for entry in inputs.values()):
        found |= {"submit", "look_up", "fetch"}
    if any(one.type == "money" for output in outputs.values() for one in (output, *output.of.values())):
        found |= {"look_up", "fetch", "find_result", "list_results"}
    return frozenset(found)


def example_applicant(assurance: Assurance) -> dict[str, str]:
    """Who asks, with what is proven of them at a level of assurance."""
    if assurance >= Assurance.REAL_NAME:
        return dict(APPLICANT)
    return {"phone": APPLICANT["phone"]} if assurance >= Assurance.PHONE else {}


def example_inputs(inputs: Mapping[str, Input], *, optional_too: bool = True) -> dict[str, Any]:
    """An example value of every input, as a mapping gets it: money in whole fen, a flag as true, the rest as texts."""
    return {name: example_input(entry) for name, entry in inputs.items() if optional_too or not entry.optional}


def example_input(entry: Input) -> str | int | bool:
    """One example: the one that the mapping gives where there is one, else one of its type."""
    if entry.type == "choice" and entry.choices:
        return entry.example if entry.example in entry.choices else next(iter(entry.choices))
    if entry.type == "flag":
        return True
    if entry.type in ("whole", "money"):
        return _example_number(entry)
    return entry.example or INPUT_EXAMPLES[entry.type]


def _example_number(entry: Input) -> int:
    try:
        if entry.example:
            return read_money(entry.example, "yuan" if entry.type == "money" else "fen")
    except ValueUntranslatable:
        pass
    return entry.minimum if entry.minimum is not None else 100
