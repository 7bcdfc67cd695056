"""The type that documents are set in: Noto Sans CJK SC, cut for each document to the characters that stand in it.

The wheel ``manimgx-fonts-cjk`` holds Noto's variable collection (32 MB, 44,810 characters, CFF2 outlines), which no PDF writer of ours
embeds as it is. Instead of a subset in the repository, which would have boxes where names have rare characters, each document gets a
small static TrueType font: the glyphs that it needs, drawn from the collection at one weight, cubic curves as quadratic ones within
one thousandth of the em. Measured: 0.45 s once to open the collection (100 MB resident), then 10 to 40 ms a font (decision 0131).
"""

from __future__ import annotations

import importlib.util
import io
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, TTLibError

from services.errors import ConfigurationFault

REGULAR, BOLD = 400, 700
EM = 1000
ASCENT, DESCENT = 880, -120
FACE = 2
"""Which font of the collection is the Simplified Chinese one."""
_NOTDEF = ".notdef"
_EPOCH = 2082844800
"""1970 as fonts count seconds: a document must not differ because a font was cut at another moment."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One font to draw from. ``glyphs``: glyph set by weight; a font without weights has the same for each."""

    characters: Mapping[int, str]
    glyphs: Mapping[int, Any]
    scale: float


class Typeface:
    """Cuts fonts. ``rare``: another font file of the office, asked for characters that Noto has not."""

    def __init__(self, rare: Path | None = None) -> None:
        self._rare = rare
        self._lock = threading.Lock()
        self._sources: list[_Source] = []

    def find_missing(self, text: Iterable[str]) -> frozenset[str]:
        """Characters that no font has. Raises ``ConfigurationFault`` if a font cannot be read."""
        with self._lock:
            return frozenset(one for one in set(text) if one != "\n" and self._find(ord(one)) is None)

    def cut(self, weight: int, characters: Iterable[str]) -> bytes:
        """A TrueType font with these characters at this weight. Raises ``ConfigurationFault`` if one of them is in no font."""
        with self._lock:
            return self._cut(weight, sorted({ord(one) for one in characters} | {0x20}))

    def _cut(self, weight: int, codes: list[int]) -> bytes:
        outlines, widths, order, mapped = {}, {}, [_NOTDEF], {}
        first = self._open()[0]
        outlines[_NOTDEF], widths[_NOTDEF] = _draw(first, weight, _NOTDEF)
        for code in codes:
            found = self._find(code)
            if found is None:
                raise ConfigurationFault("a character is in no font: name one that has it in GUITAI_RARE_TYPEFACE")
            name = f"u{code:X}"
            outlines[name], widths[name] = _draw(found[0], weight, found[1])
            order.append(name)
            mapped[code] = name
        return _build(order, mapped, outlines, widths, "Bold" if weight == BOLD else "Regular")

    def _find(self, code: int) -> tuple[_Source, str] | None:
        for source in self._open():
            name = source.characters.get(code)
            if name is not None:
                return source, name
        return None

    def _open(self) -> list[_Source]:
        if not self._sources:
            sources = [_read(find_collection(), FACE)]
            if self._rare is not None:
                sources.append(_read(self._rare, 0))
            self._sources = sources
        return self._sources


def find_collection() -> Path:
    """The collection in the wheel. Raises ``ConfigurationFault`` where it is not installed."""
    found = importlib.util.find_spec("manimgx_fonts_cjk")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "NotoSansCJK-VF.otf.ttc"
        if path.exists():
            return path
    raise ConfigurationFault("the wheel manimgx-fonts-cjk with Noto Sans CJK is not installed")


def _read(path: Path, number: int) -> _Source:
    try:
        font = TTFont(io.BytesIO(path.read_bytes()), fontNumber=number, lazy=True)
        weights: dict[int, Any] = {
            weight: font.getGlyphSet(location={"wght": weight} if "fvar" in font else None)
            for weight in (REGULAR, BOLD)
        }
        return _Source(font.getBestCmap() or {}, weights, EM / font["head"].unitsPerEm)
    except (OSError, TTLibError, KeyError) as error:
        raise ConfigurationFault(f"the font {path.name} cannot be read") from error


def _draw(source: _Source, weight: int, name: str) -> tuple[Any, int]:
    """The outline of a glyph and its advance width, in thousandths of the em."""
    pen, glyph = TTGlyphPen(None), source.glyphs[weight][name]
    quadratic = Cu2QuPen(pen, 1.0, reverse_direction=True)
    glyph.draw(quadratic if source.scale == 1 else TransformPen(quadratic, (source.scale, 0, 0, source.scale, 0, 0)))
    return pen.glyph(), round(glyph.width * source.scale)


def _build(
    order: list[str], mapped: Mapping[int, str], outlines: Mapping[str, Any], widths: Mapping[str, int], style: str
) -> bytes:
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(dict(mapped))
    builder.setupGlyf(dict(outlines))
    sides = {name: outline.xMin if outline.numberOfContours else 0 for name, outline in outlines.items()}
    builder.setupHorizontalMetrics({name: (widths[name], sides[name]) for name in order})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Guitai Sans SC", "styleName": style, "psName": f"GuitaiSansSC-{style}"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(keepGlyphNames=False)
    builder.setupHead(unitsPerEm=EM, created=_EPOCH, modified=_EPOCH)
    builder.font.recalcTimestamp = False
    stream = io.BytesIO()
    builder.font.save(stream)
    return stream.getvalue()
