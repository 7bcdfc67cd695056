"""Seals of a month: whatever is different in what happened gives another seal at its place, and nothing else does."""

from __future__ import annotations

import hashlib
import hmac
import json
import tracemalloc
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.case_file import CaseFile
from services.case_record import CaseEvent, CaseState, Complaint, ComplaintEvent, ComplaintState, Hand, Rating
from services.model import PlatformName
from services.month_document import Moved, compare_seals
from services.month_record import Happening, Place, Seal
from services.month_seals import (
    LEAF_BYTES,
    Heaps,
    Leaf,
    digest_leaf,
    list_case_leaves,
    make_complaint_leaf,
    make_rating_leaf,
)
from services.months import Month
from tests.case_samples import make_case

OCTOBER = Month(2026, 10)
GAS, ANN, BEN = UUID(int=1), UUID(int=11), UUID(int=12)
NOON = datetime(2026, 10, 13, 4, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def put_under_key(digest: bytes) -> bytes:
    """The house's key."""
    return hmac.new(b"key", digest, hashlib.sha256).digest()


def seal(leaves: Iterable[Leaf]) -> Mapping[Place, Seal]:
    """All of them, sealed."""
    heaps = Heaps()
    for leaf in leaves:
        heaps.add(leaf)
    return heaps.close(put_under_key)


def make_file(number: int = 1, days: Iterable[float] = (0, 0.01, 2), **changes: Any) -> CaseFile:
    """A case with an event on each of these days after noon."""
    case = replace(make_case(GAS, NOON), case_id=UUID(int=1000 + number), case_no=f"no-{number}")
    events = [
        CaseEvent(
            case.case_id, version, "noted", CaseState.ACCEPTED, Hand.CLERK, NOON + timedelta(days=day, seconds=number), ANN,
            {"on": "2026-10-13", "number": number, "part": {"b": 1, "a": [True, None]}},
        )
        for version, day in enumerate(days, 1)
    ]  # fmt: skip
    return CaseFile(replace(case, **changes), tuple(events))


def seal_cases(*files: CaseFile) -> Mapping[Place, Seal]:
    """The seals of what happened to these cases in October."""
    return seal(leaf for file in files for leaf in list_case_leaves(file, OCTOBER))


def change(file: CaseFile, index: int, **changes: Any) -> CaseFile:
    """The same with one event made into another."""
    events = list(file.events)
    events[index] = replace(events[index], **changes)
    return CaseFile(file.case, tuple(events))


@given(some.permutations(range(6)), some.randoms(use_true_random=False))
def test_the_order_of_reading_makes_no_difference(order: list[int], chance: Random) -> None:
    """Cases in another order, their events in another, the names in their data in another: the same seals."""
    files = [make_file(number) for number in range(6)]
    mixed = []
    for number in order:
        told = list(files[number].events)
        chance.shuffle(told)
        turned = [replace(one, data=dict(reversed(list(one.data.items())))) for one in told]
        mixed.append(CaseFile(files[number].case, tuple(turned)))
    assert seal_cases(*mixed) == seal_cases(*files)


@pytest.mark.parametrize(
    "changes",
    [
        {"at": NOON + timedelta(seconds=1) + TICK},
        {"staff_id": BEN},
        {"staff_id": None},
        {"name": "noted "},
        {"state": CaseState.RECEIVED},
        {"hand": Hand.HEAD},
        {"version": 9},
        {"data": {}},
        {"data": {"on": "2026-10-13", "number": 1.0, "part": {"b": 1, "a": [True, None]}}},
        {"data": {"on": "2026-10-13", "number": 1, "part": {"b": 1, "a": [None, True]}}},
    ],
)
def test_whatever_is_different_in_an_event_shows_at_its_day(changes: dict[str, Any]) -> None:
    """The moment by a microsecond, who, what, which state, its data: the seal of that day is another one, and of no other day."""
    before, after = seal_cases(make_file(), make_file(2)), seal_cases(change(make_file(), 0, **changes), make_file(2))
    assert compare_seals(before, after) == [
        Moved(Place(GAS, make_file().case.service, date(2026, 10, 13), Happening.EVENTS), 2, 2)
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"mapping_version": 2},
        {"case_no": "x"},
        {"app": "another"},
        {"opened_by": BEN},
        {"received_on": date(2026, 10, 14)},
        {"channel": PlatformName.ALIPAY},
    ],
)
def test_what_stands_in_a_case_shows_on_each_of_its_days(changes: dict[str, Any]) -> None:
    """The version of the service, the number and the receipt of a case are part of all that happened to it."""
    moved = compare_seals(seal_cases(make_file()), seal_cases(make_file(**changes)))
    assert [(one.place.on.day, one.before, one.after) for one in moved] == [(13, 1, 1), (15, 1, 1)]


