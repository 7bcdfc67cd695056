"""What a citizen is told of who in the administration read their material: who, from which office, when, what and why.

PIPL articles 7, 44 and 48: processing is open, and whoever is concerned may know and be told why. A look that a delay holds back is not
shown until the delay is over, and then with its ground; whether there is such a delay cannot be told from what is shown before.
Inside a platform's app only matters of that app are shown, and no words that staff wrote (``services/reading_words.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.case_access import ApplicantDesk, Standing, find_standing, load_own_case
from services.case_record import Case
from services.delay_rules import GROUNDS
from services.doors import is_own
from services.exposure_view import read_cursor
from services.model import Caller, Language, Page, PlatformName
from services.ports import Transaction
from services.reading_record import About, DelayFile, Reading, name_household, name_number
from services.reading_words import SUBJECTS, say_look
from services.till import business_day

PAGE = 200
"""Looks that one page reads; it shows fewer lines, because the looks of one person on one day at one thing are one line."""
MOST_MATTERS = 200
EN = Language.EN
NOTES: Mapping[Language, str] = {
    Language.ZH_CN: "政务人员每次查阅您的材料，都在查阅的同时记录于此；依法延迟告知的，期满自动列出。",
    Language.EN: "Whenever staff look at your material it is noted here at that moment; what the law lets be told later is listed by itself when the time is over.",
}
MORE_AT_OWN_DOOR: Mapping[Language, str] = {
    Language.ZH_CN: "此处只显示本平台办理的事项，不显示事由全文；全部内容请在政务网站查看。",
    Language.EN: "Only matters of this platform are shown here, without the full reasons; the whole is on the government's site.",
}
IsHere = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class ToldLater:
    """Why a look is told only now: the law, the organ that wanted it, its order, and when the time was over."""

    ground: str
    authority: str
    document_no: str
    released_at: datetime


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """The looks of one of the staff on one day at one thing.

    ``who`` is the name, ``office`` where the person belonged. ``reasons`` are what they wrote, empty inside a platform's app.
    ``number`` is the case number, "" for
    what is no case. ``told_later``: a delay held it back.
    """

    who: str
    office: str
    about: About
    subject: str
    subject_id: UUID | None
    number: str
    looks: tuple[str, ...]
    reasons: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    times: int
    told_later: ToldLater | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the citizen may see now, newest first, with the delays that are over; ``more``: there are older ones."""

    readings: Sequence[Reading]
    delays: Mapping[UUID, DelayFile]
    more: bool


def list_case_readings(
    door: ApplicantDesk, caller: Caller, case_id: UUID, cursor: str | None = None
) -> Page[ReadingLine]:
    """Who looked at one case of the caller's, or of whom they act for, newest first. Raises ``NotFound``, ``InputRefused``."""
    before = read_cursor(cursor)
    with door.till.store.begin(caller.agencies) as tx:
        case = load_own_case(door.desk, tx, caller, case_id).case
        found = _find(tx, [case_id], [], before, door.desk.clock.now())
    return _make_page(caller, found, {case_id: case.case_no})


def list_readings(
    door: ApplicantDesk, caller: Caller, cursor: str | None = None, is_here: IsHere = lambda _: True
) -> tuple[Page[ReadingLine], list[Case]]:
    """Who looked at anything of the caller's, newest first, and the cases of which the page tells.

    Cases that they may see and that exist where they are (``is_here``), applications, their accounts, their number, account numbers at payees that they have bound.
    """
    before = read_cursor(cursor)
    with door.till.store.begin(caller.agencies) as tx:
        standing = find_standing(door.desk, tx, caller)
        cases = {case.case_id: case for case in _list_cases(tx, standing) if is_here(case)}
        subjects = [*cases, *_list_applications(tx, caller, standing), *sorted(standing.persons)]
        keys = [name_number(standing.number)] if standing.number else []
        bound = tx.households.list_bound(caller.person_id)
        keys += [name_household(one.service, one.household_no) for one in bound]
        found = _find(tx, subjects, keys, before, door.desk.clock.now())
    told = {one.subject.subject_id for one in found.readings}
    page = _make_page(caller, found, {case_id: case.case_no for case_id, case in cases.items()})
    return page, [case for case_id, case in cases.items() if case_id in told]


def _list_cases(tx: Transaction, standing: Standing) -> Iterable[Case]:
    rows = tx.cases.list_of_persons(sorted(standing.persons), standing.organisations, MOST_MATTERS, None)
    numbers = [number for number in (standing.number, *standing.principals) if number]
    rows += tx.cases.list_of_numbers(numbers, MOST_MATTERS) if numbers else []
    return (case for case, _ in rows if standing.may_see(case))


