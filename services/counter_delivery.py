"""After the decision: hand over at the window, send by post, prove the delivery or that it failed (AL art. 44)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.case_errors import MandateEnded, SlipRefused
from services.case_events import Move
from services.case_file import CaseFile
from services.case_ports import Slip
from services.case_record import Mandate
from services.counter_bench import Bench, CounterRoom
from services.counter_notices import read_carrier_number, read_words
from services.counter_permits import refuse_now
from services.errors import InputRefused
from services.identity import read_identity_number
from services.model import JsonValue
from services.slips import SlipKind
from services.staffing import Actor
from services.till import business_day

BY_POST = "post"
COLLECTED = "collected"
"""Why the slip of a collection code no longer holds: it was used."""
APPLICANT, AGENT = "applicant", "agent"


@dataclass(frozen=True, slots=True)
class Bearer:
    """What whoever stands at the window shows: the text of a collection code, an identity card that the clerk has seen, or both."""

    slip: str = ""
    identity_number: str = ""


class DeliveryRoom(CounterRoom):
    """Acts on a case whose certificate exists. ``seen_version`` is the one that the page showed."""

    __slots__ = ()

    def hand_over(self, actor: Actor, case_id: UUID, seen_version: int, bearer: Bearer) -> CaseFile:
        """Hand the certificate over, to the applicant or to whoever holds a mandate in force; a collection code works once.

        Raises ``SlipRefused`` (also ``revoked``: used before; ``kind``: another slip or another case's), ``MandateEnded``,
        ``InputRefused``, ``NotAllowedNow`` (not_the_recipient, certificate_revoked).
        """
        slip = self._read_collection(bearer.slip) if bearer.slip.strip() else None
        number = (
            read_identity_number(bearer.identity_number, business_day(self.desk.clock.now()))
            if bearer.identity_number
            else ""
        )
        if slip is None and not number:
            raise InputRefused(detail={"bearer": "missing"})

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("handed_over")
            _require_held(bench)
            if slip is not None:
                _use_slip(bench, slip)
            data: dict[str, JsonValue] = {"identity_seen": bool(number), "to": find_recipient(bench, number)}
            if slip is not None:
                data["slip_id"] = slip.slip_id
            return [bench.make("handed_over", {**data, "on": bench.today.isoformat()}, hand)]

        return self.act(actor, "hand_over", case_id, seen_version, work)

    def _read_collection(self, text: str) -> Slip:
        slip = self.desk.slips.read(text.strip(), self.desk.clock.now())
        if slip.kind != SlipKind.COLLECTION_CODE:
            raise SlipRefused("kind")
        return slip

    def post(self, actor: Actor, case_id: UUID, seen_version: int, carrier: str, number: str) -> CaseFile:
        """Send it by post: the carrier and its number. Raises ``NotAllowedNow`` (``not_by_post``) where the applicant chose otherwise."""
        by, consignment = read_words("carrier", carrier), read_carrier_number(number)

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("posted")
            _require_held(bench)
            if bench.file.case.delivery != BY_POST:
                raise refuse_now("not_by_post")
            return [bench.make("posted", {"carrier": by, "number": consignment, "on": bench.today.isoformat()}, hand)]

        return self.act(actor, "post", case_id, seen_version, work)

    def prove_delivery(self, actor: Actor, case_id: UUID, seen_version: int, on: date, proof: str) -> CaseFile:
        """The carrier's proof: the day on which it was delivered, between posting and today. It ends the delivery clock."""
        told = read_words("proof", proof)

        def work(bench: Bench) -> list[Move]:
            hand, posted = bench.require("delivery_proven"), bench.file.last("posted")
            first = business_day(posted.at) if posted is not None else bench.today
            if not first <= on <= bench.today:
                raise InputRefused(detail={"on": "out_of_range"})
            return [bench.make("delivery_proven", {"on": on.isoformat(), "proof": told}, hand)]

        return self.act(actor, "prove_delivery", case_id, seen_version, work)

    def fail_delivery(self, actor: Actor, case_id: UUID, seen_version: int, reason: str) -> CaseFile:
        """It came back: it lies at the window again, and the delivery clock goes on."""
        told = read_words("reason", reason)

        def work(bench: Bench) -> list[Move]:
            return [bench.make("delivery_failed", {"reason": told})]

        return self.act(actor, "fail_delivery", case_id, seen_version, work)


def _require_held(bench: Bench) -> None:
    if bench.file.last("certificate_revoked") is not None:
        raise refuse_now("certificate_revoked")


def _use_slip(bench: Bench, slip: Slip) -> None:
    """A code of this case, unused; used from now on."""
    if slip.claims.get("case_no") != bench.file.case.case_no:
        raise SlipRefused("kind")
    if bench.tx.slips.is_revoked(slip.slip_id):
        raise SlipRefused("revoked")
    bench.tx.slips.revoke(bench.place.lead, slip.slip_id, COLLECTED, bench.now)


def find_recipient(bench: Bench, number: str) -> str:
    """To whom it goes: ``applicant`` or ``agent``. ``number`` is of the card that was seen; empty: whoever opened the code stands there.

    Raises ``MandateEnded`` for an agent without a mandate in force, ``NotAllowedNow`` (``not_the_recipient``) for anybody else.
    """
    case, now = bench.file.case, bench.now
    if number and case.applicant.get("identity_number") == number:
        return APPLICANT
    agent = (case.agent or {}).get("identity_number")
    if not number and case.agent is None:
        return APPLICANT
    if (not number or number == agent) and case.mandate_id is None:
        return AGENT
    acting = list_acting(bench, number or str(agent))
    if any(mandate.holds(now, case.service) for mandate in acting):
        return AGENT
    if acting or number == agent or not number:
        raise MandateEnded
    raise refuse_now("not_the_recipient")


def list_acting(bench: Bench, number: str) -> list[Mandate]:
    """Every mandate, in force or not, by which whoever has this number acts for the applicant."""
    case, mandates = bench.file.case, bench.tx.mandates
    found: list[Mandate] = []
    if case.organisation_id is not None:
        found += mandates.list_of_principal([], [case.organisation_id])
    principal = case.applicant.get("identity_number")
    if principal:
        found += mandates.list_of_principal_number(principal)
    own = mandates.load(case.mandate_id) if case.mandate_id is not None else None
    return _of_agent([*found, *([own] if own else [])], number)


def _of_agent(mandates: Iterable[Mandate], number: str) -> list[Mandate]:
    return [mandate for mandate in mandates if mandate.agent.get("identity_number") == number]


CASE_SLIPS: Sequence[str] = (SlipKind.CASE_RECEIPT, SlipKind.COLLECTION_CODE, SlipKind.CERTIFICATE, SlipKind.VOUCHER)
"""Slips by which a case is found."""
