"""A service as the citizen API shows it: in the list, and with everything that a client needs to show its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.counter_view import describe_counter, describe_joint
from gateway.effort_view import describe_label
from services.catalogue import Catalogue
from services.mapping import Input, Output, ServiceMapping
from services.model import Assurance, Caller, JsonValue, Language

NEXT_PATHS: Mapping[str, tuple[str, str]] = {
    "bill": ("POST", "/v1/households/lookup"),
    "application": ("POST", "/v1/services/{service}/applications"),
    "case": ("POST", "/v1/services/{service}/drafts"),
    "lookup": ("POST", "/v1/services/{service}/lookups"),
    "information": ("GET", "/v1/services/{service}/information"),
}
PROOFS: Mapping[Assurance, tuple[str, str]] = {
    Assurance.PHONE: ("POST", "/v1/identity/phone"),
    Assurance.REAL_NAME: ("POST", "/v1/identity/real-name"),
}
"""How a level is reached from the phone; the highest is reached at a window alone."""


def describe_service(catalogue: Catalogue, mapping: ServiceMapping, language: Language) -> dict[str, Any]:
    """A service in the reader's language."""
    return {
        "service": mapping.id,
        "version": mapping.version,
        "kind": mapping.kind,
        "title": mapping.title[language],
        "summary": mapping.summary.get(language),
        "assurance": mapping.assurance.label,
        "payee": mapping.payee_name.get(language),
        "channels": list(mapping.channels),
        "off": (catalogue.off(mapping.id) or {}).get(language),
    }


def describe_form(
    catalogue: Catalogue, mapping: ServiceMapping, caller: Caller, prefilled: Mapping[str, JsonValue]
) -> dict[str, Any]:
    """A service with its form; ``prefilled`` as it may be shown."""
    language = caller.language
    enough = caller.assurance >= mapping.assurance
    limits = mapping.limits
    return {
        **describe_service(catalogue, mapping, language),
        "assurance": {"needed": mapping.assurance.label, "yours": caller.assurance.label, "enough": enough},
        "agency": mapping.agency,
        "legal_basis": mapping.legal_basis,
        "inputs": [describe_input(one, language) for one in mapping.inputs.values()],
        "prefilled": dict(prefilled),
        "outputs": [describe_output(one, language) for one in mapping.outputs.values()],
        "limits": {"statutory_days": limits.get("statutory_days"), "promised_days": limits.get("promised_days")},
        "fees": [_describe_fee(fee, language) for fee in mapping.fees],
        "effort": _describe_effort(mapping.effort, language)
        | {"label": describe_label(mapping, caller.app.platform, catalogue.services.values(), language)},
        "steps": [_describe_step(step, language) for step in mapping.steps],
        "payment": _describe_payment(mapping, language),
        "counter": describe_counter(mapping, language),
        "next": _name_next(catalogue, mapping, caller),
    }


def describe_input(asked: Input, language: Language) -> dict[str, Any]:
    """Something to enter."""
    return {
        "name": asked.name,
        "type": asked.type,
        "label": asked.label[language],
        "help": asked.help.get(language),
        "example": asked.example or None,
        "pattern": asked.pattern.pattern if asked.pattern else None,
        "choices": [{"value": value, "label": label[language]} for value, label in asked.choices.items()],
        "optional": asked.optional,
        "minimum": asked.minimum,
        "maximum": asked.maximum,
        "editable": asked.editable or not asked.prefilled_from,
        "prefilled_from": asked.prefilled_from or None,
    }


def describe_output(output: Output, language: Language) -> dict[str, Any]:
    """Something that a result shows."""
    columns = [{"name": one.name, "label": one.label[language], "type": one.type} for one in output.of.values()]
    return {"name": output.name, "label": output.label[language], "type": output.type, "columns": columns}


def _describe_fee(fee: Mapping[str, JsonValue], language: Language) -> dict[str, Any]:
    return {"name": fee["name"][language], "amount_fen": fee.get("amount_fen"), "legal_ground": fee["legal_ground"]}


def _describe_step(step: Mapping[str, JsonValue], language: Language) -> dict[str, Any]:
    return {
        "name": step["name"][language],
        "role": step["role"],
        "limit_days": step.get("limit_days"),
        "hands_over_to": step.get("hands_over_to"),
        **describe_joint(step),
    }


def _describe_effort(effort: Mapping[str, JsonValue], language: Language) -> dict[str, Any]:
    return {
        "clicks": effort["clicks"],
        "trips": effort["trips"],
        "legal_ground": effort.get("legal_ground"),
        "preconditions": [
            {"name": one["name"][language], "trips": one["trips"], "legal_ground": one["legal_ground"]}
            for one in effort.get("preconditions", ())
        ],
    }


def _describe_payment(mapping: ServiceMapping, language: Language) -> dict[str, Any] | None:
    if mapping.kind != "bill":
        return None
    terms = mapping.payment
    chosen = terms.amount == "chosen"
    return {
        "model": terms.model,
        "amount": terms.amount,
        "minimum_fen": terms.minimum_fen if chosen else None,
        "maximum_fen": terms.maximum_fen if chosen else None,
        "step_fen": terms.step_fen if chosen else None,
        "after": terms.after.get(language),
    }


def _name_next(catalogue: Catalogue, mapping: ServiceMapping, caller: Caller) -> dict[str, str] | None:
    """The request that comes next: the proof that is missing, then the business itself; none while it is switched off."""
    if catalogue.off(mapping.id) is not None:
        return None
    if caller.assurance < mapping.assurance:
        proof = PROOFS.get(Assurance.PHONE if caller.assurance < Assurance.PHONE else mapping.assurance)
        return {"method": proof[0], "path": proof[1]} if proof else None
    method, path = NEXT_PATHS[mapping.kind]
    return {"method": method, "path": path.format(service=mapping.id)}
