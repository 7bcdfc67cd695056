"""What the watchman calls wrong, when it speaks, and that it does not cry again and again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alert_record import SweepRun
from services.errors import StoreUnavailable
from services.mail_port import NAME, Letter, MailOutcomeUnknown, MailRefused, MailUnreachable
from services.watch import (
    DUTIES,
    LedgerSighting,
    Sighting,
    Trouble,
    TroubleKind,
    WatchTerms,
    find_troubles,
    name_duties,
)
from services.watch_diary import Outage, Page, begin_outage, end_outage, name_letter, note_told, read_page, write_page
from services.watch_words import say_trouble, write_letter
from services.watchman import BELIEVED, PATIENT_AFTER, Watchman
from tests.fake_mails import FakeMailServer
from tests.fakes import FakeClock

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TERMS = WatchTerms(timedelta(minutes=10), 45)
FAR = {"CN": date(2027, 12, 31)}
BOX = ("duty@city.example.gov.cn",)
MINUTE = timedelta(minutes=1)


def run_at(at: datetime, *, until: datetime | None = None) -> SweepRun:
    return SweepRun(at, until or at, 0, 0)


def kinds(run: SweepRun | None, calendars: dict[str, date] | None = None, at: datetime = NOW) -> list[str]:
    return [one.key for one in find_troubles(Sighting(run, FAR if calendars is None else calendars), TERMS, at)]


@pytest.mark.parametrize(
    ("run", "late"),
    [
        (None, True),
        (run_at(NOW), False),
        (run_at(NOW - 10 * MINUTE), False),
        (run_at(NOW - 10 * MINUTE - timedelta(seconds=1)), True),
        (run_at(NOW, until=NOW - 11 * MINUTE), True),
        (run_at(NOW + 9 * MINUTE), False),
        (run_at(NOW + 11 * MINUTE), True),
    ],
    ids=["never", "now", "just in time", "late", "runs on the spot", "a little ahead", "from the future"],
)
def test_a_sweeper_is_late_by_the_clock_port(run: SweepRun | None, late: bool) -> None:
    """Late is a sign of life that is too old, one that does not come forward, and one that lies in the future."""
    assert kinds(run) == (["sweeper"] if late else [])


@pytest.mark.parametrize(
    ("ends_on", "short"), [(date(2027, 1, 8), False), (date(2027, 1, 7), True), (date(2026, 11, 1), True)]
)
def test_a_calendar_that_ends_within_45_days_is_told(ends_on: date, short: bool) -> None:
    """By the day in China: at 00:00 in Beijing the next day has begun."""
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert kinds(run_at(midnight), {"CN": ends_on}, midnight) == (["calendar:CN"] if short else [])


def test_each_calendar_is_judged_by_itself_and_none_is_wrong_too() -> None:
    """A region's end is told by its name; a store without any calendar has one trouble."""
    assert kinds(run_at(NOW), {"CN": FAR["CN"], "HK": date(2026, 12, 1)}) == ["calendar:HK"]
    assert kinds(run_at(NOW), {}) == ["calendar"]


def test_the_duties_have_names() -> None:
    """What /ready shows is what the watchman would find."""
    assert name_duties(find_troubles(Sighting(run_at(NOW), FAR), TERMS, NOW)) == dict.fromkeys(DUTIES, "ok")
    asleep = LedgerSighting(None, NOW - 2 * MINUTE, NOW - 11 * MINUTE)
    assert name_duties(find_troubles(Sighting(None, {}, ledger=asleep), TERMS, NOW)) == {
        "sweeper": "late", "calendar": "ends", "sequencer": "late", "ledger": "waits", "witness": "late",
    }  # fmt: skip


@dataclass
class FakeLookout:
    """Implements ``watch.Lookout``; ``run`` None with ``down`` False: never swept."""

    sighting: Sighting
    down: bool = False
    boxes: tuple[str, ...] = BOX

    def look(self) -> Sighting:
        if self.down:
            raise StoreUnavailable
        return self.sighting

    def list_mailboxes(self) -> tuple[str, ...]:
        if self.down:
            raise StoreUnavailable
        return self.boxes


@dataclass
class FakeDiary:
    """Implements ``watch_diary.Diary`` as JSON, so that what is not written is not remembered."""

    text: str = ""
    broken: bool = False

    def read(self) -> Page:
        return read_page(json.loads(self.text)) if self.text else Page()

    def write(self, page: Page) -> None:
        if self.broken:
            raise OSError("no space left")
        self.text = json.dumps(write_page(page))


