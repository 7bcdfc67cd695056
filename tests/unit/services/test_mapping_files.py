"""Rules of services/mapping_files.py: what a mapping refers to lies below its folders, and nothing else can be named."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.mapping_files import MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, FolderDocuments, gather_documents, list_imports


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two documents, and a secret beside it."""
    (tmp_path / "secret.json").write_text("{}", "utf-8")
    inside = tmp_path / "mappings"
    (inside / "wsdl").mkdir(parents=True)
    (inside / "wsdl" / "a.wsdl").write_text("<a/>", "utf-8")
    (inside / "b.json").write_text("{}", "utf-8")
    (inside / "notes.txt").write_text("x", "utf-8")
    (inside / "c.json").symlink_to(tmp_path / "secret.json")
    return inside


def test_what_is_there(folder: Path) -> None:
    """Files of the kinds that may be referred to, by their path; a link that leads outside is none of them."""
    documents = FolderDocuments(folder)
    assert list(documents) == ["b.json", "wsdl/a.wsdl"]
    assert documents["wsdl/a.wsdl"] == b"<a/>"
    assert len(documents) == 2


@pytest.mark.parametrize(
    "path", ["../secret.json", "wsdl/../b.json", "/etc/hosts.json", "c.json", "notes.txt", "wsdl", "x.json", ""]
)
def test_what_cannot_be_named(folder: Path, path: str) -> None:
    """Nothing outside, nothing of another kind, nothing that is not there."""
    documents = FolderDocuments(folder)
    assert path not in documents
    with pytest.raises(KeyError):
        documents[path]


def test_too_long(folder: Path) -> None:
    """A file beyond the limit is not read."""
    (folder / "huge.json").write_bytes(b" " * (MAX_DOCUMENT_BYTES + 1))
    assert "huge.json" not in FolderDocuments(folder)


def test_the_first_folder_wins(folder: Path, tmp_path: Path) -> None:
    """Of several folders the first that has a file gives it."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.json").write_text("[]", "utf-8")
    assert FolderDocuments(other, folder)["b.json"] == b"[]"
    assert FolderDocuments(other, folder)["wsdl/a.wsdl"] == b"<a/>"


def test_imports_come_along() -> None:
    """A WSDL brings the schemas that it imports, and those that they import; an address elsewhere is nobody's file."""
    documents = {
        "wsdl/a.wsdl": b"<x schemaLocation='types/t.xsd' location=\"http://office.example/x.wsdl\"/>",
        "wsdl/types/t.xsd": b'<x schemaLocation = "../u.xsd"/>',
        "wsdl/u.xsd": b'<x schemaLocation="u.xsd"/>',
        "other.json": b"{}",
    }
    found = gather_documents(("wsdl/a.wsdl",), documents)
    assert set(found) == {"wsdl/a.wsdl", "wsdl/types/t.xsd", "wsdl/u.xsd"}
    assert list_imports("b.json", b'schemaLocation="a.xsd"') == []


def test_imports_end() -> None:
    """However many files import each other, only so many come along."""
    documents = {f"d/n{number}.xsd": f'schemaLocation="n{number + 1}.xsd"'.encode() for number in range(200)}
    assert len(gather_documents(("d/n0.xsd",), documents)) == MAX_DOCUMENTS
