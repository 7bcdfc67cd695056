"""What a page of one case shows to one of the staff: the file, its deadlines, its materials, the steps, and which acts it may offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.case_clocks import calendar_of, deadlines_of, terms_of
from services.case_desk import CaseDesk
from services.case_errors import ExtensionSpent
from services.case_file import CaseFile
from services.case_graph import find_edge
from services.case_limits import require_extension
from services.case_notices import NoticeLine, list_lines
from services.case_record import CaseState, DeskLine, Hand, StoredFile
from services.clock import Deadline
from services.counter_bench import CounterTransaction, Place, is_own_matter
from services.counter_materials import Standing, judge_materials
from services.counter_permits import PERMITS, Permit, choose_hand, list_hands
from services.counter_steps import find_last_own, list_deciders, list_ready, list_unfinished
from services.counter_terms import CounterTerms
from services.mapping import ServiceMapping
from services.rating_rules import VOICES
from services.staffing import Actor, Role
from services.till import business_day
from services.uploads import list_waiting

EVENTS: Mapping[str, str] = {
    "claim": "claimed", "release": "released", "reassign": "reassigned", "check_materials": "material_checked",
    "ask_corrections": "correction_asked", "accept": "accepted", "accept_with_gap": "accepted_with_gap",
    "refuse_acceptance": "not_accepted", "begin_special": "special_began", "end_special": "special_ended",
    "ask_extension": "extension_asked", "answer_extension": "extension_granted", "finish_step": "step_finished",
    "decide": "granted", "terminate": "terminated", "revoke_certificate": "certificate_revoked", "hand_over": "handed_over",
    "post": "posted", "prove_delivery": "delivery_proven", "fail_delivery": "delivery_failed",
    "bring_corrections": "corrected", "bring_gap": "gap_supplied", "fix_on_the_spot": "fixed_on_the_spot",
    "withdraw": "withdrawn", "print_receipt": "receipt_printed", "record_notice": "notice_told",
}  # fmt: skip
"""The event that stands for each act: where the graph has no edge for it, no page offers it."""


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case as it was shown: ``file.version`` is the ``seen_version`` of what follows.

    ``offers`` are the acts (names of methods) that may be offered now; each still keeps all its rules. ``ready_steps`` are those that the
    reader may finish. ``own_matter``: it is the reader's own, and nothing but reading and releasing is left to them. ``waiting``: files
    that were uploaded and that no event has taken in yet. ``notices``: what was or must be told, each once, with its attempts.
    """

    file: CaseFile
    mapping: ServiceMapping
    lines: tuple[DeskLine, ...]
    deadlines: tuple[Deadline, ...]
    materials: Mapping[str, Standing]
    ready_steps: tuple[int, ...]
    offers: frozenset[str]
    own_matter: bool
    waiting: tuple[StoredFile, ...] = ()
    notices: tuple[NoticeLine, ...] = ()


def view_case(
    desk: CaseDesk, tx: CounterTransaction, actor: Actor, place: Place, file: CaseFile, *, own: bool
) -> OpenedCase:
    """Everything that the page of a case needs, read in the transaction that notes the opening."""
    terms, mapping = terms_of(place.mapping), place.mapping
    ready = list_own_steps(desk, actor, place, file, terms)
    deadlines = deadlines_of(desk, tx, file, mapping)
    offers = frozenset(
        name for name, event in EVENTS.items() if _may_offer(actor, place, file, terms, name, event, ready, own=own)
    )
    if "ask_extension" in offers and not _may_extend(desk, tx, file, mapping):
        offers -= {"ask_extension"}
    return OpenedCase(
        hide_voices(file), mapping, tuple(tx.cases.load_lines(file.case.case_id)), deadlines, judge_materials(file, terms), ready, offers, own,
        list_waiting(tx, file), list_lines(file),
    )  # fmt: skip


def hide_voices(file: CaseFile) -> CaseFile:
    """The file without the notes that somebody rated it or complained: whoever works on it is not told. Its version then still holds."""
    return CaseFile(file.case, tuple(event for event in file.events if event.name not in VOICES))


