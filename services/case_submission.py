"""Handing a draft in as a case: once, under one number, with one reply for one Idempotency-Key.

The case has the draft's id, so that a draft that is handed in twice, by whatever key or colleague, is one case. Everything that is asked
of the world (prefilled values) is asked before the transaction; mandate, draft and number are read and written within it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from services.acting import confirm_standing, resolve_applicant
from services.attempts import ATTEMPTS
from services.case_access import ApplicantDesk, load_own_case, load_own_draft
from services.case_clocks import calendar_of, terms_of
from services.case_errors import CaseMoved, MaterialsMissing
from services.case_events import Move
from services.case_file import CaseFile
from services.case_graph import START
from services.case_opening import UNNUMBERED, open_case
from services.case_record import Case, Draft, Hand
from services.case_supply import find_missing_materials, gather_files
from services.case_words import say_state
from services.clock import received_day
from services.counter_terms import CounterTerms
from services.draft_content import name_promises
from services.errors import IdempotencyKeyReused, InputRefused, VersionTaken
from services.forms import find_prefilled, find_service, load_person, read_form
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue, Language, write_moment
from services.ports import Transaction
from services.sessions import require_assurance
from services.till import business_day

KIND = "case"
POST = "post"


@dataclass(frozen=True, slots=True)
class _Form:
    """A draft that may be handed in: the version of the service, and the values in full."""

    draft: Draft
    mapping: ServiceMapping
    terms: CounterTerms
    inputs: Mapping[str, JsonValue]


def submit_case(door: ApplicantDesk, caller: Caller, draft_id: UUID, version: int, key: str) -> bytes:
    """Hand in the draft as it stands in ``version``; gives the reply as canonical JSON, the same bytes for the same key.

    Reply: case_id, case_no, service, state, message, received_at, received_on. Raises ``InputRefused``, ``MaterialsMissing``,
    ``NotFound``, ``MandateEnded``, ``CaseMoved`` (the draft was changed since), ``ServiceOff``, ``AssuranceTooLow``,
    ``IdempotencyKeyReused``, and the errors of a back end that is asked for prefilled values. After any of them the key may be sent again.
    """
    if not 1 <= len(key) <= 128 or not key.isascii() or not key.isprintable():
        raise InputRefused(detail={"Idempotency-Key": "form"})
    door = replace(door, desk=replace(door.desk, request_id=caller.request_id))
    reply = _claim_key(door, caller, draft_id, version, key)
    if reply is not None:
        return reply
    file = _find_case(door, caller, draft_id) or _hand_in(door, caller, draft_id, version)
    return _record_reply(door, caller, key, write_reply(file, caller.language))


def _claim_key(door: ApplicantDesk, caller: Caller, draft_id: UUID, version: int, key: str) -> bytes | None:
    """Claim the key for this draft, before anything else: its reply if it has given one. Raises ``IdempotencyKeyReused``."""
    digest = digest_request(caller, draft_id, version)
    with door.till.store.begin(caller.agencies) as tx:
        _, in_force, reply = tx.idempotency.take(
            caller.app.agency_id, caller.person_id, key, digest, draft_id, door.desk.clock.now()
        )
    if in_force != digest:
        raise IdempotencyKeyReused
    return reply


def digest_request(caller: Caller, draft_id: UUID, version: int) -> str:
    """SHA-256 of what is handed in, and through which log-in."""
    told = json.dumps([str(caller.login_id), "case", str(draft_id), version])
    return hashlib.sha256(told.encode()).hexdigest()


def is_answered(door: ApplicantDesk, caller: Caller, draft_id: UUID, version: int, key: str) -> bool:
    """Whether this key has given its reply to this very request, so that the repeat costs nothing but reading it."""
    digest = digest_request(caller, draft_id, version)
    with door.till.store.begin(caller.agencies) as tx:
        return tx.idempotency.is_answered(caller.app.agency_id, caller.person_id, key, digest)


def _find_case(door: ApplicantDesk, caller: Caller, draft_id: UUID) -> CaseFile | None:
    """The case that the draft became already, if the caller may see it. Raises ``NotFound`` if they may not."""
    with door.till.store.begin(caller.agencies) as tx:
        return load_own_case(door.desk, tx, caller, draft_id) if tx.cases.load(draft_id) else None


def _hand_in(door: ApplicantDesk, caller: Caller, draft_id: UUID, version: int) -> CaseFile:
    form = _read_form(door, caller, draft_id)
    for _ in range(ATTEMPTS):
        try:
            with door.till.store.begin(caller.agencies) as tx:
                return _open(door, tx, caller, form, version)
        except VersionTaken:  # the same draft a moment earlier, or saved meanwhile: what there is now decides
            found = _find_case(door, caller, draft_id)
            if found is not None:
                return found
    raise VersionTaken


def _read_form(door: ApplicantDesk, caller: Caller, draft_id: UUID) -> _Form:
    """What the draft says, held against the service in force, with what the government fills in."""
    with door.till.store.begin(caller.agencies) as tx:
        draft = load_own_draft(door.desk, tx, caller, draft_id)
    mapping = find_service(door.till, caller, draft.service, KIND)
    door.desk.catalogue.require_open(mapping.id)
    require_assurance(caller, mapping.assurance)
    confirm_standing(door.desk, door.till.store, caller, draft)
    known = find_prefilled(door.till, caller, mapping, load_person(door.till, caller))
    terms = terms_of(mapping)
    _require_delivery(terms, draft)
    return _Form(draft, mapping, terms, read_form(mapping, draft.content.get("inputs") or {}, known))


def _require_delivery(terms: CounterTerms, draft: Draft) -> None:
    """How the result is to come: named, and for the post with an address."""
    chosen = draft.content.get("delivery")
    if chosen is None and terms.delivery:
        raise InputRefused(detail={"delivery": "required"})
    if chosen == POST and not draft.content.get("address"):
        raise InputRefused(detail={"address": "required"})


def _open(door: ApplicantDesk, tx: Transaction, caller: Caller, form: _Form, version: int) -> CaseFile:
    """Everything of the case in one transaction. Raises ``CaseMoved`` unless the draft is the one that was read and named."""
    draft = load_own_draft(door.desk, tx, caller, form.draft.draft_id)
    if draft.submitted_at is not None:
        raise VersionTaken
    if draft.version != version or draft != form.draft:
        raise CaseMoved
    materials = _gather_materials(tx, form)
    case = _draw_up(door, tx, caller, form)
    tx.drafts.save(replace(draft, version=version + 1, updated_at=case.received_at, submitted_at=case.received_at))
    data: dict[str, JsonValue] = {"materials": materials, "promises": sorted(name_promises(draft.content))}
    if draft.content.get("later"):
        data["later"] = list(draft.content["later"])
    if case.delivery == POST:
        data["address"] = draft.content["address"]
    return open_case(door.desk, tx, case, Move(START, Hand.APPLICANT, data))


def _gather_materials(tx: Transaction, form: _Form) -> dict[str, JsonValue]:
    """What was uploaded and promised. Raises ``MaterialsMissing`` with the names of what the service cannot begin without."""
    content = form.draft.content
    brought = {**gather_files(tx.files.list_of(form.draft.draft_id), form.terms.materials), **name_promises(content)}
    missing = find_missing_materials(form.terms, brought, content.get("later") or ())
    if missing:
        raise MaterialsMissing(detail={"materials": missing})
    return brought


def _draw_up(door: ApplicantDesk, tx: Transaction, caller: Caller, form: _Form) -> Case:
    """The case as it will be for ever, but for its number. Raises what ``resolve_applicant`` raises."""
    desk, draft, now = door.desk, form.draft, door.desk.clock.now()
    acting = resolve_applicant(desk, tx, caller, draft)
    return Case(
        case_id=draft.draft_id,
        agency_id=draft.agency_id,
        service=form.mapping.id,
        mapping_version=form.mapping.version,
        case_no=UNNUMBERED,
        channel=caller.app.platform,
        app=caller.app.app,
        person_id=caller.person_id,
        login_id=caller.login_id,
        chain_id=caller.chain_id,
        principal_chain_id=acting.principal_chain_id,
        organisation_id=acting.organisation.organisation_id if acting.organisation else None,
        mandate_id=acting.mandate.mandate_id if acting.mandate else None,
        opened_by=None,
        applicant=acting.applicant,
        agent=acting.agent,
        inputs=form.inputs,
        delivery=str(draft.content.get("delivery") or ""),
        received_at=now,
        received_on=received_day(now, form.terms.receiving, calendar_of(tx, form.terms.region)),
        business_on=business_day(now),
    )


def _record_reply(door: ApplicantDesk, caller: Caller, key: str, reply: bytes) -> bytes:
    with door.till.store.begin(caller.agencies) as tx:
        return tx.idempotency.record_reply(caller.app.agency_id, caller.person_id, key, reply)


def write_reply(file: CaseFile, language: Language) -> bytes:
    """What is said when a case is opened, as canonical JSON: sorted keys, no spaces, UTF-8."""
    case = file.case
    body = {
        "case_id": str(case.case_id),
        "case_no": case.case_no,
        "service": case.service,
        "state": str(file.events[0].state),
        "message": say_state(file.events[0].state, language),
        "received_at": write_moment(case.received_at),
        "received_on": case.received_on.isoformat(),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