@dataclass
class Post:
    """A watchman with everything around it."""

    lookout: FakeLookout = field(default_factory=lambda: FakeLookout(Sighting(run_at(NOW), FAR)))
    mail: FakeMailServer = field(default_factory=FakeMailServer)
    diary: FakeDiary = field(default_factory=FakeDiary)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    reports: list[tuple[str, str]] = field(default_factory=list)
    watchman: Watchman = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process with the same diary."""
        self.watchman = Watchman(
            self.lookout, self.mail, self.diary, self.clock, TERMS, report=lambda *told: self.reports.append(told)
        )

    def look(self, times: int = BELIEVED, step: timedelta = timedelta(seconds=30)) -> list[str]:
        """Look so often; the names of the letters that this caused."""
        before = len(self.mail.sent)
        for _ in range(times):
            self.clock.advance(step.total_seconds())
            self.watchman.look()
        return [letter.name for letter in self.mail.sent[before:]]

    def sweep(self) -> None:
        """The sweeper gives a sign of life."""
        self.lookout.sighting = replace(self.lookout.sighting, last_sweep=run_at(self.clock.now()))

    def outlive(self, span: timedelta) -> None:
        """Time passes without a sweep."""
        self.clock.advance(span.total_seconds())


def test_nothing_is_said_while_all_is_well() -> None:
    """No letter, and the diary is written only to remember the mailboxes."""
    post = Post()
    for _ in range(50):
        post.sweep()
        assert post.look(1) == []
    assert post.diary.read() == Page({}, BOX)


def test_a_dead_sweeper_is_told_once_then_rarely_and_once_when_it_is_back() -> None:
    """One letter when it is believed, the next after four hours, then daily; afterwards one that it is over. None in between."""
    post, stem = Post(), f"watch.sweeper.{int(NOW.timestamp())}"
    post.outlive(11 * MINUTE)
    assert post.look(BELIEVED - 1) == []
    assert post.look(1) == [f"{stem}.1"]
    assert post.look(400) == []
    post.outlive(timedelta(hours=1))
    assert post.look(1) == [f"{stem}.2"]
    assert post.look(100) == []
    post.outlive(timedelta(days=1))
    assert post.look(1) == [f"{stem}.3"]
    post.sweep()
    assert post.look(BELIEVED - 1, timedelta(seconds=1)) == []
    [over] = post.look(1, timedelta(seconds=1))
    assert over.startswith(f"{stem}.over.")
    post.sweep()
    assert post.look(20, timedelta(seconds=1)) == []
    answers = [letter.answers for letter in post.mail.sent]
    assert answers == [(), *[(f"{stem}.1",)] * 3]


def test_a_clock_that_jumps_ahead_is_no_alarm_if_the_sweeper_follows() -> None:
    """A machine that slept for a week: the sweeper has its turn before anybody is called."""
    post = Post()
    post.look(10)
    post.outlive(timedelta(days=7))
    assert post.look(2) == []
    post.sweep()
    assert post.look(10) == []


def test_a_watchman_that_was_killed_cries_no_second_time() -> None:
    """The diary remembers what was told; the count of looks begins anew."""
    post = Post()
    post.outlive(11 * MINUTE)
    assert len(post.look()) == 1
    for _ in range(3):
        post.restart()
        assert post.look(20) == []
    post.sweep()
    post.restart()
    assert [".over." in name for name in post.look(6, timedelta(seconds=1))] == [True]


def test_a_letter_that_was_sent_and_not_noted_has_the_same_name_again() -> None:
    """Killed between the mail server and the diary, or with a full disk: the same letter, known as one."""
    post = Post()
    post.outlive(11 * MINUTE)
    post.look(BELIEVED - 1)
    post.diary.broken = True
    first = post.look(1)
    post.restart()
    post.diary.broken = False
    assert post.look() == first
    assert ("not_written", "diary") in post.reports


def test_a_store_that_is_away_is_told_and_says_nothing_of_the_rest() -> None:
    """Blind, the watchman neither begins nor ends anything but the store's own outage; the mailboxes are those it knew last."""
    post = Post()
    post.outlive(11 * MINUTE)
    [sweeper] = post.look()
    post.lookout.down = True
    [store] = post.look(100)
    assert store.startswith("watch.store.")
    assert post.mail.sent[-1].to == BOX
    post.lookout.down = False
    [over] = post.look()
    assert over.startswith("watch.store.")
    assert ".over." in over
    assert [one.ended_at is None for one in post.diary.read().outages.values()] == [True, False]
    assert sweeper.startswith("watch.sweeper.")


def test_without_the_store_from_the_first_day_the_settings_say_whom_to_tell() -> None:
    """A watchman that has never seen the store and has no address says so in its log, and one with an address writes."""
    post = Post(lookout=FakeLookout(Sighting(None, {}), down=True))
    assert post.look(10) == []
    assert ("no_mailbox", "store") in post.reports
    post.watchman.mailboxes = ("duty@elsewhere.example",)
    [_] = post.look(1)
    assert post.mail.sent[0].to == ("duty@elsewhere.example",)


def test_a_flapping_sweeper_is_one_outage() -> None:
    """Away and back every quarter of an hour: one letter, one that it is over, and no chorus."""
    post = Post()
    sent: list[str] = []
    for _ in range(10):
        post.outlive(12 * MINUTE)
        sent += post.look()
        post.sweep()
        sent += post.look()
    assert len(sent) == 2


