"""Drafts: what an applicant has filled in so far, saved under a version, come back to from any door, handed in as the case with the same id.

A draft may be incomplete; what is in it has its right form, each fault is told by its place. What the government has already
(``prefilled_from``) is never in a draft: it is filled in when the case is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from services.case_access import ApplicantDesk, Standing, find_standing, load_own_draft
from services.case_clocks import terms_of
from services.case_errors import CaseMoved, NotAllowedNow
from services.case_record import Draft, StoredFile
from services.case_supply import find_missing_materials, gather_files
from services.draft_content import name_promises, read_content
from services.errors import Conflict, VersionTaken
from services.forms import find_service
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue
from services.ports import Transaction
from services.service_words import is_typed
from services.sessions import require_assurance

KIND = "case"
MOST_DRAFTS = 50
"""Of one person, not handed in."""


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft with its files and what it still lacks, by place: ``inputs.NAME`` or ``materials.NAME``, ``required`` each."""

    draft: Draft
    files: tuple[StoredFile, ...]
    missing: Mapping[str, str]


def save_draft(
    door: ApplicantDesk, caller: Caller, service: str, content: Mapping[str, JsonValue],
    draft_id: UUID | None = None, version: int = 0,
) -> DraftView:  # fmt: skip
    """Begin a draft, or put this content in the place of what it held in ``version``.

    ``content`` is that of ``Draft``; what is left out is not filled in yet. Raises ``InputRefused`` by place, ``ServiceUnknown``,
    ``ServiceOff``, ``AssuranceTooLow``, ``NotFound``, ``CaseMoved`` if somebody saved meanwhile, ``NotAllowedNow`` once it is handed in,
    ``Conflict`` for more than MOST_DRAFTS.
    """
    mapping = find_service(door.till, caller, service, KIND)
    door.desk.catalogue.require_open(mapping.id)
    require_assurance(caller, mapping.assurance)
    read = read_content(mapping, terms_of(mapping), content)
    if draft_id is None:
        return _begin_draft(door, caller, mapping, read)
    try:
        with door.till.store.begin(caller.agencies) as tx:
            return _replace_draft(door, tx, caller, mapping, read, draft_id, version)
    except VersionTaken:
        raise CaseMoved from None


def _begin_draft(
    door: ApplicantDesk, caller: Caller, mapping: ServiceMapping, content: dict[str, JsonValue]
) -> DraftView:
    now = door.desk.clock.now()
    draft = Draft(
        door.desk.new_id(), door.desk.directory.agency_id(mapping.agency), caller.person_id, caller.login_id,
        mapping.id, mapping.version, caller.app.platform, content, 1, now, now,
    )  # fmt: skip
    with door.till.store.begin(caller.agencies) as tx:
        persons = tx.persons.joined_ids(caller.person_id)
        if len(tx.drafts.list_of_persons(persons, MOST_DRAFTS)) >= MOST_DRAFTS:
            raise Conflict(detail={"drafts": MOST_DRAFTS})
        tx.drafts.save(draft)
    return view_draft(mapping, draft, ())


def _replace_draft(
    door: ApplicantDesk, tx: Transaction, caller: Caller, mapping: ServiceMapping, content: dict[str, JsonValue],
    draft_id: UUID, version: int,
) -> DraftView:  # fmt: skip
    known = load_open_draft(door, tx, caller, draft_id)
    if known.service != mapping.id or known.version != version:
        raise CaseMoved
    draft = replace(
        known, content=content, mapping_version=mapping.version, version=version + 1, updated_at=door.desk.clock.now()
    )
    tx.drafts.save(draft)
    return view_draft(mapping, draft, tx.files.list_of(draft_id))


def load_open_draft(door: ApplicantDesk, tx: Transaction, caller: Caller, draft_id: UUID) -> Draft:
    """A draft that the caller may edit and that was not handed in. Raises ``NotFound``, ``MandateEnded``, ``NotAllowedNow``."""
    draft = load_own_draft(door.desk, tx, caller, draft_id)
    if draft.submitted_at is not None:
        raise NotAllowedNow(detail={"state": "submitted", "asked": "edit"})
    return draft


def read_draft(door: ApplicantDesk, caller: Caller, draft_id: UUID) -> DraftView:
    """A draft of the caller's, or of a colleague's for the same organisation. Raises ``NotFound``, ``MandateEnded``, ``NotAllowedNow``."""
    with door.till.store.begin(caller.agencies) as tx:
        draft = load_open_draft(door, tx, caller, draft_id)
        files = tx.files.list_of(draft_id)
    return view_draft(door.desk.catalogue.service_at(draft.service, draft.mapping_version), draft, files)


def list_drafts(door: ApplicantDesk, caller: Caller) -> list[Draft]:
    """The caller's drafts and those of colleagues for the same organisations, not handed in, newest first; MOST_DRAFTS at most."""
    with door.till.store.begin(caller.agencies) as tx:
        standing = find_standing(door.desk, tx, caller)
        found = tx.drafts.list_of_persons(_list_writers(tx, standing), MOST_DRAFTS)
    return [draft for draft in found if standing.may_edit(draft)]


def _list_writers(tx: Transaction, standing: Standing) -> list[UUID]:
    """The caller, and everybody who acts or acted for the same organisations."""
    colleagues = tx.mandates.list_of_principal((), standing.organisations) if standing.organisations else []
    known = dict.fromkeys(one.agent_person_id for one in colleagues if one.agent_person_id is not None)
    joined = [person for colleague in known for person in tx.persons.joined_ids(colleague)]
    return list(dict.fromkeys([*sorted(standing.persons), *joined]))


def discard_draft(door: ApplicantDesk, caller: Caller, draft_id: UUID) -> None:
    """Throw a draft away, with the index of its files. Raises ``NotFound``, ``MandateEnded``, ``NotAllowedNow``."""
    with door.till.store.begin(caller.agencies) as tx:
        load_open_draft(door, tx, caller, draft_id)
        tx.drafts.discard(draft_id)


def view_draft(mapping: ServiceMapping, draft: Draft, files: tuple[StoredFile, ...] | list[StoredFile]) -> DraftView:
    """The draft and what it lacks of what an applicant fills in."""
    terms, given = terms_of(mapping), draft.content.get("inputs") or {}
    lacking = {
        f"inputs.{name}": "required"
        for name, asked in mapping.inputs.items()
        if is_typed(asked) and not asked.optional and not asked.prefilled_from and name not in given
    }
    brought = {**gather_files(files, terms.materials), **name_promises(draft.content)}
    missing = find_missing_materials(terms, brought, draft.content.get("later") or ())
    return DraftView(draft, tuple(files), lacking | {f"materials.{name}": "required" for name in missing})