def test_a_case_under_another_agency_or_service_shows_at_both() -> None:
    """It is missing in one place and too many in the other."""
    service = make_file().case.service
    moved = compare_seals(seal_cases(make_file(days=[0])), seal_cases(make_file(days=[0], agency_id=BEN, service="z")))
    assert {(one.place.agency_id, one.place.service, one.before, one.after) for one in moved} == {
        (GAS, service, 1, 0), (BEN, "z", 0, 1),
    }  # fmt: skip


def test_two_cases_that_swap_events_show() -> None:
    """Each event is still there once, with its moment and its data, but at the other case."""
    one, two = make_file(1), make_file(2)
    swapped = [
        change(one, 1, **{name: getattr(two.events[1], name) for name in ("at", "data")}),
        change(two, 1, **{name: getattr(one.events[1], name) for name in ("at", "data")}),
    ]
    assert len(compare_seals(seal_cases(one, two), seal_cases(*swapped))) == 1


def test_what_was_added_and_what_was_removed_does_not_balance() -> None:
    """The same leaf twice is not the same as no leaf: nothing cancels itself out."""
    (leaf,) = list_case_leaves(make_file(days=[0]), OCTOBER)
    (other,) = list_case_leaves(make_file(2, days=[0]), OCTOBER)
    found = [seal(many)[leaf[0]].mark for many in ([leaf], [leaf, leaf], [leaf, leaf, leaf], [leaf, other, other])]
    assert len(set(found)) == len(found)


def test_only_the_month_is_sealed_by_days_in_shanghai() -> None:
    """The last moment of the month belongs to its last day; the next one, and what was before it, to no day of it."""
    file = make_file()
    edges = [OCTOBER.begins_at - TICK, OCTOBER.begins_at, OCTOBER.ends_at - TICK, OCTOBER.ends_at]
    events = [replace(file.events[0], version=number, at=at) for number, at in enumerate(edges, 1)]
    found = seal_cases(CaseFile(file.case, tuple(events)))
    assert sorted(place.on for place in found) == [date(2026, 10, 1), date(2026, 10, 31)]


def test_a_case_has_one_leaf_a_day() -> None:
    """So the count of a place says how many cases something happened to."""
    assert [(place.on.day, one.count) for place, one in seal_cases(make_file(), make_file(2)).items()] == [(13, 2), (15, 2)]  # fmt: skip


RATING = Rating(
    UUID(int=5), GAS, "case", UUID(int=6), "a", PlatformName.WECHAT, 5, ("fast",), "好", UUID(int=7), ANN, NOON
)
COMPLAINT = Complaint(
    UUID(int=8), GAS, "complaint", "case", UUID(int=6), "a", "1", PlatformName.WECHAT, UUID(int=7), (ANN,), None, "慢", NOON,
    date(2026, 10, 20),
)  # fmt: skip
DISMISSED = ComplaintEvent(
    COMPLAINT.complaint_id, 2, "dismissed", ComplaintState.DISMISSED, NOON, BEN, {"words": "没有"}
)


@pytest.mark.parametrize(
    "changes", [{"level": 4}, {"staff_id": BEN}, {"rated_at": NOON + TICK}, {"subject": UUID(int=9)}]
)
def test_whatever_is_different_in_a_rating_shows(changes: dict[str, Any]) -> None:
    """Its level, whom it is about, when it was given."""
    assert make_rating_leaf(replace(RATING, **changes))[1] != make_rating_leaf(RATING)[1]


@pytest.mark.parametrize("changes", [{"at": NOON + TICK}, {"name": "answered"}, {"staff_id": ANN}, {"version": 3}])
def test_whatever_is_different_in_a_complaints_event_shows(changes: dict[str, Any]) -> None:
    """When it was dismissed, by whom, in which order."""
    assert make_complaint_leaf(COMPLAINT, replace(DISMISSED, **changes)) != make_complaint_leaf(COMPLAINT, DISMISSED)