def _list_applications(tx: Transaction, caller: Caller, standing: Standing) -> list[UUID]:
    here = None if is_own(caller.app.platform) else caller.app.platform
    rows = tx.applications.list_of_persons(sorted(standing.persons), MOST_MATTERS, None, here)
    return [application.application_id for application, _ in rows]


def _find(tx: Transaction, subjects: Sequence[UUID], keys: Sequence[str], before: UUID | None, now: datetime) -> _Found:
    """A page of what may be told now: what is held back leaves no gap, and no cursor that would give it away."""
    shown: list[Reading] = []
    known: dict[UUID, DelayFile] = {}
    while len(shown) <= PAGE:
        batch = tx.readings.list_of(subjects, keys, PAGE, before)
        delayed = {one.delay_id for one in batch if one.delay_id is not None} - known.keys()
        known |= {one.delay.delay_id: one for one in tx.readings.load_delays(sorted(delayed))}
        shown += [one for one in batch if is_told(one, known, now)]
        if len(batch) < PAGE:
            break
        before = batch[-1].reading_id
    return _Found(shown[:PAGE], known, len(shown) > PAGE)


def _make_page(caller: Caller, found: _Found, numbers: Mapping[UUID, str]) -> Page[ReadingLine]:
    cursor = str(found.readings[-1].reading_id) if found.more else None
    return Page(fold_readings(found.readings, numbers, found.delays, caller), cursor)


def say_note(door: PlatformName, language: Language) -> str:
    """What this list is, as it is told at this door."""
    return NOTES[language] if is_own(door) else f"{NOTES[language]} {MORE_AT_OWN_DOOR[language]}"


def is_told(reading: Reading, delays: Mapping[UUID, DelayFile], now: datetime) -> bool:
    """Whether the citizen may see it at this moment. A look whose delay is not there, or is another's, is told: silence needs its order."""
    held = find_delay(reading, delays)
    return held is None or not held.holds_back(now)


def find_delay(reading: Reading, delays: Mapping[UUID, DelayFile]) -> DelayFile | None:
    """The delay that a look names, if it is one of this reader's looks at this case; whatever stands in the row, an order covers no more."""
    file = delays.get(reading.delay_id) if reading.delay_id is not None else None
    if file is None or reading.subject.about is not About.CASE:
        return None
    covers = (file.delay.case_id, file.delay.reader_id) == (reading.subject.subject_id, reading.staff_id)
    return file if covers else None


def fold_readings(
    readings: Sequence[Reading], numbers: Mapping[UUID, str], delays: Mapping[UUID, DelayFile], caller: Caller
) -> list[ReadingLine]:
    """One line for each member of the staff, day and thing, in the order of their latest looks."""
    groups: dict[tuple[object, ...], list[Reading]] = {}
    for one in readings:
        key = (one.staff_id, business_day(one.at), one.subject.about, one.subject.subject_id, one.delay_id)
        groups.setdefault(key, []).append(one)
    return [_make_line(group, numbers, delays, caller) for group in groups.values()]


def _make_line(
    group: Sequence[Reading], numbers: Mapping[UUID, str], delays: Mapping[UUID, DelayFile], caller: Caller
) -> ReadingLine:
    """A line of looks that stand newest first; acts and reasons in the order in which they came."""
    last, language = group[0], caller.language
    oldest_first = list(reversed(group))
    looks = tuple(dict.fromkeys(say_look(one.act, language) for one in oldest_first))
    reasons = (
        tuple(dict.fromkeys(one.reason for one in oldest_first if one.reason)) if is_own(caller.app.platform) else ()
    )
    office = last.reader.get("office_en" if language is EN else "office") or last.reader.get("office", "")
    subject_id = last.subject.subject_id
    return ReadingLine(
        last.reader.get("name", ""), office, last.subject.about, SUBJECTS[last.subject.about][language], subject_id,
        numbers.get(subject_id, "") if subject_id is not None else "", looks, reasons, oldest_first[0].at, last.at,
        len(group), _say_delay(last, delays, caller),
    )  # fmt: skip


def _say_delay(reading: Reading, delays: Mapping[UUID, DelayFile], caller: Caller) -> ToldLater | None:
    """The ground everywhere; what the order says of itself at the government's own doors alone."""
    file = find_delay(reading, delays)
    if file is None:
        return None
    delay, ground = file.delay, GROUNDS[file.delay.ground][caller.language]
    if not is_own(caller.app.platform):
        return ToldLater(ground, "", "", file.ends_at)
    return ToldLater(ground, delay.authority, delay.document_no, file.ends_at)
