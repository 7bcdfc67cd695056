"""SOAP envelopes as bytes: SOAP 1.1 (W3C Note 2000) and 1.2 (W3C Recommendation 2007), and what a fault says.

Read strictly: UTF-8, no document type, no processing instruction, one document in the body, no header that we would have to understand,
no ``xsi:type`` that would turn an element into another one, no attachment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from adapters.backends.soap.documents import make_parser
from adapters.backends.wire import ReplyUnreadable
from adapters.http import HttpReply

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
DECLARED = re.compile(rb"\A<\?xml\s[^>]*?encoding=[\"']([A-Za-z0-9._\-]+)[\"']")
CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._\-]+)", re.IGNORECASE)
CODE = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Version:
    """One version of SOAP: its namespace, its media type."""

    namespace: str
    media_type: str

    def tag(self, name: str) -> str:
        """The qualified name of one of its elements."""
        return f"{{{self.namespace}}}{name}"


SOAP_11 = Version("http://schemas.xmlsoap.org/soap/envelope/", "text/xml")
SOAP_12 = Version("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml")


@dataclass(frozen=True, slots=True)
class OpenedEnvelope:
    """What was in an envelope: its one document, or a fault; and the elements of its header."""

    content: Any
    fault: dict[str, str | None] | None
    header: tuple[Any, ...]


def open_envelope(reply: HttpReply, version: Version) -> OpenedEnvelope:
    """Raises ``ReplyUnreadable``."""
    _require_media_type(reply, version)
    root = _parse(reply.body)
    if root.tag != version.tag("Envelope"):
        raise ReplyUnreadable("not an envelope of the agreed version of SOAP")
    parts = list(root)
    header = parts.pop(0) if parts and parts[0].tag == version.tag("Header") else None
    if len(parts) != 1 or parts[0].tag != version.tag("Body") or len(parts[0]) != 1:
        raise ReplyUnreadable("not one body with one document")
    _refuse_tricks(parts[0], version)
    elements = tuple(header) if header is not None else ()
    if any(entry.get(version.tag("mustUnderstand")) in ("1", "true") for entry in elements):
        raise ReplyUnreadable("a header that asks to be understood")
    content = parts[0][0]
    if content.tag == version.tag("Fault"):
        fault = _read_fault_11(content) if version is SOAP_11 else _read_fault_12(content, version)
        return OpenedEnvelope(None, fault, elements)
    if reply.status != 200:
        raise ReplyUnreadable("no fault, but another status than 200")
    return OpenedEnvelope(content, None, elements)


def _require_media_type(reply: HttpReply, version: Version) -> None:
    told = reply.headers.get("content-type", "")
    if told.partition(";")[0].strip().lower() != version.media_type:
        raise ReplyUnreadable("another media type (attachments are not spoken)")
    charset = CHARSET.search(told)
    if charset and charset.group(1).upper() != "UTF-8":
        raise ReplyUnreadable("another charset in the header")


def _parse(body: bytes) -> Any:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise ReplyUnreadable("not UTF-8") from None
    declared = DECLARED.match(body)
    if declared and declared.group(1).upper() != b"UTF-8":
        raise ReplyUnreadable("another encoding in the declaration")
    try:
        root = etree.fromstring(body, make_parser())
    except (etree.XMLSyntaxError, ValueError):
        raise ReplyUnreadable("not XML") from None
    if root.getroottree().docinfo.doctype or root.getroottree().xpath("//processing-instruction()"):
        raise ReplyUnreadable("a document type or a processing instruction")
    return root


def _refuse_tricks(body: Any, version: Version) -> None:
    """``xsi:nil`` alone is harmless: the schema says where it may stand."""
    for element in body.iter():
        for name in element.attrib:
            if (name.startswith(XSI) and name != f"{XSI}nil") or name == version.tag("encodingStyle"):
                raise ReplyUnreadable("an attribute that changes what elements mean")


def _read_fault_11(fault: Any) -> dict[str, str | None]:
    """SOAP 1.1 §4.4: children without a namespace. The code is the local part of ``faultcode``, with its dots (``Client.NoSuch``)."""
    return _make_fault(fault.findtext("faultcode"), fault.findtext("faultstring"))


def _read_fault_12(fault: Any, version: Version) -> dict[str, str | None]:
    """SOAP 1.2 §5.4: the code is the innermost subcode where there is one, for the outer one has five values only."""
    place = fault.find(version.tag("Code"))
    code = None
    while place is not None:
        code = place.findtext(version.tag("Value"))
        place = place.find(version.tag("Subcode"))
    return _make_fault(code, fault.findtext(f"{version.tag('Reason')}/{version.tag('Text')}"))


def _make_fault(code: str | None, text: str | None) -> dict[str, str | None]:
    local = (code or "").strip().rpartition(":")[2]
    if not CODE.fullmatch(local):
        raise ReplyUnreadable("a fault without a usable code")
    return {"code": local, "text": (text or "")[:MAX_TEXT] or None}
