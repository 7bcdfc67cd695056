"""The document of a month: canonical, the same for the same figures, and what differs between two."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from services.month_document import (
    MOST_DIFFERENCES,
    Counted,
    Difference,
    compare_counts,
    digest_document,
    write_document,
)
from services.month_figures import FIGURES
from services.month_record import Account, Figures

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
