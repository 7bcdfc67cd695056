"""XML documents as plain values: written element by element, read without entities, document types, attributes or mixed content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from adapters.backends.wire import ReplyUnreadable, RequestUnwritable
from config.shapes import is_printable
from services.model import JsonValue
from services.reply_shape import ReplyNode

TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_\-.]*")
DECLARATION = re.compile(r"\A<\?xml\s+version=[\"']1\.0[\"'](?:\s+encoding=[\"']([A-Za-z0-9._\-]+)[\"'])?[^>]*\?>")
MAX_DEPTH = 20
MIN_TELLING = 6
"""Characters beyond ASCII from which the encoding of a whole reply can be told."""
PLAIN_DECLARATION = '<?xml version="1.0"?>'
"""Stands in for the declaration that was read: the parser gets text, and a second declaration is a fault."""


def write_document(root: str, document: dict[str, JsonValue], encoding: str) -> bytes:
    """``<?xml …?><root>…</root>`` in ``encoding``. Raises ``RequestUnwritable``: a character that the encoding or XML has not."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + "".join(_write_element(root, document))
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        raise RequestUnwritable(f"a character that {encoding} does not have") from None


def _write_element(tag: str, value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _write_element(tag, item)
        return
    if not TAG.fullmatch(tag):
        raise RequestUnwritable("not the name of an element")
    yield f"<{tag}>"
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _write_element(name, item)
    else:
        yield _write_text(value)
    yield f"</{tag}>"


def _write_text(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RequestUnwritable("neither a text nor a whole number")
    text = str(value)
    if not is_printable(text) or "\ufffe" in text or "\uffff" in text:
        raise RequestUnwritable("a character that XML does not have")
    return escape(text, {"\n": "&#10;"})


def read_document(body: bytes, root: str, encoding: str, shape: ReplyNode) -> dict[str, JsonValue]:
    """The plain values of a reply. Raises ``ReplyUnreadable``."""
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise ReplyUnreadable(f"not {encoding}") from None
    if encoding != "UTF-8" and _is_plainly_utf8(body):
        raise ReplyUnreadable(f"UTF-8 where {encoding} was agreed")
    declared = DECLARATION.match(text)
    if ((declared and declared.group(1)) or "UTF-8").upper() != encoding:
        raise ReplyUnreadable("another encoding in the declaration")
    try:
        element = fromstring(PLAIN_DECLARATION + (text[declared.end() :] if declared else text), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise ReplyUnreadable("not XML, or XML with a document type") from None
    if element.tag != root:
        raise ReplyUnreadable("another root element")
    value = _read_element(element, shape, 0)
    if not isinstance(value, dict):
        raise ReplyUnreadable("a root without elements")
    return value


def _is_plainly_utf8(body: bytes) -> bool:
    """GBK decodes most UTF-8 into other characters without a fault: a name would be shown garbled.

    Real GBK text of this length is next to never valid UTF-8 (about one character in five is).
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum(character > "\x7f" for character in text) >= MIN_TELLING


def _read_element(element: Element, shape: ReplyNode, depth: int) -> JsonValue:
    children = list(element)
    if depth > MAX_DEPTH or element.attrib:
        raise ReplyUnreadable("attributes or too many levels")
    text = (element.text or "").strip()
    if not children and (text or not shape.children):
        return text or None
    if text or any((child.tail or "").strip() for child in children):
        raise ReplyUnreadable("text beside elements")
    return _read_children(children, shape, depth)


def _read_children(children: list[Element], shape: ReplyNode, depth: int) -> dict[str, JsonValue]:
    table: dict[str, JsonValue] = {name: [] for name, child in shape.children.items() if child.many}
    for child in children:
        inner = shape.children.get(child.tag, ReplyNode())
        value = _read_element(child, inner, depth + 1)
        if inner.many:
            table[child.tag].append(value)
        elif child.tag in table:
            raise ReplyUnreadable("an element stands twice")
        else:
            table[child.tag] = value
    return table
