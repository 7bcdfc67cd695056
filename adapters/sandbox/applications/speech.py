"""What an office says and how it reads: JSON with a status or with a code in a 200, or fixed XML documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from werkzeug.wrappers import Request, Response

from adapters.sandbox.applications.book import Refused
from adapters.sandbox.routing import answer_json

Content = dict[str, Any]
Form = Mapping[str, str | type]
"""Names of fields, each with the pattern of its text, or with ``int`` or ``bool``."""


class Speech(Protocol):
    """How an office answers."""

    def answer(self, request: Request, content: Content) -> Response:
        """A yes."""
        ...

    def refuse(self, request: Request, code: str) -> Response:
        """A no in the office's own codes."""
        ...


class StatusSpeech:
    """JSON where the HTTP status says yes or no; a no holds ``{"code": …}`` and, if the office has ``words`` by code, ``message``.

    ``statuses`` are those of an office's own codes.
    """

    _STATUSES: Mapping[str, int] = {
        "BAD_REQUEST": 400,
        "UNAUTHORIZED": 401,
        "NO_SUCH_APPLICATION": 404,
        "NO_SUCH_PERSON": 404,
        "SYSTEM": 500,
        "BATCH_WINDOW": 503,
    }

    def __init__(self, statuses: Mapping[str, int] | None = None, words: Mapping[str, str] | None = None) -> None:
        self._statuses = {**self._STATUSES, **(statuses or {})}
        self._words = words or {}

    def answer(self, _request: Request, content: Content) -> Response:
        return answer_json(content)

    def refuse(self, _request: Request, code: str) -> Response:
        told = {"code": code, "message": self._words[code]} if code in self._words else {"code": code}
        return answer_json(told, self._statuses.get(code, 409))


class CodeSpeech:
    """JSON that is always 200: ``{"code": "0", "msg": …, "data": …}``, another code for a no."""

    def __init__(self, codes: Mapping[str, tuple[str, str]]) -> None:
        self._codes = codes

    def answer(self, _request: Request, content: Content) -> Response:
        return answer_json({"code": "0", "msg": "成功", "data": content})

    def refuse(self, _request: Request, code: str) -> Response:
        number, words = self._codes[code]
        return answer_json({"code": number, "msg": words, "data": None}, 401 if code == "UNAUTHORIZED" else 200)


class XmlSpeech:
    """XML in one encoding under fixed roots; a head that repeats ``repeated`` of the request, then ``RespCode`` and ``RespMsg``."""

    def __init__(
        self, root: str, reply_root: str, encoding: str, repeated: tuple[str, ...], codes: Mapping[str, tuple[str, str]]
    ) -> None:
        self._root, self._reply_root, self._encoding = root, reply_root, encoding
        self._repeated = repeated
        self._codes = codes
        self._declaration = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()

    def read(self, request: Request) -> dict[str, str] | None:
        """A flat request with its declaration, or None. Entities, document types, attributes and repetitions are refused."""
        body = request.get_data()
        if not body.startswith(self._declaration):
            return None
        try:
            root = fromstring(body[len(self._declaration) :].decode(self._encoding), forbid_dtd=True)
        except (UnicodeDecodeError, ParseError, DefusedXmlException):
            return None
        fields = {child.tag: child.text or "" for child in root}
        flat = all(len(child) == 0 and not child.attrib for child in root)
        return fields if root.tag == self._root and flat and len(fields) == len(root) else None

    def answer(self, request: Request, content: Content) -> Response:
        return self._say(request, "0000", "成功", content)

    def refuse(self, request: Request, code: str) -> Response:
        return self._say(request, *self._codes[code], {})

    def _say(self, request: Request, code: str, words: str, content: Content) -> Response:
        root, asked = Element(self._reply_root), self.read(request) or {}
        for name in self._repeated:
            if name in asked:
                SubElement(root, name).text = asked[name]
        SubElement(root, "RespCode").text = code
        SubElement(root, "RespMsg").text = words
        _fill(root, content)
        return self._write(root)

    def _write(self, root: Element) -> Response:
        body = self._declaration + tostring(root, encoding="unicode").encode(self._encoding, "xmlcharrefreplace")
        return Response(body, content_type=f"text/xml; charset={self._encoding}")


def _fill(parent: Element, content: Content) -> None:
    for name, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            element = SubElement(parent, name)
            if isinstance(item, dict):
                _fill(element, item)
            else:
                element.text = str(item)


def read_fields(request: Request, required: Form, optional: Form | None = None) -> Content:
    """The JSON object of a request: all required fields, no unknown ones, each in its form. Raises ``Refused("BAD_REQUEST")``."""
    try:
        told = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise Refused("BAD_REQUEST") from None
    return check_fields(told, required, optional or {})


def check_fields(told: Any, required: Form, optional: Form) -> Content:
    """As ``read_fields``, for what is already parsed."""
    forms = {**required, **optional}
    if not isinstance(told, dict) or not required.keys() <= told.keys() <= forms.keys():
        raise Refused("BAD_REQUEST")
    if not all(_has_form(value, forms[name]) for name, value in told.items()):
        raise Refused("BAD_REQUEST")
    return dict(told)


def _has_form(value: Any, form: str | type) -> bool:
    if isinstance(form, str):
        return isinstance(value, str) and value.isprintable() and re.fullmatch(form, value) is not None
    return type(value) is form


Act = Callable[..., Content]
"""Does what one request asks; called with the request and the parts of the path. Raises ``Refused``."""
