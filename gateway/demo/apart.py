"""What would let two platforms join what they know of one person: anything that no chance makes twice and that stands on both sides.

Looked for in all bytes that a platform's server and its app received. Words, codes and published texts stand on both sides and say nothing
of anybody; an id, a token, a hash or a long number does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote_to_bytes

_UUID = re.compile(rb"(?i)(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])")
_RUN = re.compile(rb"[A-Za-z0-9_-]{16,}")
_NUMBER = re.compile(rb"(?<![0-9])[0-9]{11,}(?![0-9])")


def list_marks(seen: bytes) -> set[bytes]:
    """Everything in these bytes that is made once: ids, tokens and hashes in any alphabet, long numbers."""
    plain = seen + b"\n" + unquote_to_bytes(seen.replace(b"+", b" "))
    ids = {one.replace(b"-", b"").lower() for one in _UUID.findall(plain)}
    runs = {
        one
        for one in _RUN.findall(plain)
        if re.search(rb"[0-9]", one) and re.search(rb"[A-Za-z]", one) and not _UUID.fullmatch(one)
    }
    return ids | runs | set(_NUMBER.findall(plain))


def find_shared(one: bytes, other: bytes, known: Iterable[bytes] = ()) -> set[bytes]:
    """Marks that stand on both sides. ``known``: texts that are published, or that the person typed into both apps herself."""
    allowed = set().union(*(list_marks(text) for text in known))
    return (list_marks(one) & list_marks(other)) - allowed


def find_ids(seen: bytes, ids: Collection[str]) -> set[str]:
    """Which of these ids (of chains, of records) stand in the bytes, with their dashes or without."""
    marks = {one.decode() for one in _UUID.findall(seen)}
    plain = {one.replace("-", "").lower() for one in marks}
    return {one for one in ids if one.replace("-", "").lower() in plain}
