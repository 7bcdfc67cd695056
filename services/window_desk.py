"""The window (服务窗口) as one channel of the same service: same materials, same number, same clocks, no account and no telephone needed.

A clerk opens a case for whoever stands there and takes in what they bring later. The identity card is seen by the clerk and held against
the population register; for an organisation the business register says who its legal representative is, anybody else needs a mandate in
force. Registers are asked before the transaction. An original that the clerk has seen makes a material level B.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.attempts import ATTEMPTS
from services.case_clocks import calendar_of, terms_of
from services.case_errors import MaterialsMissing, OwnMatter
from services.case_events import Move
from services.case_file import CaseFile
from services.case_graph import START
from services.case_limits import require_correction_in_time
from services.case_opening import UNNUMBERED, list_desks, open_case
from services.case_record import Case, CaseState, Hand
from services.case_stores import NO_CHAIN
from services.case_supply import (
    PROMISED,
    Supplied,
    find_missing_materials,
    gather_files,
    list_handed_in,
    list_wanted,
    may_come_later,
    read_changes,
    read_promises,
)
from services.clock import received_day
from services.counter_bench import Bench, CounterRoom, CounterTransaction
from services.counter_delivery import find_recipient
from services.counter_permits import CLERK, refuse_now
from services.counter_terms import CounterTerms
from services.draft_content import ADDRESS
from services.errors import InputRefused, VersionTaken
from services.forms import find_known, read_form
from services.input_values import ValueRefusedError, read_value
from services.mapping import ServiceMapping
from services.model import Assurance, JsonValue, Person, PlatformName
from services.slip_desk import CaseReceipt, show_case_receipt
from services.staff_rules import read_remark
from services.staffing import Actor
from services.till import business_day
from services.walk_ins import ApplicantShown, WalkInApplicant, find_applicant, keep_organisation, read_card

WALK_IN = "case.open_walk_in"
POST = "post"


@dataclass(frozen=True, slots=True)
class Brought:
    """What somebody brings to the window: values, promises signed there, materials whose original the clerk has seen.

    Scans were uploaded to the case (``uploads.upload_at_window``, ``upload_for_walk_in``). ``later``: secondary materials to come.
    """

    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    promises: Sequence[str] = ()
    originals: Sequence[str] = ()
    later: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WalkIn:
    """A case to be opened for whoever stands at the window. ``case_id`` was made with the page: sent twice it is one case."""

    case_id: UUID
    service: str
    shown: ApplicantShown
    brought: Brought
    delivery: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Papers:
    """A walk-in whose papers are in order: what the case will hold."""

    mapping: ServiceMapping
    terms: CounterTerms
    agency_id: UUID
    applicant: WalkInApplicant
    inputs: Mapping[str, JsonValue]
    address: str


class WindowDesk(CounterRoom):
    """Everything that a clerk at the window does beside the counter's own acts. ``desk.registers`` must be bound to open a case."""

    __slots__ = ()

    def open_walk_in(self, actor: Actor, walk_in: WalkIn) -> CaseFile:
        """Open a case for a walk-in; gives the case that there is if the same page is sent again.

        Raises ``NotPermitted``, ``ServiceUnknown``, ``ServiceOff``, ``InputRefused`` by place (card_seen, card.name, card.identity_number,
        credit_code, principal_number, inputs.*, promises, originals, delivery, address), ``NotPermitted`` for whoever may not act for the
        applicant, ``MandateEnded``, ``MaterialsMissing``, ``OwnMatter`` and the errors of a register or back end.
        """
        mapping = self.desk.catalogue.service(walk_in.service)
        terms, agency_id = terms_of(mapping), self.desk.directory.agency_id(mapping.agency)
        actor.require(CLERK, agency_id)
        found = self._find_opened(actor, walk_in.case_id, agency_id)
        if found is not None:
            return found
        self.desk.catalogue.require_open(mapping.id)
        papers = self._read_papers(actor, walk_in, mapping, terms, agency_id)
        agencies = (agency_id, *list_desks(self.desk, mapping), self.desk.directory.root_agency())
        for _ in range(ATTEMPTS):
            try:
                with self.house.begin(tuple(dict.fromkeys(agencies))) as tx:
                    return self._open(tx, actor, walk_in, papers)
            except VersionTaken:  # the same page a moment earlier
                found = self._find_opened(actor, walk_in.case_id, agency_id)
                if found is not None:
                    return found
        raise VersionTaken

    def _find_opened(self, actor: Actor, case_id: UUID, agency_id: UUID) -> CaseFile | None:
        """The case that this very clerk opened under this id. Anybody else's is refused as ``NotAllowedNow`` (``opened_already``)."""
        with self.house.begin((agency_id,)) as tx:
            row = tx.cases.load(case_id)
        if row is None:
            return None
        if row[0].opened_by != actor.member.staff_id:
            raise refuse_now("opened_already")
        return CaseFile(row[0], tuple(row[1]))

    def _read_papers(
        self, actor: Actor, walk_in: WalkIn, mapping: ServiceMapping, terms: CounterTerms, agency_id: UUID
    ) -> _Papers:
        """Who it is and what they say, held against registers and form; no transaction is open while they are asked."""
        applicant = find_applicant(self.desk, self.house, actor, mapping, walk_in.shown)
        with self.house.begin(tuple(actor.tree.parents)) as tx:
            if tx.staff.identity_matches(actor.member.staff_id, applicant.numbers):
                raise OwnMatter(detail={"rule": "own_matter"})
        person = Person(
            UUID(int=0), agency_id, NO_CHAIN, Assurance.WINDOW, self.desk.clock.now(), walk_in.shown.phone or None,
            walk_in.shown.card.name, applicant.card_number,
        )  # fmt: skip
        known = find_known(self.desk.back_end_of, mapping, person, Assurance.WINDOW, actor.request_id)
        inputs = read_form(mapping, walk_in.brought.inputs, known)
        return _Papers(mapping, terms, agency_id, applicant, inputs, _read_delivery(terms, walk_in))

    def _open(self, tx: CounterTransaction, actor: Actor, walk_in: WalkIn, papers: _Papers) -> CaseFile:
        staff_id, now = actor.member.staff_id, self.desk.clock.now()
        materials = _gather(tx, walk_in, papers.terms, f"staff:{staff_id}")
        organisation, mandate_id = keep_organisation(self.desk, tx, papers.applicant, staff_id)
        data: dict[str, JsonValue] = {"materials": materials, "promises": sorted(set(walk_in.brought.promises))}
        if papers.address:
            data["address"] = papers.address
        if walk_in.brought.later:
            data["later"] = sorted(set(walk_in.brought.later))
        seen: dict[str, JsonValue] = {
            "identity_seen": True,
            "service": walk_in.service,
            "as": papers.applicant.acting_as,
        }
        self.append_act(tx, actor, WALK_IN, papers.agency_id, walk_in.case_id, "", seen)
        desk = replace(self.desk, request_id=actor.request_id or self.desk.request_id)
        case = Case(
            walk_in.case_id, papers.agency_id, walk_in.service, papers.mapping.version, UNNUMBERED, PlatformName.WINDOW, "",
            None, None, NO_CHAIN, NO_CHAIN, organisation.organisation_id if organisation else None,
            mandate_id, staff_id, papers.applicant.applicant, papers.applicant.agent, papers.inputs,
            walk_in.delivery, now, received_day(now, papers.terms.receiving, calendar_of(tx, papers.terms.region)),
            business_day(now),
        )  # fmt: skip
        return open_case(desk, tx, case, Move(START, Hand.CLERK, data, staff_id))

    def bring_corrections(self, actor: Actor, case_id: UUID, seen_version: int, brought: Brought) -> CaseFile:
        """Take in what a correction notice asked for: all of it, in its term. Raises ``InputRefused``, ``CorrectionLate``, ``NotAllowedNow``."""

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("corrected")
            require_correction_in_time(bench.file, bench.terms, bench.calendar, bench.now)
            given = _read_brought(bench, brought)
            _require_answered(bench, given)
            return [bench.make("corrected", given, hand)]

        return self.act(actor, "bring_corrections", case_id, seen_version, work)

    def bring_gap(self, actor: Actor, case_id: UUID, seen_version: int, brought: Brought) -> CaseFile:
        """Take in what an acceptance with a gap left out. Raises ``InputRefused``, ``NotAllowedNow`` (``no_gap``)."""

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("gap_supplied")
            if bench.file.gap is None:
                raise refuse_now("no_gap")
            return [bench.make("gap_supplied", _require_something(_read_brought(bench, brought)), hand)]

        return self.act(actor, "bring_gap", case_id, seen_version, work)

    def fix_on_the_spot(self, actor: Actor, case_id: UUID, seen_version: int, brought: Brought) -> CaseFile:
        """Put right at once what can be put right at once (AL art. 32(1)(3)), before anybody asked in writing."""

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("fixed_on_the_spot")
            return [bench.make("fixed_on_the_spot", _require_something(_read_brought(bench, brought)), hand)]

        return self.act(actor, "fix_on_the_spot", case_id, seen_version, work)

    def withdraw(
        self, actor: Actor, case_id: UUID, seen_version: int, shown: ApplicantShown, reason: str = ""
    ) -> CaseFile:
        """Take the application back at the word of the applicant or of who acts for them now, whose card the clerk has seen.

        Raises ``NotAllowedNow`` (also ``not_the_recipient``: a stranger's card), ``MandateEnded``, ``InputRefused``.
        """
        told, number = read_remark(reason), read_card(self.desk, shown)

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("withdrawn")
            by = find_recipient(bench, number)
            return [bench.make("withdrawn", {"reason": told, "identity_seen": True, "by": by}, hand)]

        return self.act(actor, "withdraw", case_id, seen_version, work, reason=told)

    def print_receipt(self, actor: Actor, case_id: UUID) -> CaseReceipt:
        """The receipt of a case in large type, with its moments and days and a code that cannot be back-dated; that it was printed is noted."""

        def work(bench: Bench) -> Sequence[Move]:
            return [bench.make("receipt_printed", {"at_version": bench.file.version})]

        return show_case_receipt(self.desk, self.act(actor, "print_receipt", case_id, None, work))


