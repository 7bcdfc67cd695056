"""A letter of an organ (公文): its name in red above a red rule, title, number, addressee, text, lines, signature with seal, code.

Measures follow GB/T 9704-2012 (A4, 37 mm above, 28 mm at the binding edge); pages are numbered, and the signature never stands alone.
"""

from __future__ import annotations

from datetime import date, datetime

from adapters.printing.lines import break_lines
from adapters.printing.sheet import GREY, POINT_MM, RED, Colour, Sheet, open_sheet
from adapters.printing.typeface import BOLD, Typeface
from services.case_ports import Letter

LEFT, RIGHT, TOP, BOTTOM = 28.0, 26.0, 30.0, 28.0
BODY, LABEL, NOTE = 13.0, 12.0, 9.0
BODY_STEP, LABEL_STEP, NOTE_STEP = 8.4, 7.8, 5.2
SCALES = (1.0, 0.94, 0.88, 0.82)
"""How much room lines take: less, where the signature would otherwise stand alone on a page."""
LABEL_WIDTH, CODE_SIDE, SIGNATURE_HEIGHT = 42.0, 38.0, 62.0
WASH: Colour = (246, 243, 238)
CODE_WORDS = "扫码核验真伪"
CODE_WORDS_EN = "Scan to verify"
SEALED_WORDS = "本文书已由本机关电子签名"


def draw_letter(letter: Letter, typeface: Typeface, at: datetime) -> bytes:
    """The letter as a PDF that nobody has signed yet. Raises ``ConfigurationFault`` for a character in no font."""
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
    words += [CODE_WORDS, CODE_WORDS_EN, SEALED_WORDS, "编号：　"]
    for scale in SCALES:
        with open_sheet(typeface, "".join(words), letter.title, at) as sheet:
            flow = _Flow(sheet, scale)
            _draw_head(flow, letter)
            _draw_body(flow, letter)
            alone = _draw_signature(flow, letter)
            if alone and scale != SCALES[-1]:
                continue
            _number_pages(sheet)
            return bytes(sheet.pdf.output())
    raise AssertionError("the last scale is always taken")


class _Flow:
    """Where the next line goes; a new page where none is left."""

    def __init__(self, sheet: Sheet, scale: float) -> None:
        self.sheet, self.scale = sheet, scale
        self.left, self.right = LEFT, sheet.width - RIGHT
        self.y = 0.0
        self.turn()

    @property
    def width(self) -> float:
        return self.right - self.left

    def turn(self) -> None:
        """A new page."""
        self.sheet.pdf.add_page()
        self.y = TOP

    def step(self, height: float) -> float:
        """The base line of a line of this height."""
        height *= self.scale
        if self.y + height > self.sheet.height - BOTTOM:
            self.turn()
        self.y += height
        return self.y


def _draw_head(flow: _Flow, letter: Letter) -> None:
    sheet, middle = flow.sheet, flow.sheet.width / 2
    size = _fit(sheet, letter.organ, 26.0, flow.width)
    sheet.write_middle(middle, flow.step(10), letter.organ, size, BOLD, RED, spacing=0.6)
    y = flow.step(6)
    sheet.rule(flow.left, y, flow.right, y, 0.9, RED)
    sheet.rule(flow.left, y + 1.3, flow.right, y + 1.3, 0.3, RED)
    flow.step(6)
    size = 20.0
    for line in break_lines(letter.title, lambda text: sheet.measure(text, size, BOLD), flow.width):
        sheet.write_middle(middle, flow.step(11), line, size, BOLD)
    sheet.write_right(flow.right, flow.step(9), f"编号：{letter.number}", 10.5, colour=GREY)
    flow.step(3)


def _draw_body(flow: _Flow, letter: Letter) -> None:
    sheet = flow.sheet
    for line in break_lines(letter.addressee + "：", lambda text: sheet.measure(text, BODY, BOLD), flow.width):
        sheet.write(flow.left, flow.step(BODY_STEP), line, BODY, BOLD)
    for index, paragraph in enumerate(letter.paragraphs):
        _draw_paragraph(flow, paragraph)
        if index == 0 and letter.lines:
            _draw_lines(flow, letter)
    if letter.summary:
        _draw_summary(flow, letter.summary)


