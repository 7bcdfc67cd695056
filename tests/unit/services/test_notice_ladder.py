"""Rules of the delivery ladder: one thing at a time, no rung twice, open till one succeeds, whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.case_notices import (
    CLAIMED,
    CLOSED,
    DELIVERED,
    FAILED,
    LETTER,
    OPEN,
    PLATFORM,
    SENT,
    SMS,
    UNKNOWN,
    UNREACHED,
    Attempt,
    Notice,
)
from services.clock import SHANGHAI_OFFSET
from services.notice_ladder import (
    ASKS,
    INFORMATION_LASTS,
    LEASE,
    RETRIES,
    Ask,
    Record,
    Send,
    Step,
    TellingTerms,
    Wait,
    Ways,
    next_step,
)

MORNING = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""10:00 in Beijing."""
TERMS = TellingTerms()
LEGAL = Notice("2:acceptance", "acceptance", True, 2, MORNING)
NEWS = Notice("1:receipt", "receipt", False, 1, MORNING)
BOTH = Ways(("w", "a"), ("138****8001",))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def tried(rung: str, outcome: str, number: int = 1, place: str = "", at: datetime = MORNING) -> Attempt:
    default = {PLATFORM: "w", SMS: "138****8001"}.get(rung, "")
    return Attempt(rung, number, outcome, at, place or default, {})


def step(
    *attempts: Attempt, ways: Ways = BOTH, now: datetime = MORNING, notice: Notice = LEGAL, delivered: bool = False,
    terms: TellingTerms = TERMS,
) -> Step | None:  # fmt: skip
    return next_step(notice, delivered, attempts, lambda: ways, now, terms)


def test_a_message_through_the_first_log_in_comes_first() -> None:
    """Nothing is tried that need not be."""
    assert step() == Send(PLATFORM, 1, "w")


@pytest.mark.parametrize("outcome", [FAILED])
def test_the_next_log_in_follows_one_that_refused(outcome: str) -> None:
    """One after the other; when all have refused the text message follows at once."""
    first = tried(PLATFORM, outcome)
    assert step(first) == Send(PLATFORM, 2, "a")
    assert step(first, tried(PLATFORM, outcome, 2, "a")) == Send(SMS, 1, "138****8001")


def test_a_message_that_left_has_its_time() -> None:
    """Only then the text message; a platform's word proves nothing."""
    left = tried(PLATFORM, SENT)
    assert step(left) == Wait(MORNING + DAY)
    assert step(left, now=MORNING + DAY) == Send(SMS, 1, "138****8001")


def test_who_has_neither_is_written_to() -> None:
    """Without a log-in and a telephone the task is there at once; with an unread message and no telephone, after its time."""
    assert step(ways=Ways()) == Record(LETTER, 1, OPEN)
    left, alone = tried(PLATFORM, SENT), Ways(("w",))
    assert step(left, ways=alone) == Wait(MORNING + DAY)
    assert step(left, ways=alone, now=MORNING + DAY) == Record(LETTER, 1, OPEN)


def test_a_claim_without_an_outcome() -> None:
    """It belongs to whoever made it for two minutes; then nobody knows, no other log-in is tried, and the next rung goes on."""
    claim = tried(PLATFORM, CLAIMED)
    assert step(claim, now=MORNING + MINUTE) == Wait(MORNING + LEASE)
    lost = step(claim, now=MORNING + LEASE)
    assert isinstance(lost, Record)
    assert (lost.rung, lost.number, lost.outcome) == (PLATFORM, 1, UNKNOWN)
    assert step(tried(PLATFORM, UNKNOWN)) == Send(SMS, 1, "138****8001")


def test_a_text_message_whose_sender_died_is_sent_under_the_same_name() -> None:
    """The provider knows it by its name: there is one."""
    before, claim = tried(PLATFORM, FAILED), tried(SMS, CLAIMED)
    only = Ways((), ("138****8001",))
    assert step(before, claim, ways=only, now=MORNING + MINUTE) == Wait(MORNING + LEASE)
    assert step(before, claim, ways=only, now=MORNING + LEASE) == Send(SMS, 1, "138****8001", resumed=True)


