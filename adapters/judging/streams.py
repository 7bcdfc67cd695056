"""What the streams of a PDF file hold, inflated piece by piece under one limit for the whole file, and what they would draw.

Our own small decoders, because a library's give back everything at once: a few kilobytes can stand for gigabytes. Image formats
(DCT, JPX, CCITT, JBIG2) are not decoded; their declared size is judged instead. Source: ISO 32000-1 §7.4 (filters), §8.9.5 (images).
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Callable, Mapping, Sequence

from adapters.judging.pictures import JPEG_START, measure_jpeg
from adapters.judging.verdict import MAXIMUM_DECODED, MAXIMUM_PIXELS, BytesRefusedError

PIECE = 1024 * 1024
MAXIMUM_CHAIN = 3
MAXIMUM_LZW = 1024 * 1024
"""LZW is decoded in Python: such streams are small relics, and a large one is somebody's load test."""
IMAGES = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"})


class Allowance:
    """How many bytes a file may still unfold to."""

    def __init__(self, left: int = MAXIMUM_DECODED) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        """Raise ``BytesRefusedError`` (bomb) when nothing is left."""
        self.left -= count
        if self.left < 0:
            raise BytesRefusedError("bomb")


def decode_stream(raw: bytes, filters: Sequence[str], allowance: Allowance) -> bytes:
    """The bytes of a stream behind its filters; of an image those in its own format. Raises ``BytesRefusedError``."""
    if len(filters) > MAXIMUM_CHAIN or len(set(filters)) < len(filters):
        raise BytesRefusedError("bomb")  # nobody deflates twice but to hide what it becomes
    for position, name in enumerate(filters):
        if name in IMAGES:
            if position != len(filters) - 1:
                raise BytesRefusedError("damaged")
            return raw
        decode = _DECODERS.get(name)
        if decode is None:
            raise BytesRefusedError("encrypted" if name == "/Crypt" else "damaged")
        raw = decode(raw, allowance)
    if not filters:
        allowance.spend(len(raw))
    return raw


def require_small_image(size: tuple[object, object], raw: bytes, last_filter: str) -> None:
    """Raise ``BytesRefusedError`` (bomb) for an image whose declared or own size is more than a screen should be asked to show."""
    width, height = (int(side) if isinstance(side, int | float) else 0 for side in size)
    if last_filter in ("/DCTDecode", "/DCT") and raw.startswith(JPEG_START):
        own_width, own_height = measure_jpeg(raw + b"\xff\xd9")[1]
        width, height = max(width, own_width), max(height, own_height)
    if last_filter == "/JPXDecode":
        at = raw.find(b"ihdr", 0, 256)
        own = raw[at + 4 : at + 12] if at >= 0 else b""
        height, width = max(height, int.from_bytes(own[:4], "big")), max(width, int.from_bytes(own[4:], "big"))
    if width * height > MAXIMUM_PIXELS:
        raise BytesRefusedError("bomb")


def _inflate(raw: bytes, allowance: Allowance) -> bytes:
    """RFC 1950. A stream that breaks off gives what could be read of it, as readers of PDF files do."""
    reader, out, rest = zlib.decompressobj(), bytearray(), raw
    try:
        while rest and not reader.eof:
            piece = reader.decompress(rest, PIECE)
            allowance.spend(len(piece))
            out += piece
            if not piece and rest == reader.unconsumed_tail:
                break
            rest = reader.unconsumed_tail
    except zlib.error:
        if not out:
            raise BytesRefusedError("damaged") from None
    return bytes(out)


def _run_lengths(raw: bytes, allowance: Allowance) -> bytes:
    out, at = bytearray(), 0
    while at < len(raw) and raw[at] != 128:
        count = raw[at]
        piece = raw[at + 1 : at + 2 + count] if count < 128 else raw[at + 1 : at + 2] * (257 - count)
        allowance.spend(len(piece))
        out += piece
        at += count + 2 if count < 128 else 2
    return bytes(out)


def _unpack_lzw(raw: bytes, allowance: Allowance) -> bytes:
    """LZW with early change, the default (ISO 32000-1 §7.4.4.2)."""
    if len(raw) > MAXIMUM_LZW:
        raise BytesRefusedError("bomb")
    out = bytearray()
    table: list[bytes] = []
    before = b""
    buffer = bits = at = 0
    while True:
        width = min(12, max(9, (len(table) + 259).bit_length()))
        while bits < width and at < len(raw):
            buffer, bits, at = (buffer << 8) | raw[at], bits + 8, at + 1
        if bits < width:
            return bytes(out)
        code = buffer >> (bits - width)
        bits -= width
        buffer &= (1 << bits) - 1
        if code == 257:
            return bytes(out)
        if code == 256:
            table, before = [], b""
            continue
        entry = _find_entry(code, table, before)
        allowance.spend(len(entry))
        out += entry
        if before and len(table) < 4096 - 258:
            table.append(before + entry[:1])
        before = entry


def _find_entry(code: int, table: Sequence[bytes], before: bytes) -> bytes:
    if code < 256:
        return bytes((code,))
    if code - 258 < len(table):
        return table[code - 258]
    if code - 258 == len(table) and before:
        return before + before[:1]
    raise BytesRefusedError("damaged")


def _read_hex(raw: bytes, allowance: Allowance) -> bytes:
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", raw.partition(b">")[0])
    allowance.spend(len(digits) // 2)
    return binascii.unhexlify(digits + b"0" * (len(digits) % 2))


def _read_base85(raw: bytes, allowance: Allowance) -> bytes:
    """ISO 32000-1 §7.4.3."""
    text = re.sub(rb"\s", b"", raw.removeprefix(b"<~").partition(b"~>")[0])
    out = bytearray()
    group: list[int] = []
    for digit in text:
        if digit == 0x7A and not group:
            out += bytes(4)
            continue
        if not 0x21 <= digit <= 0x75:
            raise BytesRefusedError("damaged")
        group.append(digit - 0x21)
        if len(group) == 5:
            out += _join_digits(group)
            group.clear()
    if group:
        out += _join_digits([*group, *[84] * (5 - len(group))])[: len(group) - 1]
    allowance.spend(len(out))
    return bytes(out)


def _join_digits(group: Sequence[int]) -> bytes:
    number = 0
    for digit in group:
        number = number * 85 + digit
    if number >> 32:
        raise BytesRefusedError("damaged")
    return number.to_bytes(4, "big")


_DECODERS: Mapping[str, Callable[[bytes, Allowance], bytes]] = {
    "/FlateDecode": _inflate,
    "/Fl": _inflate,
    "/LZWDecode": _unpack_lzw,
    "/LZW": _unpack_lzw,
    "/RunLengthDecode": _run_lengths,
    "/RL": _run_lengths,
    "/ASCIIHexDecode": _read_hex,
    "/AHx": _read_hex,
    "/ASCII85Decode": _read_base85,
    "/A85": _read_base85,
}
