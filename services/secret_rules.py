"""A secret in clear has no place in a mapping: it would travel with the file. Only its place is told, never the secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from config.shapes import Mismatch

SECRET_FORM = re.compile(r"-----BEGIN|[A-Fa-f0-9]{32,}|://[^/\s:@]+:[^/\s@]+@")
"""A PEM block, 32 or more hexadecimal digits, or an address with a password."""
KEY_FORM = re.compile(r"[A-Za-z0-9+/_\-]{40,}")
KEY_SIGNS = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"))
"""40 or more characters of base64, in which capital letters, small letters and digits stand: a long path has not all of them."""
CREDENTIAL = r"(?:password|passwd|pwd|secret|token|credential|api_?key|access_?key)\w*"
STATED_FORM = re.compile(
    rf"(?i){CREDENTIAL}[\"'`]?\s*[:=]\s*(?:'[^']|`\")"  # {password: 'hunter2'} of an expression
    rf"|[?&]\w*{CREDENTIAL}=[^&{{\s]"  # /bills?token=hunter2 of a path
)
"""A value, however short, that is written beside the word for it."""
EXPECTED = "the name of a secret; its value is bound per environment"
FOUND = "what looks like a secret"


def looks_secret(text: str) -> bool:
    """Whether a text holds what a key or a certificate looks like, or states a password where its name belongs."""
    if SECRET_FORM.search(text) or STATED_FORM.search(text):
        return True
    return any(all(sign.search(found.group()) for sign in KEY_SIGNS) for found in KEY_FORM.finditer(text))


def find_secrets(value: Any, path: str = "") -> Iterator[Mismatch]:
    """Texts of a document that look like a secret."""
    if isinstance(value, dict):
        for key, item in value.items():
            place = f"{path}.{key}" if path else key
            if isinstance(item, str) and looks_secret(f"{key}: {item}"):
                yield Mismatch(place, FOUND, EXPECTED)
            elif not isinstance(item, str):
                yield from find_secrets(item, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_secrets(item, f"{path}[{index}]")
    elif isinstance(value, str) and looks_secret(value):
        yield Mismatch(path, FOUND, EXPECTED)


def find_secret_comments(content: bytes) -> Iterator[int]:
    """Lines (from 1) on which a comment holds what looks like a secret."""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        before, sign, comment = line.partition("#")
        if sign and (not before or before[-1:].isspace()) and looks_secret(comment):
            yield number
