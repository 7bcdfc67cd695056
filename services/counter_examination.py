"""After acceptance: special procedures, extension of the limit, steps of the examination, the decision, the end without one (AL art. 34 to 45)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.case_clocks import terms_of
from services.case_errors import MaterialsMissing
from services.case_events import Move
from services.case_file import DECIDING, CaseFile
from services.case_graph import require_edge
from services.case_limits import correction_clock, require_extension, require_special
from services.case_record import CaseState, Hand
from services.clock import compute, count_on
from services.counter_bench import Bench, CounterRoom, Place
from services.counter_materials import list_lacking
from services.counter_notices import read_reasons, read_words
from services.counter_permits import refuse_now, require_in_hand, require_other_hands
from services.counter_steps import find_last_own, list_deciders, list_ready, list_unfinished, read_step
from services.counter_terms import Step
from services.errors import InputRefused
from services.model import JsonValue
from services.staff_rules import read_reason, read_remark
from services.staffing import Actor, Role

GRANTED, REFUSED = DECIDING


class ExaminationRoom(CounterRoom):
    """Acts on an accepted case. ``seen_version`` is the one that the page showed."""

    __slots__ = ()

    def begin_special(
        self, actor: Actor, case_id: UUID, seen_version: int, code: str, reason: str, days: int | None = None
    ) -> CaseFile:
        """Begin a special procedure (特别程序) of AL art. 45 that the service names; the limit stands till its told end.

        ``days``: working days, at most (and unless said: as many as) the service tells. Raises ``NotAllowedNow`` with the rule of
        ``case_limits.require_special``: unknown_ground, suspension_overlaps, limit_passed, …
        """
        told = read_reason(reason)

        def work(bench: Bench) -> list[Move]:
            hand, special = bench.require("special_began"), bench.terms.special.get(code)
            if special is None:
                raise refuse_now("unknown_ground")
            lasts = special.days if days is None else days
            if not 1 <= lasts <= special.days:
                raise InputRefused(detail={"days": "out_of_range"})
            on, until_on = bench.today, count_on(bench.today, lasts, bench.calendar)
            require_special(bench.file, bench.terms, bench.calendar, code, on, until_on)
            data: dict[str, JsonValue] = {
                "code": code, "legal_ground": special.legal_ground, "days": lasts, "reason": told, "on": on.isoformat(),
                "until_on": until_on.isoformat(),
            }  # fmt: skip
            return [bench.make("special_began", data, hand)]

        return self.act(actor, "begin_special", case_id, seen_version, work, detail={"code": code})

    def end_special(self, actor: Actor, case_id: UUID, seen_version: int, result: str) -> CaseFile:
        """End the special procedure with its result; the limit goes on, at the latest from the day that was told."""
        told = read_words("result", result)

        def work(bench: Bench) -> list[Move]:
            return [bench.make("special_ended", {"on": bench.today.isoformat(), "result": told})]

        return self.act(actor, "end_special", case_id, seen_version, work)

    def ask_extension(self, actor: Actor, case_id: UUID, seen_version: int, days: int, reason: str) -> CaseFile:
        """Ask the head for more time, once (AL art. 42(1)). Raises ``ExtensionSpent``: extended_already, limit_passed, too_long."""
        told = read_reason(reason)

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("extension_asked")
            require_extension(bench.file, bench.terms, bench.calendar, bench.today, days)
            if bench.file.pending_extension is not None:
                raise refuse_now("extension_asked_already")
            data: dict[str, JsonValue] = {"days": days, "reason": told, "on": bench.today.isoformat()}
            return [bench.make("extension_asked", data, hand)]

        return self.act(actor, "ask_extension", case_id, seen_version, work)

    def answer_extension(
        self, actor: Actor, case_id: UUID, seen_version: int, *, granted: bool, reason: str = ""
    ) -> CaseFile:
        """The head grants what was asked, or denies it with a reason; never who asked, nor their deputy, nor after expiry.

        Raises ``OwnMatter`` (``own_extension``), ``ExtensionSpent``, ``NotAllowedNow`` (``no_extension_asked``).
        """
        told = read_remark(reason) if granted else read_reason(reason)

        def work(bench: Bench) -> list[Move]:
            asked = bench.file.pending_extension
            hand = bench.require("extension_granted" if granted else "extension_denied")
            if asked is None:
                raise refuse_now("no_extension_asked")
            require_other_hands("own_extension", asked, bench.place.hands)
            days = int(asked.data["days"])
            data: dict[str, JsonValue] = {
                "days": days, "asked_by": str(asked.staff_id), "on": bench.today.isoformat(),
                "reason": asked.data["reason"] if granted else told, "words": told,
            }  # fmt: skip
            if granted:
                require_extension(bench.file, bench.terms, bench.calendar, bench.today, days)
            return [bench.make("extension_granted" if granted else "extension_denied", data, hand)]

        return self.act(actor, "answer_extension", case_id, seen_version, work, detail={"granted": granted})

    def finish_step(self, actor: Actor, case_id: UUID, seen_version: int, step: int, opinion: str) -> CaseFile:
        """Finish one step (by its index) with an opinion, by its role in its agency; what hands over to another role is released.

        The lead agency's step needs the case in hand; a joint agency's runs beside it. Raises ``NotPermitted`` for a step that is
        somebody else's, ``NotAllowedNow``: no_such_step, step_finished, not_its_turn.
        """
        told = read_words("opinion", opinion)

        def work(bench: Bench) -> list[Move]:
            return self._finish(bench, step, told)

        def admit(place: Place) -> None:
            steps = terms_of(place.mapping).steps
            if 0 <= step < len(steps):
                actor.require([Role(steps[step].role)], self._agency_of(place, steps[step].agency))

        return self.act(actor, "finish_step", case_id, seen_version, work, detail={"step": step}, admit=admit)

    def _finish(self, bench: Bench, index: int, opinion: str) -> list[Move]:
        steps, file = bench.terms.steps, bench.file
        if 0 <= index < len(steps):
            asked = steps[index]
            hand = Hand.HEAD if Role(asked.role) is Role.HEAD else Hand.CLERK
            require_edge(file.state, "step_finished", hand)
            if self._agency_of(bench.place, asked.agency) == bench.place.lead:
                require_in_hand(file, bench.actor.member.staff_id)
        step = read_step(steps, file.steps_done, index)
        data: dict[str, JsonValue] = {"step": index, "opinion": opinion, "on": bench.today.isoformat()}
        moves = [bench.make("step_finished", data, hand)]
        if _passes_on(steps, file, index) and (not step.agency or file.claimed_by == bench.actor.member.staff_id):
            moves.append(bench.make("released", {}, hand))
        return moves

    def _agency_of(self, place: Place, slug: str) -> UUID:
        return self.desk.directory.agency_id(slug) if slug else place.lead

    def decide(
        self, actor: Actor, case_id: UUID, seen_version: int, outcome: str, reasons: Sequence[str] = (),
        legal_ground: str = "",
    ) -> CaseFile:  # fmt: skip
        """Grant or refuse (准予, 不予许可): one case at a time, by who has opened it, after all steps, never alone where two must see it.

        A refusal needs reasons; its legal ground is the service's unless another is named, the way of appeal always the service's. A
        grant needs every material, also one that an acceptance with a gap left out. Raises ``InputRefused``, ``OwnMatter``
        (``two_hands``), ``MaterialsMissing``, ``NotAllowedNow`` (decided_by_rule, steps_open).
        """
        if outcome not in DECIDING:
            raise InputRefused(detail={"outcome": "unknown"})
        told, ground = read_reasons(reasons), read_remark(legal_ground)
        if outcome == REFUSED and not told:
            raise InputRefused(detail={"reasons": "missing"})

        def work(bench: Bench) -> list[Move]:
            hand = self._require_decider(bench, outcome)
            data: dict[str, JsonValue] = {
                "on": bench.today.isoformat(), "by": "clerk", "reasons": told, "legal_ground": ground or bench.mapping.legal_basis,
            }  # fmt: skip
            if outcome == REFUSED:
                data["appeal"] = {str(language): text for language, text in bench.terms.appeal.items()}
            return [*self._finish_last(bench, told, hand), bench.make(outcome, data, hand)]

        def admit(place: Place) -> None:
            actor.require(list_deciders(terms_of(place.mapping).steps), place.lead)

        return self.act(actor, "decide", case_id, seen_version, work, detail={"outcome": outcome}, admit=admit)

    def _require_decider(self, bench: Bench, outcome: str) -> Hand:
        terms, file = bench.terms, bench.file
        deciders = list_deciders(terms.steps)
        hand = bench.require(outcome, deciders)
        if terms.decided_by != "clerk":
            raise refuse_now("decided_by_rule")
        unfinished = list_unfinished(terms.steps, file.steps_done)
        if unfinished and find_last_own(terms.steps, file.steps_done, deciders) is None:
            raise refuse_now("steps_open", steps=list(unfinished))
        if terms.two_hands:
            require_other_hands("two_hands", file.accepted, bench.place.hands)
        lacking = list_lacking(file, terms) if outcome == GRANTED else {}
        if lacking:
            raise MaterialsMissing(detail={"materials": {name: str(how) for name, how in lacking.items()}})
        return hand

    def _finish_last(self, bench: Bench, reasons: Sequence[JsonValue], hand: Hand) -> list[Move]:
        """The decision is the last step where that is the lead agency's and by the same role."""
        last = find_last_own(bench.terms.steps, bench.file.steps_done, list_deciders(bench.terms.steps))
        if last is None:
            return []
        data: dict[str, JsonValue] = {
            "step": last,
            "opinion": "；".join(map(str, reasons)),
            "on": bench.today.isoformat(),
        }
        return [bench.make("step_finished", data, hand)]

    def terminate(self, actor: Actor, case_id: UUID, seen_version: int, reason: str) -> CaseFile:
        """End a case without a decision (终止): its matter has gone, or the term of the correction notice has passed.

        Raises ``NotAllowedNow`` (``term_runs``) while the applicant may still correct.
        """
        told = read_reason(reason)

        def work(bench: Bench) -> list[Move]:
            hand = bench.require("terminated")
            if bench.file.state is CaseState.CORRECTION_ASKED:
                term = compute(correction_clock(bench.file, bench.terms), bench.calendar)
                if not term.is_over(bench.today):
                    raise refuse_now("term_runs", until_on=term.due_on.isoformat())
            return [bench.make("terminated", {"reason": told}, hand)]

        return self.act(actor, "terminate", case_id, seen_version, work, reason=told)

    def revoke_certificate(
        self, actor: Actor, case_id: UUID, seen_version: int, reason: str, legal_ground: str
    ) -> CaseFile:
        """Take a certificate back (AL art. 69, 70), by the head; its slip no longer holds. Raises ``NotAllowedNow`` (``revoked_already``)."""
        told, ground = read_reason(reason), read_words("legal_ground", legal_ground)

        def work(bench: Bench) -> list[Move]:
            hand, issued = bench.require("certificate_revoked"), bench.file.last("certificate_issued")
            if bench.file.last("certificate_revoked") is not None:
                raise refuse_now("revoked_already")
            if issued is not None and issued.data.get("slip_id"):
                bench.tx.slips.revoke(bench.place.lead, str(issued.data["slip_id"]), "certificate_revoked", bench.now)
            return [bench.make("certificate_revoked", {"reason": told, "legal_ground": ground}, hand)]

        return self.act(actor, "revoke_certificate", case_id, seen_version, work, reason=told)


def _passes_on(steps: tuple[Step, ...], file: CaseFile, index: int) -> bool:
    """Whether the case goes to another role once this step is finished: it hands over, or what is left now is another role's."""
    step = steps[index]
    if not step.agency:
        return step.hands_over_to not in ("", step.role)
    left = list_ready(steps, file.steps_done | {index})
    return all(steps[other].role != step.role for other in left)