def _draw_paragraph(flow: _Flow, paragraph: str) -> None:
    sheet, indent = flow.sheet, 2 * BODY * POINT_MM
    lines = break_lines(paragraph, lambda text: sheet.measure(text, BODY), flow.width, indent)
    for index, line in enumerate(lines):
        left, y = flow.left + (indent if index == 0 else 0.0), flow.step(BODY_STEP)
        if index < len(lines) - 1:
            sheet.write_justified(left, y, line, BODY, flow.right - left)
        else:
            sheet.write(left, y, line, BODY)


def _draw_lines(flow: _Flow, letter: Letter) -> None:
    """Labels and values between thin rules."""
    sheet = flow.sheet
    flow.step(3)
    sheet.rule(flow.left, flow.y, flow.right, flow.y, 0.3, GREY)
    for label, value in letter.lines:
        room = flow.width - LABEL_WIDTH - 4
        values = break_lines(value, lambda text: sheet.measure(text, LABEL), room)
        labels = break_lines(label, lambda text: sheet.measure(text, LABEL), LABEL_WIDTH - 4)
        flow.step(1.2)
        for index in range(max(len(values), len(labels))):
            y = flow.step(LABEL_STEP)
            if index < len(labels):
                sheet.write(flow.left + 2, y - 1.6, labels[index], LABEL, colour=GREY)
            if index < len(values):
                sheet.write(flow.left + LABEL_WIDTH, y - 1.6, values[index], LABEL)
        flow.step(0.6)
        sheet.rule(flow.left, flow.y, flow.right, flow.y, 0.2, GREY)
    flow.step(2)


def _draw_summary(flow: _Flow, summary: str) -> None:
    sheet = flow.sheet
    lines = break_lines(summary, lambda text: sheet.measure(text, NOTE), flow.width - 8)
    height = NOTE_STEP * len(lines) * flow.scale + 5
    together = height + (SIGNATURE_HEIGHT if flow.scale == SCALES[-1] else 0.0)
    if flow.y + 4 + together > sheet.height - BOTTOM + 6:
        flow.turn()
    flow.y += 4
    sheet.pdf.set_fill_color(*WASH)
    sheet.pdf.rect(flow.left, flow.y, flow.width, height, style="F")
    for line in lines:
        sheet.write(flow.left + 4, flow.step(NOTE_STEP) + 1, line, NOTE, colour=GREY)
    flow.y += 5


def _draw_signature(flow: _Flow, letter: Letter) -> bool:
    """Organ, day, seal and code; whether they came to stand alone on a page."""
    sheet = flow.sheet
    alone = flow.y + SIGNATURE_HEIGHT > sheet.height - BOTTOM + 6
    if alone:
        flow.turn()
    top = max(flow.y + 8, TOP)
    if letter.slip:
        sheet.draw_code(flow.left - 3, top, CODE_SIDE, letter.slip)
        sheet.write_middle(
            flow.left - 3 + CODE_SIDE / 2, top + CODE_SIDE + 2.5, f"{CODE_WORDS}　{CODE_WORDS_EN}", 7.5, colour=GREY
        )
        sheet.write_middle(flow.left - 3 + CODE_SIDE / 2, top + CODE_SIDE + 6.5, SEALED_WORDS, 7, colour=GREY)
    wide = max(sheet.measure(letter.organ, BODY), 44.0)
    middle = flow.right - wide / 2 - 2
    sheet.draw_seal(middle, top + 22, letter.organ)
    sheet.write_middle(middle, top + 20, letter.organ, BODY)
    sheet.write_middle(middle, top + 29, say_day(letter.dated_on), BODY)
    return alone


def _number_pages(sheet: Sheet) -> None:
    count = len(sheet.pdf.pages)
    for number in range(1, count + 1):
        sheet.pdf.page = number
        sheet.write_middle(sheet.width / 2, sheet.height - 14, f"第 {number} 页　共 {count} 页", 9, colour=GREY)
    sheet.pdf.page = count


def _fit(sheet: Sheet, text: str, size: float, width: float) -> float:
    """The largest size at which a line fits."""
    wide = sheet.measure(text, size, BOLD) + 0.6 * len(text)
    return size if wide <= width else size * width / wide


def say_day(on: date) -> str:
    """2026年2月10日."""
    return f"{on.year}年{on.month}月{on.day}日"
