"""Before acceptance: check the materials, ask once for all corrections, accept, accept with a gap, or refuse acceptance (AL art. 32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.case_errors import MaterialsMissing
from services.case_events import Move
from services.case_file import CaseFile
from services.case_limits import clocks_of
from services.case_record import CaseEvent
from services.clock import ClockKind, compute, count_on
from services.counter_bench import Bench, CounterRoom
from services.counter_materials import is_vouched, list_lacking
from services.counter_notices import CorrectionItem, read_corrections, read_words, require_told_once
from services.counter_permits import refuse_now
from services.errors import InputRefused
from services.model import JsonValue, Language
from services.staff_rules import read_reason, read_remark
from services.staffing import Actor

GAP_EFFECT = {
    Language.ZH_CN: "逾期未补齐的，视为撤回承诺，依法作出不予许可决定，由此产生的后果由申请人承担。",
    Language.EN: "If they are not supplied in time, the promise counts as withdrawn and the licence is refused according to law.",
}
"""What follows if the missing materials do not come in time: told with the acceptance (容缺受理告知)."""
NOT_REQUIRED, WRONG_ORGAN = "not_required", "wrong_organ"
GROUNDS = {
    NOT_REQUIRED: "《行政许可法》第三十二条第一款第（一）项",
    WRONG_ORGAN: "《行政许可法》第三十二条第一款第（二）项",
}
"""On what acceptance may be refused: no licence is needed, or another organ is competent."""


@dataclass(frozen=True, slots=True)
class MaterialCheck:
    """What a clerk found of one material. ``register``: against which register it was checked; empty: the mapping's, if it names one."""

    name: str
    ok: bool = True
    words: str = ""
    original_seen: bool = False
    register: str = ""


class ReceptionRoom(CounterRoom):
    """Acts on a case that was received. ``seen_version`` is the one that the page showed."""

    __slots__ = ()

    def check_materials(
        self, actor: Actor, case_id: UUID, seen_version: int, checks: Sequence[MaterialCheck]
    ) -> CaseFile:
        """Note what was checked of each material, against which register. Raises ``InputRefused`` for an unknown one, or no words where it is wrong."""
        if not checks:
            raise InputRefused(detail={"checks": "none"})
        return self.act(actor, "check_materials", case_id, seen_version, lambda bench: list_checks(bench, checks))

    def ask_corrections(
        self, actor: Actor, case_id: UUID, seen_version: int, items: Sequence[CorrectionItem]
    ) -> CaseFile:
        """One notice with all corrections (一次性告知). Raises ``NotAllowedNow`` (``told_once``) for what an earlier one could have told."""

        def work(bench: Bench) -> list[Move]:
            bench.require("correction_asked")
            require_in_time(bench)
            told = read_corrections(bench.mapping, bench.terms, items)
            require_told_once(bench.file, told)
            until_on = count_on(bench.today, bench.terms.correction_days, bench.calendar)
            return [bench.make("correction_asked", {"items": told, "until_on": until_on.isoformat()})]

        return self.act(actor, "ask_corrections", case_id, seen_version, work)

    def accept(self, actor: Actor, case_id: UUID, seen_version: int, checks: Sequence[MaterialCheck] = ()) -> CaseFile:
        """Accept (受理), with checks that are noted first. Raises ``MaterialsMissing`` with how each material stands that is not fine."""

        def work(bench: Bench) -> list[Move]:
            bench.require("accepted")
            require_in_time(bench)
            noted = list_checks(bench, checks)
            lacking = list_lacking(_with(bench, noted), bench.terms)
            if lacking:
                raise MaterialsMissing(detail={"materials": {name: str(how) for name, how in lacking.items()}})
            return [*noted, bench.make("accepted", {"on": _accepting_day(bench).isoformat()})]

        return self.act(actor, "accept", case_id, seen_version, work)

    def accept_with_gap(
        self, actor: Actor, case_id: UUID, seen_version: int, missing: Sequence[str], until_on: date, promise: str,
        checks: Sequence[MaterialCheck] = (),
    ) -> CaseFile:  # fmt: skip
        """Accept although secondary materials are missing (容缺受理), against a signed promise.

        ``promise``: the file (id) of the signed promise, or the material of level D that was vouched for. Raises ``NotAllowedNow`` with
        the rule: no_gap_here, not_secondary, nothing_missing, until_too_late, promise_unsigned; ``MaterialsMissing`` for all others.
        """

        def work(bench: Bench) -> list[Move]:
            bench.require("accepted_with_gap")
            require_in_time(bench)
            noted = list_checks(bench, checks)
            self._require_gap(bench, _with(bench, noted), frozenset(missing), until_on, promise)
            data: dict[str, JsonValue] = {
                "on": _accepting_day(bench).isoformat(), "missing": sorted(set(missing)), "until_on": until_on.isoformat(),
                "promise": promise, "effect": {str(language): text for language, text in GAP_EFFECT.items()},
            }  # fmt: skip
            return [*noted, bench.make("accepted_with_gap", data)]

        return self.act(actor, "accept_with_gap", case_id, seen_version, work)

    def _require_gap(self, bench: Bench, file: CaseFile, missing: frozenset[str], until_on: date, promise: str) -> None:
        terms = bench.terms
        if terms.gap_days is None:
            raise refuse_now("no_gap_here")
        unknown = sorted(name for name in missing if name not in terms.materials or not terms.materials[name].secondary)
        if unknown:
            raise refuse_now("not_secondary", materials=unknown)
        lacking = list_lacking(file, terms)
        if not missing or missing - set(lacking):
            raise refuse_now("nothing_missing", materials=sorted(missing - set(lacking)))
        if set(lacking) - missing:
            rest = {name: str(how) for name, how in lacking.items() if name not in missing}
            raise MaterialsMissing(detail={"materials": rest})
        latest = count_on(_accepting_day(bench), min(terms.gap_days, terms.promised_days), bench.calendar)
        if not bench.today < until_on <= latest:
            raise refuse_now("until_too_late", latest=latest.isoformat())
        if not _is_signed(bench, promise):
            raise refuse_now("promise_unsigned")

    def refuse_acceptance(
        self, actor: Actor, case_id: UUID, seen_version: int, ground: str, reason: str, right_organ: str = ""
    ) -> CaseFile:
        """Refuse acceptance (不予受理): ``not_required`` or ``wrong_organ``, which names the right one. Raises ``InputRefused``."""
        if ground not in GROUNDS:
            raise InputRefused(detail={"ground": "unknown"})
        told = read_reason(reason)
        organ = read_words("right_organ", right_organ) if ground == WRONG_ORGAN else ""

        def work(bench: Bench) -> list[Move]:
            bench.require("not_accepted")
            require_in_time(bench)
            data: dict[str, JsonValue] = {"reason": told, "ground": ground, "legal_ground": GROUNDS[ground]}
            return [bench.make("not_accepted", {**data, "right_organ": organ} if organ else data)]

        return self.act(actor, "refuse_acceptance", case_id, seen_version, work, reason=told, detail={"ground": ground})


