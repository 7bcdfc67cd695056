"""Slips as somebody outside checks them: the keys that the web door publishes, and the command that needs no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

from gateway.demo.journey import require
from gateway.launch.children import clean_environment
from gateway.launch.loopback import send
from gateway.launch.places import ROOT
from gateway.launch.stack import Stack

KEYS = "/keys"
_SECONDS = 60


def verify_slip(stack: Stack, text: str, at: datetime, *, spoil: bool = False) -> dict[str, Any]:
    """What ``python -m gateway slip verify`` says of a slip with nothing but the published keys. Raises ``StepFailed`` if it does not hold.

    ``spoil``: and that it does not hold any more with one letter changed.
    """
    file = stack.places.path("run", "published-keys.json")
    file.write_bytes(send("GET", f"{stack.urls['web']}{KEYS}").body)
    told = _run(["slip", "verify", text, "--keys", str(file), "--at", at.isoformat(), "--json"])
    require(told[0] == 0, "the slip does not hold")
    claims: dict[str, Any] = json.loads(told[1])
    if not spoil:
        return claims
    spoiled = text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:]
    refused = _run(["slip", "verify", spoiled, "--keys", str(file), "--at", at.isoformat(), "--json"])
    require(refused[0] != 0, "a slip with another letter holds too")
    return claims


def _run(arguments: list[str]) -> tuple[int, str]:
    """The command in a process of its own, with nothing of our environment."""
    done = subprocess.run(  # noqa: S603 - our own command and nothing else
        [sys.executable, "-m", "gateway", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False,
        env=clean_environment({"HOME": os.environ.get("HOME", "/")}),
    )  # fmt: skip
    return done.returncode, done.stdout
