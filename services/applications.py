"""Applying (申请), seeing how far an application is: what a citizen asks of the counter.

``submit`` claims the Idempotency-Key, reads the form, commits the intent and then tells the back end: each step is committed before the
next call leaves, so that the same key picks up after a crash where it stopped, with the same application number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.application_events import ApplicationFile, load_file
from services.application_graph import START
from services.application_record import Application, ApplicationEvent, ApplicationState
from services.application_words import say_state
from services.doors import limit_to
from services.errors import IdempotencyKeyReused, InputRefused, NotFound, RequestInProgress, VersionTaken
from services.forms import find_prefilled, load_person, name_applicant, read_form
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue, Language, Page, Person, write_moment
from services.outputs import mask_outputs
from services.ports import Transaction
from services.sessions import require_assurance
from services.submissions import submit_application
from services.till import Till, business_day, make_sequence_no, name_cause

PAGE_SIZE = 20
IN_PROGRESS_SECONDS = 60
"""How long a second request with the same key is told to wait for the first one's answer."""
START_SECONDS = 30
"""When the worker looks after an application whose request ended before it began to submit."""
SayRefusal = Callable[[str, Language], str]
"""The fixed sentence for a back end's no: ``Wording.say_refusal``."""


@dataclass(frozen=True, slots=True)
class ApplicationView:
    """An application in view of its applicant. ``message`` is a fixed sentence, ``office_message`` the back end's own; ``outputs`` are masked."""

    application: Application
    state: ApplicationState
    message: str
    office_message: str | None
    updated_at: datetime
    outputs: Mapping[str, JsonValue] | None


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """Who has this Idempotency-Key: the application it stands for, its reply if there is one, its file if it was opened."""

    key: str
    application_id: UUID
    reply: bytes | None
    file: ApplicationFile | None


def submit(
    till: Till, caller: Caller, mapping: ServiceMapping, sent: Mapping[str, JsonValue], key: str, say: SayRefusal
) -> bytes:
    """Apply for a service; gives the reply, the same bytes for the same key and request.

    Raises ``InputRefused``, ``ServiceOff``, ``AssuranceTooLow``, ``IdempotencyKeyReused``, ``RequestInProgress`` and, as long as nothing was
    submitted, the errors of a back end that is asked for prefilled values. After any of them the same key may be sent again. What the
    back end says of the submission itself is no error: it is the application's state.
    """
    if not 1 <= len(key) <= 128 or not key.isascii() or not key.isprintable():
        raise InputRefused(detail={"Idempotency-Key": "form"})
    till = replace(till, request_id=caller.request_id)
    claim = claim_key(till, caller, key, digest_request(caller, mapping.id, sent))
    if claim.reply is not None:
        return claim.reply
    file = claim.file or _open(till, caller, claim, mapping, sent)
    file = submit_application(till, file.application, caller.request_id)
    if file.state is ApplicationState.SUBMITTING and _just_sent(till, file):
        raise RequestInProgress
    return _record_reply(till, caller, claim, write_reply(file, caller.language, say))


