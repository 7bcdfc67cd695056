"""What an applicant does with a case after handing it in: correct, supply what was left out, put right on the spot, withdraw, collect.

Each act names the version of the case that was shown: whoever acts on a page that is no longer true is told so (``CaseMoved``), and a
form that is sent twice does nothing twice. Looking at cases stands in ``services/case_views.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.attempts import decide_again
from services.case_access import ApplicantDesk, load_own_case
from services.case_clocks import calendar_of, terms_of
from services.case_errors import NotAllowedNow
from services.case_events import Move, mapping_of, write_move
from services.case_file import CaseFile
from services.case_graph import require_edge
from services.case_limits import require_correction_in_time
from services.case_record import CaseState, Hand
from services.case_supply import (
    Supplied,
    Wanted,
    gather_files,
    list_handed_in,
    list_wanted,
    read_changes,
    read_promises,
)
from services.counter_permits import require_unmoved
from services.counter_terms import CounterTerms
from services.errors import InputRefused
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue
from services.ports import Transaction

ELECTRONIC = "electronic"
WORDS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Brought:
    """What the applicant sends along: changed values by input, names of promises signed. Files were uploaded to the case before."""

    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    promises: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Matter:
    """A case of the caller's in an open transaction, as it stands."""

    door: ApplicantDesk
    tx: Transaction
    file: CaseFile
    mapping: ServiceMapping
    terms: CounterTerms

    @property
    def wanted(self) -> Wanted:
        return list_wanted(self.file, self.mapping, self.terms)


def correct_case(door: ApplicantDesk, caller: Caller, case_id: UUID, seen_version: int, brought: Brought) -> CaseFile:
    """Answer the correction notice: everything that it asks, and nothing else, in its term.

    Raises ``InputRefused`` (``required`` for what is not answered, ``not_asked``), ``CorrectionLate``, ``NotAllowedNow``, ``CaseMoved``,
    ``NotFound``.
    """

    def decide(matter: _Matter) -> Move:
        require_edge(matter.file.state, "corrected", Hand.APPLICANT)
        calendar = calendar_of(matter.tx, matter.terms.region)
        require_correction_in_time(matter.file, matter.terms, calendar, door.desk.clock.now())
        given = _read_brought(matter, brought)
        _require_answered(matter.wanted, given)
        return Move("corrected", Hand.APPLICANT, given)

    return _act(door, caller, case_id, seen_version, decide)


def supply_gap(door: ApplicantDesk, caller: Caller, case_id: UUID, seen_version: int, brought: Brought) -> CaseFile:
    """Bring what an acceptance with a gap left out, all of it or some. Late is better than never: the desk sees that it is late.

    Raises ``NotAllowedNow``, ``InputRefused``, ``CaseMoved``, ``NotFound``.
    """

    def decide(matter: _Matter) -> Move:
        require_edge(matter.file.state, "gap_supplied", Hand.APPLICANT)
        if matter.file.gap is None:
            raise NotAllowedNow(detail={"state": str(matter.file.state), "asked": "gap_supplied"})
        return Move("gap_supplied", Hand.APPLICANT, _require_something(matter, brought))

    return _act(door, caller, case_id, seen_version, decide)


def fix_on_the_spot(
    door: ApplicantDesk, caller: Caller, case_id: UUID, seen_version: int, brought: Brought
) -> CaseFile:
    """Put right, before anybody asked, what can be put right at once (AL art. 32(1)(3)): values and materials, not who applies.

    Raises ``NotAllowedNow``, ``InputRefused``, ``CaseMoved``, ``NotFound``.
    """

    def decide(matter: _Matter) -> Move:
        require_edge(matter.file.state, "fixed_on_the_spot", Hand.APPLICANT)
        return Move("fixed_on_the_spot", Hand.APPLICANT, _require_something(matter, brought))

    return _act(door, caller, case_id, seen_version, decide)


def withdraw_case(door: ApplicantDesk, caller: Caller, case_id: UUID, seen_version: int, reason: str = "") -> CaseFile:
    """Take the application back, at any time before the decision. Raises ``NotAllowedNow``, ``InputRefused``, ``CaseMoved``, ``NotFound``."""
    told = reason.strip()
    if len(told) > WORDS_LIMIT or not told.isprintable():
        raise InputRefused(detail={"reason": "form"})

    def decide(matter: _Matter) -> Move:
        require_edge(matter.file.state, "withdrawn", Hand.APPLICANT)
        return Move("withdrawn", Hand.APPLICANT, {"reason": told})

    return _act(door, caller, case_id, seen_version, decide)


def collect_online(door: ApplicantDesk, caller: Caller, case_id: UUID) -> CaseFile:
    """Note that the applicant has opened the electronic certificate: it is delivered by that. Opening it again changes nothing.

    Raises ``NotAllowedNow`` where another way of delivery was chosen, or before it is issued; ``NotFound``.
    """

    def decide(matter: _Matter) -> Move | None:
        if matter.file.last("collected_online") is not None:
            return None
        require_edge(matter.file.state, "collected_online", Hand.APPLICANT)
        if matter.file.case.delivery != ELECTRONIC:
            raise NotAllowedNow(detail={"state": str(CaseState.ISSUED), "asked": "collected_online"})
        return Move("collected_online", Hand.APPLICANT, {})

    return _act(door, caller, case_id, None, decide)


def _act(
    door: ApplicantDesk, caller: Caller, case_id: UUID, seen_version: int | None,
    decide: Callable[[_Matter], Move | None],
) -> CaseFile:  # fmt: skip
    """Load, decide and write in one transaction; again if somebody else wrote first, unless the caller named what they saw."""
    desk = replace(door.desk, request_id=caller.request_id)

    def attempt() -> CaseFile:
        with door.till.store.begin(caller.agencies) as tx:
            file = load_own_case(desk, tx, caller, case_id)
            if seen_version is not None:
                require_unmoved(file, seen_version)
            mapping = mapping_of(desk, file)
            move = decide(_Matter(door, tx, file, mapping, terms_of(mapping)))
            return file if move is None else write_move(desk, tx, file, move)

    return decide_again(attempt)


def _read_brought(matter: _Matter, brought: Brought) -> dict[str, JsonValue]:
    """The data of an event: what may be brought now, in its right form; files that were uploaded since the last event that took some."""
    wanted = matter.wanted
    inputs = read_changes(matter.mapping, wanted, brought.inputs)
    promises = read_promises(matter.terms, wanted.materials, brought.promises)
    uploaded = matter.tx.files.list_of(matter.file.case.case_id)
    materials: Supplied = gather_files(uploaded, wanted.materials, list_handed_in(matter.file)) | promises
    return {**({"materials": materials} if materials else {}), **({"inputs": inputs} if inputs else {})}


def _require_answered(wanted: Wanted, given: Mapping[str, JsonValue]) -> None:
    faults = {
        f"{'inputs' if name in wanted.inputs else 'materials'}.{name}": "required"
        for name in sorted(wanted.needed)
        if name not in (given.get("materials") or {}) and name not in (given.get("inputs") or {})
    }
    if faults:
        raise InputRefused(detail=dict(faults))


def _require_something(matter: _Matter, brought: Brought) -> dict[str, JsonValue]:
    given = _read_brought(matter, brought)
    if not given:
        raise InputRefused(detail={"materials": "required"})
    return given
