"""Rules of config/mapping_schema.py: the schema, the documentation and the words agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.back_end_schema import ERROR_NAMES
from config.mapping_schema import (
    ASSURANCE,
    DIRECTIONS,
    KINDS,
    MAPPING,
    OPERATIONS_OF_KIND,
    OUTCOMES,
    PATTERN,
    PLATFORMS,
    WRITES,
)
from config.shapes import Listing, Maybe, Record, Shape, Table
from gateway.schemas.catalogue import InputReply
from services import doors
from services.exposure import Direction, Outcome
from services.model import Assurance

DOCS = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")


def list_keys(shape: Shape) -> Iterator[str]:
    """Every key that a mapping may hold anywhere."""
    if isinstance(shape, Record):
        for key, inner in {**shape.required, **shape.optional}.items():
            yield key
            yield from list_keys(inner)
    elif isinstance(shape, Listing):
        yield from list_keys(shape.item)
    elif isinstance(shape, Table):
        yield from list_keys(shape.value)
    elif isinstance(shape, Maybe):
        yield from list_keys(shape.shape)


KEYS = {*list_keys(MAPPING)}
OPERATIONS = {name for operations in OPERATIONS_OF_KIND.values() for name in operations}


@pytest.mark.parametrize("word", sorted(KEYS | set(ERROR_NAMES) | OPERATIONS | set(KINDS) | set(ASSURANCE)))
def test_documented(word: str) -> None:
    """Every key, operation and error name of a mapping is explained in docs/mappings.md."""
    assert f"`{word}`" in DOCS


def test_words_agree_with_the_model() -> None:
    """The schema's plain words are those of the vocabulary in services/model.py."""
    assert tuple(level.label for level in Assurance) == ASSURANCE
    assert {str(direction) for direction in Direction} == set(DIRECTIONS)
    assert {str(outcome) for outcome in Outcome} == set(OUTCOMES)
    assert {str(platform) for platform in doors.PLATFORMS} == set(PLATFORMS)


@pytest.mark.parametrize(
    ("pattern", "good"),
    [("[0-9A-Za-z-]{1,35}", True), (r"[\u4e00-\u9fff]{2,4}", True), ("[一-龥]{2,4}", False), ("\n", False)],
)
def test_a_pattern_can_be_shown(pattern: str, good: bool) -> None:
    """What the mapping's form allows, the reply of ``GET /v1/services/{id}`` can carry: printable ASCII."""
    form = InputReply().fields["pattern"].metadata["form"]
    assert bool(re.fullmatch(form, pattern)) is good
    assert bool(re.fullmatch(PATTERN.pattern, pattern)) is good


def test_writes_exist() -> None:
    """What is known to change something is an operation of some kind."""
    assert WRITES <= OPERATIONS
