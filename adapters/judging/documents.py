"""PDF files: whole, open, inert and small. Every object is read once, every stream inflated once, under limits.

pypdf finds the objects (its own limits stand far above ours); what they hold is judged here. Refused are encryption, everything that
acts (scripts, launching, sending, embedded files, films, XFA forms), damage, and structures that grow when they are opened. A link that
somebody must press stays: every exported web page has some. Sources: ISO 32000-1 §7.5 (structure), §12.6 (actions), §12.7 (forms).
"""

from __future__ import annotations

import io
import itertools
import logging
import re
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import LimitReachedError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from adapters.judging.drawings import Drawings
from adapters.judging.streams import IMAGES, Allowance, decode_stream, require_small_image
from adapters.judging.verdict import MAXIMUM_OBJECTS, MAXIMUM_PAGES, PDF, BytesRefusedError, Verdict

START = b"%PDF-"
_VERSION = re.compile(rb"%PDF-[12]\.[0-9]")
_END = re.compile(rb"%%EOF[\s\0]*\Z")
_OBJECT = re.compile(rb"\b[0-9]{1,10}\s+[0-9]{1,5}\s+obj\b")
_STEPS = 2_000_000
_DEPTH = 60

_ACTING = frozenset({
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/Movie", "/Sound", "/GoToE", "/GoToR", "/GoTo3DView",
    "/RichMediaExecute",
})  # fmt: skip
_ACTING_KEYS = frozenset({"/JS", "/JavaScript", "/EF", "/EmbeddedFiles", "/XFA", "/RichMediaContent"})
_ACTING_TYPES = frozenset({"/EmbeddedFile"})
_ACTING_SUBTYPES = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/3D", "/Sound"})
_TAME = frozenset({"/GoTo", "/Named", "/Hide", "/SetOCGState"})
"""Actions that may run by themselves: they move inside the document."""


def _spell(name: str) -> bytes:
    """A pattern for a name in every way of writing it: each character as it is or as #xx."""
    return b"".join(b"(?:" + re.escape(one.encode()) + f"|#{ord(one):02x}".encode() + b")" for one in name)


_HIDDEN = re.compile(
    b"|".join(
        rb"/S\s*/" + _spell(name) + rb"(?![A-Za-z])" for name in ("JavaScript", "Launch", "SubmitForm", "ImportData")
    )
    + rb"|/" + _spell("EmbeddedFile") + rb"|/" + _spell("RichMedia"),
    re.IGNORECASE,
)  # fmt: skip
"""What acts, also in a part that the table of objects does not name: another reader may rebuild the table and find it."""


def judge_document(content: bytes) -> Verdict:
    """What a PDF file is. Raises ``BytesRefusedError`` (damaged, encrypted, active, pages, bomb)."""
    if not _VERSION.match(content) or not _END.search(content[-2048:]):
        raise BytesRefusedError("damaged")
    if sum(1 for _ in _OBJECT.finditer(content)) > MAXIMUM_OBJECTS:
        raise BytesRefusedError("bomb")
    if _HIDDEN.search(content):
        raise BytesRefusedError("active")
    try:
        return _read(content)
    except (LimitReachedError, RecursionError, MemoryError):
        raise BytesRefusedError("bomb") from None


def _read(content: bytes) -> Verdict:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = _open(content)
    references = _list_references(reader)
    pages = _list_pages(reader)
    allowance, drawings, steps = Allowance(), Drawings(), itertools.count()
    for reference in references:
        read = reader.get_object(reference)
        for part in _list_dictionaries(read):
            if next(steps) > _STEPS:
                raise BytesRefusedError("bomb")
            _require_inert(part)
        if isinstance(read, StreamObject):
            drawings.add(reference, read, _judge_stream(read, allowance))
    drawings.require_few(pages)
    return Verdict(PDF, len(pages), len(content))


