"""Canaries: values that an office serves and that no service may let out. Each is looked for in every byte that a platform's server
received and in every reply that a platform's client got, in any dress that bytes wear on these wires.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from gateway.launch.loopback import send

PLACES = ("a platform's server", "a platform's client", "a page of our own")


def read_canaries(offices: Mapping[str, str]) -> dict[str, str]:
    """Every canary of every office (name and control address), with the name of its office."""
    return {
        canary: name
        for name, address in offices.items()
        for canary in send("GET", f"{address}/_sandbox/canaries").json()
    }


def read_server_bytes(received: Iterable[Mapping[str, Any]]) -> bytes:
    """All that the platforms' servers received, as it came and with percent signs read."""
    plain = b"\n".join(one["target"].encode() + b"\n" + base64.b64decode(one["body"]) for one in received)
    return plain + b"\n" + unquote_to_bytes(plain.replace(b"+", b" "))


def find_leaks(canaries: Mapping[str, str], at_servers: bytes, at_clients: bytes, on_pages: bytes = b"") -> list[str]:
    """Canaries that got out, each as whose it was and where; never the value itself. ``on_pages``: of the web door and the console."""
    return [
        f"a canary of {office} reached {place}"
        for canary, office in canaries.items()
        for place, seen in zip(PLACES, (at_servers, at_clients, on_pages), strict=True)
        if holds(seen, canary)
    ]


def holds(seen: bytes, value: str) -> bool:
    """Whether a value stands in these bytes: as UTF-8, as GBK, with the escapes of JSON.

    One of letters and digits alone counts as a word of its own: by chance it may stand inside a signature.
    """
    encoded = value.encode()
    if value.isascii():
        word = rb"(?<![0-9A-Za-z])" + re.escape(encoded) + rb"(?![0-9A-Za-z])"
        return encoded in seen and re.search(word, seen) is not None
    return any(form in seen for form in (encoded, value.encode("gb18030"), value.encode("unicode_escape")))
