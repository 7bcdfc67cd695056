"""Files for the judge, good and bad, made when a test asks for them: nothing here is stored, and nothing big is ever held."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

from PIL import Image

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
TREE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R >>"
DRAWN = b"0 0 100 100 re f"


def make_stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object with these entries beside its length."""
    return b"<< /Length " + str(len(data)).encode() + b" " + entries + b" >>\nstream\n" + data + b"\nendstream"


def make_flate(data: bytes, entries: bytes = b"") -> bytes:
    """The same, deflated."""
    return make_stream(zlib.compress(data, 9), entries + b" /Filter /FlateDecode")


def make_pdf(changed: Mapping[int, bytes] | None = None, trailer: bytes = b"") -> bytes:
    """A PDF of one page by hand; ``changed`` replaces or adds objects by number (1 catalogue, 2 tree, 3 page, 4 content)."""
    objects = {1: CATALOG, 2: TREE, 3: PAGE, 4: make_stream(DRAWN), **(changed or {})}
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += str(number).encode() + b" 0 obj\n" + body + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 " + str(size).encode() + b"\n0000000000 65535 f \n"
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
    out += b"trailer\n<< /Size " + str(size).encode() + b" /Root 1 0 R " + trailer + b" >>\nstartxref\n"
    return bytes(out + str(start).encode() + b"\n%%EOF\n")


def deflate_zeros(length: int) -> bytes:
    """A valid zlib stream of ``length`` zero bytes (whole mebibytes), made of one block over and over: nothing is held, nothing waits."""
    piece = bytes(1024 * 1024)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = ((length % 65521) << 16) | 1
    return b"\x78\xda" + block * (length // len(piece)) + b"\x03\x00" + struct.pack(">I", checksum)


def make_bomb(length: int = 4 * 1024**3, entries: bytes = b" /Filter /FlateDecode") -> bytes:
    """A PDF whose page content inflates to ``length`` zero bytes."""
    return make_pdf({4: make_stream(deflate_zeros(length), entries)})


def make_double_bomb(length: int = 4 * 1024**3) -> bytes:
    """The same, deflated twice: some kilobytes."""
    return make_pdf({4: make_stream(zlib.compress(deflate_zeros(length), 9), b" /Filter [/FlateDecode /FlateDecode]")})


def make_picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def make_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a PNG with its CRC."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def make_png(width: int, height: int, pixels: bytes, *, before: bytes = b"") -> bytes:
    """A grey PNG by hand: ``pixels`` is the deflated content of its IDAT, ``before`` chunks that stand before it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            make_chunk(b"IHDR", header),
            before,
            make_chunk(b"IDAT", pixels),
            make_chunk(b"IEND", b""),
        )
    )
