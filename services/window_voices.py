"""Ratings and complaints at the window: the second screen, and what a clerk writes down for somebody."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.attempts import decide_again
from services.case_desk import CaseDesk
from services.case_events import load_case
from services.case_file import CaseFile
from services.case_record import Complaint
from services.complaints import open_complaint
from services.counter_bench import CounterRoom, CounterTransaction
from services.errors import NotFound
from services.matters import describe_case
from services.model import PlatformName
from services.rating_rules import GivenRating, read_contact, read_words
from services.ratings import rate_visit
from services.reading_record import case_read
from services.staffing import Actor, Role
from services.till import business_day


class VoiceWindow(CounterRoom):
    """What the window takes of ratings and complaints. Each method is one transaction with its Act."""

    __slots__ = ()

    def file_at_window(self, actor: Actor, case_id: UUID, words: str, contact: str) -> Complaint:
        """Write down what somebody at the window complains of. Raises ``NotFound``, ``InputRefused``, ``ComplaintOpen``."""
        told, reached = read_words(words, "words", needed=True), read_contact(contact)

        def write() -> Complaint:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                matter = describe_case(self._load_at_window(actor, tx, case_id))
                complaint, _ = open_complaint(
                    self._desk_of(actor), tx, matter, told, reached, channel=PlatformName.WINDOW, person_id=None,
                    taken_by=actor.member.staff_id,
                )  # fmt: skip
                told_of = {"case_no": matter.number}
                self.append_act(
                    tx, actor, "complaint.file", matter.agency_id, complaint.complaint_id, "", told_of, kind="complaint",
                    read=(case_read(case_id),),
                )  # fmt: skip
            return complaint

        return decide_again(write)

    def rate_at_window(self, actor: Actor, case_id: UUID, given: GivenRating) -> None:
        """What somebody presses on the second screen, for their visit of today. The Act says that it was taken, not what it is.

        Raises ``NotFound``, ``NotAllowedNow`` (``no_visit``), ``AlreadyRated``.
        """

        def write() -> None:
            with self.house.begin(tuple(actor.tree.parents)) as tx:
                file, today = self._load_at_window(actor, tx, case_id), business_day(self.desk.clock.now())
                rate_visit(self._desk_of(actor), tx, file, today, given, PlatformName.WINDOW, actor.member.staff_id)
                told = {"case_no": file.case.case_no}
                self.append_act(tx, actor, "rating.take", file.case.agency_id, case_id, "", told)

        decide_again(write)

    def _load_at_window(self, actor: Actor, tx: CounterTransaction, case_id: UUID) -> CaseFile:
        file = load_case(tx, case_id)
        if not actor.holds(Role.CLERK, file.case.agency_id):
            raise NotFound
        return file

    def _desk_of(self, actor: Actor) -> CaseDesk:
        return replace(self.desk, request_id=actor.request_id or self.desk.request_id)