def test_after_an_hour_of_peace_it_is_a_new_outage() -> None:
    """Then it is told anew."""
    post, sent = Post(), 0
    for _ in range(3):
        post.outlive(11 * MINUTE)
        sent += len(post.look())
        post.sweep()
        sent += len(post.look())
        for _ in range(10):
            post.outlive(9 * MINUTE)
            post.sweep()
            sent += len(post.look(1))
    assert sent == 6


@pytest.mark.parametrize("fault", [MailUnreachable(), MailOutcomeUnknown(), MailRefused()])
def test_a_mail_server_that_is_away_is_tried_again_under_the_same_name(fault: Exception) -> None:
    """Nothing counts as told that was not handed over; the same letter goes out when it can."""
    post = Post()
    post.mail.faults = [fault] * 5  # type: ignore[list-item] # each of them is one
    post.outlive(11 * MINUTE)
    assert post.look(BELIEVED + 4) == []
    assert post.look(1) == [f"watch.sweeper.{int(NOW.timestamp())}.1"]
    assert post.look(50) == []


def test_a_mail_server_that_stays_away_is_asked_less_often() -> None:
    """A hanging server must not keep the watchman from looking."""
    post = Post()
    post.mail.faults = [MailUnreachable() for _ in range(1000)]
    post.outlive(11 * MINUTE)
    post.look(BELIEVED + 200)
    asked = 1000 - len(post.mail.faults)
    assert PATIENT_AFTER < asked < PATIENT_AFTER + 15


def test_what_was_over_before_it_could_be_told_is_told_as_over() -> None:
    """The supervision office learns of every outage, also of one that the mail server slept through."""
    post = Post()
    post.mail.faults = [MailUnreachable() for _ in range(8)]
    post.outlive(11 * MINUTE)
    post.look(5)
    post.sweep()
    names = post.look(20, timedelta(seconds=1))
    assert [".over." in name for name in names] == [True]


def test_the_end_of_a_calendar_is_told_weekly() -> None:
    """It is no emergency: once, then every week, and that it is over when the notice came."""
    post = Post(lookout=FakeLookout(Sighting(run_at(NOW), {"CN": date(2026, 12, 31)}, provisional=True)))
    for _ in range(27 * 24):
        post.outlive(timedelta(hours=1))
        post.sweep()
        post.look(1)
    sent: list[Letter] = list(post.mail.sent)
    assert len(sent) == 4
    assert "2026-12-31" in sent[0].text
    assert "在办件的期限超出该日" in sent[0].text
    post.lookout.sighting = replace(post.lookout.sighting, calendars=FAR)
    post.sweep()
    assert len(post.look()) == 1


def test_a_letter_says_both_languages_and_no_more_than_it_must() -> None:
    """Chinese first; since when in Beijing's time; the name is one that a Message-ID can be made of."""
    outage = Outage(Trouble(TroubleKind.SWEEPER, since=NOW), NOW)
    letter = write_letter(outage, BOX, NOW + timedelta(hours=3))
    assert letter.subject == "【值守告警】预警扫描已停止 / Watchman: alerts are no longer swept"
    assert "2026-11-24 16:00" in letter.text
    assert "已 3 小时" in letter.text
    assert "3 hours by now" in letter.text
    assert letter.text.index("自 2026") < letter.text.index("Since 2026")
    assert NAME.fullmatch(letter.name)
    over = write_letter(replace(outage, told=2, ended_at=NOW + timedelta(days=2)), BOX, NOW + timedelta(days=2))
    assert over.subject.startswith("【值守恢复】")
    assert "2 天" in over.text


@pytest.mark.parametrize("kind", list(TroubleKind))
def test_every_trouble_has_a_line_for_a_banner(kind: TroubleKind) -> None:
    """The supervision room says it in both languages, whatever is known of it."""
    for trouble in (Trouble(kind), Trouble(kind, "CN", NOW, date(2026, 12, 31), provisional=True)):
        chinese, english = say_trouble(trouble)
        assert chinese
        assert english.isascii()


MOMENTS = st.integers(0, 10**8).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "end", "tell"]), MOMENTS), max_size=12), st.sampled_from(TroubleKind)
)
def test_a_page_reads_as_it_was_written(steps: list[tuple[str, datetime]], kind: TroubleKind) -> None:
    """Whatever happened, the diary gives it back, and each letter's name is a name."""
    page = Page({}, BOX)
    for act, at in steps:
        outage = page.outages.get(str(kind))
        if act == "begin":
            page = begin_outage(page, Trouble(kind, since=at), at)
        elif act == "end":
            page = end_outage(page, str(kind), at)
        elif outage is not None:
            assert NAME.fullmatch(name_letter(outage))
            page = note_told(page, outage, at)
    assert read_page(json.loads(json.dumps(write_page(page)))) == page
