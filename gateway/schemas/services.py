"""Schemas of one service in one version, made from its mapping: what its form asks, what its results show.

Each input counts as the field of its own name, each output as the word that the mapping says, so that the ledger names exactly what a
person typed or was shown. A class is made once per mapping and kept; a version never changes, a new version is a new mapping.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields

from gateway.schemas.applications import ApplicationDetailReply, FormRequest, FoundReply
from gateway.schemas.catalogue import ServiceDetailReply
from gateway.schemas.fields import DATE_FORM, MOMENT_FORM, PLAIN_TEXT, Many, Part, Plain, Strict
from services.input_values import limit_length
from services.mapping import Input, Output, ServiceMapping
from services.outputs import TEXT_LIMIT
from services.service_words import is_typed

MONTH_FORM = "[0-9]{4}-[0-9]{2}"
KEPT = 512
"""Schemas kept per process; the one that was not used for longest goes first."""
OUTPUT_FORMS: Mapping[str, str] = {
    "text": PLAIN_TEXT + f"{{0,{TEXT_LIMIT}}}",
    "money": "-?[0-9]{1,14}",
    "whole": "-?[0-9]{1,14}",
    "date": DATE_FORM,
    "month": MONTH_FORM,
    "moment": MOMENT_FORM,
    "flag": "true|false",
}
INPUT_FORMS: Mapping[str, str] = {
    "money": r"-?[0-9]{1,12}(\.[0-9]{1,2})?",
    "whole": "-?[0-9]{1,13}",
    "date": DATE_FORM,
    "month": MONTH_FORM,
    "flag": "true|false",
    "choice": "[A-Za-z0-9_-]{1,40}",
}
Make = Callable[[ServiceMapping], type[Schema]]
_made: OrderedDict[tuple[str, str, int], tuple[ServiceMapping, type[Schema]]] = OrderedDict()
_lock = threading.Lock()


def keep(kind: str, mapping: ServiceMapping, make: Make) -> type[Schema]:
    """The schema of this kind for this very mapping, made when it is first asked for."""
    key = (kind, mapping.id, mapping.version)
    with _lock:
        known = _made.pop(key, None)
        entry = known if known is not None and known[0] is mapping else (mapping, make(mapping))
        _made[key] = entry
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return entry[1]


def form_schema(mapping: ServiceMapping) -> type[Schema]:
    """``GET /v1/services/{service}``: the form, with the prefilled values under the names of their inputs."""
    return keep("form", mapping, _make_form)


def request_schema(mapping: ServiceMapping) -> type[Schema]:
    """The body of an application or a look-up."""
    return keep("request", mapping, _make_request)


def filters_schema(mapping: ServiceMapping) -> type[Schema]:
    """The query of information."""
    return keep("filters", mapping, _make_filters)


def result_schema(mapping: ServiceMapping) -> type[Schema]:
    """The reply of a look-up or of information."""
    return keep("result", mapping, lambda one: _with_outputs("Result", FoundReply, "current_at", one))


def application_schema(mapping: ServiceMapping) -> type[Schema]:
    """An application with the outputs of its result."""
    return keep(
        "application",
        mapping,
        lambda one: _with_outputs("Application", ApplicationDetailReply, "application_state", one),
    )


def _make_form(mapping: ServiceMapping) -> type[Schema]:
    prefilled = [asked for asked in mapping.inputs.values() if asked.prefilled_from]
    inner = make_schema(
        "Prefilled", Strict, {asked.name: Plain(asked.name, shown_form_of(asked)) for asked in prefilled}
    )
    return make_schema("Form", ServiceDetailReply, {"prefilled": Part("form_info", inner)})


def _make_request(mapping: ServiceMapping) -> type[Schema]:
    typed = [asked for asked in mapping.inputs.values() if is_typed(asked)]
    inner = make_schema("Inputs", Strict, {asked.name: Plain(asked.name, form_of(asked)) for asked in typed})
    return make_schema("Request", FormRequest, {"inputs": Part("service_choice", inner)})


def _make_filters(mapping: ServiceMapping) -> type[Schema]:
    return make_schema(
        "Filters", Strict, {asked.name: Plain(asked.name, form_of(asked)) for asked in mapping.inputs.values()}
    )


def _with_outputs(name: str, reply: type[Schema], empty: str, mapping: ServiceMapping) -> type[Schema]:
    inner = make_schema("Outputs", Strict, {one.name: output_field(one) for one in mapping.outputs.values()})
    return make_schema(name, reply, {"outputs": Part(empty, inner, allow_none=True)})


def output_field(output: Output) -> fields.Field[Any]:
    """An output as its mapping says it, or a list of rows."""
    if output.type != "list":
        return Plain(output.word, OUTPUT_FORMS[output.type], allow_none=output.optional)
    row = make_schema("Row", Strict, {one.name: output_field(one) for one in output.of.values()})
    return Many(output.word, Part(output.word, row), allow_none=output.optional)


def form_of(asked: Input) -> str:
    """The form of a value as it stands in the bytes; what exactly may be entered, ``services/input_values.py`` says."""
    if asked.type in INPUT_FORMS:
        return INPUT_FORMS[asked.type]
    return PLAIN_TEXT + f"{{0,{limit_length(asked)}}}"


def shown_form_of(asked: Input) -> str:
    """The form of a prefilled value: as it would be entered, or masked."""
    return form_of(asked) if asked.editable else f"{form_of(asked)}|{PLAIN_TEXT}{{0,80}}"


def make_schema(name: str, parent: type[Schema], members: Mapping[str, Any]) -> type[Schema]:
    """A schema class with fields of these names, which may be any: a class attribute would clash with marshmallow's own."""
    return parent.from_dict(dict(members), name=name)
