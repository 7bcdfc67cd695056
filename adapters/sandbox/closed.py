"""An office that is away altogether: while it is closed, no request but those of its control page gets an answer.

``POST /_sandbox/control/closed {"closed": true}`` closes it, ``{"closed": false}`` opens it again; ``GET`` says which. Unlike the behaviours
of single operations it meets whoever only looks whether somebody is there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from adapters.sandbox.routing import answer_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL, OWN = "/_sandbox/control/closed", "/_sandbox/"


class DoorOfOffice:
    """Around the application of one office."""

    def __init__(self, office: WSGIApplication) -> None:
        self._office = office
        self._closed = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Raises ``ConnectionResetError`` where the caller gets no answer."""
        path = environ.get("PATH_INFO", "")
        if path == CONTROL:
            return self._tell(environ, start_response)
        if self._closed.is_set() and not path.startswith(OWN):
            raise ConnectionResetError("arranged: the office is closed")
        return self._office(environ, start_response)

    def _tell(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        told = request.get_json(silent=True) if request.method == "POST" else {"closed": self._closed.is_set()}
        if not isinstance(told, dict) or not isinstance(told.get("closed"), bool) or set(told) != {"closed"}:
            return answer_json({"error": "expected closed, true or false"}, 400)(environ, start_response)
        (self._closed.set if told["closed"] else self._closed.clear)()
        return answer_json({"closed": self._closed.is_set()})(environ, start_response)
