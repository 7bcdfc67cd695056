"""Acceptance by checks and decision by a value of a government back end: the only places outside the counter that move a case so.

Both are declared in the mapping (``accepted_by: checks``, ``decided_by: back_end``). Nothing is inferred: what does not hold stays with a
clerk, what does not answer is asked again. We carry the decision, with its rule, its facts and its reasons; we never make one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from services.case_clocks import terms_of
from services.case_desk import CaseWorkshop
from services.case_events import Move, mapping_of
from services.case_file import CaseFile
from services.case_house import ask_again, find_next_try, write_if
from services.case_record import CaseState, Hand
from services.case_supply import FETCHED, PROMISED, SEEN, UPLOADED
from services.counter_terms import CounterTerms, Material
from services.errors import BackEndError, BackEndGarbled
from services.mapping import ServiceMapping
from services.model import JsonValue
from services.till import business_day

PURPOSE = "submit_case"
BY_CHECKS, BY_BACK_END, BY_RULE = "checks", "back_end", "rule"
DECISIONS = ("granted", "refused")


def accept_by_checks(workshop: CaseWorkshop, file: CaseFile, request_id: str) -> CaseFile:
    """Accept a received case whose every material holds by the checks alone, where the mapping says so; else leave it as it is."""
    desk = replace(workshop.desk, request_id=request_id)
    terms = terms_of(mapping_of(desk, file))
    if file.state is not CaseState.RECEIVED or terms.accepted_by != BY_CHECKS or not holds_by_checks(file, terms):
        return file
    on = max(file.case.received_on, business_day(desk.clock.now()))

    def decide(now: CaseFile) -> Move | None:
        if now.state is not CaseState.RECEIVED or not holds_by_checks(now, terms):
            return None
        return Move("accepted", Hand.BACK_END, {"on": on.isoformat(), "by": BY_CHECKS})

    return write_if(desk, file, decide)


def holds_by_checks(file: CaseFile, terms: CounterTerms) -> bool:
    """Whether each material is there and in order without anybody looking at it."""
    held = file.materials
    return all(_holds(material, held.get(name)) for name, material in terms.materials.items())


def _holds(material: Material, held: Mapping[str, JsonValue] | None) -> bool:
    """By its level: found and every check in order; a copy seen by a clerk; uploaded; vouched for. One left out only if it may be."""
    if held is None:
        return material.optional and material.level != FETCHED
    if "checked" in held and not held["checked"].get("ok"):
        return False
    fetched = held.get("fetched") or {}
    return {
        FETCHED: bool(fetched.get("found")) and all(check["ok"] for check in fetched.get("checks", ())),
        SEEN: "checked" in held,
        UPLOADED: bool(held.get("files")),
        PROMISED: bool(held.get("vouched")),
    }[material.level]


def decide_by_rule(workshop: CaseWorkshop, file: CaseFile, request_id: str) -> CaseFile:
    """Ask the office's own system for the decision and write down its answer, with rule, facts and reasons.

    What does not answer, or not as agreed, is no decision: it is noted and asked again, ever more seldom, without end.
    """
    desk = replace(workshop.desk, request_id=request_id)
    mapping = mapping_of(desk, file)
    terms = terms_of(mapping)
    if not awaits_rule(file, terms):
        return file
    if (due_at := find_next_try(file, "decision_awaited")) > desk.clock.now():
        return ask_again(desk, file, due_at)
    try:
        answer = desk.back_end_of(mapping).call(
            "decide", describe_case(file), request_id, purpose=PURPOSE, case_no=file.case.case_no
        )
        move = _read_decision(answer, mapping, terms, business_day(desk.clock.now()))
    except BackEndError as error:
        move = Move("decision_awaited", Hand.BACK_END, {"reason": error.code})
    asked_at = file.version

    def decide(now: CaseFile) -> Move | None:
        """The answer holds for the case as it was asked about: if anything came in since, it is asked again."""
        return move if awaits_rule(now, terms) and now.version == asked_at else None

    after = write_if(desk, file, decide)
    if after.state is CaseState.ACCEPTED and after.version == asked_at + 1:
        return ask_again(desk, after, find_next_try(after, "decision_awaited"))
    return after


def awaits_rule(file: CaseFile, terms: CounterTerms) -> bool:
    """Whether a case is ready for the rule: accepted, its steps finished, nothing left out."""
    ready = file.state is CaseState.ACCEPTED and terms.decided_by == BY_BACK_END and file.gap is None
    return ready and file.step >= len(terms.steps)


def describe_case(file: CaseFile) -> dict[str, JsonValue]:
    """What an office's system is told of a case: whose matter, who acts, what was stated, under which number, of which day."""
    case = file.case
    return {
        "applicant": dict(case.applicant),
        "agent": dict(case.agent) if case.agent is not None else None,
        "inputs": dict(file.inputs),
        "case_no": case.case_no,
        "business_on": case.business_on.isoformat(),
    }


def _read_decision(answer: JsonValue, mapping: ServiceMapping, terms: CounterTerms, on: date) -> Move:
    """The decision as an event. Raises ``BackEndGarbled`` for anything but a clear word with its rule, its facts and its reasons."""
    if not isinstance(answer, Mapping) or answer.get("decision") not in DECISIONS:
        raise BackEndGarbled("decide: no clear decision")
    rule, reasons, facts = (
        (answer.get("rule_id"), answer.get("rule_version")),
        answer.get("reasons"),
        answer.get("facts"),
    )
    if not all(isinstance(part, str) and part for part in rule):
        raise BackEndGarbled("decide: without its rule")
    if not (isinstance(reasons, list) and reasons and all(isinstance(reason, str) and reason for reason in reasons)):
        raise BackEndGarbled("decide: without reasons")
    if not (isinstance(facts, Mapping) and facts):
        raise BackEndGarbled("decide: without facts")
    data: dict[str, JsonValue] = {
        "on": on.isoformat(),
        "by": BY_RULE,
        "reasons": list(reasons),
        "legal_ground": mapping.legal_basis,
        "appeal": {str(language): text for language, text in terms.appeal.items()},
        "rule": {"id": rule[0], "version": rule[1]},
        "facts": dict(facts),
    }
    if answer.get("fees") is not None:
        data["fees"] = _read_fees(answer["fees"])
    return Move("granted" if answer["decision"] == "granted" else "refused", Hand.BACK_END, data)


def _read_fees(told: JsonValue) -> list[JsonValue]:
    """What the office charges with the decision, if it says so: [{name, amount_fen}]. Raises ``BackEndGarbled``.

    A fee that is not in the catalogue is written down as it was told: the supervision office hears of it (``alert_facts``).
    """
    if not isinstance(told, list):
        raise BackEndGarbled("decide: fees in another form")
    for fee in told:
        named = isinstance(fee, Mapping) and isinstance(fee.get("name"), str) and fee["name"]
        if not named or type(fee.get("amount_fen")) is not int or fee["amount_fen"] < 0:
            raise BackEndGarbled("decide: a fee without its name or its amount")
    return [{"name": fee["name"], "amount_fen": fee["amount_fen"]} for fee in told]
