"""What the edge itself says of a filled-in form: the schemas and readers of the routes, asked without a request and without an effect."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.exposing import name_faults
from gateway.schemas.case_services import draft_request_schema
from gateway.schemas.households import HouseholdRequest
from gateway.schemas.services import filters_schema, request_schema
from services.draft_content import read_content
from services.errors import InputRefused
from services.mapping import ServiceMapping
from services.model import JsonValue


def judge_body(mapping: ServiceMapping, inputs: Mapping[str, JsonValue]) -> Mapping[str, object]:
    """Field → rule of everything that the route of this kind of service would refuse; empty if it would let the form in."""
    if mapping.kind == "bill":
        asked = {"service": mapping.id, "household_no": inputs.get("household_no")}
        return _name(HouseholdRequest().validate(asked))
    if mapping.kind == "information":
        return _name(filters_schema(mapping)().validate({name: _write(value) for name, value in inputs.items()}))
    if mapping.kind == "case":
        return _judge_draft(mapping, inputs)
    return _name(request_schema(mapping)().validate({"inputs": dict(inputs)}))


def _judge_draft(mapping: ServiceMapping, inputs: Mapping[str, JsonValue]) -> Mapping[str, object]:
    body = {"inputs": dict(inputs)}
    faults = _name(draft_request_schema(mapping)().validate(body))
    if faults or mapping.counter is None:
        return faults
    try:
        read_content(mapping, mapping.counter, body)
    except InputRefused as refused:
        return refused.detail or {}
    return {}


def _write(value: JsonValue) -> str:
    """A value as it stands in a query."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _name(messages: object) -> Mapping[str, object]:
    return name_faults({"json": messages}) if messages else {}
