"""Schemas of one service of kind ``case`` in one version: its draft, its corrections, its case; what it never shows has no place in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from gateway.schemas.cases import CaseDetailReply, ChangesRequest
from gateway.schemas.drafts import DraftChangeRequest, DraftReply, DraftRequest
from gateway.schemas.fields import Part, Plain, Strict
from gateway.schemas.services import form_of, keep, make_schema, output_field
from services.case_clocks import terms_of
from services.counter_terms import CounterTerms
from services.draft_content import ORGANISATION
from services.mapping import ServiceMapping
from services.service_words import is_typed

POST = "post"


def draft_request_schema(mapping: ServiceMapping) -> type[Schema]:
    """The body with which a draft is begun."""
    return keep("draft-request", mapping, lambda one: _make_request("DraftOf", DraftRequest, one))


def draft_change_schema(mapping: ServiceMapping) -> type[Schema]:
    """The body with which a draft is saved again."""
    return keep("draft-change", mapping, lambda one: _make_request("DraftChangeOf", DraftChangeRequest, one))


def changes_schema(mapping: ServiceMapping) -> type[Schema]:
    """The body of a correction, of what a gap left out, of what is put right on the spot."""
    return keep("changes", mapping, lambda one: _make_request("ChangesOf", ChangesRequest, one))


def draft_schema(mapping: ServiceMapping) -> type[Schema]:
    """A draft as it is shown."""
    return keep("draft", mapping, _make_draft)


def case_schema(mapping: ServiceMapping) -> type[Schema]:
    """A case as its applicant sees it."""
    return keep("case", mapping, _make_case)


def _make_request(name: str, parent: type[Schema], mapping: ServiceMapping) -> type[Schema]:
    members = _list_members(parent, mapping)
    members["inputs"] = Part("service_choice", _make_inputs(mapping))
    return make_schema(name, Strict, members)


def _make_draft(mapping: ServiceMapping) -> type[Schema]:
    members = _list_members(DraftReply, mapping)
    members["inputs"] = Part("form_info", _make_inputs(mapping))
    return make_schema("DraftReplyOf", Strict, members)


def _make_case(mapping: ServiceMapping) -> type[Schema]:
    members = _list_members(CaseDetailReply, mapping)
    inner = make_schema("CaseOutputs", Strict, {one.name: output_field(one) for one in mapping.outputs.values()})
    members["outputs"] = Part("case_state", inner, allow_none=True)
    return make_schema("CaseOf", Strict, members)


def _make_inputs(mapping: ServiceMapping) -> type[Schema]:
    typed = [asked for asked in mapping.inputs.values() if is_typed(asked)]
    return make_schema("CaseInputs", Strict, {asked.name: Plain(asked.name, form_of(asked)) for asked in typed})


def _list_members(parent: type[Schema], mapping: ServiceMapping) -> dict[str, Any]:
    """The fields of the common schema without those that this service has no use for."""
    terms = terms_of(mapping)
    unused = {name for name, used in _find_used(terms).items() if not used}
    return {name: field for name, field in parent().fields.items() if name not in unused}


def _find_used(terms: CounterTerms) -> Mapping[str, bool]:
    levels, acting = {one.level for one in terms.materials.values()}, bool(terms.mandates)
    return {
        "address": POST in terms.delivery,
        "materials": bool(terms.materials),
        "promises": "D" in levels,
        "later": any(one.secondary for one in terms.materials.values()),
        "organisation": ORGANISATION in terms.applicants,
        "on_behalf_of": acting or ORGANISATION in terms.applicants,
        "acting_as": acting or ORGANISATION in terms.applicants,
    }
