"""A draft as a form carries it: nothing of it is kept here. The text and every file that was added come back with each answer."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from config.back_end_schema import REFERENCE_FILE
from config.strict_yaml import Fault, read_document
from gateway.console.catalogue_words import Words
from gateway.console.desk import current_actor, current_console
from services.errors import InputRefused, NotFound
from services.exposure_label import Widening, widens
from services.mapping import ServiceMapping
from services.mapping_desk import ServiceFile
from services.mapping_diff import MappingDiff, diff_mappings
from services.mapping_files import LayeredDocuments, list_imports
from services.mapping_reader import list_documents

MAX_FORM_BYTES = 6_000_000
"""Of a draft with its documents: more than the longest mapping, and a WSDL of two million octets."""
DOCUMENT = "document."
FILE = "draft.yaml"
NOT_UTF8: Words = ("文件不是 UTF-8 编码的文字，未采用。", "The file is no text in UTF-8 and was not taken.")
NOT_A_PLACE: Words = (
    "附件的名称须为 wsdl、xsd、json 或 yaml 文件，且为映射所引用。",
    "A document is a wsdl, xsd, json or yaml file that the mapping refers to.",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor. ``base`` and ``base_version`` name the version whose documents it goes on using; ``added`` are new ones."""

    text: str
    base: str = ""
    base_version: int = 0
    added: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[Words, ...] = ()

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self.text.encode("utf-8", "surrogatepass")

    def documents(self) -> LayeredDocuments:
        """What it may refer to: files added here, those of the version that it began with, those of this release."""
        added = {path: text.encode("utf-8", "surrogatepass") for path, text in self.added.items()}
        return LayeredDocuments(added, self._find_kept(), current_console().workshop.documents)

    def _find_kept(self) -> Mapping[str, bytes]:
        if not self.base:
            return {}
        try:
            file = current_console().mappings.open_service(current_actor(), self.base)
        except NotFound:
            return {}
        kept = file.version(self.base_version)
        return kept.documents if kept else {}


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that was looked at: what is wrong with it; if nothing, what it means beside the version in force."""

    draft: Draft
    mapping: ServiceMapping | None
    faults: tuple[Fault, ...]
    file: ServiceFile | None = None
    diff: MappingDiff | None = None
    more: tuple[Widening, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether nothing of this service is in force."""
        return self.file is None or self.file.state.in_force is None


def read_draft() -> Draft:
    """The draft of this request: its text, or an uploaded file in its place; its documents, and uploaded ones."""
    form, complaints = request.form, list[Words]()
    text = form.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    uploaded = read_upload("file", complaints)
    text = uploaded[0][1] if uploaded else text
    added = {
        name.removeprefix(DOCUMENT): value.replace("\r\n", "\n")
        for name, value in form.items()
        if name.startswith(DOCUMENT) and re.fullmatch(REFERENCE_FILE.pattern, name.removeprefix(DOCUMENT))
    }
    for name, body in read_upload("documents", complaints):
        place = find_place(name, text, added)
        if place:
            added[place] = body
        else:
            complaints.append(NOT_A_PLACE)
    version = form.get("base_version", "0")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    return Draft(text, form.get("base", "")[:100], number, added, tuple(dict.fromkeys(complaints)))


def read_upload(field_name: str, complaints: list[Words]) -> list[tuple[str, str]]:
    """Uploaded texts by name; whatever is no text is told in ``complaints``."""
    found = []
    for file in request.files.getlist(field_name):
        if not file.filename:
            continue
        try:
            found.append((file.filename, file.read().decode("utf-8").replace("\r\n", "\n")))
        except UnicodeDecodeError:
            complaints.append(NOT_UTF8)
    return found


def find_place(name: str, text: str, added: Mapping[str, str]) -> str:
    """The path under which a draft refers to an uploaded file, by its last part; else the name itself if it may be one."""
    value = read_document(FILE, text.encode("utf-8", "surrogatepass")).value
    named = list(list_documents(value)) if isinstance(value, dict) and has_places(value) else []
    named += [one for path, body in added.items() for one in list_imports(path, body.encode("utf-8", "surrogatepass"))]
    last = posixpath.basename(name.replace("\\", "/"))
    places = [one for one in named if posixpath.basename(one) == last] or [last]
    return places[0] if re.fullmatch(REFERENCE_FILE.pattern, places[0]) else ""


def has_places(value: Mapping[str, Any]) -> bool:
    """Whether a half-written file has its back ends where files are named."""
    further = value.get("further_back_ends", [])
    return isinstance(value.get("back_end"), dict) and isinstance(further, list) and all(
        isinstance(one, dict) for one in further
    )  # fmt: skip


def check_draft(draft: Draft) -> Checked:
    """Everything that is wrong with a draft; what is right with it, beside the version in force."""
    desk, actor = current_console(), current_actor()
    mapping, faults = desk.workshop.check(FILE, draft.content, draft.documents())
    if mapping is None:
        return Checked(draft, None, tuple(faults))
    faults = desk.mappings.find_place_faults(actor, FILE, draft.content, mapping)
    file = find_file(mapping.id)
    present = file.version(file.state.in_force) if file and file.state.in_force is not None else None
    before = desk.mappings.show(present).mapping if present else None
    diff = diff_mappings(present.content, draft.content, "in force", "draft") if present else None
    return Checked(draft, mapping, tuple(faults), file, diff, widens(before, mapping))


def find_file(service: str) -> ServiceFile | None:
    """What is kept of a service, as far as one may see it."""
    try:
        return current_console().mappings.open_service(current_actor(), service)
    except NotFound:
        return None


def read_entries(prefix: str) -> dict[str, str]:
    """What stands in the trial's fields of this prefix: name to text, without the empty ones."""
    return {
        name.removeprefix(prefix): value for name, value in request.form.items() if name.startswith(prefix) and value
    }


def raise_number(text: str, version: int) -> str:
    """The same file under another version number; the line alone is changed."""
    return re.sub(r"(?m)^version:[ \t]*\S+", f"version: {version}", text, count=1)


def read_amount() -> int | None:
    """An amount in fen, if one was given. Raises ``InputRefused``."""
    text = request.form.get("amount_fen", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 12 or int(text) == 0:
        raise InputRefused(detail={"amount_fen": "not_a_number"})
    return int(text)


def list_sizes(documents: Mapping[str, bytes], named: Iterable[str]) -> list[tuple[str, int]]:
    """Which files a draft refers to, and how long each is; -1 for one that is missing."""
    return [(path, len(documents[path]) if path in documents else -1) for path in named]
