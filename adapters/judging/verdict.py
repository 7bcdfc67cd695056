"""What is said of uploaded bytes, and the limits by which it is said. Nothing here opens them."""

from __future__ import annotations

from dataclasses import dataclass

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
MAXIMUM_BYTES = 20 * 1024 * 1024
MAXIMUM_PIXELS = 64_000_000
"""A picture's width times height: more than the usual photograph of a telephone (12 or 50 million), 256 MB when it is decoded."""
MAXIMUM_SIDE = 30_000
MAXIMUM_PAGES = 100
MAXIMUM_OBJECTS = 50_000
MAXIMUM_DECODED = 128 * 1024 * 1024
"""Bytes of all streams of one PDF file together, when they are inflated."""
MAXIMUM_DRAWN = 200_000
"""How many drawings a page may call for, each inside the other counted as often as it is drawn."""
MAXIMUM_SCANS = 64
"""Scans of one progressive JPEG: cameras and image programs make about ten; each costs the work of a whole picture."""


class BytesRefusedError(Exception):
    """The bytes are not acceptable: ``rule`` is type, size, pages, active, encrypted, damaged or bomb."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bytes are. The first ``kept_bytes`` of them are the file; what a telephone hangs behind a picture is not part of it."""

    media_type: str
    pages: int
    kept_bytes: int
