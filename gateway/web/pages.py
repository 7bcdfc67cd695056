"""Every page of the web door, in one list; and how they become an app's routes. A new page is one module and one line here."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import IO, Any

from flask import Flask, Request, request

from gateway.web import (
    account,
    case_acts,
    cases,
    census,
    consents,
    drafts,
    efforts,
    entrance,
    home,
    ledger,
    mandates,
    money,
    published,
    readings,
    rights,
    seen,
    statistics,
    visits,
    voice,
)
from gateway.web.frame import SHANGHAI, answer_fault, finish_reply, write_day, write_moment, write_yuan
from gateway.web.gate import require_declared, watch_door
from services.file_rules import LARGEST_MEGABYTES, MEGABYTE

WSGIApplication = Callable[..., Iterable[bytes]]
BLUEPRINTS = (
    entrance.blueprint, published.blueprint, home.blueprint, cases.blueprint, case_acts.blueprint, drafts.blueprint,
    money.blueprint, mandates.blueprint, account.blueprint, seen.blueprint, voice.blueprint, visits.blueprint, readings.blueprint,
    efforts.blueprint, census.blueprint, statistics.blueprint, ledger.blueprint, consents.blueprint, rights.blueprint,
)  # fmt: skip
MAX_FORM_BYTES = 65_536
MAX_UPLOAD_BYTES = LARGEST_MEGABYTES * MEGABYTE + MAX_FORM_BYTES
UPLOADING = "/upload"


class PageRequest(Request):
    """A request whose files stay in memory: what a citizen uploads is written to no disk but encrypted."""

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:  # fmt: skip
        del total_content_length, content_type, filename, content_length
        return io.BytesIO()


def furnish(app: Flask) -> None:
    """Put the gate, the pages, the frame and the faults into an app. Raises ``ConfigurationFault`` for a page without a declaration."""
    app.request_class = PageRequest
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM_BYTES
    app.config["MAX_FORM_PARTS"] = 200
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(SHANGHAI=SHANGHAI)
    app.jinja_env.filters.update(day=write_day, moment=write_moment, yuan=write_yuan)
    app.before_request(make_room_for_files)
    app.before_request(watch_door)
    app.after_request(finish_reply)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_error_handler(Exception, answer_fault)
    require_declared(app)


def make_room_for_files() -> None:
    """A form with a file is larger than any other."""
    if request.path.endswith(UPLOADING):
        request.max_content_length = MAX_UPLOAD_BYTES


class WebEntry:
    """One WSGI callable: the citizen API below ``/v1`` in its guard, everything else is pages."""

    def __init__(self, api: WSGIApplication, pages: Flask) -> None:
        self.api = api
        self.pages = pages

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path == "/v1" or path.startswith("/v1/"):
            return self.api(environ, start_response)
        return self.pages(environ, start_response)
