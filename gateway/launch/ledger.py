"""The tree over the ledger in a run: the keys of log and promises, made at the first start, and the sequencer as a process beside all others."""

from __future__ import annotations

import secrets

from adapters.ed25519 import read_signer, write_signer
from adapters.secrets import write_secret
from gateway.launch import witness
from gateway.launch.children import Child
from gateway.launch.stack import Stack
from services.promises import KEY_SUFFIX

ORIGIN = "ledger.demo.example"
KEY = "ledger-key"
PUBLIC_KEY = "ledger-key.pub"
"""In the home of a run: what verifies its checkpoints."""
PROMISE_KEY = "promise-key"
PROMISE_PUBLIC_KEY = "promise-key.pub"
"""The same for promises."""


def start_sequencer(stack: Stack) -> Child:
    """Start it with its own role and nothing that it does not need, and before it the witness."""
    witness.start_witness(stack, stack.places.path(PUBLIC_KEY).read_text("ascii").strip())
    write_secret(stack.places.secrets, "database-url-sequencer", stack.role_urls["sequencer"].encode())
    environment = {
        "GUITAI_ENVIRONMENT": "demo",
        "GUITAI_DATABASE_URL_FILE": str(stack.places.secrets / "database-url-sequencer"),
        "GUITAI_CLOCK_FILE": str(stack.clock_file),
        "GUITAI_LEDGER_KEY_FILE": str(stack.places.secrets / KEY),
        "GUITAI_WITNESS_URL": stack.urls["witness"],
        "GUITAI_WITNESS_KEY": stack.places.path(witness.PUBLIC_KEY).read_text("ascii").strip(),
    }
    child = stack.children.start("sequencer", ["-m", "gateway", "sequencer"], environment)
    stack.report("the sequencer gives the ledger's records their places")
    return child


def make_keys(stack: Stack) -> None:
    """The keys of the log, of its promises and of its witness unless they are there, before any process starts."""
    witness.make_witness(stack)
    make_key(stack, KEY, PUBLIC_KEY, ORIGIN)
    make_key(stack, PROMISE_KEY, PROMISE_PUBLIC_KEY, ORIGIN + KEY_SUFFIX)


def make_key(stack: Stack, key: str, public_key: str, name: str) -> None:
    """A key of this name unless it is there; its public half stands in the home."""
    secret = stack.places.secrets / key
    if not secret.exists():
        write_secret(stack.places.secrets, key, write_signer(name, secrets.token_bytes(32)).encode())
    stack.places.path(public_key).write_text(f"{read_signer(secret.read_text('ascii')).key}\n", "ascii")


def give_witness_key(stack: Stack) -> dict[str, str]:
    """Whose cosignature publishes a checkpoint, for whoever publishes or watches."""
    return {"GUITAI_WITNESS_KEY": stack.places.path(witness.PUBLIC_KEY).read_text("ascii").strip()}


def give_keys(stack: Stack, process: str) -> dict[str, str]:
    """What a process is told of these keys: the public app signs promises, the web door and the window give out the public halves."""
    if process == "public":
        return {"GUITAI_PROMISE_KEY_FILE": str(stack.places.secrets / PROMISE_KEY)}
    if process == "operations":
        return give_witness_key(stack)
    if process not in {"web", "console"}:
        return {}
    return {
        **give_witness_key(stack),
        "GUITAI_LEDGER_PUBLIC_KEY": stack.places.path(PUBLIC_KEY).read_text("ascii").strip(),
        "GUITAI_PROMISE_PUBLIC_KEY": stack.places.path(PROMISE_PUBLIC_KEY).read_text("ascii").strip(),
    }
