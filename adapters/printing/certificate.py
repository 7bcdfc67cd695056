"""A certificate (证照): A4 across, a frame with a fine pattern, title, number, sentence, lines, code and seal; always one page."""

from __future__ import annotations

import math
from datetime import datetime

from adapters.printing.letter import CODE_WORDS, CODE_WORDS_EN, say_day
from adapters.printing.lines import break_lines
from adapters.printing.sheet import GREY, POINT_MM, Colour, Sheet, open_sheet
from adapters.printing.typeface import BOLD, Typeface
from services.case_ports import Letter
from services.errors import ConfigurationFault

GOLD: Colour = (172, 136, 76)
PALE: Colour = (240, 233, 219)
Point = tuple[float, float]
LEFT, TEXT_TOP, TEXT_BOTTOM = 36.0, 64.0, 150.0
CODE_SIDE = 37.0
SIZES = (15.0, 14.0, 13.0, 12.0, 11.0, 10.0, 9.0, 8.0)
SIGNED_WORDS = "本证照为电子证照，由发证机关电子签名；扫码或在政务服务网核验"


def draw_certificate(letter: Letter, typeface: Typeface, at: datetime) -> bytes:
    """The certificate as a PDF that nobody has signed yet.

    Raises ``ConfigurationFault`` for a character in no font, and for more text than a page takes.
    """
    words = [
        letter.title,
        letter.number,
        letter.addressee,
        *letter.paragraphs,
        letter.organ,
        letter.summary,
        say_day(letter.dated_on),
    ]
    words += [word for line in letter.lines for word in line]
    words += [CODE_WORDS, CODE_WORDS_EN, SIGNED_WORDS, "证照编号：No.　"]
    with open_sheet(typeface, "".join(words), letter.title, at, landscape=True) as sheet:
        sheet.pdf.add_page()
        _draw_ground(sheet)
        _draw_head(sheet, letter)
        _draw_text(sheet, letter)
        _draw_foot(sheet, letter)
        return bytes(sheet.pdf.output())


def _draw_ground(sheet: Sheet) -> None:
    """A rosette of ellipses, a fine border of waves, then the frame with its corners."""
    pdf, middle = sheet.pdf, (sheet.width / 2, sheet.height / 2)
    pdf.set_draw_color(*PALE)
    pdf.set_line_width(0.1)
    for turn in range(24):
        pdf.polyline(_ellipse(middle, 64.0, 30.0, turn * math.pi / 24))
    for phase in range(3):
        pdf.polyline(_border(sheet, 16.0, phase * 2 * math.pi / 3))
    for inset, thick in ((7.5, 1.8), (10.0, 0.3), (12.0, 0.7)):
        sheet.frame(inset, thick, GOLD)
    pdf.set_fill_color(*GOLD)
    for x in (12.0, sheet.width - 12.0):
        for y in (12.0, sheet.height - 12.0):
            pdf.polygon([(x - 3.2, y), (x, y - 3.2), (x + 3.2, y), (x, y + 3.2)], style="F")


def _ellipse(middle: Point, long: float, short: float, angle: float) -> list[Point]:
    points = []
    for part in range(91):
        along, across = long * math.cos(part * math.pi / 45), short * math.sin(part * math.pi / 45)
        points.append(
            (
                middle[0] + along * math.cos(angle) - across * math.sin(angle),
                middle[1] + along * math.sin(angle) + across * math.cos(angle),
            )
        )
    return points


def _border(sheet: Sheet, inset: float, phase: float) -> list[Point]:
    """One wave around the page: its distance from the edge swings by 1.6 mm."""
    wide, high = sheet.width - 2 * inset, sheet.height - 2 * inset
    points: list[Point] = []
    for corner, way, length, inward in (
        ((inset, inset), (1, 0), wide, (0, 1)),
        ((inset + wide, inset), (0, 1), high, (-1, 0)),
        ((inset + wide, inset + high), (-1, 0), wide, (0, -1)),
        ((inset, inset + high), (0, -1), high, (1, 0)),
    ):
        for part in range(int(length / 0.6) + 1):
            swing, far = 1.6 * math.sin(part * 0.6 * 2 * math.pi / 8 + phase), part * 0.6
            points.append(
                (corner[0] + way[0] * far + inward[0] * swing, corner[1] + way[1] * far + inward[1] * swing)
            )  # fmt: skip
    return points


