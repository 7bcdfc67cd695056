"""A service is one file: no Python outside the sandbox knows a service, a back end, a payee or an agency by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from services.mapping import ServiceMapping
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("config", "services", "adapters", "gateway")
SANDBOX = ROOT / "adapters" / "sandbox"
FILES = sorted(MAPPINGS_FOLDER.glob("*.yaml"))


def read_mappings() -> list[ServiceMapping]:
    """Every shipped mapping."""
    documents, vocabulary = FolderDocuments(MAPPINGS_FOLDER), load_vocabulary()
    read = [read_mapping(file.name, file.read_bytes(), vocabulary, documents=documents)[0] for file in FILES]
    assert all(read)
    return [mapping for mapping in read if mapping is not None]


def list_names() -> set[str]:
    """Ids, titles, back ends, payees and agencies of all shipped mappings, in every language."""
    names: set[str] = set()
    for mapping in read_mappings():
        names |= {mapping.id, mapping.agency, mapping.owner, *mapping.connections()}
        names |= {mapping.payee} if mapping.payee else set()
        names |= {*mapping.title.values(), *mapping.payee_name.values(), *mapping.order_description.values()}
    return names


def list_sources() -> Iterator[Path]:
    """Every Python file of the product, without the sandbox."""
    for room in ROOMS:
        yield from (path for path in sorted((ROOT / room).rglob("*.py")) if SANDBOX not in path.parents)


def find_names(text: str, names: set[str]) -> set[str]:
    """Names that occur in a source: those of several words anywhere in it, in comments too, a single word as a text of its own."""
    several = {name for name in names if not name.isascii() or "-" in name or " " in name}
    found = {name for name in several if name in text}
    texts = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    return found | {name for name in names - several if name in texts}


@pytest.fixture(scope="module")
def names() -> set[str]:
    """What must not be known."""
    return list_names()


def test_the_names_are_those_of_the_catalogue(names: set[str]) -> None:
    """All ids of the mission's list are among what is looked for, and an agency, a back end and a payee."""
    assert {file.stem for file in FILES} <= names
    assert len(FILES) >= 18
    for mapping in read_mappings():
        assert {mapping.agency, mapping.back_end.name} <= names


def test_no_python_outside_the_sandbox_names_a_service(names: set[str]) -> None:
    """Ids, titles, companies, offices and agencies stand in config/mappings and in the accounts, never in code."""
    found: Mapping[str, set[str]] = {
        path.relative_to(ROOT).as_posix(): hits
        for path in list_sources()
        if (hits := find_names(path.read_text("utf-8"), names))
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        'SERVICES = ("gas-bill",)',
        "# vehicle-fines are special",
        'if mapping.back_end.name == "treasury":\n    pass',
        'say(f"to gas-company: {amount}")',
        'TITLE = "燃气缴费"',
    ],
)
def test_a_name_that_was_planted_is_found(names: set[str], planted: str) -> None:
    """In a text, a comment, a comparison, half of a text, in Chinese."""
    assert find_names(planted, names)


def test_a_word_of_plain_language_is_no_name(names: set[str]) -> None:
    """Prose may speak of a treasury; that is no treasury by name."""
    assert find_names('"""What the treasury says is authoritative."""', names) == set()
