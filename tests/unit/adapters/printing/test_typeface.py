"""The typeface: any document's characters as a small static font; never a box in the place of a character."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from adapters.printing.typeface import BOLD, REGULAR, Typeface, find_collection
from services.errors import ConfigurationFault

ABSENT = "\U0002ebf0"
"""CJK Extension I, of 2023: later than the font."""


@pytest.fixture(scope="module")
def typeface() -> Typeface:
    return Typeface()


def read(font: bytes) -> TTFont:
    """A font from memory."""
    return TTFont(io.BytesIO(font))


def test_a_font_holds_what_was_asked_for(typeface: Typeface) -> None:
    """Exactly the characters of the document are in it, as TrueType outlines, in a few kilobytes."""
    font = typeface.cut(REGULAR, "营业执照 ABC")
    with read(font) as made:
        assert {chr(code) for code in made.getBestCmap()} == set("营业执照 ABC")
        assert "glyf" in made
        assert "fvar" not in made
        assert made["glyf"][made.getBestCmap()[ord("营")]].numberOfContours > 3
        assert made["hmtx"][made.getBestCmap()[ord("营")]][0] == 1000
    assert len(font) < 10_000


def test_bold_is_bolder(typeface: Typeface) -> None:
    """The two weights have different outlines and different names."""
    with read(typeface.cut(REGULAR, "一")) as thin, read(typeface.cut(BOLD, "一")) as thick:
        heights = [
            font["glyf"][font.getBestCmap()[ord("一")]].yMax - font["glyf"][font.getBestCmap()[ord("一")]].yMin
            for font in (thin, thick)
        ]
        assert heights[1] > heights[0] * 1.3
        assert thin["name"].getDebugName(6) != thick["name"].getDebugName(6)


def test_the_same_characters_give_the_same_font(typeface: Typeface) -> None:
    """A font depends on its characters alone, not on their order or the moment."""
    assert typeface.cut(REGULAR, "执照营业") == Typeface().cut(REGULAR, "营业执照")


def test_common_and_rare_names_can_be_set(typeface: Typeface) -> None:
    """All of GB 2312, and characters of names from the extensions, are there."""
    common = "".join(
        bytes([high, low]).decode("gb2312", "ignore") for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)
    )
    assert len(common) == 6763
    assert typeface.find_missing(common + "𠮷㐂䶮堃喆犇骉") == frozenset()


def test_a_character_in_no_font_is_refused(typeface: Typeface) -> None:
    """What cannot be set is never set as a box: the printing is refused, and neither the character nor the name is told."""
    assert typeface.find_missing(f"王{ABSENT}") == {ABSENT}
    with pytest.raises(ConfigurationFault, match="GUITAI_RARE_TYPEFACE") as refused:
        typeface.cut(REGULAR, f"王{ABSENT}")
    assert ABSENT not in str(refused.value)


def test_another_font_helps_out(tmp_path: Path) -> None:
    """A character that Noto has not comes from the office's own font, scaled to the same em."""
    path = tmp_path / "rare.ttf"
    make_font(path, ABSENT, em=2048)
    typeface = Typeface(path)
    assert typeface.find_missing(f"王{ABSENT}") == frozenset()
    with read(typeface.cut(BOLD, f"王{ABSENT}")) as made:
        name = made.getBestCmap()[ord(ABSENT)]
        assert made["hmtx"][name][0] == 1000
        assert made["glyf"][name].yMax == 500


def make_font(path: Path, character: str, em: int) -> None:
    """A font with one square, half an em high."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, em // 2), (em // 2, em // 2), (em // 2, 0)):
        pen.lineTo(point)
    pen.closePath()
    builder = FontBuilder(em, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord(character): "square"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (em, 0), "square": (em, 0)})
    builder.setupHorizontalHeader(ascent=em, descent=0)
    builder.setupNameTable({"familyName": "Rare", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_a_font_that_cannot_be_read_is_a_clear_fault(tmp_path: Path) -> None:
    """A rare typeface that is no font is said by its file's name."""
    path = tmp_path / "rare.ttf"
    path.write_bytes(b"no font")
    with pytest.raises(ConfigurationFault, match=r"rare\.ttf"):
        Typeface(path).find_missing("王")


def test_the_collection_is_where_the_wheel_put_it() -> None:
    """The fonts come with the locked wheel; nothing of the system is needed."""
    assert find_collection().name == "NotoSansCJK-VF.otf.ttc"
