"""Back ends that speak fixed XML documents over one address, in GBK or UTF-8, as public water companies do."""

from __future__ import annotations

import re

from adapters.backends.wire import Facts, Reply, ReplyUnreadable, Written
from adapters.backends.xml.document import read_document, write_document
from adapters.http import HttpReply
from services.mapping import BackEndSpec, Call
from services.translation import Request

CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._\-]+)", re.IGNORECASE)


class XmlWire:
    """Implements ``Wire`` for XML."""

    def __init__(self, spec: BackEndSpec) -> None:
        self._spec = spec

    def require_known(self, call: Call) -> None:
        """There is no document that could not know a call."""

    def write(self, call: Call, request: Request, facts: Facts) -> Written:
        """One document to the mapping's path."""
        body = write_document(self._spec.root, request.document or {}, self._spec.encoding)
        return Written(call.method, request.path, body, f"text/xml; charset={self._spec.encoding}")

    def read(self, call: Call, reply: HttpReply, facts: Facts) -> Reply:
        """The children of the reply's root; a place that the mapping declares as a list is a list, however many there are."""
        require_charset(reply, self._spec.encoding)
        return {
            "status": reply.status,
            "body": read_document(reply.body, self._spec.reply_root, self._spec.encoding, call.reply),
        }


def require_charset(reply: HttpReply, encoding: str) -> None:
    """Raise ``ReplyUnreadable`` if the header names another charset than the agreed one."""
    told = CHARSET.search(reply.headers.get("content-type", ""))
    if told and told.group(1).upper() != encoding:
        raise ReplyUnreadable("another charset in the header")
