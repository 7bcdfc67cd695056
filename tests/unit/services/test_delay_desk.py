"""A delay of telling takes a ground, an authority, a day and two people; it ends by itself and is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit_desk import AuditRoom
from services.case_errors import NotAllowedNow, OwnMatter
from services.delay_desk import ANSWERERS, ASKERS, SERIES_OVER, DelayAsked, DelayRoom, count_delays
from services.delay_rules import GROUNDS, LONGEST_DAYS, SERIES_DAYS, count_files, may_follow
from services.errors import InputRefused, NotFound, NotPermitted
from services.reading_record import Delay, DelayEvent, DelayFile, DelayState
from services.staffing import Actor, Role
from tests.counter_office import OFFICE, SIBLING, CounterOffice

WHY = "按监察机关来函办理"
NOVEMBER = datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)


class Scene:
    """A case, an auditor who will read it, and who asks and answers."""

    def __init__(self) -> None:
        self.office = CounterOffice()
        self.room = DelayRoom(self.office.desk, self.office.house)
        self.audit = AuditRoom(self.office.desk, self.office.house)
        self.file = self.office.accept()
        self.reader, self.asker = (self.office.hire(OFFICE, Role.AUDITOR) for _ in range(2))
        self.officer = self.office.hire(OFFICE, Role.PRIVACY)

    def asked(self, **changes: object) -> DelayAsked:
        """What is asked: the reader's looks at the case, for ten days."""
        made = DelayAsked(
            self.file.case.case_no,
            self.reader.member.login,
            "pipl_35",
            "演示市监察委员会",
            "演监〔2026〕7号",
            date(2026, 11, 12),
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def ask(self, by: Actor | None = None, **changes: Any) -> DelayFile:
        return self.room.ask(by or self.asker, self.asked(**changes), WHY)

    def look(self) -> UUID | None:
        """The delay under which a replay by the reader stands."""
        self.audit.replay(self.reader, self.file.case.case_id, WHY)
        return self.office.house.tables.counter.readings[-1].delay_id


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_granted_delay_covers_what_comes_after(scene: Scene) -> None:
    """A look before the grant is told as ever; after it, it stands under the delay; after the end it is told at once again."""
    delay_id = scene.ask().delay.delay_id
    assert scene.look() is None
    scene.room.answer(scene.officer, delay_id, WHY, grant=True)
    assert scene.look() == delay_id
    scene.office.counter.open_case(scene.office.clerk, scene.file.case.case_id, WHY)
    assert scene.office.house.tables.counter.readings[-1].delay_id is None, "another's look is told"
    scene.office.clock.at = datetime(2026, 11, 12, 16, tzinfo=UTC)
    assert scene.look() is None


def test_two_people_decide(scene: Scene) -> None:
    """Neither who asked nor the reader answers, in whatever role, and no deputy of theirs."""
    delay_id = scene.ask().delay.delay_id
    for one in (scene.asker, scene.reader):
        both = replace(
            one, roles=(*one.roles, *(replace(held, staff_id=one.member.staff_id) for held in scene.officer.roles))
        )
        with pytest.raises(OwnMatter):
            scene.room.answer(both, delay_id, WHY, grant=True)
        deputy = scene.office.hire(OFFICE, Role.PRIVACY, deputising_for=one.member.staff_id)
        with pytest.raises(OwnMatter):
            scene.room.answer(deputy, delay_id, WHY, grant=True)
    assert scene.room.answer(scene.officer, delay_id, WHY, grant=False).state is DelayState.DENIED
    with pytest.raises(NotAllowedNow):
        scene.room.answer(scene.officer, delay_id, WHY, grant=True)
    assert scene.look() is None


@pytest.mark.parametrize("role", list(Role))
def test_roles(scene: Scene, role: Role) -> None:
    """Auditor and supervisor ask, the privacy officer answers, nobody else sees that there is anything."""
    somebody = scene.office.hire(OFFICE, role)
    if role in ASKERS:
        assert scene.ask(somebody).state is DelayState.ASKED
    else:
        with pytest.raises(NotFound):
            scene.ask(somebody)
    delay_id = scene.ask().delay.delay_id
    if role in ANSWERERS:
        assert scene.room.answer(somebody, delay_id, WHY, grant=True).state is DelayState.GRANTED
    else:
        with pytest.raises((NotFound, NotPermitted)):
            scene.room.answer(somebody, delay_id, WHY, grant=True)
    if role not in (*ASKERS, *ANSWERERS):
        with pytest.raises(NotPermitted):
            scene.room.list_files(somebody)


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"ground": "because"}, "ground"), ({"authority": " "}, "authority"), ({"document_no": ""}, "document_no"),
     ({"until": date(2026, 11, 1)}, "until"), ({"until": date(2026, 11, 2) + timedelta(days=LONGEST_DAYS)}, "until"),
     ({"reader_login": "nobody.here"}, "reader")],
    ids=["ground", "authority", "document", "past", "too long", "reader"],
)  # fmt: skip
def test_no_delay_without_ground_authority_and_end(scene: Scene, changes: dict[str, Any], place: str) -> None:
    """What is missing is refused by its place, and nothing is kept."""
    with pytest.raises(InputRefused) as refused:
        scene.ask(**changes)
    assert list(refused.value.detail or {}) == [place]
    assert scene.office.house.tables.counter.delays == {}


