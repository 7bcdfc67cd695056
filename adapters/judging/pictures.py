"""JPEG and PNG: the structure byte by byte, then every pixel once, by Pillow.

A picture ends where its own format says. What telephones hang behind it (a second view, a film of a second, a maker's notes) is left
out; a second *format* behind it makes the file two things at once, and it is refused. Sources: ITU-T T.81 annex B (JPEG markers),
W3C PNG third edition §5 (chunks, CRC) and §11.3.6 (acTL: an animation).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from adapters.judging.verdict import (
    JPEG,
    MAXIMUM_PIXELS,
    MAXIMUM_SCANS,
    MAXIMUM_SIDE,
    PNG,
    BytesRefusedError,
    Verdict,
)

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_OTHERS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!\x1a",
    b"7z\xbc\xaf\x27\x1c",
    b"\x7fELF",
    b"<?php",
    b"<script",
    b"<html",
    b"<svg",
)
"""Signatures of formats that somebody may read from behind a picture: documents, archives, programs, pages."""


def judge_picture(content: bytes) -> Verdict:
    """What a JPEG or PNG is. Raises ``BytesRefusedError`` (type, size, damaged, bomb)."""
    kind = PNG if content.startswith(PNG_START) else JPEG
    opener: type[ImageFile.ImageFile] = PngImageFile if kind == PNG else JpegImageFile
    end, size = _measure_png(content) if kind == PNG else measure_jpeg(content)
    _require_size(*size)
    _require_one_format(content[end:])
    _decode(opener, content[:end])
    return Verdict(kind, 1, end)


def _require_size(width: int, height: int) -> None:
    if not width or not height:
        raise BytesRefusedError("damaged")
    if width * height > MAXIMUM_PIXELS or max(width, height) > MAXIMUM_SIDE:
        raise BytesRefusedError("bomb")


def _require_one_format(behind: bytes) -> None:
    lowered = behind.lower()
    if any(mark in behind or mark in lowered for mark in _OTHERS) or behind.startswith(b"MZ"):
        raise BytesRefusedError("type")


def measure_jpeg(content: bytes) -> tuple[int, tuple[int, int]]:
    """Where a JPEG ends (just behind its EOI) and its width and height. Raises ``BytesRefusedError``."""
    at, size, scans = 2, (0, 0), 0
    while True:
        marker, at = _next_marker(content, at)
        if marker == _EOI:
            return at, size
        if marker == _SOI:
            raise BytesRefusedError("damaged")
        if marker in _RESTARTS or marker == _TEM:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > len(content):
            raise BytesRefusedError("damaged")
        if marker in _FRAMES:
            size = _read_frame(content[at + 2 : at + length])
        at += length
        if marker == _SOS:
            scans += 1
            if scans > MAXIMUM_SCANS:
                raise BytesRefusedError("bomb")


def _next_marker(content: bytes, at: int) -> tuple[int, int]:
    """The next marker and where its segment begins, over entropy-coded bytes and fill bytes."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise BytesRefusedError("damaged")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0:
            at += 2
        else:
            return marker, at + 2


def _read_frame(frame: bytes) -> tuple[int, int]:
    if len(frame) < 6:
        raise BytesRefusedError("damaged")
    height, width = struct.unpack(">HH", frame[1:5])
    return width, height


def _measure_png(content: bytes) -> tuple[int, tuple[int, int]]:
    """Where a PNG ends and its width and height; every CRC is checked. Raises ``BytesRefusedError``."""
    size, pixels = (0, 0), False
    for number, (name, body, end) in enumerate(_list_chunks(content)):
        if (number == 0) != (name == b"IHDR"):
            raise BytesRefusedError("damaged")
        if name == b"IHDR":
            if len(body) != 13:
                raise BytesRefusedError("damaged")
            size = struct.unpack(">II", body[:8])
        if name in (b"acTL", b"fcTL", b"fdAT"):
            raise BytesRefusedError("type")
        pixels = pixels or name == b"IDAT"
        if name == b"IEND":
            if not pixels:
                raise BytesRefusedError("damaged")
            return end, (int(size[0]), int(size[1]))
    raise BytesRefusedError("damaged")


def _list_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Name, body and end of each chunk whose CRC holds."""
    at = len(PNG_START)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise BytesRefusedError("damaged")
        yield content[at + 4 : at + 8], content[at + 8 : end - 4], end
        at = end


def _decode(opener: type[ImageFile.ImageFile], content: bytes) -> None:
    """Every pixel once: whatever cannot be decoded here will not be shown at the counter either."""
    Image.MAX_IMAGE_PIXELS = MAXIMUM_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about Exif that is not well formed; what matters raises
        try:
            with opener(io.BytesIO(content)) as picture:
                _require_size(*picture.size)
                if getattr(picture, "is_animated", False):
                    raise BytesRefusedError("type")
                picture.load()
        except Image.DecompressionBombError:
            raise BytesRefusedError("bomb") from None