@pytest.mark.parametrize("rung", [PLATFORM, SMS])
def test_what_could_not_be_reached_is_tried_again_for_a_while(rung: str) -> None:
    """Three times, ever later; then the next one's turn comes."""
    ways = Ways(("w",), ()) if rung == PLATFORM else Ways((), ("138****8001",))
    attempts: list[Attempt] = []
    now = MORNING
    for wait in RETRIES:
        attempts.append(tried(rung, UNREACHED, len(attempts) + 1, at=now))
        assert step(*attempts, ways=ways, now=now) == Wait(now + wait)
        now += wait
        again = step(*attempts, ways=ways, now=now)
        assert isinstance(again, Send)
        assert (again.rung, again.number) == (rung, len(attempts) + 1)
    attempts.append(tried(rung, UNREACHED, len(attempts) + 1, at=now))
    assert step(*attempts, ways=ways, now=now) == Record(LETTER, 1, OPEN)


def test_a_text_message_is_asked_about_till_its_time_is_over() -> None:
    """Ever more seldom; the last question decides."""
    sent, only = tried(SMS, SENT), Ways((), ("138****8001",))
    assert step(sent, ways=only) == Wait(MORNING + ASKS[0])
    assert step(sent, ways=only, now=MORNING + ASKS[0]) == Ask(1, "138****8001", MORNING + ASKS[1])
    assert step(sent, ways=only, now=MORNING + timedelta(hours=7)) == Ask(1, "138****8001", MORNING + DAY)
    assert step(sent, ways=only, now=MORNING + DAY) == Ask(1, "138****8001", None)
    assert step(tried(SMS, FAILED), ways=only) == Record(LETTER, 1, OPEN)


def test_a_second_telephone_follows_one_that_failed() -> None:
    """Each once."""
    two = Ways((), ("138****8001", "139****8002"))
    assert step(tried(SMS, FAILED), ways=two) == Send(SMS, 2, "139****8002")


def test_a_log_in_that_was_cut_off_gets_nothing_more() -> None:
    """Also not what could not be reached before; who joined later is not told by a platform after the text message."""
    assert step(tried(PLATFORM, UNREACHED), ways=Ways((), ("138****8001",))) == Send(SMS, 1, "138****8001")
    assert step(tried(SMS, FAILED), ways=Ways(("new",), ("138****8001",))) == Record(LETTER, 1, OPEN)


def test_a_task_stays_open_till_one_succeeds() -> None:
    """One at a time; a letter that came back leaves a new one, a delivery by whatever rung takes the open one away."""
    failed = tried(SMS, FAILED)
    waiting = tried(LETTER, OPEN)
    assert step(failed, waiting, now=MORNING + 90 * DAY) is None
    assert step(failed, tried(LETTER, FAILED)) == Record(LETTER, 2, OPEN)
    assert step(failed, waiting, delivered=True) == Record(LETTER, 1, CLOSED)
    assert step(failed, tried(LETTER, CLOSED), delivered=True) is None


def test_news_are_one_message_and_nothing_more() -> None:
    """Refused, unread, without a log-in or old: then not."""
    assert step(notice=NEWS) == Send(PLATFORM, 1, "w")
    assert step(tried(PLATFORM, FAILED), tried(PLATFORM, FAILED, 2, "a"), notice=NEWS) is None
    assert step(tried(PLATFORM, SENT), notice=NEWS) is None
    assert step(notice=NEWS, ways=Ways((), ("138****8001",))) is None
    assert step(notice=NEWS, now=MORNING + INFORMATION_LASTS + MINUTE) is None


def test_ways_are_not_asked_for_without_need() -> None:
    """The job runs at every event: what is done costs nothing."""

    def refuse() -> Ways:
        raise AssertionError("nobody needs to know")

    done = (tried(PLATFORM, SENT), tried(SMS, DELIVERED))
    assert next_step(LEGAL, True, done, refuse, MORNING, TERMS) is None
    assert next_step(LEGAL, False, (tried(SMS, FAILED), tried(LETTER, OPEN)), refuse, MORNING, TERMS) is None


@given(st.integers(0, 23), st.integers(0, 23), st.timedeltas(timedelta(), timedelta(days=500)))
def test_quiet_hours(first: int, last: int, later: timedelta) -> None:
    """What comes out is never quiet, never earlier, less than a day later, and the moment itself if that was not quiet."""
    at = MORNING + later
    terms = replace(TERMS, quiet_from=first, quiet_until=last)
    told = terms.after_quiet(at)
    hours = {(first + hour) % 24 for hour in range((last - first) % 24)}
    assert (told + SHANGHAI_OFFSET).hour not in hours
    assert timedelta() <= told - at < DAY
    assert (told == at) == ((at + SHANGHAI_OFFSET).hour not in hours)


