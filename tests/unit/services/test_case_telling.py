"""Telling people of their case: what leaves, to whom, what proves it, and what happens when things fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_notices import LETTER, PLATFORM, READ, SMS, TOLD, NoticeLine, list_lines
from services.case_record import Complaint, ComplaintEvent, ComplaintState, Hand
from services.case_telling import NOTICE_PHRASE, take_tail, tell_case
from services.case_views import view_case
from services.errors import BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable, ConfigurationFault
from services.mapping import ServiceMapping
from services.model import PlatformApp, PlatformName
from services.till import business_day
from tests.case_samples import make_case_mapping
from tests.fake_applicants import LI, WANG, Counter
from tests.fake_faults import KilledError
from tests.fake_platform import FakePlatform
from tests.fakes import FakeDirectory

W, A = PlatformName.WECHAT, PlatformName.ALIPAY
HOUR, DAY = 3600, 86_400


class Town(Counter):
    """The trial service with two platforms in front of it."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(**changes)
        self.platforms = {name: FakePlatform(name, self.clock.now) for name in (W, A)}
        root = self.directory.root_agency()
        directory: FakeDirectory = self.directory  # type: ignore[assignment] # the fake that the desk was made with
        directory.apps += [PlatformApp(root, f"{name}-main", name, "app", "http://x") for name in (W, A)]
        self.workshop = replace(self.workshop, platforms=self.platforms)

    def lines(self, case_id: UUID) -> dict[str, NoticeLine]:
        """What is told of a case, by kind."""
        return {line.notice.kind: line for line in list_lines(self.file(case_id))}

    def outcomes(self, case_id: UUID, kind: str) -> list[tuple[str, int, str]]:
        """The attempts of one notice."""
        return [(one.rung, one.number, one.outcome) for one in self.lines(case_id)[kind].attempts]

    def messages(self, name: PlatformName) -> list[str]:
        """Whom a platform was asked to tell, in order."""
        return [user for user, _, _ in self.platforms[name].messages]

    def refuse_acceptance(self, case_id: UUID) -> None:
        """An event with legal effect that ends the case."""
        self.move(case_id, "not_accepted", reason="不需要许可", ground="not_required", legal_ground="第三十二条")
        self.run_jobs()

    def tasks(self) -> list[tuple[str, int]]:
        """What waits for a clerk."""
        with self.house.begin((self.agency,)) as tx:
            return [(row.notice, row.attempt) for row in tx.notices.list_tasks((self.agency,), 50)]


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def case_id(town: Town) -> UUID:
    """A case that was handed in and of whose receipt its applicant knows."""
    case_id = town.open()
    town.run_jobs()
    return case_id


def test_what_a_platform_learns(town: Town, case_id: UUID) -> None:
    """One phrase for everything, four characters of the number, a time and a list page; why, of whom and about which case is in the ledger."""
    [(_, template, words)] = town.platforms[W].messages
    number = town.file(case_id).case.case_no
    assert template == "template_case_notice"
    assert words == {
        "thing1": NOTICE_PHRASE,
        "character_string2": f"*{number[-4:]}",
        "time3": "2026年11月1日 10:00",
    } | {"time3": words["time3"]}
    [(_, told)] = town.platforms[W].told
    assert (told.purpose, told.service, told.subject) == ("tell_case", town.mapping.id, case_id)
    assert told.concerned == (town.wang.chain_id,)


def test_information_is_told_once_and_then_forgotten(town: Town, case_id: UUID) -> None:
    """However often the job runs, however much time goes by; no text message, no letter."""
    for _ in range(3):
        tell_case(town.workshop, town.agency, case_id, "again")
        town.wait(DAY)
    assert len(town.platforms[W].messages) == 1
    assert not town.texts.sent
    assert town.outcomes(case_id, "receipt") == [(PLATFORM, 1, "sent")]
    assert town.lines(case_id)["receipt"].delivery is not None


def test_the_ladder_to_its_end(town: Town, case_id: UUID) -> None:
    """Message, a day later a text message, a day later a task; overdue all the while."""
    town.texts.word = "sent"
    town.refuse_acceptance(case_id)
    assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "sent")]
    assert not town.texts.sent
    for _ in range(30):
        town.wait(2 * HOUR)
    [(phone, template, words)] = town.texts.sent.values()
    assert (phone, template, set(words)) == ("13800138001", "case_notice", {"number", "time"})
    assert town.outcomes(case_id, "non_acceptance") == [(LETTER, 1, "open"), (PLATFORM, 1, "sent"), (SMS, 1, "failed")]
    assert town.lines(case_id)["non_acceptance"].overdue
    assert len(town.tasks()) == 1
    for _ in range(3):
        town.wait(30 * DAY)
    assert (len(town.tasks()), len(town.texts.sent), len(town.messages(W))) == (1, 1, 2)


