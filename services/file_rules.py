"""What may be uploaded: names of files, which materials, how many, how large. Pure.

Titles are personal (people name files after people) and come from elsewhere: paths and signs that act on a screen are taken out. The
limits of one material are its mapping's; those of one draft or case stand here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.case_errors import FileRefused
from services.case_record import StoredFile
from services.counter_terms import Material

TITLE_CHARACTERS = 120
UNNAMED = "未命名"
MOST_FILES = 40
"""In one draft, or brought at one time to a case."""
MOST_EVER = 200
"""Of one case, in all its life."""
MEGABYTE = 1024 * 1024
MOST_BYTES = 100 * MEGABYTE
"""In one draft, or brought at one time to a case."""
LARGEST_MEGABYTES = 20
"""No file is larger, whatever a mapping allows."""
COPIES = frozenset({"B", "C"})
"""Levels of which an applicant uploads a copy: seen at the window later, or checked against the original."""
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody sends: as which material, under which name, which bytes."""

    material: str
    title: str
    content: bytes


def refuse_file(rule: str) -> FileRefused:
    """The refusal of a file by one rule: type, size, count, material."""
    return FileRefused(rule, detail={"rule": rule})


def clean_title(title: str) -> str:
    """A file name of one line, at most 120 characters, without folders and without signs that act (control, direction, unassigned)."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", title))[-1]
    kept = "".join(one if unicodedata.category(one)[0] not in "CZ" else " " for one in name)
    words = " ".join(kept.split()).strip(". ")
    if len(words) <= TITLE_CHARACTERS:
        return words or UNNAMED
    stem, dot, ending = words.rpartition(".")
    short = dot and 0 < len(ending) <= 8
    return (stem[: TITLE_CHARACTERS - len(ending) - 1] + dot + ending) if short else words[:TITLE_CHARACTERS]


def name_for_download(file: StoredFile) -> str:
    """The name under which it is saved: with the ending of what it really is, so that no reader's machine runs it."""
    ending = ENDINGS.get(file.media_type, ".bin")
    title = clean_title(file.title)
    return title if title.lower().endswith((ending, ".jpeg" if ending == ".jpg" else ending)) else title + ending


def require_fit(material: Material, size: int, held: Sequence[StoredFile], handed_in: Collection[str]) -> None:
    """Raise ``FileRefused`` (size, count) before anybody looks into the bytes.

    ``held``: what lies there for this draft or case; ``handed_in``: ids of those that stand in an event already.
    """
    waiting = [file for file in held if file.material and str(file.file_id) not in handed_in]
    if not 0 < size <= min(material.maximum_megabytes, LARGEST_MEGABYTES) * MEGABYTE:
        raise refuse_file("size")
    if sum(file.material == material.name for file in waiting) >= material.maximum_files:
        raise refuse_file("count")
    if len(waiting) >= MOST_FILES or len(held) >= MOST_EVER:
        raise refuse_file("count")
    if sum(file.size_bytes for file in waiting) + size > MOST_BYTES:
        raise refuse_file("size")


def is_over(material: Material, held: Sequence[StoredFile], handed_in: Collection[str]) -> bool:
    """Whether more lies there now than may: two uploads that did not see each other."""
    waiting = [file for file in held if file.material and str(file.file_id) not in handed_in]
    return (
        sum(file.material == material.name for file in waiting) > material.maximum_files
        or len(waiting) > MOST_FILES
        or len(held) > MOST_EVER
        or sum(file.size_bytes for file in waiting) > MOST_BYTES
    )
