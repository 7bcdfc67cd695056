"""Back ends that speak JSON over HTTP, and those that answer with lines: what leaves is always JSON, in UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.backends.rest.json_text import JSON, read_json, write_json
from adapters.backends.rest.lines import MEDIA_TYPES, read_lines
from adapters.backends.wire import Facts, Reply, ReplyUnreadable, RequestUnwritable, Written
from adapters.http import HttpReply
from services.mapping import BackEndSpec, Call
from services.translation import Request

if TYPE_CHECKING:
    from adapters.backends.rest.openapi import OpenApiDocument


class RestWire:
    """Implements ``Wire`` for JSON, csv and pipe."""

    def __init__(self, spec: BackEndSpec, document: OpenApiDocument | None = None) -> None:
        self._spec = spec
        self._document = document

    def require_known(self, call: Call) -> None:
        """By the OpenAPI document, if there is one."""
        if self._document is not None:
            self._document.require_known(call)

    def write(self, call: Call, request: Request, facts: Facts) -> Written:
        """Method and path come from the call; the body is the document, if there is one."""
        accept = MEDIA_TYPES.get(call.format, JSON)
        if request.document is None:
            return Written(call.method, request.path, b"", JSON, accept=accept)
        if self._document is not None and not self._document.accepts_request(call, request.document):
            raise RequestUnwritable("not as its OpenAPI schema says")
        return Written(call.method, request.path, write_json(request.document), JSON, accept=accept)

    def read(self, call: Call, reply: HttpReply, facts: Facts) -> Reply:
        """The reply's JSON, whatever its status: an error has a body too. Lines stand in a reply of status 200 alone."""
        if call.format != "json" and reply.status == 200:
            rows = read_lines(reply.body, call.format, call.columns, self._spec.encoding)
            return {"status": reply.status, "body": {"rows": rows}}
        try:
            body = read_json(reply.body)
        except ReplyUnreadable:
            if call.format != "json":
                raise ReplyUnreadable("neither lines nor an error in JSON") from None
            raise
        if self._document is not None:
            self._document.require_reply(call, reply.status, body)
        return {"status": reply.status, "body": body}
