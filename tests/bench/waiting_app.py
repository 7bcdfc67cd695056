"""A bare WSGI application that waits as long as its query says: what a request costs beside our own code."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Wait ``?milliseconds``, then answer two bytes."""
    milliseconds = int(environ.get("QUERY_STRING") or 0)
    if milliseconds:
        time.sleep(milliseconds / 1000)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
