"""Rules of config/mapping_schema.py: the schema, the documentation and the words agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.mapping_schema import (
    ASSURANCE,
    BACK_END,
    DIRECTIONS,
    ERROR_NAMES,
    KINDS,
    MAPPING,
    OPERATION,
    OPERATIONS_OF_KIND,
    OUTCOMES,
    PLATFORMS,
    WRITES,
)
from services.exposure import Direction, Outcome
from services.model import Assurance, PlatformName

DOCS = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")
KEYS = {key for record in (MAPPING, BACK_END, OPERATION) for key in (*record.required, *record.optional)}
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
    assert {str(platform) for platform in PlatformName} == set(PLATFORMS)


def test_writes_exist() -> None:
    """What is known to change something is an operation of some kind."""
    assert WRITES <= OPERATIONS
