"""Charts: round scales, text that stays text, a table with every number, nothing by colour alone."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some
from lxml import etree
from lxml.etree import _Element as Element
from markupsafe import Markup

from gateway.charts import Bar, Chart, Dot, Line, Panel, draw_bars, draw_dots, draw_lines, draw_multiples, write_number
from gateway.charts.marks import make_scale

TITLE = ("办结", "closed")
MONTHS = ("2026-01", "2026-02", "2026-03")
NAMESPACE = "{http://www.w3.org/2000/svg}"


def parse(svg: Markup) -> Element:
    """The drawing as a tree; fails if it is not well-formed."""
    return etree.fromstring(str(svg).encode(), etree.XMLParser(resolve_entities=False))


def draw_all(word: str = "甲") -> list[Chart]:
    """One of each kind, with ``word`` wherever a word from outside may stand."""
    pair = (word, word)
    return [
        draw_lines("a", TITLE, MONTHS, [Line(pair, (1, None, Fraction(7, 2))), Line(("乙", "b"), (2, 3, 4))], limit=(3, pair)),
        draw_bars("b", TITLE, [Bar(word, 5, note=word), Bar("x", 2, loud=True)]),
        draw_dots("c", TITLE, [Dot(word, 5, 4, 6, 40), Dot("y", None, None, None, 2)], line=(5, pair)),
        draw_multiples("d", TITLE, MONTHS, [Panel(word, (1, 2, None)), Panel("z", (3, 4, 5))]),
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["甲", "<script>alert(1)</script>", "\"&' {0} %s", "長" * 400])
def test_a_word_from_outside_stays_a_word(word: str) -> None:
    """Whatever a name holds, the drawing is well-formed XML without an element that we did not write."""
    known = {"svg", "title", "desc", "defs", "pattern", "rect", "line", "path", "text", "circle", "polygon"}
    for chart in draw_all(word):
        found = {str(element.tag).removeprefix(NAMESPACE) for element in parse(chart.svg).iter()}
        assert found <= known


def test_a_drawing_is_an_image_with_a_title_and_a_description() -> None:
    """A screen reader says what each drawing shows, under ids of its own."""
    ids: list[str] = []
    for chart in draw_all():
        svg = parse(chart.svg)
        named = [element.get("id", "") for element in svg.iter() if element.get("id")]
        assert svg.get("role") == "img"
        assert str(svg.get("aria-labelledby")).split() == named[:2]
        ids += named
    assert len(ids) == len(set(ids))


def test_no_style_is_inline() -> None:
    """The pages' policy forbids inline styles: what needs one would be drawn wrong."""
    assert not any("style" in chart.svg for chart in draw_all())


def test_the_table_has_every_number_and_a_head_for_each_column() -> None:
    """What is drawn is also written, and what there is not is a dash."""
    lines, bars, dots, multiples = draw_all()
    assert lines.rows == (("2026-01", "1", "2"), ("2026-02", "—", "3"), ("2026-03", "3.5", "4"))
    assert bars.rows == (("甲", "5", "甲"), ("x", "2", ""))
    assert dots.rows == (("甲", "5", "4 – 6", "40"), ("y", "—", "—", "2"))
    assert multiples.rows == (("甲", "1", "2", "—"), ("z", "3", "4", "5"))
    assert all(len(row) == len(chart.heads) for chart in draw_all() for row in chart.rows)


def test_lines_differ_without_their_colours() -> None:
    """Two lines of one chart have another dash each."""
    svg = parse(draw_lines("a", TITLE, MONTHS, [Line(TITLE, (1, 2, 3)) for _ in range(6)]).svg)
    dashes = [path.get("stroke-dasharray") for path in svg.iter(f"{NAMESPACE}path")]
    assert len(dashes) == len(set(dashes)) == 6


def test_what_stands_out_is_striped() -> None:
    """A loud bar has another pattern, not only another colour."""
    svg = str(draw_bars("b", TITLE, [Bar("x", 2, loud=True)]).svg)
    assert 'fill="url(#b-hatch)"' in svg


def test_too_many_lines_are_refused() -> None:
    """Seven lines nobody tells apart."""
    with pytest.raises(ValueError, match="six"):
        draw_lines("a", TITLE, MONTHS, [Line(TITLE, (1, 2, 3)) for _ in range(7)])


def test_nothing_to_draw_is_no_drawing() -> None:
    """Without a value there is a sentence instead of an empty frame."""
    assert draw_bars("b", TITLE, []).is_empty
    assert draw_lines("a", TITLE, MONTHS, [Line(TITLE, (None, None, None))]).is_empty


@given(some.lists(some.fractions(min_value=-1000, max_value=10**7, max_denominator=100), min_size=1, max_size=20))
def test_a_scale_holds_every_value_between_round_ticks(values: list[Fraction]) -> None:
    """No value lies outside the frame, zero is in it, and there are few ticks at equal steps."""
    scale = make_scale(values, 100, 700)
    reached = [Fraction(0), *values]
    assert scale.bottom <= min(reached)
    assert max(reached) <= scale.top
    assert all(100 <= scale.place(value) <= 700 for value in values)
    assert 2 <= len(scale.ticks) <= 8
    assert 0 in scale.ticks
    assert len({later - earlier for earlier, later in zip(scale.ticks, scale.ticks[1:], strict=False)}) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [(3, "3"), (Fraction(7, 2), "3.5"), (Fraction(1, 20), "0.1"), (None, "—"), (Fraction(-1, 3), "-0.3")],
)
def test_a_number_is_written_with_one_digit_at_most(value: Fraction | None, words: str) -> None:
    """Half up, and a whole number without a point."""
    assert write_number(value) == words
