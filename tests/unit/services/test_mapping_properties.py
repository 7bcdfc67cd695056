"""Whatever stands in a mapping file, the reader gives a mapping or faults with their places; what it reads it reads again the same."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.strict_yaml import read_document
from services.catalogue import read_vocabulary
from services.mapping_diff import diff_mappings
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping
from services.vocabulary import Vocabulary

CONFIG = Path(__file__).parents[3] / "config"
SHIPPED = sorted((CONFIG / "mappings").glob("*.yaml"))
DOCUMENTS = FolderDocuments(CONFIG / "mappings")


def load_vocabulary() -> Vocabulary:
    words, faults = read_vocabulary(CONFIG / "vocabulary.yaml")
    assert words is not None, faults
    return words


VOCABULARY = load_vocabulary()
VALUES = [read_document(path.name, path.read_bytes()).value for path in SHIPPED]


def require_honest(content: bytes) -> None:
    """Either a mapping or faults, and each fault has a line and a path."""
    mapping, faults = read_mapping("m.yaml", content, VOCABULARY, documents=DOCUMENTS)
    assert (mapping is None) == bool(faults)
    lines = (
        len(content.decode("utf-8", "replace").splitlines()) + 1
    )  # a list that does not end is missed after the last line
    for fault in faults:
        assert 1 <= fault.line <= lines
        assert fault.found
        assert fault.expected


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Bytes that nobody would call a mapping."""
    require_honest(content)


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    """Text that nobody would call a mapping."""
    require_honest(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_written_and_read_again(path: Path) -> None:
    """A mapping that was read can be written by any YAML writer and means the same when it is read again."""
    content = path.read_bytes()
    first, faults = read_mapping(path.name, content, VOCABULARY, documents=DOCUMENTS)
    assert first is not None, faults
    written = yaml.safe_dump(first.raw, allow_unicode=True, sort_keys=False, width=100).encode()
    again, faults = read_mapping(path.name, written, VOCABULARY, documents=DOCUMENTS)
    assert again == first, faults
    assert diff_mappings(content, written).changes == ()


def list_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    places = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        places += list_places(item, (*path, key))
    return places


PLACES = [list_places(value) for value in VALUES]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**13), 10**13)
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "{a}",
            "body.x",
            "fen(a)",
            "results.a.b",
            "((((",
            "[0-9",
            ":x",
            "'",
            "a || b",
            "@",
            "*",
            "x-road",
            "sql",
            "csv",
        ]
    )
)
ODDITIES = SCALARS | st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.data())
def test_a_mapping_spoiled_anywhere(data: st.DataObject) -> None:
    """One to three places of a shipped mapping hold something else, are gone, or hold what belongs elsewhere."""
    number = data.draw(st.integers(0, len(VALUES) - 1))
    value = copy.deepcopy(VALUES[number])
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(data, value, data.draw(st.sampled_from(PLACES[number])))
    require_honest(yaml.safe_dump(value, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass"))


def spoil(data: st.DataObject, value: Any, place: tuple[Any, ...]) -> None:
    holder = value
    for key in place[:-1]:
        if not isinstance(holder, dict | list) or (isinstance(holder, dict) and key not in holder):
            return
        if isinstance(holder, list) and not (isinstance(key, int) and key < len(holder)):
            return
        holder = holder[key]
    key = place[-1]
    if isinstance(holder, dict):
        match data.draw(st.integers(0, 3)):
            case 0:
                holder.pop(key, None)
            case 1:
                holder[data.draw(st.text(max_size=8))] = holder.pop(key, None)
            case _:
                holder[key] = data.draw(ODDITIES)
    elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        if data.draw(st.booleans()):
            holder.append(holder[key])
        else:
            holder[key] = data.draw(ODDITIES)