def _read_delivery(terms: CounterTerms, walk_in: WalkIn) -> str:
    """The address, where the result is to be posted. Raises ``InputRefused``."""
    if walk_in.delivery not in terms.delivery:
        raise InputRefused(detail={"delivery": "choice" if walk_in.delivery else "required"})
    if walk_in.delivery != POST:
        return ""
    try:
        return str(read_value(ADDRESS, walk_in.address))
    except ValueRefusedError as refused:
        raise InputRefused(detail={"address": refused.rule}) from None


def _gather(tx: CounterTransaction, walk_in: WalkIn, terms: CounterTerms, by: str) -> Supplied:
    """What was scanned for this case by this clerk, signed and seen. Raises ``MaterialsMissing``, ``InputRefused``."""
    brought = walk_in.brought
    scanned = [file for file in tx.files.list_of(walk_in.case_id) if file.uploaded_by == by]
    held = gather_files(scanned, terms.materials) | read_promises(terms, terms.materials, brought.promises)
    held = _add_originals(terms, held, brought.originals, frozenset(terms.materials))
    later = [name for name in brought.later if name in terms.materials and may_come_later(terms, terms.materials[name])]
    if len(later) != len(brought.later):
        raise InputRefused(detail={"later": "not_secondary"})
    missing = find_missing_materials(terms, held, later)
    if missing:
        raise MaterialsMissing(detail={"materials": missing})
    return held


