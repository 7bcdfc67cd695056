"""From a schema to the table by which the guard reads bytes: every place, the field name it counts as, the form it must have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from marshmallow import Schema, fields

from services.exposure import WireField, WireTable


@lru_cache(maxsize=1024)
def table_of(schema: type[Schema], prefix: str = "body:") -> WireTable:
    """The wire table of a schema; ``prefix`` is ``body:`` for JSON, ``query:`` for a query string."""
    return WireTable(schema.__name__, list_places(schema, prefix))


@cache
def names_of(schema: type[Schema]) -> frozenset[str]:
    """Every field name that bytes of this schema can amount to."""
    return frozenset(place.name for place in list_places(schema, "body:"))


def list_places(schema: type[Schema], prefix: str) -> Iterator[WireField]:
    """Every place of a schema, nested ones included."""
    for declared, field in schema().fields.items():
        name = field.data_key or declared
        path = f"{prefix}{name}" if prefix.endswith(":") else f"{prefix}.{name}"
        yield from _list_field(path, field)


def _list_field(path: str, field: fields.Field[Any]) -> Iterator[WireField]:
    exposure, form = field.metadata["exposure"], field.metadata["form"]
    yield WireField(path, exposure, re.compile(f"{form}|null" if field.allow_none else form))
    if isinstance(field, fields.Nested):
        yield from list_places(type(field.schema), path)
    elif isinstance(field, fields.List):
        inner = field.inner
        if isinstance(inner, fields.Nested):
            yield from list_places(type(inner.schema), f"{path}[]")
        else:
            yield from _list_field(f"{path}[]", inner)
