"""The supervision office's witness in a run: its key, its memory, the people who may declare a restore, and its process (docs/witness.md).

In a real counter all of this lies on the office's own machine, and no one who runs the counter can read it.
"""

from __future__ import annotations

import secrets

from adapters.ed25519 import read_signer, write_signer
from adapters.secrets import write_secret
from adapters.witness_memory import begin_memory
from gateway.launch.children import Child
from gateway.launch.places import reserve_port
from gateway.launch.stack import Stack
from services.signed_note import COSIGNATURE

NAME = "witness.demo.example"
KEY = "witness-key"
PUBLIC_KEY = "witness-key.pub"
"""In the home of a run: what verifies its cosignatures."""
DECLARERS = {
    "declarer-supervision": "supervision zhao.demo.example",
    "declarer-operation": "operation qian.demo.example",
}
"""Two people of the demo, by the secret with the key of each: which office they are of, and their names."""
USUAL_PORT = 8604


def make_witness(stack: Stack) -> None:
    """Key and empty memory of the witness and the keys of the two people, unless they are there.

    The public half is written last: a start that was cut off before it is done again, a memory that was lost is not begun anew.
    """
    public, secret, memory = (
        stack.places.path(PUBLIC_KEY),
        stack.places.secrets / KEY,
        stack.places.path("witness", "memory.json"),
    )
    if not secret.exists():
        write_secret(stack.places.secrets, KEY, write_signer(NAME, secrets.token_bytes(32)).encode())
    key = read_signer(secret.read_text("ascii"), COSIGNATURE).key
    if not public.exists() and not memory.exists():
        begin_memory(memory, key)
    lines = [f"{entry.partition(' ')[0]} {_make_person(stack, file, entry)}\n" for file, entry in DECLARERS.items()]
    stack.places.path("witness", "declarers").write_text("".join(lines), "ascii")
    public.write_text(f"{key}\n", "ascii")


def start_witness(stack: Stack, log_key: str) -> Child:
    """Start it with nothing of the counter's: no database, no keyring. Its address stands in the home for whoever declares a restore."""
    file = stack.places.path("witness", "url")
    last = file.read_text("ascii").rpartition(":")[2] if file.exists() else ""
    wishes = (int(last) if last.isdigit() else USUAL_PORT, USUAL_PORT, 0)
    taken = next(one for one in map(reserve_port, wishes) if one is not None)
    stack.reserved["witness"] = taken
    port = taken.getsockname()[1]
    stack.urls["witness"] = f"http://127.0.0.1:{port}"
    file.write_text(stack.urls["witness"], "ascii")
    environment = {
        "GUITAI_ENVIRONMENT": "demo",
        "GUITAI_CLOCK_FILE": str(stack.clock_file),
        "GUITAI_WITNESS_SIGNING_KEY_FILE": str(stack.places.secrets / KEY),
        "GUITAI_WITNESS_LOG_KEYS": log_key,
        "GUITAI_WITNESS_DECLARERS": str(stack.places.path("witness", "declarers")),
        "GUITAI_WITNESS_STATE": str(stack.places.path("witness", "memory.json")),
        "GUITAI_WITNESS_PORT": str(port),
    }
    child = stack.children.start("witness", ["-m", "gateway", "witness"], environment)
    stack.report("the supervision office's witness cosigns the ledger's checkpoints")
    return child


def _make_person(stack: Stack, file: str, entry: str) -> str:
    secret = stack.places.secrets / file
    if not secret.exists():
        write_secret(
            stack.places.secrets, file, write_signer(entry.partition(" ")[2], secrets.token_bytes(32)).encode()
        )
    return str(read_signer(secret.read_text("ascii")).key)
