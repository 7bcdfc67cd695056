"""Secrets by name, each a file in one folder: what a container platform mounts and what the launcher writes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from services.errors import ConfigurationFault

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class FileSecrets:
    """Implements ``ports.Secrets``: the value of secret ``name`` is the content of ``<folder>/<name>``, without a final line end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        """The value; raises ``ConfigurationFault`` that names the secret, never its value."""
        if not _NAME.fullmatch(name):
            raise ConfigurationFault("a secret's name may hold letters, digits, dot, underscore and hyphen only")
        try:
            return (self._folder / name).read_bytes().rstrip(b"\r\n")
        except OSError as error:
            raise ConfigurationFault(f"the secret {name} cannot be read: {error.strerror}") from None


def write_secret(folder: Path, name: str, value: bytes) -> None:
    """Write one secret, readable by its owner alone (0600 in a 0700 folder), in one step."""
    if not _NAME.fullmatch(name):
        raise ConfigurationFault("a secret's name may hold letters, digits, dot, underscore and hyphen only")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{name}.draft"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
    draft.replace(folder / name)
