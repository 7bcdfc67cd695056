"""The content of a draft: which keys it has, and what each may hold. Pure.

``inputs`` {name: value as the form sends it}; ``applicant`` {"kind": "person"} or {"kind": "organisation", "organisation_id": id};
``mandate_id`` of the mandate under which somebody acts; ``delivery``: window, post or electronic; ``address`` for what is posted;
``promises``: names of level D materials that the applicant signs; ``later``: names of secondary materials that are brought afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from services.case_supply import PROMISED, may_come_later
from services.counter_terms import CounterTerms
from services.errors import InputRefused
from services.input_values import ValueRefusedError, read_value
from services.mapping import Input, ServiceMapping
from services.model import JsonValue
from services.service_words import is_typed

ADDRESS = Input("address", "text", {}, maximum=200)
PERSON, ORGANISATION = "person", "organisation"
POST = "post"
Faults = dict[str, object]


def read_content(mapping: ServiceMapping, terms: CounterTerms, sent: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The content as it is kept, every key in it. Raises one ``InputRefused`` with every fault by its place; what is missing is no fault."""
    faults: Faults = {name: "unknown_field" for name in sent if name not in _KEYS}
    content = {
        "inputs": _read_inputs(mapping, sent.get("inputs"), faults),
        "applicant": _read_applicant(terms, sent.get("applicant"), faults),
        "mandate_id": _read(lambda found: str(UUID(str(found))), sent.get("mandate_id"), "mandate_id", faults),
        "delivery": _read_choice(terms.delivery, sent.get("delivery"), "delivery", faults),
        "address": _read_address(terms, sent.get("address"), faults),
        "promises": _read_names(sent.get("promises"), _list_promises(terms), "promises", faults),
        "later": _read_names(sent.get("later"), _list_later(terms), "later", faults),
    }
    if faults:
        raise InputRefused(detail=faults)
    return content


_KEYS = frozenset({"inputs", "applicant", "mandate_id", "delivery", "address", "promises", "later"})


def name_promises(content: Mapping[str, JsonValue]) -> dict[str, dict[str, JsonValue]]:
    """The promises of a draft as the materials of a case."""
    return {str(name): {"files": [], "vouched": True} for name in content.get("promises") or ()}


def _read_address(terms: CounterTerms, sent: JsonValue, faults: Faults) -> JsonValue:
    """Where it is posted to; a service that posts nothing asks for no address."""
    if POST not in terms.delivery and not _is_empty(sent):
        faults["address"] = "unknown_field"
        return None
    return _read(lambda found: read_value(ADDRESS, found), sent, "address", faults)


def _read_inputs(mapping: ServiceMapping, sent: JsonValue, faults: Faults) -> dict[str, JsonValue]:
    """The values as they were sent, each in its right form; an empty one is left out."""
    if sent is None:
        return {}
    if not isinstance(sent, Mapping):
        faults["inputs"] = "type"
        return {}
    if any(name not in mapping.inputs for name in sent):
        faults["inputs"] = "unknown_field"
    for name, asked in mapping.inputs.items():
        if name in sent and not _is_empty(sent[name]):
            rule = _find_fault(asked, sent[name])
            if rule:
                faults[f"inputs.{name}"] = rule
    return {name: value for name, value in sent.items() if not _is_empty(value)}


def _find_fault(asked: Input, value: JsonValue) -> str:
    if not is_typed(asked):
        return "prefilled"
    try:
        read_value(asked, value)
    except ValueRefusedError as refused:
        return refused.rule
    return ""


def _is_empty(value: JsonValue) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _read_applicant(terms: CounterTerms, sent: JsonValue, faults: Faults) -> dict[str, JsonValue]:
    """Whose matter it is; without a word of it, the only kind that the service knows, or the person themselves."""
    if sent is None:
        return {"kind": PERSON} if PERSON in terms.applicants else {"kind": ORGANISATION, "organisation_id": None}
    if not isinstance(sent, Mapping) or not set(sent) <= {"kind", "organisation_id"}:
        faults["applicant"] = "type"
        return {}
    kind = _read_choice(terms.applicants, sent.get("kind"), "applicant.kind", faults)
    if kind != ORGANISATION:
        if sent.get("organisation_id") is not None:
            faults["applicant.organisation_id"] = "unknown_field"
        return {"kind": kind}
    named = _read(lambda found: str(UUID(str(found))), sent.get("organisation_id"), "applicant.organisation_id", faults)
    return {"kind": kind, "organisation_id": named}


def _read(read: Callable[[JsonValue], JsonValue], found: JsonValue, place: str, faults: Faults) -> JsonValue:
    if _is_empty(found):
        return None
    try:
        return read(found)
    except ValueRefusedError as refused:
        faults[place] = refused.rule
    except ValueError:
        faults[place] = "form"
    return None


def _read_choice(choices: tuple[str, ...], found: JsonValue, place: str, faults: Faults) -> JsonValue:
    if _is_empty(found):
        return choices[0] if len(choices) == 1 else None
    if found not in choices:
        faults[place] = "choice"
        return None
    return found


def _read_names(sent: JsonValue, allowed: frozenset[str], place: str, faults: Faults) -> list[str]:
    """Names, each once, in the order of the service's materials."""
    if sent is None:
        return []
    if not isinstance(sent, list) or not all(isinstance(name, str) for name in sent):
        faults[place] = "type"
        return []
    if not allowed.issuperset(sent):
        faults[place] = "choice"
    return sorted(allowed.intersection(sent))


def _list_promises(terms: CounterTerms) -> frozenset[str]:
    return frozenset(name for name, material in terms.materials.items() if material.level == PROMISED)


def _list_later(terms: CounterTerms) -> frozenset[str]:
    return frozenset(name for name, material in terms.materials.items() if may_come_later(terms, material))
