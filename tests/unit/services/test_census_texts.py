"""What a mapping's texts tell: reviewed in time, there in both languages, which pages they lead to, published rows with dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.census_record import Finding, Question
from services.census_texts import (
    find_old_texts,
    find_undated,
    find_untranslated,
    list_links,
    list_links_of_rows,
    read_links,
)
from services.mapping import ServiceMapping
from services.model import JsonValue
from tests.unit.gateway.fakes_edge import CATALOGUE

TODAY = date(2026, 11, 24)
GAS, NOTICES = CATALOGUE.services["gas-bill"], CATALOGUE.services["local-notices"]


def make(**changed: JsonValue) -> ServiceMapping:
    """The gas bill with these parts of its file instead."""
    return replace(GAS, raw={**GAS.raw, **changed})


@pytest.mark.parametrize(
    ("review_on", "codes"),
    [("2026-11-25", []), ("2026-11-24", []), ("2026-11-23", ["review_passed"]), (None, ["no_review_date"])],
)
def test_the_day_of_review(review_on: str | None, codes: list[str]) -> None:
    """Texts are current till the end of the day on which they are looked through again."""
    assert [one.code for one in find_old_texts(make(review_on=review_on), TODAY)] == codes


@pytest.mark.parametrize(
    ("english", "codes"),
    [
        ("Gas bill", []), ("", ["translation_missing"]), ("  ", ["translation_missing"]),
        ("燃气缴费", ["not_translated"]), ("Gas 费", ["not_translated"]),
    ],
)  # fmt: skip
def test_a_text_that_is_not_translated(english: str, codes: list[str]) -> None:
    """An English text that is empty, or has Chinese in it, is found with its path."""
    found = list(find_untranslated(make(title={"zh-CN": "燃气缴费", "en": english})))
    assert found == [Finding(Question.FAULTLESS, code, "title") for code in codes]


def test_a_text_without_one_of_its_languages() -> None:
    """Also deep inside, in a list."""
    fee = {"name": {"zh-CN": "工本费"}, "legal_ground": "x"}
    assert [one.place for one in find_untranslated(make(fees=[fee]))] == ["fees[0].name"]


def test_what_citizens_never_see_is_not_looked_at() -> None:
    """A namespace in the back end's part is no link, a persona's text is no translation."""
    hidden = make(back_end={"note": "http://schemas.example/x"}, demo={"x": {"zh-CN": "无"}})
    assert list_links(hidden) == {}
    assert list(find_untranslated(hidden)) == []


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("详见https://www.example.gov.cn/a?b=1，谢谢", ["https://www.example.gov.cn/a?b=1"]),
        ("See (https://example.gov.cn/x).", ["https://example.gov.cn/x"]),
        ('<a href="http://a.example/1">x</a>', ["http://a.example/1"]),
        ("https://x.example:8443/a,http://y.example/b", ["https://x.example:8443/a,http://y.example/b"]),
        ("没有链接 http:// https://", []), ("ftp://a.example", []),
    ],
)  # fmt: skip
def test_links_in_a_text(text: str, links: list[str]) -> None:
    """An address ends where white space, a quote or Chinese begins; punctuation after it is the sentence's."""
    assert list(read_links(text)) == links


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """Whatever stands in a text, what is read out of it is ASCII and names a host."""
    for link in read_links(text):
        assert link.isascii()
        assert link.split("://")[1].split("/")[0]


def test_links_are_found_with_their_place() -> None:
    """The first text that names an address is named."""
    mapping = make(summary={"zh-CN": "见 https://a.example/1", "en": "see https://a.example/1 and http://b.example"})
    assert list_links(mapping) == {"https://a.example/1": "summary.zh-CN", "http://b.example": "summary.en"}


def rows(*days: str) -> Mapping[str, JsonValue]:
    """What the office publishes: a notice for each day."""
    listed = [
        {"title": "t", "issued_by": "o", "published_on": day, "summary": "见 https://n.example/1"} for day in days
    ]
    return {"notice_count": len(listed), "notices": listed}


@pytest.mark.parametrize(
    ("days", "codes"),
    [
        (["2026-11-01", "2020-01-01"], []), ([], []), (["2026-11-01", ""], ["undated"]),
        ([(TODAY - timedelta(days=365)).isoformat()], []), ([(TODAY - timedelta(days=366)).isoformat()], ["nothing_recent"]),
    ],
)  # fmt: skip
def test_published_notices_are_dated(days: list[str], codes: list[str]) -> None:
    """Each has its date, and the newest is of this year."""
    assert [one.code for one in find_undated(NOTICES, rows(*days), TODAY)] == codes


def test_links_in_published_notices() -> None:
    """Named with the row they stand in."""
    assert list_links_of_rows(rows("2026-11-01")) == {"https://n.example/1": "outputs.notices[0].summary"}


@pytest.mark.parametrize("service", sorted(CATALOGUE.services))
def test_the_shipped_services_are_translated_and_reviewed(service: str) -> None:
    """Nothing is found in the texts of any of them."""
    mapping = CATALOGUE.services[service]
    assert [*find_old_texts(mapping, TODAY), *find_untranslated(mapping)] == []
