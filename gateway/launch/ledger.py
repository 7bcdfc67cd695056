"""The tree over the ledger in a run: the key of its log, made at the first start, and the sequencer as a process beside all others."""

from __future__ import annotations

import secrets

from adapters.ed25519 import read_signer, write_signer
from adapters.secrets import write_secret
from gateway.launch.children import Child
from gateway.launch.stack import Stack

ORIGIN = "ledger.demo.example"
KEY = "ledger-key"
PUBLIC_KEY = "ledger-key.pub"
"""In the home of a run: what verifies its checkpoints."""


def start_sequencer(stack: Stack) -> Child:
    """Start it with its own role and nothing that it does not need."""
    make_key(stack)
    write_secret(stack.places.secrets, "database-url-sequencer", stack.role_urls["sequencer"].encode())
    environment = {
        "GUITAI_ENVIRONMENT": "demo",
        "GUITAI_DATABASE_URL_FILE": str(stack.places.secrets / "database-url-sequencer"),
        "GUITAI_CLOCK_FILE": str(stack.clock_file),
        "GUITAI_LEDGER_KEY_FILE": str(stack.places.secrets / KEY),
    }
    child = stack.children.start("sequencer", ["-m", "gateway", "sequencer"], environment)
    stack.report("the sequencer gives the ledger's records their places")
    return child


def make_key(stack: Stack) -> None:
    """The log's key unless it is there; its public half stands beside."""
    secret = stack.places.secrets / KEY
    if not secret.exists():
        write_secret(stack.places.secrets, KEY, write_signer(ORIGIN, secrets.token_bytes(32)).encode())
    stack.places.path(PUBLIC_KEY).write_text(f"{read_signer(secret.read_text('ascii')).key}\n", "ascii")
