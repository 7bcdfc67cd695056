"""Telling people what happened to their case: the job that climbs the ladder of every notice (``docs/telling.md``).

Job ``tell_case``: every event of a case asks for it, its own too, and it plans its next look itself. What is about to leave is claimed and
committed first; a worker that is killed between claim and call leaves an attempt of which nobody knows whether it arrived, and the ladder
goes on. Two workers at once do nothing twice: one of them gets the claim.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.case_desk import CaseWorkshop
from services.case_events import Move, change_case, load_case, mapping_of, write_move
from services.case_file import CaseFile
from services.case_notices import (
    ANSWERED,
    CLAIMED,
    DELIVERED,
    EVENT,
    FAILED,
    SENT,
    SMS,
    UNKNOWN,
    UNREACHED,
    Notice,
    find_delivery,
    list_attempts,
    list_notices,
)
from services.case_opening import list_desks
from services.case_ports import CaseTransaction
from services.case_record import CaseState, Hand, NoticeAttempt
from services.case_stores import NO_CHAIN
from services.errors import (
    BackEndError,
    BackEndRefused,
    ConfigurationFault,
    ExposureError,
    GuitaiError,
    PlatformOutcomeUnknown,
    PlatformRefused,
    StoreUnavailable,
)
from services.login_messages import write_moment
from services.mapping import disclose
from services.model import JsonValue, Login, Person, PlatformName
from services.notice_ladder import LEASE, Ask, Record, Send, Step, Wait, next_step
from services.notice_people import Recipients, find_recipients

TASK = "tell_case"
TEMPLATE, SMS_TEMPLATE = "template_case_notice", "case_notice"
NOTICE_PHRASE = "您的办件有新的通知"
"""All that a platform is told of what happened, whatever it was: not even whether it is good news."""
PAGE = "pages/cases/index"
WORD_KEYS = {
    PlatformName.WECHAT: "thing1,character_string2,time3",
    PlatformName.ALIPAY: "keyword1,keyword2,keyword3",
}
"""Where phrase, number and time stand in a template, unless the app's option ``words_case_notice`` says otherwise."""
MOST_STEPS = 20
"""Of one notice in one job; more than any ladder has without waiting."""
Outcome = tuple[str, dict[str, JsonValue]]


def tell_case(workshop: CaseWorkshop, agency_id: UUID, case_id: UUID, request_id: str) -> CaseState:
    """Job: do for every notice of a case what is due now. Raises ``NotFound``, ``StoreUnavailable``."""
    teller = _Teller(
        replace(workshop, desk=replace(workshop.desk, request_id=request_id)), agency_id, case_id, request_id
    )
    return teller.run()


