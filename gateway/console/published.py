"""The files that the console's pages load: our style sheet and mark, and htmx from the installed package (licence 0BSD, docs/console.md)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response

from gateway.console.registry import Entry, room
from services.errors import ConfigurationFault

HTMX_SHA256 = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"
"""The very file that was looked at (htmx 2.0.10, minified): another one is not served."""
STYLE = files("gateway").joinpath("console/static/console.css").read_bytes()
ICON = files("gateway").joinpath("console/static/icon.svg").read_bytes()
EDITOR = files("gateway").joinpath("console/static/editor.js").read_bytes()
COUNTER = files("gateway").joinpath("console/static/counter.js").read_bytes()
blueprint = Blueprint("published", __name__)


@cache
def read_htmx() -> bytes:
    """The script, found without importing the package around it. Raises ``ConfigurationFault`` for any other bytes."""
    found = find_spec("django_htmx")
    folders = list(found.submodule_search_locations or []) if found else []
    file = Path(folders[0]) / "static" / "django_htmx" / "htmx-2.min.js" if folders else None
    content = file.read_bytes() if file is not None and file.is_file() else b""
    if hashlib.sha256(content).hexdigest() != HTMX_SHA256:
        raise ConfigurationFault("htmx-2.min.js is not the file whose digest stands in gateway/console/published.py")
    return content


@room(blueprint, "/static/console.css", title=("样式", "style"), entry=Entry.ANYONE)
def show_style() -> Response:
    """The one style sheet."""
    return _serve(STYLE, "text/css; charset=utf-8")


@room(blueprint, "/static/icon.svg", title=("图标", "icon"), entry=Entry.ANYONE)
def show_icon() -> Response:
    """The mark of the counter."""
    return _serve(ICON, "image/svg+xml")


@room(blueprint, "/static/htmx.js", title=("脚本", "script"), entry=Entry.ANYONE)
def show_htmx() -> Response:
    """htmx; every page works without it."""
    return _serve(read_htmx(), "text/javascript; charset=utf-8")


@room(blueprint, "/static/editor.js", title=("编辑器脚本", "editor script"), entry=Entry.ANYONE)
def show_editor_script() -> Response:
    """Line numbers and going to a line in the mapping editor, which works without it."""
    return _serve(EDITOR, "text/javascript; charset=utf-8")


@room(blueprint, "/static/counter.js", title=("柜台脚本", "counter script"), entry=Entry.ANYONE)
def show_counter_script() -> Response:
    """Single keys in the queue and files beside the checklist, without which the counter works too."""
    return _serve(COUNTER, "text/javascript; charset=utf-8")


def _serve(content: bytes, kind: str) -> Response:
    """A file that is the same for everybody may be kept for an hour."""
    return Response(content, content_type=kind, headers={"Cache-Control": "public, max-age=3600"})