def test_an_order_is_one_line_of_what_can_be_read(scene: Scene) -> None:
    """Controls, line ends and direction marks are spaces: the citizen reads it when the time is over; nothing but such signs is nothing."""
    file = scene.ask(authority="演示市\u202e监察\x00委员会\r\n", document_no="演监\u2028〔2026〕7号\u200b")
    assert (file.delay.authority, file.delay.document_no) == ("演示市 监察 委员会", "演监 〔2026〕7号")
    with pytest.raises(InputRefused):
        scene.ask(authority="\u202e\u200b\x00\x01")


def test_an_unanswered_delay_holds_nothing_and_runs_out(scene: Scene) -> None:
    """Asked for alone it holds back nothing; past its day it can be granted no more."""
    delay_id = scene.ask().delay.delay_id
    scene.office.clock.at = datetime(2026, 11, 12, 16, tzinfo=UTC)
    with pytest.raises(NotAllowedNow):
        scene.room.answer(scene.officer, delay_id, WHY, grant=True)


def test_a_delay_is_lifted_early(scene: Scene) -> None:
    """Whoever asked may end it; from then on it holds back nothing; a second time there is nothing to end."""
    delay_id = scene.ask().delay.delay_id
    scene.room.answer(scene.officer, delay_id, WHY, grant=True)
    file = scene.room.lift(scene.asker, delay_id, WHY)
    assert not file.holds_back(scene.office.clock.now())
    assert file.ends_at == scene.office.clock.now()
    with pytest.raises(NotAllowedNow):
        scene.room.lift(scene.asker, delay_id, WHY)


def test_a_case_out_of_reach_is_none(scene: Scene) -> None:
    """An auditor elsewhere cannot ask about a case, answer, or see a delay of it."""
    with pytest.raises(NotFound):
        scene.ask(scene.office.hire(SIBLING, Role.AUDITOR))
    delay_id = scene.ask().delay.delay_id
    with pytest.raises(NotFound):
        scene.room.answer(scene.office.hire(SIBLING, Role.PRIVACY), delay_id, WHY, grant=True)
    assert scene.room.list_files(scene.office.hire(SIBLING, Role.AUDITOR)) == []


def test_delays_are_counted(scene: Scene) -> None:
    """A month tells how many were asked, granted, denied, are in force at its end, and were released in it."""
    first, second, third = (scene.ask(until=date(2026, 12, 5)).delay.delay_id for _ in range(3))
    ended = scene.ask().delay.delay_id
    for delay_id in (first, second, ended):
        scene.room.answer(scene.officer, delay_id, WHY, grant=True)
    scene.room.answer(scene.officer, third, WHY, grant=False)
    scene.room.lift(scene.asker, second, WHY)
    with scene.office.house.begin((OFFICE,)) as tx:
        november = count_delays(tx.readings, (OFFICE,), *NOVEMBER)[OFFICE]
        december = count_delays(tx.readings, (OFFICE,), NOVEMBER[1], NOVEMBER[1] + timedelta(days=31))[OFFICE]
    assert (november.asked, november.granted, november.denied, november.released, november.in_force) == (4, 3, 1, 2, 1)
    assert (december.asked, december.granted, december.released, december.in_force) == (0, 0, 1, 0)


