"""Rating a matter or a visit: once each, five levels, on every channel. A bad rating under a proven name is followed up.

Whoever signs in rates their own case, payment or application. Whoever stands at the window, or holds the receipt of that day, rates the
visit: nobody asks who they are, and nobody can be asked back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from services.attempts import decide_again
from services.case_access import ApplicantDesk
from services.case_desk import CaseDesk
from services.case_errors import AlreadyRated, NotAllowedNow, SlipRefused
from services.case_events import Move, write_move
from services.case_file import CaseFile
from services.case_ports import CaseTransaction, Slip
from services.case_record import Hand, Rating
from services.complaints import ComplaintView, open_follow_up, view_complaint
from services.matters import Matter, load_own_matter
from services.model import Assurance, Caller, PaymentState, PlatformName
from services.payment_graph import OPEN
from services.ports import Transaction
from services.rating_rules import PAYMENT, GivenRating, find_visit, name_receipt, name_visit
from services.slips import SlipKind, name_case, shanghai_day
from services.till import business_day

F = TypeVar("F")
RECEIPTS = frozenset({SlipKind.CASE_RECEIPT, SlipKind.PAYMENT_RECEIPT})
"""The slips by which a visit is rated."""


@dataclass(frozen=True, slots=True)
class VoiceView:
    """What somebody has said of a matter of theirs, and what became of it.

    ``level`` and ``rated_at`` are of their own rating; ``rated`` is true also where somebody else who acts in the matter has rated it.
    """

    matter: Matter
    rated: bool
    level: int | None
    rated_at: datetime | None
    complaints: tuple[ComplaintView, ...]


def rate_matter(door: ApplicantDesk, caller: Caller, about: str, subject: UUID, given: GivenRating) -> VoiceView:
    """Rate a case, payment or application of the caller's. A bad rating of somebody with a proven name opens a follow-up.

    Raises ``NotFound``, ``AlreadyRated``, ``NotAllowedNow`` for a payment that is still under way.
    """

    def rate(tx: Transaction) -> None:
        matter = load_own_matter(door, tx, caller, about, subject)
        if matter.about == PAYMENT and PaymentState(matter.state) in OPEN:
            raise NotAllowedNow(detail={"state": matter.state, "asked": "rated"})
        rating = Rating(
            desk.new_id(), matter.agency_id, matter.about, subject, matter.service, caller.app.platform, given.level,
            given.tags, given.words, caller.person_id, matter.rated, desk.clock.now(),
        )  # fmt: skip
        _keep(tx, rating)
        if matter.file is not None:
            write_move(desk, tx, matter.file, Move("rated", Hand.APPLICANT, {"rating_id": str(rating.rating_id)}))
        if given.is_bad and tx.persons.load(caller.person_id).assurance >= Assurance.REAL_NAME:
            open_follow_up(desk, tx, matter, rating)

    desk = replace(door.desk, request_id=caller.request_id)
    decide_again(lambda: _within(door, caller, rate))
    return show_voice(door, caller, subject)


def _within(door: ApplicantDesk, caller: Caller, rate: Callable[[Transaction], None]) -> None:
    with door.till.store.begin(caller.agencies) as tx:
        rate(tx)


def show_voice(door: ApplicantDesk, caller: Caller, subject: UUID) -> VoiceView:
    """What the caller has said of a matter of theirs, and what the office answered. Raises ``NotFound``."""
    with door.till.store.begin(caller.agencies) as tx:
        matter = load_own_matter(door, tx, caller, "", subject)
        persons = tx.persons.joined_ids(caller.person_id)
        rating = tx.ratings.find_rating(matter.about, subject)
        rows = [row for row in tx.ratings.list_of_subject(subject) if row[0].about == matter.about]
    today = business_day(door.desk.clock.now())
    own = rating if rating is not None and rating.person_id in persons else None
    return VoiceView(
        matter, rating is not None, own.level if own else None, own.rated_at if own else None,
        tuple(view_complaint(row, today) for row in rows if row[0].person_id in persons),
    )  # fmt: skip


def read_receipt(desk: CaseDesk, text: str) -> Slip:
    """The receipt by which a visit is rated. Raises ``SlipRefused``, also for another kind of slip and for one that was revoked."""
    slip = desk.slips.read(text, desk.clock.now())
    if slip.kind not in RECEIPTS:
        raise SlipRefused("kind")
    with desk.house.begin(desk.directory.all_agencies()) as tx:
        if tx.slips.is_revoked(slip.slip_id):
            raise SlipRefused("revoked")
    return slip


def rate_by_receipt(desk: CaseDesk, text: str, given: GivenRating, channel: PlatformName) -> None:
    """Rate the visit of which a receipt speaks, without signing in.

    A case's receipt stands for the visit at the window on the day of its printing: one that the applicant made at home on a day without
    a visit rates nothing. Raises ``SlipRefused``, ``NotAllowedNow`` (``no_visit``), ``AlreadyRated``.
    """
    slip = read_receipt(desk, text)
    number = name_case(slip)
    if number is None:
        decide_again(lambda: _rate_payment_visit(desk, slip, given, channel))
        return

    def rate() -> None:
        with desk.house.begin(desk.directory.all_agencies()) as tx:
            row = tx.cases.find_by_number(number)
            if row is None:
                raise SlipRefused("not_issued")
            rate_visit(desk, tx, CaseFile(row[0], tuple(row[1])), shanghai_day(slip.issued_at), given, channel)

    decide_again(rate)


def rate_visit(
    desk: CaseDesk, tx: CaseTransaction, file: CaseFile, on: date, given: GivenRating, channel: PlatformName,
    taken_by: UUID | None = None,
) -> CaseFile:  # fmt: skip
    """Rate the visit for a case on a day. ``taken_by``: the clerk at whose second screen. Raises ``NotAllowedNow``, ``AlreadyRated``.

    Nobody asks who it was, so that nobody can be followed up; it counts all the same.
    """
    served = find_visit(file, on)
    if served is None:
        raise NotAllowedNow(detail={"state": str(file.state), "asked": "rated", "rule": "no_visit"})
    case = file.case
    rating = Rating(
        desk.new_id(), case.agency_id, name_visit(on), case.case_id, case.service, channel, given.level, given.tags, given.words,
        None, served, desk.clock.now(),
    )  # fmt: skip
    _keep(tx, rating)
    hand = Hand.CLERK if taken_by else Hand.APPLICANT
    note = {"rating_id": str(rating.rating_id), "visit": on.isoformat()}
    return write_move(desk, tx, file, Move("rated", hand, note, taken_by))


def _rate_payment_visit(desk: CaseDesk, slip: Slip, given: GivenRating, channel: PlatformName) -> None:
    """By the receipt of a payment: its number stands for it, and nobody in particular is rated."""
    service, number = str(slip.claims.get("service", "")), str(slip.claims["number"])
    known = desk.catalogue.services.get(service)
    if known is None:
        raise SlipRefused("not_issued")
    agency_id, now = desk.directory.agency_id(known.agency), desk.clock.now()
    with desk.house.begin((agency_id,)) as tx:
        about, own = name_visit(shanghai_day(slip.issued_at)), desk.new_id()
        _keep(
            tx,
            Rating(
                own,
                agency_id,
                about,
                name_receipt(number),
                service,
                channel,
                given.level,
                given.tags,
                given.words,
                None,
                None,
                now,
            ),
        )


def _keep(tx: CaseTransaction, rating: Rating) -> None:
    """Write a rating, once per subject. Raises ``AlreadyRated``; ``VersionTaken`` if somebody else rates it at this very moment."""
    if tx.ratings.find_rating(rating.about, rating.subject) is not None:
        raise AlreadyRated
    tx.ratings.rate(rating)
