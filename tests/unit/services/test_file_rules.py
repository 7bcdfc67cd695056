"""Names of files, and how many and how large they may be."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.case_errors import FileRefused
from services.case_record import StoredFile
from services.counter_terms import Material
from services.file_rules import (
    MEGABYTE,
    MOST_BYTES,
    MOST_EVER,
    MOST_FILES,
    TITLE_CHARACTERS,
    clean_title,
    is_over,
    name_for_download,
    require_fit,
)
from tests.case_samples import MORNING

PLAN = Material("floor_plan", {}, "C", maximum_files=3, maximum_megabytes=10)


def make_file(
    material: str = "floor_plan", size: int = 10, title: str = "图.png", kind: str = "image/png"
) -> StoredFile:
    return StoredFile(uuid4(), uuid4(), uuid4(), material, "0" * 64, kind, size, title, MORNING, "applicant")


def refuse(size: int, held: list[StoredFile], material: Material = PLAN, handed_in: tuple[str, ...] = ()) -> object:
    """By which rule it does not fit."""
    with pytest.raises(FileRefused) as refused:
        require_fit(material, size, held, handed_in)
    return (refused.value.detail or {})["rule"]


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("租赁合同.pdf", "租赁合同.pdf"),
        ("C:\\Users\\王秀英\\合同.pdf", "合同.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("照片\u202egnp.exe", "照片 gnp.exe"),
        ("  .hidden. ", "hidden"),
        ("", "未命名"),
        ("/", "未命名"),
        ("\u200b\u0000", "未命名"),
        ("a" * 300 + ".jpeg", "a" * 115 + ".jpeg"),
        ("b" * 300, "b" * 120),
    ],
)
def test_titles_are_cleaned(title: str, cleaned: str) -> None:
    """A title has no folders, no signs that act, one line and 120 characters, and keeps its ending."""
    assert clean_title(title) == cleaned


@given(st.text(max_size=400))
def test_every_title_becomes_a_harmless_one(title: str) -> None:
    """Whatever somebody calls a file, what is kept is short, of one line, printable, no path, and clean already."""
    cleaned = clean_title(title)
    assert 1 <= len(cleaned) <= TITLE_CHARACTERS
    assert not set(cleaned) & set("/\\\r\n\0")
    assert all(unicodedata.category(one)[0] != "C" for one in cleaned)
    assert clean_title(cleaned) == cleaned


def test_a_download_has_the_ending_of_what_it_is() -> None:
    """A picture that calls itself a program is saved as a picture."""
    assert name_for_download(make_file(title="game.exe")) == "game.exe.png"
    assert name_for_download(make_file(title="a.PDF", kind="application/pdf")) == "a.PDF"
    assert name_for_download(make_file(title="a.jpeg", kind="image/jpeg")) == "a.jpeg"
    assert name_for_download(make_file(title="a", kind="text/html")) == "a.bin"


def test_a_file_has_a_size() -> None:
    """No file is empty or larger than its material allows, nor than twenty megabytes whatever a mapping says."""
    require_fit(PLAN, 10 * MEGABYTE, [], ())
    assert refuse(10 * MEGABYTE + 1, []) == "size"
    assert refuse(0, []) == "size"
    assert refuse(20 * MEGABYTE + 1, [], replace(PLAN, maximum_megabytes=500)) == "size"


def test_files_of_one_material_are_counted() -> None:
    """The third of three fits, the fourth does not; what was handed in before and documents of ours do not count."""
    require_fit(PLAN, 1, [make_file(), make_file(), make_file("other"), make_file("")], ())
    held = [make_file() for _ in range(3)]
    assert refuse(1, held) == "count"
    require_fit(PLAN, 1, held, (str(held[0].file_id),))


def test_files_of_one_draft_are_counted() -> None:
    """Forty files and a hundred megabytes are enough for one application, two hundred files for a case's whole life."""
    assert refuse(1, [make_file("other") for _ in range(MOST_FILES)]) == "count"
    assert refuse(2, [make_file("other", MOST_BYTES - 1)]) == "size"
    require_fit(PLAN, 1, [make_file("other", MOST_BYTES - 1)], ())
    old = [make_file("other") for _ in range(MOST_EVER)]
    assert refuse(1, old, handed_in=tuple(str(file.file_id) for file in old)) == "count"


def test_more_than_may_be_is_seen_afterwards() -> None:
    """Two uploads that did not see each other are seen by whoever looks after both."""
    assert not is_over(PLAN, [make_file() for _ in range(3)], ())
    assert is_over(PLAN, [make_file() for _ in range(4)], ())
    assert is_over(PLAN, [make_file("other") for _ in range(MOST_FILES + 1)], ())
    assert is_over(PLAN, [make_file("other", MOST_BYTES + 1)], ())