def test_the_telephones_receipt_proves_it(town: Town, case_id: UUID) -> None:
    """Then nothing more happens; the proof keeps the message's name."""
    town.refuse_acceptance(case_id)
    for _ in range(30):
        town.wait(2 * HOUR)
    line = town.lines(case_id)["non_acceptance"]
    assert line.delivery is not None
    assert (line.delivery.rung, line.delivery.proof["message_id"]) == (SMS, next(iter(town.texts.sent)))
    assert (line.overdue, town.tasks()) == (False, [])


def test_reading_proves_it_and_takes_the_task_away(town: Town, case_id: UUID) -> None:
    """Whoever opens the case while signed in has read it, by whatever door; the page shows each notice once."""
    town.texts.word = "failed"
    town.refuse_acceptance(case_id)
    for _ in range(14):
        town.wait(2 * HOUR)
    assert len(town.tasks()) == 1
    view = view_case(town.door, town.wang, case_id)
    assert [line.notice.kind for line in view.notices] == ["receipt", "non_acceptance"]
    delivery = view.notices[1].delivery
    assert delivery is not None
    assert (delivery.rung, delivery.at, view.file.version) == (READ, town.clock.now(), town.file(case_id).version)
    events = len(town.names(case_id))
    view_case(town.door, town.wang, case_id)
    assert len(town.names(case_id)) == events
    town.run_jobs()
    assert town.tasks() == []
    assert town.outcomes(case_id, "non_acceptance")[0] == (LETTER, 1, "closed")


def test_what_an_applicant_does_proves_it(town: Town, case_id: UUID) -> None:
    """Who corrected was told to correct: no text message follows."""
    town.move(case_id, "correction_asked", items=[], until_on="2026-12-01")
    town.run_jobs()
    town.move(case_id, "corrected", Hand.CLERK, materials={})
    for _ in range(30):
        town.wait(2 * HOUR)
    assert not town.texts.sent
    delivery = town.lines(case_id)["correction"].delivery
    assert delivery is not None
    assert delivery.rung == "acted"


def test_who_refuses_messages_gets_a_text_message(town: Town, case_id: UUID) -> None:
    """43101: the code stands in the proof, and the text message follows at once."""
    town.platforms[W].script.plan("send_message", "43101")
    town.refuse_acceptance(case_id)
    assert len(town.texts.sent) == 1
    attempts = town.lines(case_id)["non_acceptance"].attempts
    assert [(one.rung, one.outcome) for one in attempts] == [(PLATFORM, "failed"), (SMS, "sent")]
    assert attempts[0].proof["reason"] == "43101"


def test_another_log_in_of_the_account_is_the_next(town: Town, case_id: UUID) -> None:
    """The case's own channel first, then the other; one message, not two."""
    town.add_citizen(WANG, A)
    town.refuse_acceptance(case_id)
    assert town.messages(A) == []
    town.platforms[W].script.plan("send_message", "43101")
    town.open()
    town.run_jobs()
    assert len(town.messages(A)) == 1


def test_a_log_in_that_was_cut_off_is_not_told(town: Town, case_id: UUID) -> None:
    """Without another the text message follows at once."""
    with town.house.begin(town.directory.all_agencies()) as tx:
        tx.persons.revoke_login(town.wang.login_id, town.clock.now())
    town.refuse_acceptance(case_id)
    assert len(town.messages(W)) == 1
    assert len(town.texts.sent) == 1


@pytest.mark.parametrize(
    ("behaviour", "then"),
    [("timeout", "unknown"), ("timeout_after", "unknown"), ("unreachable", "unreached")],
)
def test_a_platform_that_is_away(town: Town, case_id: UUID, behaviour: str, then: str) -> None:
    """What may have arrived is not repeated; what cannot have is, for a while."""
    town.platforms[W].script.plan("send_message", behaviour)
    town.refuse_acceptance(case_id)
    assert town.outcomes(case_id, "non_acceptance")[0] == (PLATFORM, 1, then)
    town.wait(HOUR)
    assert len(town.texts.sent) == (then == "unknown")
    if then == "unreached":
        assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "unreached"), (PLATFORM, 2, "sent")]


