"""The document of a month: canonical, the same for the same figures, and what differs between two."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from services.model import JsonValue
from services.month_document import (
    MOST_DIFFERENCES,
    Counted,
    Difference,
    Moved,
    compare_counts,
    compare_seals,
    digest_document,
    write_document,
)
from services.month_figures import FIGURES
from services.month_record import Account, Figures, Happening, Place, Seal

ACCOUNTS = some.tuples(
    some.sampled_from([UUID(int=1), UUID(int=2)]), some.sampled_from(["a", "b"]), some.sampled_from([None, UUID(int=3)])
)
NUMBERS = some.dictionaries(some.sampled_from(FIGURES), some.integers(0, 10**9), max_size=6)
MANY = some.dictionaries(ACCOUNTS, NUMBERS, max_size=8)


def make(figures: Figures) -> Counted:
    """October 2026 with these figures."""
    return Counted("2026-10", {"CN": 3}, {"b": (1, 2), "a": (4,)}, figures)


def test_the_document_is_canonical_and_its_digest_plain() -> None:
    """Sorted, without what is 0, whole numbers; its digest is its SHA-256."""
    document = write_document(
        make({(UUID(int=2), "b", UUID(int=3)): {"closed": 2, "late": 0}, (UUID(int=1), "a", None): {"received": 1}})
    )
    read = json.loads(document)
    assert rfc8785.dumps(read) == document
    assert [one["figures"] for one in read["figures"]] == [{"received": 1}, {"closed": 2}]
    assert (read["month"], read["calendars"], read["mappings"]) == ("2026-10", {"CN": 3}, {"a": [4], "b": [1, 2]})
    assert digest_document(document) == hashlib.sha256(document).hexdigest()


def test_the_events_digest_is_over_all_seals_in_the_order_of_places() -> None:
    """It stands in the document as ``events``; a month without seals has none, in a document of another version."""
    later, first = (Place(UUID(int=1), "a", date(2026, 10, day), Happening.EVENTS) for day in (9, 8))
    sealed = replace(make({}), seals={later: Seal(2, b"\x02"), first: Seal(1, b"\x01")})
    lines: list[JsonValue] = [
        ["00000000-0000-0000-0000-000000000001", "a", "2026-10-08", "events", 1, "01"],
        ["00000000-0000-0000-0000-000000000001", "a", "2026-10-09", "events", 2, "02"],
    ]
    read = json.loads(write_document(sealed))
    assert (read["v"], read["events"]) == (2, hashlib.sha256(rfc8785.dumps(lines)).hexdigest())
    alone = json.loads(write_document(make({})))
    assert (alone["v"], "events" in alone) == (1, False)
    assert "events" in json.loads(write_document(replace(make({}), seals={})))


def test_places_that_differ_are_named_up_to_what_anybody_reads() -> None:
    """Other marks, other numbers, missing and new ones, in the order of places; at most two hundred."""
    places = [Place(UUID(int=1), "a", date(2026, 1, 1) + timedelta(days=on), Happening.EVENTS) for on in range(4)]
    before = {places[0]: Seal(1, b"x"), places[1]: Seal(1, b"x"), places[2]: Seal(3, b"x")}
    after = {places[3]: Seal(1, b"x"), places[1]: Seal(1, b"x"), places[0]: Seal(1, b"y")}
    assert compare_seals(before, after) == [Moved(places[0], 1, 1), Moved(places[2], 3, 0), Moved(places[3], 0, 1)]
    many = {Place(UUID(int=one), "a", date(2026, 1, 1), Happening.EVENTS): Seal(1, b"x") for one in range(250)}
    assert len(compare_seals(many, {})) == MOST_DIFFERENCES


@given(MANY)
def test_the_order_and_what_is_zero_make_no_difference(figures: dict[Account, dict[str, int]]) -> None:
    """The same figures in another order, with zeros and empty accounts, give the same bytes and no difference."""
    other = {key: dict.fromkeys(FIGURES, 0) | figures[key] for key in reversed(list(figures))}
    other.setdefault((UUID(int=9), "z", None), {})
    assert write_document(make(figures)) == write_document(make(other))
    assert compare_counts(make(figures), make(other)) == []


@given(MANY, MANY)
def test_documents_are_equal_where_nothing_differs(
    one: dict[Account, dict[str, int]], two: dict[Account, dict[str, int]]
) -> None:
    """The bytes differ exactly where a difference is named."""
    assert (write_document(make(one)) == write_document(make(two))) == (not compare_counts(make(one), make(two)))


def test_each_difference_is_named() -> None:
    """Account, figure, before and after; also by what it was computed."""
    account = (UUID(int=1), "a", UUID(int=3))
    after = Counted("2026-10", {"CN": 4}, {"b": (1, 2), "a": (4,)}, {account: {"closed": 3}})
    found = compare_counts(make({account: {"closed": 2, "late": 1}}), after)
    assert found[:2] == [Difference(account, "closed", 2, 3), Difference(account, "late", 1, 0)]
    assert [(one.account, one.figure) for one in found[2:]] == [(None, "calendars")]


def test_not_more_are_named_than_anybody_reads() -> None:
    """Two hundred are enough to see that history was changed."""
    many: Figures = {(UUID(int=number), "a", None): {"closed": 1} for number in range(MOST_DIFFERENCES + 50)}
    assert len(compare_counts(make(many), make({}))) == MOST_DIFFERENCES


def test_a_figure_that_is_unknown_shows_too() -> None:
    """Whoever adds a figure to the kept ones is seen."""
    account: Account = (UUID(int=1), "a", None)
    assert compare_counts(make({account: {"unheard_of": 1}}), make({account: {}})) == [
        Difference(account, "unheard_of", 1, 0)
    ]
