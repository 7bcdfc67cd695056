"""Level A: what an organ issued is fetched from its register instead of being asked for, with what was checked, against which register, when.

Part of the job ``work_on_case``. A register that does not answer is asked again, ever more seldom; the applicant is never asked in its
place. Only where a register says that it has nothing may a copy be uploaded, which a clerk holds against the original (level C in
place of A). What was fetched goes stale: before a rule accepts or decides, and when a case passes into other hands, what is older
than a day is fetched anew (decision 0128). Sources: State Council decree 716 art. 11 (nothing that an organ has may be asked for again).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.case_clocks import terms_of
from services.case_decisions import describe_case
from services.case_desk import CaseDesk, CaseWorkshop
from services.case_events import Move, mapping_of
from services.case_file import SUPPLYING, CaseFile
from services.case_house import RETRY_SECONDS, ask_again, write_if
from services.case_record import CaseEvent, CaseState, Hand
from services.counter_terms import CounterTerms, Material
from services.errors import BackEndError, BackEndGarbled, BackEndRefused
from services.mapping import ServiceMapping
from services.model import JsonValue, Language, write_moment
from services.submissions import PASSING
from services.till import business_day, grow_delay

PURPOSE = "submit_case"
FETCH = "fetch_"
FETCHED = "material_fetched"
LEVEL = "A"
FRESH = timedelta(hours=24)
"""How old a fetched material may be when a rule, or the next person, goes by it."""
STATES = frozenset({CaseState.RECEIVED, CaseState.ACCEPTED})
IN_FORCE = "在有效期内"
_TEXTS = ("number", "issued_by", "issued_on", "expires_on")


def fetch_materials(workshop: CaseWorkshop, file: CaseFile, request_id: str) -> CaseFile:
    """Fetch what is due, each material with an event of its own; the case as it is then. Raises ``ConfigurationFault``.

    Safe to run again at any time and side by side: a fetch only reads, and of two answers to one question the first is written.
    """
    desk = replace(workshop.desk, request_id=request_id)
    mapping = mapping_of(desk, file)
    terms, unanswered = terms_of(mapping), False
    for name in list_due(file, terms, desk.clock.now()):
        try:
            data = _ask(desk, mapping, file, terms.materials[name], request_id)
        except BackEndError:
            unanswered = True
            continue
        file = _write(desk, file, name, data)
    if not unanswered:
        return file
    now = desk.clock.now()
    least, most = RETRY_SECONDS
    return ask_again(desk, file, grow_delay(_waiting_since(file, terms, now), now, least=least, most=most))


def list_due(file: CaseFile, terms: CounterTerms, now: datetime) -> tuple[str, ...]:
    """The level A materials that have to be fetched now: never fetched, from before something was put right, or gone stale."""
    if file.state not in STATES:
        return ()
    names = (name for name, material in terms.materials.items() if material.level == LEVEL)
    return tuple(name for name in names if _due_since(file, terms, name, now) is not None)


def _due_since(file: CaseFile, terms: CounterTerms, name: str, now: datetime) -> datetime | None:
    """Since when this material has to be fetched, if it has to."""
    last = _find_fetch(file, name)
    supplied = file.last(*SUPPLYING)
    if last is None or (supplied is not None and supplied.version > last.version):
        return supplied.at if supplied is not None else file.case.received_at
    stale_at = last.at + FRESH
    return stale_at if now >= stale_at and _is_relied_on(file, terms) else None


def _find_fetch(file: CaseFile, name: str) -> CaseEvent | None:
    return next(
        (event for event in reversed(file.events) if event.name == FETCHED and event.data["name"] == name), None
    )


def _is_relied_on(file: CaseFile, terms: CounterTerms) -> bool:
    """Whether a rule goes by the checks next, or the case has just passed into other hands: nobody has its page before them."""
    by_rule = {CaseState.RECEIVED: terms.accepted_by == "checks", CaseState.ACCEPTED: terms.decided_by == "back_end"}
    passed_on = [event.name for event in file.events if event.name not in (FETCHED, "document_made", "notice_told")]
    return by_rule.get(file.state, False) or passed_on[-1] == "step_finished"


def _waiting_since(file: CaseFile, terms: CounterTerms, now: datetime) -> datetime:
    since = (_due_since(file, terms, name, now) for name in list_due(file, terms, now))
    return min((one for one in since if one is not None), default=now)


def _ask(
    desk: CaseDesk, mapping: ServiceMapping, file: CaseFile, material: Material, request_id: str
) -> dict[str, JsonValue]:
    """What the register says, as the event keeps it. Raises ``BackEndError`` for what is no word of the register."""
    try:
        answer = desk.back_end_of(mapping).call(
            FETCH + material.name, describe_case(file), request_id, purpose=PURPOSE, case_no=file.case.case_no
        )
    except BackEndRefused as refused:
        if refused.reason in PASSING:
            raise
        return {"name": material.name, "found": False, "checks": [], "reason": refused.reason}
    return _read_answer(answer, material, desk.clock.now())


def _read_answer(answer: JsonValue, material: Material, now: datetime) -> dict[str, JsonValue]:
    """Raises ``BackEndGarbled`` for anything but a clear word."""
    checks = answer.get("checks") if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or not isinstance(answer.get("found"), bool) or not isinstance(checks, list):
        raise BackEndGarbled(f"{FETCH}{material.name}: no clear word")
    if not all(isinstance(one, Mapping) and isinstance(one.get("ok"), bool) and one.get("what") for one in checks):
        raise BackEndGarbled(f"{FETCH}{material.name}: checks without a result")
    told: dict[str, JsonValue] = {name: str(answer[name]) for name in _TEXTS if answer.get(name) is not None}
    found = [(str(one["what"]), bool(one["ok"])) for one in checks] if answer["found"] else []
    if answer["found"] and "expires_on" in told:
        found.append((IN_FORCE, _read_day(told["expires_on"], material) >= business_day(now)))
    register = material.register.get(Language.ZH_CN, "")
    return {
        "name": material.name,
        "found": answer["found"],
        "checks": [{"what": what, "ok": ok, "register": register, "at": write_moment(now)} for what, ok in found],
        **told,
        "values": dict(answer.get("values") or {}),
    }


def _read_day(text: JsonValue, material: Material) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise BackEndGarbled(f"{FETCH}{material.name}: a day that is none") from None


def _write(desk: CaseDesk, file: CaseFile, name: str, data: Mapping[str, JsonValue]) -> CaseFile:
    """Write the answer, unless it answers another question by now: somebody else fetched, or something was put right meanwhile."""
    asked = (_find_fetch(file, name), file.last(*SUPPLYING))

    def decide(now: CaseFile) -> Move | None:
        if (_find_fetch(now, name), now.last(*SUPPLYING)) != asked or now.state not in STATES:
            return None
        return Move(FETCHED, Hand.HOUSE, data)

    return write_if(desk, file, decide)