def list_checks(bench: Bench, checks: Sequence[MaterialCheck]) -> list[Move]:
    """The events of these checks. Raises ``InputRefused``."""
    moves = []
    for index, check in enumerate(checks):
        material = bench.terms.materials.get(check.name)
        if material is None:
            raise InputRefused(detail={f"checks[{index}].name": "unknown"})
        words = read_remark(check.words) if check.ok else read_words(f"checks[{index}].words", check.words)
        register = read_remark(check.register) or material.register.get(Language.ZH_CN, "")
        data: dict[str, JsonValue] = {
            "name": check.name, "ok": check.ok, "words": words, "original_seen": check.original_seen, "register": register,
        }  # fmt: skip
        moves.append(bench.make("material_checked", data))
    return moves


def require_in_time(bench: Bench) -> None:
    """Raise ``NotAllowedNow`` once the five days are over: the case counts as accepted since its receipt (AL art. 32(1)(4))."""
    for clock in clocks_of(bench.file, bench.terms, bench.calendar):
        if clock.kind is ClockKind.COMPLETENESS and compute(clock, bench.calendar).is_over(bench.today):
            raise refuse_now("counts_as_accepted")


def _with(bench: Bench, moves: Sequence[Move]) -> CaseFile:
    """The file as it will be after these moves, which change no state."""
    file = bench.file
    events = [
        CaseEvent(
            file.case.case_id, file.version + number, move.event, file.state, move.hand, bench.now, move.staff_id, move.data
        )
        for number, move in enumerate(moves, 1)
    ]  # fmt: skip
    return CaseFile(file.case, (*file.events, *events))


def _accepting_day(bench: Bench) -> date:
    """Today, but never before the legal day of receipt (what came in after hours)."""
    return max(bench.today, bench.file.case.received_on)


def _is_signed(bench: Bench, promise: str) -> bool:
    """Whether the promise is a material that the applicant vouched for, or a file of this case."""
    material = bench.terms.materials.get(promise)
    if material is not None:
        return material.level == "D" and is_vouched(bench.file, promise)
    try:
        found = bench.tx.files.load(UUID(promise))
    except ValueError:
        return False
    return found is not None and found.owner == bench.file.case.case_id