@pytest.mark.parametrize("fault", [BackEndUnreachable(), BackEndOutcomeUnknown(), BackEndRefused("system")])
def test_a_provider_that_is_away_is_asked_again(town: Town, case_id: UUID, fault: Exception) -> None:
    """Under the same name: the telephone has one message."""
    town.platforms[W].script.plan("send_message", "43101")
    town.texts.refuses = [fault, fault]
    town.refuse_acceptance(case_id)
    for _ in range(5):
        town.wait(HOUR)
    assert (town.texts.calls, len(town.texts.sent), town.tasks()) == (3, 1, [])
    assert town.lines(case_id)["non_acceptance"].delivery is not None


@pytest.mark.parametrize(
    "fault", [ConfigurationFault(), BackEndRefused("no_such_record"), BackEndRefused("not_eligible")]
)
def test_a_text_message_that_cannot_be(town: Town, case_id: UUID, fault: Exception) -> None:
    """No provider, no such telephone, a telephone that takes none: the task is there at once."""
    town.platforms[W].script.plan("send_message", "43101")
    town.texts.refuses = [fault]
    town.refuse_acceptance(case_id)
    assert (town.texts.calls, len(town.tasks())) == (1, 1)


def test_no_text_message_by_night(town: Town, case_id: UUID) -> None:
    """Refused by the platform at 23:00, it goes out at 08:00."""
    town.platforms[W].script.plan("send_message", "43101")
    town.clock.advance(13 * HOUR)
    town.refuse_acceptance(case_id)
    assert not town.texts.sent
    town.wait(8 * HOUR)
    assert not town.texts.sent
    town.wait(HOUR)
    assert len(town.texts.sent) == 1


@pytest.mark.parametrize(("moment", "messages"), [("before", 1), ("after", 2)])
def test_a_worker_that_is_killed_at_the_platform(town: Town, case_id: UUID, moment: str, messages: int) -> None:
    """Nobody knows whether it arrived: it is not repeated, and after two minutes the text message follows."""
    town.move(case_id, "not_accepted", reason="r", ground="g", legal_ground="l")
    town.house.tables.queue.clear()
    town.platforms[W].faults.die_in(0, moment)
    with pytest.raises(KilledError):
        tell_case(town.workshop, town.agency, case_id, "job")
    tell_case(town.workshop, town.agency, case_id, "job")
    assert not town.texts.sent
    town.clock.advance(121)
    for _ in range(2):
        tell_case(town.workshop, town.agency, case_id, "job")
    assert (len(town.messages(W)), len(town.texts.sent)) == (messages, 1)
    assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "unknown"), (SMS, 1, "sent")]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_is_killed_at_the_provider(town: Town, case_id: UUID, moment: str) -> None:
    """It is asked again under the same name: one message arrives."""
    town.platforms[W].script.plan("send_message", "43101")
    town.move(case_id, "not_accepted", reason="r", ground="g", legal_ground="l")
    town.house.tables.queue.clear()
    town.texts.faults.die_in(0, moment)
    with pytest.raises(KilledError):
        tell_case(town.workshop, town.agency, case_id, "job")
    assert len(town.texts.sent) == (moment == "after")
    tell_case(town.workshop, town.agency, case_id, "job")
    assert town.texts.calls == 1
    town.clock.advance(121)
    tell_case(town.workshop, town.agency, case_id, "job")
    assert (town.texts.calls, len(town.texts.sent)) == (2, 1)
    assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "failed"), (SMS, 1, "sent")]


def test_two_workers_at_once(town: Town, case_id: UUID) -> None:
    """The second comes while the first is at the platform: it leaves the claim alone, and the person gets one message."""
    town.move(case_id, "not_accepted", reason="r", ground="g", legal_ground="l")
    town.house.tables.queue.clear()
    town.platforms[W].faults.interrupt_in(0, lambda: tell_case(town.workshop, town.agency, case_id, "other"))
    tell_case(town.workshop, town.agency, case_id, "job")
    assert len(town.messages(W)) == 2
    assert town.outcomes(case_id, "non_acceptance") == [(PLATFORM, 1, "sent")]


def test_the_job_ends(town: Town, case_id: UUID) -> None:
    """Its own events ask for it again; with nothing due nothing is written and nothing stays in the queue."""
    town.refuse_acceptance(case_id)
    events = len(town.names(case_id))
    assert town.run_jobs() == 0
    tell_case(town.workshop, town.agency, case_id, "again")
    assert len(town.names(case_id)) == events
    assert town.house.tables.queue == []


