"""What went out against what might, and the steps of a course."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InputRefused
from services.exposure import Direction
from services.mapping_record import MappingAct, MappingEvent
from services.privacy_record import FieldSum, Span, SumFilter
from services.privacy_rules import (
    MOST_DAYS,
    Use,
    begin_step,
    choose_span,
    count_days,
    judge_version,
    list_steps,
    sum_course,
)

BUDGET = {Direction.SHOWN_IN_CLIENT: frozenset({"payee", "amount"}), Direction.ENTERED_IN_CLIENT: frozenset({"phone"})}
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def make_sums(*cells: tuple[str, str, int]) -> list[FieldSum]:
    return [FieldSum("gas-bill", 1, "wechat", direction, field, count) for direction, field, count in cells]


def test_each_field_is_used_unused_brought_or_beyond() -> None:
    """Sent and shown outside the budget is a fault; typed outside of it was recorded and refused; what never came up is named."""
    sums = make_sums(
        ("shown_in_client", "", 60), ("shown_in_client", "payee", 60), ("shown_in_client", "identity_number", 1),
        ("entered_in_client", "", 2), ("entered_in_client", "unlisted", 2),
    )  # fmt: skip
    use = judge_version(sums, BUDGET, 40, in_force=True)
    found = {(one.direction, one.field): one.use for one in use.fields}
    assert found == {
        ("shown_in_client", "payee"): Use.USED, ("shown_in_client", "identity_number"): Use.BEYOND,
        ("shown_in_client", "amount"): Use.UNUSED, ("entered_in_client", "unlisted"): Use.BROUGHT,
        ("entered_in_client", "phone"): Use.UNUSED,
    }  # fmt: skip
    assert (use.records, use.is_ripe) == (62, True)


def test_a_version_that_is_not_kept_is_judged_by_nobody() -> None:
    """Without a budget nothing is within or beyond."""
    use = judge_version(make_sums(("shown_in_client", "payee", 1)), None, 40, in_force=False)
    assert [one.use for one in use.fields] == [Use.UNKNOWN]


def test_nothing_is_suggested_too_early() -> None:
    """A field that was not used in a few days or records may be needed tomorrow."""
    sums = make_sums(("shown_in_client", "", 60))
    assert not judge_version(sums, BUDGET, 29, in_force=True).is_ripe
    assert not judge_version(make_sums(("shown_in_client", "", 49)), BUDGET, 40, in_force=True).is_ripe


def make_event(number: int, act: MappingAct, version: int, days: int) -> MappingEvent:
    return MappingEvent(UUID(int=1), "gas-bill", number, act, version, NOW + timedelta(days=days), None)


def test_days_in_force_follow_the_events() -> None:
    """Only what puts a version in force counts, also when it comes back; outside the time asked nothing does."""
    events = [
        make_event(1, MappingAct.IMPORTED, 1, -10), make_event(2, MappingAct.PROPOSED, 2, 1), make_event(3, MappingAct.PUBLISHED, 2, 5),
        make_event(4, MappingAct.ROLLED_BACK, 1, 8),
    ]  # fmt: skip
    until = NOW + timedelta(days=20)
    assert count_days(events, 1, NOW, until) == 5 + 12
    assert count_days(events, 2, NOW, until) == 3
    assert count_days(events, 3, NOW, until) == 0


@pytest.mark.parametrize("step", sorted(MOST_DAYS))
def test_a_course_has_an_end(step: str) -> None:
    """As many days as its steps allow, and not one more; never backwards."""
    since = date(2026, 1, 1)
    longest = SumFilter(since, since + timedelta(days=MOST_DAYS[step] - 1))
    assert choose_span(longest, step)[1] is (Span.MONTH if step == "month" else Span.DAY)
    for until in (longest.until + timedelta(days=1), since - timedelta(days=1)):
        with pytest.raises(InputRefused):
            choose_span(SumFilter(since, until), step)
    with pytest.raises(InputRefused):
        choose_span(longest, "year")


def test_months_are_whole() -> None:
    """A course by months takes the whole first and the whole last one."""
    whole, _ = choose_span(SumFilter(date(2026, 1, 31), date(2026, 2, 1)), "month")
    assert (whole.since, whole.until) == (date(2026, 1, 1), date(2026, 2, 28))


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 80), st.sampled_from(sorted(MOST_DAYS)),
    st.lists(st.tuples(st.integers(0, 80), st.sampled_from(["wechat", "alipay"]), st.integers(1, 9)), max_size=30),
)  # fmt: skip
def test_every_record_stands_in_one_step(since: date, days: int, step: str, told: list[tuple[int, str, int]]) -> None:
    """The steps of a course are in order without a gap, and their sums are all that was counted."""
    wanted, _ = choose_span(SumFilter(since, since + timedelta(days=days)), step)
    steps = list_steps(wanted, step)
    rows = [(since + timedelta(days=min(after, days)), platform, count) for after, platform, count in told]
    course = sum_course(rows, steps, step)
    assert sum(map(sum, course.values())) == sum(count for _, _, count in told)
    assert steps == sorted(set(steps))
    assert all(begin_step(one, step) == one for one in steps)
