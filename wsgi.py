"""The four WSGI apps: ``public`` (mini-programs, platform notices), ``web`` (the government's own page), ``console`` (staff),
``operations`` (loopback only).

Each is built when a server asks for it by name, so that a process that serves one does not open what the others need.
"""

from __future__ import annotations

from typing import Any

APPS = ("public", "web", "console", "operations")


def __getattr__(name: str) -> Any:
    """Build one app, once per process. Raises ``AttributeError`` for any other name."""
    if name not in APPS:
        raise AttributeError(name)
    from gateway.serving import open_app  # noqa: PLC0415 - importing this module must not build anything

    application = open_app(name)
    globals()[name] = application
    return application
