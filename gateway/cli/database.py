"""Which database a command means: the one in the environment, else the one of the run on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path

from config.settings import SettingsFault, read_database_url

DATABASE_NAMES = ("GUITAI_DATABASE_URL", "GUITAI_DATABASE_URL_FILE")


def find_database(home: Path) -> str:
    """``GUITAI_DATABASE_URL`` (or its ``_FILE``), else ``database_url`` in ``<home>/run/state.json``.

    Raises ``SettingsFault`` if there is neither.
    """
    if any(name in os.environ for name in DATABASE_NAMES):
        return read_database_url(os.environ)
    try:
        state = json.loads((home / "run" / "state.json").read_text("utf-8"))
        return str(state["database_url"])
    except (OSError, ValueError, KeyError):
        raise SettingsFault(f"GUITAI_DATABASE_URL is not set, and nothing runs in {home}") from None
