"""Sample papers for the stories: a picture and a one-page PDF, each different from all others, whole and inert."""

from __future__ import annotations

import secrets
import struct
import zlib

from gateway.demo.journey import StepFailed
from gateway.demo.pages import Upload

PICTURE, PAPER = "image/png", "application/pdf"
_SIDE = 24


def make_sample(name: str, accepts: list[str]) -> Upload:
    """A file that this material takes. Raises ``StepFailed`` if it takes neither PNG nor PDF."""
    if PAPER in accepts:
        return Upload(f"{name}.pdf", write_pdf(name), PAPER)
    if PICTURE in accepts:
        return Upload(f"{name}.png", draw_png(), PICTURE)
    raise StepFailed(f"no sample for {name}, which takes {', '.join(accepts) or 'nothing'}")


def draw_png() -> bytes:
    """A small picture of random greys (PNG, ISO/IEC 15948)."""
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + secrets.token_bytes(_SIDE) for _ in range(_SIDE))
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def write_pdf(words: str) -> bytes:
    """One page with a line of ASCII on it (ISO 32000-1)."""
    line = f"BT /F1 12 Tf 72 720 Td ({words} {secrets.token_hex(8)}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(line), line),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + table + trailer