def _open(content: bytes) -> PdfReader:
    """Raises ``BytesRefusedError``. Encryption is asked for before pypdf tries its hand at it: an empty password is a password too."""
    try:
        reader = PdfReader(
            io.BytesIO(content), root_object_recovery_limit=1000, xref_stream_maximum_entries=MAXIMUM_OBJECTS
        )
    except (LimitReachedError, RecursionError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - pypdf fails in many ways, and all of them mean that it is not well formed
        raise BytesRefusedError("encrypted" if b"/Encrypt" in content else "damaged") from None
    if reader.is_encrypted or "/Encrypt" in reader.trailer:
        raise BytesRefusedError("encrypted")
    return reader


def _list_references(reader: PdfReader) -> list[IndirectObject]:
    """Every object that the tables name."""
    named = {(number, generation) for generation, entries in reader.xref.items() for number in entries}
    named |= {(number, 0) for number in reader.xref_objStm}
    if len(named) > MAXIMUM_OBJECTS:
        raise BytesRefusedError("bomb")
    return [IndirectObject(number, generation, reader) for number, generation in sorted(named) if number > 0]


def _list_pages(reader: PdfReader) -> list[DictionaryObject]:
    """The leaves of the page tree; a node that is met twice makes a tree that never ends, or grows. Raises ``BytesRefusedError``."""
    root = reader.trailer.get("/Root")
    root = root.get_object() if root is not None else None
    tree = root.raw_get("/Pages") if isinstance(root, DictionaryObject) and "/Pages" in root else None
    waiting, met, pages = [(tree, 0)], set(), []
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, IndirectObject):
            if (node.idnum, node.generation) in met:
                raise BytesRefusedError("bomb")
            met.add((node.idnum, node.generation))
            node = node.get_object()
        if not isinstance(node, DictionaryObject) or depth > _DEPTH:
            raise BytesRefusedError("damaged")
        kids = node.get("/Kids")
        kids = kids.get_object() if kids is not None else None
        if isinstance(kids, ArrayObject):
            waiting += [(kid, depth + 1) for kid in reversed(list(kids))]
        else:
            pages.append(node)
        if len(pages) > MAXIMUM_PAGES or len(waiting) > MAXIMUM_OBJECTS:
            raise BytesRefusedError("pages")
    if not pages:
        raise BytesRefusedError("damaged")
    return pages


def _list_dictionaries(read: object) -> Iterator[DictionaryObject]:
    """Every dictionary in one object; references are not followed, for what they name is read by itself."""
    waiting: list[tuple[object, int]] = [(read, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > _DEPTH:
            raise BytesRefusedError("bomb")
        if isinstance(part, DictionaryObject):
            yield part
            waiting += [(part.raw_get(key), depth + 1) for key in part]
        elif isinstance(part, ArrayObject):
            waiting += [(item, depth + 1) for item in list.__iter__(part)]


def _require_inert(part: DictionaryObject) -> None:
    """Raise ``BytesRefusedError`` (active) for a dictionary that acts or carries something that does."""
    acting = (
        _ACTING_KEYS & part.keys()
        or _name(part, "/S") in _ACTING
        or _name(part, "/Type") in _ACTING_TYPES
        or _name(part, "/Subtype") in _ACTING_SUBTYPES
        or (isinstance(part, StreamObject) and "/F" in part)
        or not all(_is_tame(action) for action in _list_self_acting(part))
    )
    if acting:
        raise BytesRefusedError("active")


def _name(part: DictionaryObject, key: str) -> str:
    found = part.get(key)
    found = found.get_object() if found is not None else ""
    return str(found) if isinstance(found, str) else ""


def _list_self_acting(part: DictionaryObject) -> list[object]:
    """Actions that nobody presses: at opening, at turning a page, at leaving a field."""
    found: list[object] = [part.get("/OpenAction")]
    more = part.get("/AA")
    more = more.get_object() if more is not None else None
    if isinstance(more, DictionaryObject):
        found += [more.get(key) for key in more]
    return [action.get_object() if hasattr(action, "get_object") else action for action in found]


def _is_tame(action: object) -> bool:
    return not isinstance(action, DictionaryObject) or (_name(action, "/S") in _TAME and "/Next" not in action)


def _judge_stream(stream: StreamObject, allowance: Allowance) -> bytes:
    """The decoded bytes of a stream; empty for an image. Raises ``BytesRefusedError``."""
    filters = _list_filters(stream)
    raw = stream._data  # noqa: SLF001 - the bytes as they stand in the file; ``get_data`` would decode without our limit
    raw = raw if isinstance(raw, bytes) else str(raw).encode("latin-1", "replace")
    decoded = decode_stream(raw, filters, allowance)
    last = filters[-1] if filters else ""
    if _name(stream, "/Subtype") == "/Image" or last in IMAGES:
        require_small_image((_number(stream, "/Width"), _number(stream, "/Height")), decoded, last)
        return b""
    if _name(stream, "/Type") == "/ObjStm" and _HIDDEN.search(decoded):
        raise BytesRefusedError("active")
    return decoded


def _list_filters(stream: StreamObject) -> list[str]:
    named = stream.get("/Filter")
    named = named.get_object() if named is not None else None
    items = list(named) if isinstance(named, ArrayObject) else [] if named is None else [named]
    return [str(item.get_object()) for item in items]


def _number(stream: StreamObject, key: str) -> object:
    found = stream.get(key)
    return found.get_object() if found is not None else 0
