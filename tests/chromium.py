"""Debian's Chromium for tests that need a real browser: found on the PATH, without a network beyond loopback."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--proxy-server=direct://",
)  # fmt: skip
CHROMIUM = shutil.which("chromium")


class Quiet(WSGIRequestHandler):
    """Serves without a log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """A browser of its own, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serve(app: WSGIApplication, host: str = "127.0.0.1") -> Iterator[str]:
    """An app on a loopback port; its address under ``host``, a name of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def list_complaints(messages: Iterable[str]) -> list[str]:
    """What a browser said of a page that it should not have to say: refused by the policy, failed scripts."""
    return [message for message in messages if "Content Security Policy" in message or "Uncaught" in message]
