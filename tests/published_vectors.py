"""Test vectors that others published, each file with its source, address and licence: facts, no code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


def read_vectors(name: str) -> dict[str, Any]:
    """The file ``tests/vectors/<name>.json``; raises ``KeyError`` if it does not say where it is from."""
    vectors: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    for member in ("source", "address", "licence"):
        vectors[member]
    return vectors