def test_an_agent_whose_mandate_is_over_is_not_told(town: Town) -> None:
    """The organisation's other people are; a telephone that was the agent's is nobody's of it."""
    company, li = town.add_company(), town.add_citizen(LI)
    mandate = town.authorise(company, li, LI)
    named = {"kind": "organisation", "organisation_id": str(company.organisation_id)}
    case_id = town.open(li, applicant=named, mandate_id=str(mandate.mandate_id))
    town.run_jobs()
    assert len(town.messages(W)) == 1
    town.revoke(mandate)
    town.refuse_acceptance(case_id)
    assert (len(town.messages(W)), town.texts.sent, len(town.tasks())) == (1, {}, 1)
    town.authorise(company, town.wang, WANG)
    town.open(town.wang, applicant=named)
    town.run_jobs()
    assert len(town.messages(W)) == 2


def test_who_has_no_account_and_no_telephone(town: Town, case_id: UUID) -> None:
    """A walk-in: a text message if they left a number, else a task, both at once; of mere information nothing."""
    with town.house.begin((town.agency,)) as tx:
        case = tx.cases.load(case_id)
    assert case is not None
    nobody = replace(
        case[0], person_id=None, login_id=None, channel=PlatformName.WINDOW, opened_by=uuid4(),
        applicant={"kind": "person", "name": "赵刚", "identity_number": "110101197002020030", "phone": "13900139000"},
    )  # fmt: skip
    town.house.tables.counter.cases[case_id] = nobody
    town.refuse_acceptance(case_id)
    assert [phone for phone, _, _ in town.texts.sent.values()] == ["13900139000"]
    silent = replace(nobody, applicant={"kind": "person", "name": "赵刚", "identity_number": "110101197002020030"})
    other = town.open()
    town.house.tables.counter.cases[other] = replace(silent, case_id=other, case_no="X")
    town.house.tables.queue.clear()
    town.refuse_acceptance(other)
    assert len(town.tasks()) == 1
    assert town.outcomes(other, "receipt") == []


def test_an_answer_to_a_complaint_is_told_to_whoever_complained(town: Town, case_id: UUID) -> None:
    """To nobody else, once, and not to an anonymous one."""
    li = town.add_citizen(LI, A)
    now = town.clock.now()
    with town.house.begin((town.agency,)) as tx:
        for person in (li.person_id, None):
            complaint = Complaint(
                uuid4(), town.agency, "complaint", "case", case_id, town.mapping.id, "1", W, person, (), None, "慢", now,
                business_day(now),
            )  # fmt: skip
            tx.ratings.file_complaint(
                complaint, ComplaintEvent(complaint.complaint_id, 1, "filed", ComplaintState.OPEN, now)
            )
            tx.ratings.append(
                town.agency, ComplaintEvent(complaint.complaint_id, 2, "answered", ComplaintState.ANSWERED, now)
            )
    before = len(town.messages(W))
    town.move(case_id, "complained", Hand.APPLICANT, complaint_id="x")
    town.run_jobs()
    tell_case(town.workshop, town.agency, case_id, "again")
    assert (len(town.messages(A)), len(town.messages(W))) == (1, before)


def test_a_mapping_without_a_budget_tells_by_text_message(town: Town, case_id: UUID) -> None:
    """What the service does not allow out does not leave; the person is told all the same."""
    assert town.mapping.purposes == {}
    mapping: ServiceMapping = replace(make_case_mapping(), purposes={"follow_case": {}})
    other = Town(mapping=mapping)
    case = other.open()
    other.run_jobs()
    other.refuse_acceptance(case)
    assert (other.messages(W), len(other.texts.sent)) == ([], 1)
    assert other.lines(case)["non_acceptance"].attempts[0].proof["reason"] == "exposure_undeclared"


@pytest.mark.parametrize(
    ("number", "tail"), [("540255787202602010000032", "0032"), ("LIC-7-A", "IC7A"), ("9", "0009"), ("证-12-x", "012X")]
)
def test_the_tail_of_a_number(number: str, tail: str) -> None:
    """Four letters or digits, whatever the number looks like: the one form that may leave."""
    assert take_tail(number) == tail


def test_every_notice_with_legal_effect_is_one_by_law() -> None:
    """What starts a term or an appeal; the rest is information."""
    legal = {name for name, told in TOLD.items() if told.legal}
    assert set(TOLD) - legal == {"case_received", "posted", "clock_recomputed"}