def digest_request(caller: Caller, service: str, sent: Mapping[str, JsonValue]) -> str:
    """SHA-256 of what was asked for and through which log-in."""
    told = json.dumps([str(caller.login_id), "application", service, sent], sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def claim_key(till: Till, caller: Caller, key: str, digest: str) -> KeyClaim:
    """Claim the key for an application id, before anything else. Raises ``IdempotencyKeyReused`` if it came with another request."""
    fresh = till.new_id()
    with till.store.begin(caller.agencies) as tx:
        application_id, in_force, reply = tx.idempotency.take(
            caller.app.agency_id, caller.person_id, key, digest, fresh, till.clock.now()
        )
        if in_force != digest:
            raise IdempotencyKeyReused
        found = tx.applications.load(application_id) if application_id != fresh else None
    return KeyClaim(key, application_id, reply, ApplicationFile(found[0], tuple(found[1])) if found else None)


def is_answered(till: Till, caller: Caller, key: str, service: str, sent: Mapping[str, JsonValue]) -> bool:
    """Whether this key has given its reply to this very request, so that the repeat costs nothing but reading it."""
    with till.store.begin(caller.agencies) as tx:
        digest = digest_request(caller, service, sent)
        return tx.idempotency.is_answered(caller.app.agency_id, caller.person_id, key, digest)


def _open(
    till: Till, caller: Caller, claim: KeyClaim, mapping: ServiceMapping, sent: Mapping[str, JsonValue]
) -> ApplicationFile:
    """Read the form, commit the intent. Of two requests with one key, both get the same application."""
    till.catalogue.require_open(mapping.id)
    require_assurance(caller, mapping.assurance)
    person = load_person(till, caller)
    values = read_form(mapping, sent, find_prefilled(till, caller, mapping, person))
    application = _draw_up(till, caller, claim, mapping, person, values)
    try:
        with till.store.begin(caller.agencies) as tx:
            return _intend(till, tx, application)
    except VersionTaken:  # the same key, a moment earlier
        return read_own(till, caller, claim.application_id)


def _draw_up(
    till: Till, caller: Caller, claim: KeyClaim, mapping: ServiceMapping, person: Person, values: dict[str, JsonValue]
) -> Application:
    now = till.clock.now()
    return Application(
        application_id=claim.application_id,
        agency_id=till.directory.agency_id(mapping.agency),
        service=mapping.id,
        mapping_version=mapping.version,
        person_id=caller.person_id,
        login_id=caller.login_id,
        chain_id=caller.chain_id,
        platform=caller.app.platform,
        app=caller.app.app,
        application_no=make_sequence_no(till, business_day(now)),
        applicant=name_applicant(person, mapping.assurance),
        inputs=values,
        created_at=now,
        business_on=business_day(now),
    )


def _intend(till: Till, tx: Transaction, application: Application) -> ApplicationFile:
    """Commit the intent, with the job that submits it if we stop here."""
    at, agency_id, own = application.created_at, application.agency_id, application.application_id
    if tx.claims.take(agency_id, "application_no", application.application_no, own, at) != own:
        raise RequestInProgress
    event = ApplicationEvent(own, 1, START, ApplicationState.INTENDED, at, name_cause(till))
    tx.applications.open(application, event)
    tx.jobs.schedule("submit_application", agency_id, own, at + timedelta(seconds=START_SECONDS))
    return ApplicationFile(application, (event,))


def _just_sent(till: Till, file: ApplicationFile) -> bool:
    """Whether another request is at the back end with it at this moment."""
    waited = (till.clock.now() - file.events[-1].at).total_seconds()
    return file.events[-1].name != "submission_delayed" and waited < IN_PROGRESS_SECONDS


def _record_reply(till: Till, caller: Caller, claim: KeyClaim, reply: bytes) -> bytes:
    with till.store.begin(caller.agencies) as tx:
        return tx.idempotency.record_reply(caller.app.agency_id, caller.person_id, claim.key, reply)


def write_reply(file: ApplicationFile, language: Language, say: SayRefusal) -> bytes:
    """The reply to a submission as canonical JSON: sorted keys, no spaces, UTF-8."""
    view = view_application(file, language, say)
    body = {
        "application_id": str(file.application.application_id),
        "application_no": file.application.application_no,
        "service": file.application.service,
        "state": str(view.state),
        "message": view.message,
        "office_message": view.office_message,
        "created_at": write_moment(file.application.created_at),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def view_application(
    file: ApplicationFile, language: Language, say: SayRefusal, mapping: ServiceMapping | None = None
) -> ApplicationView:
    """The application as its applicant may see it; with the mapping that it began with, its outputs too, masked."""
    word, reason = file.word, file.reason
    outputs = word.data.get("outputs") if word else None
    return ApplicationView(
        application=file.application,
        state=file.state,
        message=say_state(file.state, reason, say(reason, language) if reason else "", language),
        office_message=word.data.get("message") if word else None,
        updated_at=file.events[-1].at,
        outputs=mask_outputs(mapping.outputs, outputs) if mapping and outputs is not None else None,
    )


def read_own(till: Till, caller: Caller, application_id: UUID) -> ApplicationFile:
    """An application of the caller's, through whichever of their log-ins it was made. Somebody else's does not exist."""
    with till.store.begin(caller.agencies) as tx:
        file = load_file(tx, application_id)
        if file.application.person_id not in tx.persons.joined_ids(caller.person_id):
            raise NotFound
    return file


def list_applications(
    till: Till, caller: Caller, say: SayRefusal, before: UUID | None = None, limit: int = PAGE_SIZE
) -> Page[ApplicationView]:
    """The caller's applications made on this platform (at an own door: all), newest first; ``next_cursor`` is the last one's id if there may be more."""
    with till.store.begin(caller.agencies) as tx:
        persons = tx.persons.joined_ids(caller.person_id)
        listed = tx.applications.list_of_persons(persons, limit, before, limit_to(caller.app.platform))
    files = [ApplicationFile(application, tuple(events)) for application, events in listed]
    cursor = str(files[-1].application.application_id) if len(files) == limit else None
    return Page([view_application(file, caller.language, say) for file in files], cursor)