@dataclass
class _Teller:
    """One job's work. ``recipients`` are found when the first way is needed, once for each whom a notice is for."""

    workshop: CaseWorkshop
    agency_id: UUID
    case_id: UUID
    request_id: str
    recipients: dict[UUID | None, Recipients] = field(default_factory=dict)

    def run(self) -> CaseState:
        file, notices, _ = self._look()
        waits = [until for notice in notices if (until := self._climb(notice)) is not None]
        if waits:
            with self.workshop.desk.house.begin((self.agency_id,)) as tx:
                tx.jobs.schedule(TASK, self.agency_id, self.case_id, min(waits))
        return file.state

    def _look(self) -> tuple[CaseFile, tuple[Notice, ...], list[NoticeAttempt]]:
        with self.workshop.desk.house.begin((self.agency_id,)) as tx:
            file = load_case(tx, self.case_id)
            complaints = tx.ratings.list_of_subject(self.case_id) if file.last("complained") is not None else []
            return file, list_notices(file, complaints), tx.notices.list_of(self.case_id)

    def _climb(self, notice: Notice) -> datetime | None:
        """Do what is due; the moment at which to look again, if there is one."""
        for _ in range(MOST_STEPS):
            step = self._find_step(notice)
            if step is None:
                return None
            if isinstance(step, Wait):
                return step.until
            until = self._take(notice, step)
            if until is not None:
                return until
        return self._now() + LEASE

    def _find_step(self, notice: Notice) -> Step | None:
        file, _, rows = self._look()
        return next_step(
            notice, find_delivery(file, notice) is not None, list_attempts(file, notice.key, rows),
            lambda: self._recipients(file, notice).ways, self._now(), self.workshop.telling,
        )  # fmt: skip

    def _take(self, notice: Notice, step: Send | Ask | Record) -> datetime | None:
        if isinstance(step, Record):
            self._record(notice, step.rung, step.number, (step.outcome, step.proof))
            return None
        if isinstance(step, Ask):
            outcome = self._ask(notice, step)
            if outcome is None:
                return step.again_at
            self._record(notice, SMS, step.number, outcome)
            return None
        if not step.resumed and not self._claim(notice, step):
            return self._now() + LEASE
        outcome = self._send_text(notice, step) if step.rung == SMS else self._send_message(notice, step)
        self._record(notice, step.rung, step.number, outcome)
        return None

    def _recipients(self, file: CaseFile, notice: Notice) -> Recipients:
        wanted = notice.person_id
        if wanted is None and notice.kind == ANSWERED:
            return Recipients({}, {})  # an anonymous complaint has nobody to answer to
        if wanted not in self.recipients:
            everywhere = self.workshop.desk.directory.all_agencies()
            with self.workshop.accounts.begin(everywhere) as tx:
                self.recipients[wanted] = find_recipients(tx, file.case, self._now(), wanted)
        return self.recipients[wanted]

    def _claim(self, notice: Notice, step: Send) -> bool:
        proof: dict[str, JsonValue] = {"place": step.place}
        row = self._make_row(notice, step.rung, step.number, CLAIMED, proof)
        with self.workshop.desk.house.begin((self.agency_id,)) as tx:
            return tx.notices.add(row)

    def _make_row(
        self, notice: Notice, rung: str, number: int, outcome: str, proof: dict[str, JsonValue]
    ) -> NoticeAttempt:
        return NoticeAttempt(self.case_id, self.agency_id, notice.key, rung, number, outcome, self._now(), proof)

    def _record(self, notice: Notice, rung: str, number: int, outcome: Outcome) -> None:
        """The outcome as row and event in one transaction; of two that write the same, one does."""
        desk, (word, proof) = self.workshop.desk, outcome
        row = self._make_row(notice, rung, number, word, proof)

        def change(tx: CaseTransaction) -> None:
            if tx.notices.add(row):
                write_move(desk, tx, load_case(tx, self.case_id), Move(EVENT, Hand.HOUSE, tell_attempt(row)))

        with desk.house.begin((self.agency_id,)) as tx:
            mapping = mapping_of(desk, load_case(tx, self.case_id))
        change_case(desk, list_desks(desk, mapping), change)

    def _send_message(self, notice: Notice, step: Send) -> Outcome:
        file, _, _ = self._look()
        login, person = self._recipients(file, notice).logins[step.place]
        told: dict[str, JsonValue] = {"place": step.place, "platform": str(login.platform)}
        try:
            self._call_platform(file, notice, login, person)
        except PlatformRefused as refusal:
            return FAILED, told | {"reason": refusal.reason}
        except PlatformOutcomeUnknown:
            return UNKNOWN, told
        except (ConfigurationFault, ExposureError) as fault:
            return (UNREACHED if fault.retryable else FAILED), told | {"reason": fault.code}
        except StoreUnavailable:
            raise
        except GuitaiError as fault:  # the platform or its token's cache is away: nothing left
            return UNREACHED, told | {"reason": fault.code}
        return SENT, told

    def _call_platform(self, file: CaseFile, notice: Notice, login: Login, person: Person) -> None:
        desk, case = self.workshop.desk, file.case
        app = desk.directory.app_named(login.app)
        chains = (case.principal_chain_id, person.chain_id)
        disclosure = disclose(
            mapping_of(desk, file),
            platform=login.platform,
            agency_id=case.agency_id,
            account=app.app,
            purpose="tell_case",
            request_id=self.request_id,
            concerned=tuple(dict.fromkeys(chain for chain in chains if chain != NO_CHAIN)),
            subject=case.case_id,
            person_id=person.person_id,
        )
        keys = app.options.get("words_case_notice", WORD_KEYS[login.platform]).split(",")
        words = (NOTICE_PHRASE, f"*{take_tail(case.case_no)}", write_moment(notice.at))
        said = dict(zip(keys, words, strict=False))
        self.workshop.platforms[login.platform].send_message(app, login.user_id, TEMPLATE, said, PAGE, disclosure)

    def _send_text(self, notice: Notice, step: Send) -> Outcome:
        file, _, _ = self._look()
        phone, message_id = (
            self._recipients(file, notice).phones.get(step.place),
            self._name_message(notice, step.place),
        )
        told: dict[str, JsonValue] = {"place": step.place, "message_id": message_id}
        words = {"number": take_tail(file.case.case_no), "time": write_moment(notice.at)}
        if phone is None:  # whoever was to be told may not be told any more
            return FAILED, told | {"reason": "gone"}
        try:
            receipt = self.workshop.text_messages.send(phone, SMS_TEMPLATE, words, message_id)
        except BackEndRefused as refusal:
            return (UNREACHED if refusal.reason == "system" else FAILED), told | {"reason": refusal.reason}
        except ConfigurationFault as fault:
            return FAILED, told | {"reason": fault.code}
        except BackEndError as fault:  # the same id again sends nothing twice
            return UNREACHED, told | {"reason": fault.code}
        return SENT, told | {"receipt": receipt}

    def _ask(self, notice: Notice, step: Ask) -> Outcome | None:
        message_id = self._name_message(notice, step.place)
        told: dict[str, JsonValue] = {"place": step.place, "message_id": message_id}
        try:
            word = self.workshop.text_messages.ask(message_id)
        except (BackEndError, ConfigurationFault):
            word = SENT
        if word in (DELIVERED, FAILED):
            return word, told
        return None if step.again_at is not None else (FAILED, told | {"reason": "no_receipt"})

    def _name_message(self, notice: Notice, place: str) -> str:
        """One name for one notice to one telephone, for ever: the provider sends it once."""
        return f"{self.case_id.hex}-{notice.version}-{place[:3]}{place[-4:]}"

    def _now(self) -> datetime:
        return self.workshop.desk.clock.now()


def take_tail(case_no: str) -> str:
    """The last four letters or digits of a case number: enough to tell one's own cases apart."""
    return "".join(sign for sign in case_no.upper() if sign.isascii() and sign.isalnum())[-4:].rjust(4, "0")


def tell_attempt(row: NoticeAttempt) -> dict[str, JsonValue]:
    """What the event of an attempt keeps."""
    return {
        "notice": row.notice, "rung": row.rung, "attempt": row.attempt, "outcome": row.outcome, "proof": dict(row.proof),
    }  # fmt: skip