def is_own(tx: CounterTransaction, actor: Actor, place: Place) -> bool:
    """Whether it is a matter of the reader's own, or of whom they deputise for."""
    hands = frozenset().union(*(list_hands(actor, PERMITS["open_case"].roles, agency) for agency in place.reached))
    return is_own_matter(tx, place.case, hands)


def list_own_steps(desk: CaseDesk, actor: Actor, place: Place, file: CaseFile, terms: CounterTerms) -> tuple[int, ...]:
    """The steps whose turn it is and which this person may finish."""
    if file.state is not CaseState.ACCEPTED:
        return ()

    def whose(index: int) -> UUID:
        slug = terms.steps[index].agency
        return desk.directory.agency_id(slug) if slug else place.lead

    ready = list_ready(terms.steps, file.steps_done)
    return tuple(
        index
        for index in ready
        if actor.holds(Role(terms.steps[index].role), whose(index))
        and (whose(index) != place.lead or file.claimed_by == actor.member.staff_id)
    )


def _may_offer(
    actor: Actor, place: Place, file: CaseFile, terms: CounterTerms, name: str, event: str, ready: tuple[int, ...], *,
    own: bool,
) -> bool:  # fmt: skip
    permit, me = PERMITS[name], actor.member.staff_id
    if (own and not permit.own) or (permit.in_hand and file.claimed_by != me):
        return False
    if name == "finish_step":
        return bool(ready)
    roles = list_deciders(terms.steps) if name == "decide" else permit.roles
    return _has_edge(actor, place, file, permit, roles, event) and _FITS.get(name, _always)(file, terms, me)


def _has_edge(actor: Actor, place: Place, file: CaseFile, permit: Permit, roles: tuple[Role, ...], event: str) -> bool:
    if not actor.holds_any(set(roles) & set(permit.roles), place.lead):
        return False
    edge, hand = find_edge(file.state, event), choose_hand(actor, roles, place.lead)
    return edge is not None and hand in edge.hands and hand in (Hand.CLERK, Hand.HEAD)


def may_decide(file: CaseFile, terms: CounterTerms, me: UUID) -> bool:
    """Whether this person may be the one to decide now: by a clerk, after all steps, by another than who accepted."""
    deciders = list_deciders(terms.steps)
    open_steps = list_unfinished(terms.steps, file.steps_done)
    alone = terms.two_hands and file.accepted is not None and file.accepted.staff_id == me
    finished = not open_steps or find_last_own(terms.steps, file.steps_done, deciders) is not None
    return terms.decided_by == "clerk" and not alone and finished


_FITS: Mapping[str, Callable[[CaseFile, CounterTerms, UUID], bool]] = {
    "claim": lambda file, _, __: file.claimed_by is None,
    "accept_with_gap": lambda _, terms, __: terms.gap_days is not None,
    "begin_special": lambda _, terms, __: bool(terms.special),
    "answer_extension": lambda file, _, me: (
        file.pending_extension is not None and file.pending_extension.staff_id != me
    ),
    "decide": may_decide,
    "post": lambda file, _, __: file.case.delivery == "post" and file.last("certificate_revoked") is None,
    "hand_over": lambda file, _, __: file.last("certificate_revoked") is None,
    "revoke_certificate": lambda file, _, __: file.last("certificate_revoked") is None,
    "bring_gap": lambda file, _, __: file.gap is not None,
    "record_notice": lambda file, _, __: any(line.overdue for line in list_lines(file)),
}
"""What the service and the events so far leave of an act; one that is not named here is left whole."""


def _always(_file: CaseFile, _terms: CounterTerms, _me: UUID) -> bool:
    return True


def _may_extend(desk: CaseDesk, tx: CounterTransaction, file: CaseFile, mapping: ServiceMapping) -> bool:
    terms = terms_of(mapping)
    if file.pending_extension is not None:
        return False
    try:
        require_extension(file, terms, calendar_of(tx, terms.region), business_day(desk.clock.now()), 1)
    except ExtensionSpent:
        return False
    return True
