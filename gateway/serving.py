"""How a server process comes by its app: settings from the environment, logs, then the composition root. Used by ``wsgi.py``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from config.settings import load_settings

Application = Callable[..., Iterable[bytes]]


def open_app(name: str) -> Application:
    """Build the app ``public``, ``web``, ``console`` or ``operations``. Raises ``SettingsFault``, ``ConfigurationFault``."""
    settings = load_settings(os.environ)
    from gateway import bootstrap  # noqa: PLC0415 - a process imports what it serves, and settings faults come first
    from gateway.logging import configure_logging  # noqa: PLC0415 - the same

    configure_logging(settings.log_level)
    makers: dict[str, Any] = {
        "public": bootstrap.open_public,
        "web": bootstrap.open_web,
        "console": bootstrap.open_console,
        "operations": bootstrap.open_operations,
    }
    application: Application = makers[name](settings)
    return application
