"""A sheet of paper: text in our typeface, rules, codes and the drawn seal, in millimetres from the upper left corner.

PDF/A-2U as far as fpdf2 can say it: every font embedded and mapped to Unicode, the language named, a colour space stated.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont

from adapters.printing.typeface import BOLD, REGULAR, Typeface

Colour = tuple[int, int, int]
INK: Colour = (33, 30, 28)
GREY: Colour = (110, 104, 98)
RED: Colour = (196, 18, 24)
POINT_MM = 25.4 / 72
_STYLES: Mapping[int, str] = {REGULAR: "", BOLD: "B"}
_ALWAYS = "0123456789/- 第页共"
_CODE_LEVEL = "m"


class Sheet:
    """One document while it is drawn. ``size`` is in points, ``weight`` REGULAR or BOLD."""

    def __init__(self, pdf: FPDF) -> None:
        self.pdf = pdf

    @property
    def width(self) -> float:
        return float(self.pdf.w)

    @property
    def height(self) -> float:
        return float(self.pdf.h)

    def measure(self, text: str, size: float, weight: int = REGULAR) -> float:
        """How wide a text is, millimetres."""
        self.pdf.set_font("sc", _STYLES[weight], size)
        return float(self.pdf.get_string_width(text))

    def write(
        self, x: float, y: float, text: str, size: float, weight: int = REGULAR, colour: Colour = INK, spacing: float = 0.0
    ) -> None:  # fmt: skip
        """A text whose base line begins at (x, y). ``spacing``: more room after each character, millimetres."""
        self.pdf.set_font("sc", _STYLES[weight], size)
        self.pdf.set_text_color(*colour)
        self.pdf.set_char_spacing(spacing / POINT_MM)
        self.pdf.text(x, y, text)
        self.pdf.set_char_spacing(0)

    def write_middle(
        self, x: float, y: float, text: str, size: float, weight: int = REGULAR, colour: Colour = INK, spacing: float = 0.0
    ) -> None:  # fmt: skip
        """A text whose middle is at x."""
        wide = self.measure(text, size, weight) + spacing * max(0, len(text) - 1)
        self.write(x - wide / 2, y, text, size, weight, colour, spacing)

    def write_right(
        self, x: float, y: float, text: str, size: float, weight: int = REGULAR, colour: Colour = INK
    ) -> None:
        """A text that ends at x."""
        self.write(x - self.measure(text, size, weight), y, text, size, weight, colour)

    def write_justified(self, x: float, y: float, text: str, size: float, width: float) -> None:
        """A full line, its room spread between the characters."""
        spare = width - self.measure(text, size)
        gaps = max(1, len(text) - 1)
        fits = 0 <= spare <= 3 * size * POINT_MM
        self.write(x, y, text, size, spacing=spare / gaps if fits else 0.0)

    def rule(self, x1: float, y1: float, x2: float, y2: float, thick: float = 0.25, colour: Colour = INK) -> None:
        """A straight line."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(thick)
        self.pdf.line(x1, y1, x2, y2)

    def frame(self, inset: float, thick: float, colour: Colour) -> None:
        """A rectangle around the page, ``inset`` from its edge."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(thick)
        self.pdf.rect(inset, inset, self.width - 2 * inset, self.height - 2 * inset)

    def draw_code(self, x: float, y: float, side: float, text: str) -> None:
        """A QR code (ISO/IEC 18004, level M) as filled squares, with its quiet zone inside ``side``."""
        rows = [bytes(row) for row in segno.make_qr(text, error=_CODE_LEVEL).matrix_iter(border=4)]
        step = side / len(rows)
        self.pdf.set_fill_color(255, 255, 255)
        self.pdf.rect(x, y, side, side, style="F")
        self.pdf.set_fill_color(0, 0, 0)
        for line, row in enumerate(rows):
            start = None
            for column, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    self.pdf.rect(x + start * step, y + line * step, (column - start) * step, step, style="F")
                    start = None

    def draw_seal(self, x: float, y: float, organ: str, radius: float = 19.0) -> None:
        """The organ's round seal (国发〔1999〕25 号: ring, star, name along the arc) around (x, y). The signature proves; this shows."""
        self.pdf.set_draw_color(*RED)
        self.pdf.set_line_width(1.1)
        self.pdf.circle(x, y, radius)
        self._draw_star(x, y, radius * 0.32)
        size = min(15.0, 13.0 * 15 / max(15, len(organ)) + 1.5)
        sweep = min(250.0, 21.0 * (len(organ) - 1)) if len(organ) > 1 else 0.0
        ring = radius - 2.2 - size * POINT_MM * ASCENT_SHARE
        for index, one in enumerate(organ):
            angle = -sweep / 2 + sweep * index / max(1, len(organ) - 1)
            left = x + ring * math.sin(math.radians(angle))
            base = y - ring * math.cos(math.radians(angle))
            with self.pdf.rotation(-angle, left, base):
                self.write_middle(left, base, one, size, BOLD, RED)
        self.write_middle(x, y + radius * 0.68, "电子印章", 8.5, BOLD, RED)

    def _draw_star(self, x: float, y: float, radius: float) -> None:
        points = []
        for corner in range(10):
            reach, angle = radius if corner % 2 == 0 else radius * 0.382, math.radians(36 * corner)
            points.append((x + reach * math.sin(angle), y - reach * math.cos(angle)))
        self.pdf.set_fill_color(*RED)
        self.pdf.polygon(points, style="F")


ASCENT_SHARE = 0.8


@contextmanager
def open_sheet(typeface: Typeface, text: str, title: str, at: datetime, *, landscape: bool = False) -> Iterator[Sheet]:
    """A new A4 document in which the characters of ``text`` (and digits) can be set. Raises ``ConfigurationFault`` for one in no font."""
    characters = set(text) - {"\n"} | set(_ALWAYS) | set("电子印章")
    with tempfile.TemporaryDirectory(prefix="guitai-type-") as folder:
        pdf = FPDF("L" if landscape else "P", "mm", "A4", enforce_compliance="PDF/A-2U")
        try:
            for weight, style in _STYLES.items():
                path = Path(folder) / f"{weight}.ttf"
                path.write_bytes(typeface.cut(weight, characters))
                pdf.add_font("sc", style, path)
            _describe(pdf, title, at)
            yield Sheet(pdf)
        finally:
            for font in pdf.fonts.values():
                if isinstance(font, TTFFont):
                    font.ttfont.close()


def _describe(pdf: FPDF, title: str, at: datetime) -> None:
    pdf.set_lang("zh-CN")
    pdf.set_title(title)
    pdf.set_creator("Guitai")
    pdf.set_producer("Guitai")
    pdf.set_creation_date(at)
    pdf.set_xmp_metadata(_XMP.format(title=escape(title), at=at.astimezone(UTC).isoformat(timespec="seconds")))
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)


_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
    xmp:CreatorTool="Guitai" xmp:CreateDate="{at}" xmp:ModifyDate="{at}" xmp:MetadataDate="{at}" pdf:Producer="Guitai">
   <pdfaid:part>2</pdfaid:part>
   <pdfaid:conformance>U</pdfaid:conformance>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:language><rdf:Bag><rdf:li>zh-CN</rdf:li></rdf:Bag></dc:language>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""
"""Stated by ourselves: fpdf2 would put the operating system's time beside ours."""