def test_no_text_message_by_night() -> None:
    """At 22:30 in Beijing it waits till 08:00; a platform's message does not ring and does not wait."""
    night = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
    only = Ways((), ("138****8001",))
    assert step(ways=only, now=night) == Wait(datetime(2026, 11, 3, 0, 0, tzinfo=UTC))
    assert step(now=night) == Send(PLATFORM, 1, "w")
    assert isinstance(step(ways=only, now=night, terms=replace(TERMS, quiet_from=0, quiet_until=0)), Send)


@dataclass
class World:
    """A notice among people: what each thing that leaves comes to is drawn."""

    ways: Ways
    now: datetime = MORNING
    attempts: dict[tuple[str, int], Attempt] = field(default_factory=dict)
    sent: list[tuple[str, int, str, bool]] = field(default_factory=list)
    delivered: bool = False

    def look(self) -> Step | None:
        ordered = tuple(sorted(self.attempts.values(), key=lambda one: (one.rung, one.number)))
        return next_step(LEGAL, self.delivered, ordered, lambda: self.ways, self.now, TERMS)

    def write(self, rung: str, number: int, outcome: str, place: str = "") -> None:
        self.attempts[rung, number] = Attempt(rung, number, outcome, self.now, place, {})
        self.delivered = self.delivered or outcome == DELIVERED

    def take(self, step: Step, fate: str) -> None:
        if isinstance(step, Wait):
            assert step.until > self.now
            self.now = step.until
        elif isinstance(step, Record):
            place = self.attempts[step.rung, step.number].place if (step.rung, step.number) in self.attempts else ""
            self.write(step.rung, step.number, step.outcome, place)
        elif isinstance(step, Ask):
            word = {"good": DELIVERED, "bad": FAILED}.get(fate, SENT)
            if word != SENT or step.again_at is None:
                self.write(SMS, step.number, FAILED if word == SENT else word, step.place)
            else:
                self.now = step.again_at
        else:
            self.sent.append((step.rung, step.number, step.place, step.resumed))
            self.write(step.rung, step.number, CLAIMED, step.place)
            outcome = {
                "good": SENT,
                "bad": FAILED,
                "away": UNREACHED,
                "doubt": UNKNOWN if step.rung == PLATFORM else UNREACHED,
            }
            if fate != "killed":
                self.write(step.rung, step.number, outcome[fate], step.place)


FATES = st.lists(st.sampled_from(["good", "bad", "away", "doubt", "killed"]), min_size=80, max_size=80)
WAYS = st.builds(
    Ways, st.sampled_from([(), ("w",), ("w", "a"), ("w", "a", "w2")]), st.sampled_from([(), ("p",), ("p", "q")])
)


@given(FATES, WAYS, st.integers(0, 60))
def test_any_order_of_outcomes(fates: list[str], ways: Ways, read_after: int) -> None:
    """No message leaves twice; undelivered, it waits for time or a clerk; after a proof nothing leaves and no task stays."""
    world = World(ways)
    for turn, fate in enumerate(fates):
        if turn == read_after:
            world.delivered = True
        before, was_delivered = len(world.sent), world.delivered
        found = world.look()
        if found is None:
            break
        world.take(found, fate)
        assert not (was_delivered and len(world.sent) > before)
    else:
        pytest.fail("the ladder has no end")
    letters = [one for one in world.attempts.values() if one.rung == LETTER]
    assert world.delivered != any(one.outcome == OPEN for one in letters)
    fresh = [(rung, number) for rung, number, _, resumed in world.sent if not resumed]
    assert len(set(fresh)) == len(fresh)
    arrived = [one for one in world.attempts.values() if one.rung == PLATFORM and one.outcome in (SENT, UNKNOWN)]
    assert len(arrived) <= 1
    for place in ways.phones:
        taken = [
            one for one in world.attempts.values() if one.place == place and one.outcome in (SENT, DELIVERED, FAILED)
        ]
        assert len(taken) <= 1
