"""How much of a body is read before anybody looks at it: the house's bound, and more where a route takes a file of somebody signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from gateway.exposing import spoken_of

_BEARER = re.compile(r"[Bb]earer +[A-Za-z0-9_-]{43,128}")


def limit_bodies(app: Flask, max_body_bytes: int) -> Callable[[dict[str, Any]], int]:
    """The bound of one request by its WSGI environ, in bytes. Whoever brings nothing that looks like a session has the house's."""
    routes = app.url_map.bind("localhost")

    def find_limit(environ: dict[str, Any]) -> int:
        if not _BEARER.fullmatch(environ.get("HTTP_AUTHORIZATION", "")):
            return max_body_bytes
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        try:
            endpoint, _ = routes.match(path, environ.get("REQUEST_METHOD", ""))
        except HTTPException:
            return max_body_bytes
        spoken = spoken_of(app.view_functions.get(str(endpoint)))
        return max(max_body_bytes, spoken.takes_bytes) if spoken is not None else max_body_bytes

    return find_limit