@pytest.mark.parametrize("changes", [{"against": (ANN, BEN)}, {"filed_at": NOON + TICK}, {"kind": "bad_rating"}])
def test_whatever_is_different_in_a_complaint_shows(changes: dict[str, Any]) -> None:
    """Against whom it is, when it was filed, of which kind it is."""
    assert make_complaint_leaf(replace(COMPLAINT, **changes), DISMISSED) != make_complaint_leaf(COMPLAINT, DISMISSED)


def test_words_and_who_wrote_them_are_in_no_leaf() -> None:
    """What people wrote may be forgotten by law without a closed month telling of it."""
    bare = replace(RATING, words="", person_id=None, tags=())
    assert make_rating_leaf(bare) == make_rating_leaf(RATING)
    assert make_complaint_leaf(replace(COMPLAINT, words="", person_id=None), replace(DISMISSED, data={})) == (
        make_complaint_leaf(COMPLAINT, DISMISSED)
    )


def test_a_leaf_and_a_seal_can_be_made_again_from_their_description() -> None:
    """SHA-256 over a zero byte and sorted JSON; over a one byte and the sorted leaves; then the key."""
    told = ["x", {"b": "ü", "a": 1}]
    leaf = hashlib.sha256(b'\x00["x",{"a":1,"b":"\\u00fc"}]').digest()
    assert digest_leaf(told) == leaf
    assert json.loads('["x",{"a":1,"b":"\\u00fc"}]') == told
    place = Place(GAS, "a", NOON.date(), Happening.EVENTS)
    other = bytes(LEAF_BYTES)
    heap = hashlib.sha256(b"\x01" + b"".join(sorted([leaf, other]))).digest()
    assert seal([(place, leaf), (place, other)]) == {place: Seal(2, put_under_key(heap))}


def test_the_texts_of_leaves_stay_as_they_are() -> None:
    """Every month that was closed depends on each byte of them."""
    case = make_case(GAS, NOON, case_id=UUID(int=3), case_no="2026-1", received_at=NOON)
    event = CaseEvent(
        UUID(int=3), 1, "case_received", CaseState.RECEIVED, Hand.APPLICANT, NOON, None, {"b": 1, "a": "是"}
    )
    ours = CaseFile(case, (event, replace(event, version=2, at=NOON + TICK, staff_id=ANN, data={})))
    gas, ann, ben = (f"00000000-0000-0000-0000-0000000000{end}" for end in ("01", "0b", "0c"))
    noon = "2026-10-13T04:00:00.000000+00:00"
    told = (
        f'["case","{gas}","{gas[:-1]}3","{case.service}",1,"2026-1","wechat","{case.app}",null,"{case.delivery}","{noon}",'
        f'"{case.received_on}","{case.business_on}",[[1,"case_received","received","applicant","{noon}",null,{{"a":"\\u662f",'
        f'"b":1}}],[2,"case_received","received","applicant","2026-10-13T04:00:00.000001+00:00","{ann}",{{}}]]]'
    )
    rated = f'["rating","{gas}","{gas[:-1]}5","case","{gas[:-1]}6","a","wechat",5,"{ann}","{noon}"]'
    filed = (
        f'["complaint","{gas}","{gas[:-1]}8","complaint","case","{gas[:-1]}6","a","1","wechat",["{ann}"],null,"{noon}",'
        f'"2026-10-20",2,"dismissed","dismissed","{noon}","{ben}"]'
    )
    made = [*list_case_leaves(ours, OCTOBER), make_rating_leaf(RATING), make_complaint_leaf(COMPLAINT, DISMISSED)]
    expected = [hashlib.sha256(b"\0" + text.encode("ascii")).digest() for text in (told, rated, filed)]
    assert [digest for _, digest in made] == expected


def test_memory_is_the_leaves_alone() -> None:
    """A hundred thousand cases on one day take their 32 bytes each while they are read, and a few times that while one place is sorted."""
    place, count = Place(GAS, "a", NOON.date(), Happening.EVENTS), 100_000
    heaps = Heaps()
    tracemalloc.start()
    try:
        for number in range(count):
            heaps.add((place, hashlib.sha256(number.to_bytes(4, "big")).digest()))
        read, _ = tracemalloc.get_traced_memory()
        assert heaps.close(put_under_key)[place].count == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read < 1.3 * count * LEAF_BYTES
    assert peak < 5 * count * LEAF_BYTES
