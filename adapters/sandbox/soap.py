"""SOAP written by hand: envelopes read and made with ElementTree, so that whoever speaks to it by a library meets an independent witness.

Two dialects (SOAP 1.1 of 2000 and SOAP 1.2 of 2007), document/literal only: the body holds one element, named like the operation, with
text elements in a fixed order. Document types and entities are refused before anything is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from werkzeug.wrappers import Request, Response

ENVELOPE_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_1_2 = "http://www.w3.org/2003/05/soap-envelope"
register_namespace("soap", ENVELOPE_1_1)
register_namespace("env", ENVELOPE_1_2)
_ACTION = re.compile(r'action="?([^";]+)"?')

Fields = Mapping[str, Any]
"""Elements by name in their order; a list is the element repeated, a mapping has elements of its own, None is left out."""


class SoapRefused(Exception):
    """The message is refused in a fault. ``code`` is the service's own; never holds a value from a request."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class SoapDialect:
    """One version of SOAP, for one service: its namespace, and the prefix that its fault codes get."""

    envelope: str
    namespace: str
    prefix: str

    @property
    def media_type(self) -> str:
        """Of requests and answers."""
        return "text/xml" if self.envelope == ENVELOPE_1_1 else "application/soap+xml"

    def read(self, request: Request, forms: Mapping[str, Mapping[str, str]]) -> tuple[str, dict[str, str]]:
        """The operation and its fields. ``forms``: the fields of each operation, in order, each with the pattern of its whole text.

        Raises ``SoapRefused("BAD_REQUEST")`` for anything that is not exactly such a message with its action.
        """
        if request.mimetype != self.media_type:
            raise SoapRefused("BAD_REQUEST")
        asked = self._read_body(request.get_data())
        operation = _local_name(asked, self.namespace)
        if operation not in forms or self._read_action(request) != f"{self.namespace}#{operation}":
            raise SoapRefused("BAD_REQUEST")
        return operation, self._read_fields(asked, forms[operation])

    def _read_action(self, request: Request) -> str:
        """The SOAPAction header (1.1) or the parameter of the content type (1.2)."""
        if self.envelope == ENVELOPE_1_1:
            return request.headers.get("SOAPAction", "").strip('"')
        found = _ACTION.search(request.headers.get("Content-Type", ""))
        return found[1] if found else ""

    def _read_body(self, raw: bytes) -> Element:
        try:
            root = fromstring(raw, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise SoapRefused("BAD_REQUEST") from None
        body = root.find(f"{{{self.envelope}}}Body")
        if root.tag != f"{{{self.envelope}}}Envelope" or body is None or len(body) != 1:
            raise SoapRefused("BAD_REQUEST")
        return body[0]

    def _read_fields(self, asked: Element, form: Mapping[str, str]) -> dict[str, str]:
        names = [_local_name(child, self.namespace) for child in asked]
        texts = [child.text or "" for child in asked]
        fitting = names == list(form) and all(
            re.fullmatch(pattern, text) for pattern, text in zip(form.values(), texts, strict=True)
        )
        if not fitting or any(len(child) for child in asked):
            raise SoapRefused("BAD_REQUEST")
        return dict(zip(names, texts, strict=True))

    def answer(self, operation: str, fields: Fields) -> Response:
        """``<operation>Response`` with these fields."""
        root, body = self._open_envelope()
        _fill(SubElement(body, f"{{{self.namespace}}}{operation}Response"), self.namespace, fields)
        return self._write(root, 200)

    def refuse(self, code: str, words: str) -> Response:
        """A fault: in 1.1 the service's code is the faultcode, in 1.2 a subcode of Sender or Receiver."""
        root, body = self._open_envelope()
        fault = SubElement(body, f"{{{self.envelope}}}Fault")
        body.set(f"xmlns:{self.prefix}", self.namespace)
        if self.envelope == ENVELOPE_1_1:
            SubElement(fault, "faultcode").text = f"{self.prefix}:{code}"
            SubElement(fault, "faultstring").text = words
            return self._write(root, 500)
        ours = code in {"SYSTEM", "BATCH_WINDOW"}
        told = SubElement(fault, f"{{{self.envelope}}}Code")
        SubElement(told, f"{{{self.envelope}}}Value").text = "env:Receiver" if ours else "env:Sender"
        subcode = SubElement(told, f"{{{self.envelope}}}Subcode")
        SubElement(subcode, f"{{{self.envelope}}}Value").text = f"{self.prefix}:{code}"
        reason = SubElement(SubElement(fault, f"{{{self.envelope}}}Reason"), f"{{{self.envelope}}}Text")
        reason.set("{http://www.w3.org/XML/1998/namespace}lang", "zh-CN")
        reason.text = words
        return self._write(root, 500 if ours else 400)

    def _open_envelope(self) -> tuple[Element, Element]:
        root = Element(f"{{{self.envelope}}}Envelope")
        return root, SubElement(root, f"{{{self.envelope}}}Body")

    def _write(self, root: Element, status: int) -> Response:
        body = b'<?xml version="1.0" encoding="UTF-8"?>' + tostring(root, encoding="unicode").encode()
        return Response(body, status=status, content_type=f"{self.media_type}; charset=utf-8")


def _local_name(element: Element, namespace: str) -> str:
    """The name without its namespace; empty if it is of another one."""
    return element.tag.removeprefix(f"{{{namespace}}}") if element.tag.startswith(f"{{{namespace}}}") else ""


def _fill(parent: Element, namespace: str, fields: Fields) -> None:
    for name, value in fields.items():
        for one in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            if one is None:
                continue
            element = SubElement(parent, f"{{{namespace}}}{name}")
            if isinstance(one, Mapping):
                _fill(element, namespace, one)
            else:
                element.text = str(one)