def _draw_head(sheet: Sheet, letter: Letter) -> None:
    middle, size, spacing = sheet.width / 2, 34.0, 4.0
    wide = sheet.measure(letter.title, size, BOLD) + spacing * len(letter.title)
    share = min(1.0, (sheet.width - 70) / wide)
    sheet.write_middle(middle, 41, letter.title, size * share, BOLD, spacing=spacing * share)
    sheet.rule(middle - 46, 47, middle + 46, 47, 0.35, GOLD)
    sheet.write_middle(middle, 54, f"证照编号 No.　{letter.number}", 11, colour=GREY)


def _draw_text(sheet: Sheet, letter: Letter) -> None:
    """The sentence and the lines, in the largest size that fits."""
    for size in SIZES:
        if (room := TEXT_BOTTOM - TEXT_TOP - _lay(sheet, letter, size, 0.0, draw=False)) >= 0:
            _lay(sheet, letter, size, TEXT_TOP + min(room / 3, 14.0), draw=True)
            return
    raise ConfigurationFault("a certificate has more text than its page takes: shorten its sentence or its lines")


def _lay(sheet: Sheet, letter: Letter, size: float, top: float, *, draw: bool) -> float:
    """Set the text from ``top`` on, or only learn how high it is."""
    width, step, indent, y = sheet.width - 2 * LEFT, size * POINT_MM * 1.75, 2 * size * POINT_MM, top
    for paragraph in letter.paragraphs:
        lines = break_lines(paragraph, lambda text: sheet.measure(text, size), width, indent)
        for index, line in enumerate(lines):
            y += step
            left = LEFT + (indent if index == 0 else 0.0)
            if draw and index < len(lines) - 1:
                sheet.write_justified(left, y, line, size, LEFT + width - left)
            elif draw:
                sheet.write(left, y, line, size)
    y += step * 0.35
    label_width = max([sheet.measure(label, size) for label, _ in letter.lines], default=0.0) + 8
    label_width = min(label_width, width / 2)
    for label, value in letter.lines:
        values = break_lines(value, lambda text: sheet.measure(text, size, BOLD), width - label_width - indent)
        labels = break_lines(label, lambda text: sheet.measure(text, size), label_width - 4)
        for index in range(max(len(values), len(labels))):
            y += step
            if draw and index < len(labels):
                sheet.write(LEFT + indent, y, labels[index], size, colour=GREY)
            if draw and index < len(values):
                sheet.write(LEFT + indent + label_width, y, values[index], size, BOLD)
    return y - top


def _draw_foot(sheet: Sheet, letter: Letter) -> None:
    top, x = 150.0, 26.0
    sheet.draw_code(x, top, CODE_SIDE, letter.slip)
    sheet.write_middle(x + CODE_SIDE / 2, top + CODE_SIDE + 3.2, f"{CODE_WORDS}　{CODE_WORDS_EN}", 7.5, colour=GREY)
    sheet.write_middle(sheet.width / 2, top + CODE_SIDE + 3.2, SIGNED_WORDS, 7.5, colour=GREY)
    if letter.summary:
        size, lines = 8.0, break_lines(letter.summary, lambda text: sheet.measure(text, 8.0), 118.0)
        for index, line in enumerate(lines[:5]):
            sheet.write(x + CODE_SIDE + 6, top + 13 + index * size * POINT_MM * 1.5, line, size, colour=GREY)
    middle = sheet.width - 36 - max(sheet.measure(letter.organ, 14, BOLD), 48.0) / 2
    sheet.draw_seal(middle, top + 17, letter.organ, 18.0)
    sheet.write_middle(middle, top + 16, letter.organ, 14, BOLD)
    sheet.write_middle(middle, top + 26, say_day(letter.dated_on), 13)
