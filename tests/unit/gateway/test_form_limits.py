"""The limits that a mapping may state for an input can be shown: a form that the guard refuses is a service that nobody can use."""

from __future__ import annotations

import re

import pytest

from config.mapping_schema import INPUT
from config.shapes import Record, Whole
from gateway.schemas.catalogue import InputReply


@pytest.mark.parametrize("limit", ["minimum", "maximum"])
def test_every_limit_of_the_schema_has_the_declared_form(limit: str) -> None:
    """The largest and the smallest limit that the mapping's schema allows fit the reply's declared form."""
    shape = INPUT.optional[limit]
    assert isinstance(INPUT, Record)
    assert isinstance(shape, Whole)
    form = InputReply().fields[limit].metadata["form"]
    for number in (shape.minimum, shape.maximum):
        assert re.fullmatch(form, str(number))