def test_every_ground_names_its_article() -> None:
    """A ground is an article of a law, in both languages."""
    for words in GROUNDS.values():
        assert all(("第" in text and "条" in text) or "art." in text for text in words.values())


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 60), st.integers(0, 30), st.sampled_from(["asked", "denied", "granted", "lifted"])),
        max_size=12,
    )
)  # fmt: skip
def test_what_is_granted_is_in_force_or_released(delays: list[tuple[int, int, int, str]]) -> None:
    """Over months in a row every granted delay is released exactly once, and stands in force at each end before that."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    files = [make_file(start, *one) for one in delays]
    granted = [one for one in files if one.events[-1].state in (DelayState.GRANTED, DelayState.LIFTED)]
    months = [(start + timedelta(days=30 * number), start + timedelta(days=30 * number + 30)) for number in range(7)]
    counts = [count_files(files, *month).get(UUID(int=1)) for month in months]
    assert sum(one.released for one in counts if one) == len(granted)
    for (_, until), count in zip(months, counts, strict=True):
        standing = [one for one in granted if one.events[1].at < until and one.ends_at >= until]
        early = [one for one in granted if one.events[1].at < until <= one.events[-1].at and one not in standing]
        assert (count.in_force if count else 0) == len(standing) + len(early)


def make_file(start: datetime, day: int, days: int, later: int, state: str) -> DelayFile:
    """A delay that was asked on a day; answered at once; lifted ``later`` days after, if that is before its end."""
    asked = start + timedelta(days=day)
    delay = Delay(UUID(int=day), UUID(int=1), UUID(int=2), "1", UUID(int=3), "pipl_18", "a", "b", asked + timedelta(days=days), UUID(int=4), asked)  # fmt: skip
    events = [DelayEvent(delay.delay_id, 1, DelayState.ASKED, asked, UUID(int=4))]
    if state != "asked":
        first = DelayState.DENIED if state == "denied" else DelayState.GRANTED
        events.append(DelayEvent(delay.delay_id, 2, first, asked, UUID(int=5)))
    if state == "lifted":
        at = min(asked + timedelta(days=later), delay.until - timedelta(hours=1))
        events.append(DelayEvent(delay.delay_id, 3, DelayState.LIFTED, at, UUID(int=4)))
    return DelayFile(delay, tuple(events))


def grant(scene: Scene, until: date) -> None:
    """One more delay of the case, asked and granted today."""
    asked = scene.ask(until=until)
    scene.room.answer(scene.officer, asked.delay.delay_id, WHY, grant=True)


def test_delays_do_not_follow_one_another_for_ever(scene: Scene) -> None:
    """All delays of a case end within a year of the first, whoever's looks they hold back; after a year in the open one may come again."""
    start, clock = scene.office.clock.now(), scene.office.clock
    grant(scene, date(2027, 4, 20))
    clock.at = start + timedelta(days=165)
    grant(scene, date(2027, 10, 10))
    clock.at = start + timedelta(days=330)
    for reader in (scene.reader, scene.office.hire(OFFICE, Role.AUDITOR)):
        with pytest.raises(InputRefused) as refused:
            scene.ask(until=date(2027, 12, 20), reader_login=reader.member.login)
        assert refused.value.detail == {"until": SERIES_OVER}
    grant(scene, date(2027, 10, 31))
    clock.at = start + timedelta(days=330 + 365 + 60)
    grant(scene, clock.at.date() + timedelta(days=30))


def test_two_that_were_asked_at_once_are_not_both_granted_past_the_end(scene: Scene) -> None:
    """The end is looked at again when a delay is granted: what was asked before the others began counts with them."""
    start, clock = scene.office.clock.now(), scene.office.clock
    grant(scene, date(2027, 4, 20))
    clock.at = start + timedelta(days=200)
    late = scene.ask(until=(clock.at + timedelta(days=160)).date())
    longer = replace(late.delay, until=clock.at + timedelta(days=170))
    scene.office.house.tables.counter.delays[late.delay.delay_id] = longer
    with pytest.raises(NotAllowedNow) as refused:
        scene.room.answer(scene.officer, late.delay.delay_id, WHY, grant=True)
    assert refused.value.detail == {"rule": SERIES_OVER}
    assert scene.room.answer(scene.officer, late.delay.delay_id, WHY, grant=False).state is DelayState.DENIED


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, LONGEST_DAYS)), max_size=12))
def test_no_case_is_silent_for_longer_than_the_series(wanted: list[tuple[int, int]]) -> None:
    """However delays are asked: those that may follow never keep silence going for more than a year from its beginning."""
    zero, files = NOVEMBER[0], list[DelayFile]()
    for day, span in sorted(wanted):
        now, until = zero + timedelta(days=day), zero + timedelta(days=day + span)
        if may_follow(files, now, until):
            delay = Delay(UUID(int=day), OFFICE, OFFICE, "", OFFICE, "pipl_35", "机关", "1", until, OFFICE, now)
            files.append(DelayFile(delay, (DelayEvent(delay.delay_id, 2, DelayState.GRANTED, now, OFFICE),)))
    spans = sorted((one.events[0].at, one.delay.until) for one in files)
    for begun, _end in spans:
        reach = begun
        for granted_at, ends_at in spans:
            if begun <= granted_at <= reach + timedelta(days=1):
                reach = max(reach, ends_at)
        assert reach - begun <= timedelta(days=SERIES_DAYS)