def _add_originals(terms: CounterTerms, held: Supplied, originals: Sequence[str], names: frozenset[str]) -> Supplied:
    """Mark what the clerk has seen in the original; a promise has none. Raises ``InputRefused`` at ``originals``."""
    marked = dict(held)
    for name in originals:
        material = terms.materials.get(name)
        if material is None or material.level == PROMISED or name not in names:
            raise InputRefused(detail={f"originals.{name}" if material else "originals": "not_asked"})
        marked[name] = {**marked.get(name, {"files": [], "vouched": False}), "original_seen": True}
    return marked


def _read_brought(bench: Bench, brought: Brought) -> dict[str, JsonValue]:
    """The data of an event: what may be brought now, also originals of what only the window can see."""
    wanted = list_wanted(bench.file, bench.mapping, bench.terms)
    inputs = read_changes(bench.mapping, wanted, brought.inputs)
    materials = gather_files(
        bench.tx.files.list_of(bench.file.case.case_id), wanted.materials, list_handed_in(bench.file)
    ) | read_promises(bench.terms, wanted.materials, brought.promises)
    materials = _add_originals(bench.terms, materials, brought.originals, wanted.materials | _list_seen_here(bench))
    return {**({"materials": materials} if materials else {}), **({"inputs": inputs} if inputs else {})}


def _list_seen_here(bench: Bench) -> frozenset[str]:
    """Materials that were asked for and of which the window alone can see the original: of any level but a promise."""
    asked = bench.file.last("correction_asked")
    if bench.file.state is not CaseState.CORRECTION_ASKED or asked is None:
        return frozenset(bench.terms.materials) if bench.file.state is CaseState.RECEIVED else frozenset()
    return frozenset(str(item["about"]) for item in asked.data["items"]) & frozenset(bench.terms.materials)


def _require_answered(bench: Bench, given: Mapping[str, JsonValue]) -> None:
    wanted = list_wanted(bench.file, bench.mapping, bench.terms)
    there = set(given.get("materials") or {}) | set(given.get("inputs") or {})
    faults: dict[str, object] = {
        f"{'inputs' if name in wanted.inputs else 'materials'}.{name}": "required"
        for name in sorted(wanted.needed - there)
    }
    if faults:
        raise InputRefused(detail=faults)


def _require_something(given: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if not given:
        raise InputRefused(detail={"materials": "required"})
    return given
