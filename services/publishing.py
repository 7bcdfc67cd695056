"""Publishing a mapping: two people, the privacy officer where more is let out, one person alone only to go back or to switch off.

Every step is a ``MappingEvent`` and an ``Act`` in one transaction. The rules:

- A version is proposed by somebody of IT in the mapping's agency (or above it), and published by **another** of them; whoever
  proposed must still hold the role. The version in the file is higher than any that the service ever had.
- What widens the exposure budget (a field more in any direction on any platform, or a channel more; of a new service everything)
  is published only after a privacy officer approved this very version, and no more than was approved.
- Back to a version that was in force before, or off with a sentence to citizens: one of IT, at once. It stays *to be reviewed*
  until another person has reviewed it: of IT, or the privacy officer; only the latter where it lets out more.
- ``actor`` None is the operator on the command line, above the agencies' reach. A reason is needed for what they do alone, and what
  they publish is reviewed like a rollback.

Of two who change one service at once one wins; the other gets ``Conflict`` and looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from services.console_ports import ConsoleStore, ConsoleTransaction
from services.errors import ConfigurationFault, Conflict, InputRefused, NotFound, NotPermitted, VersionTaken
from services.held_roles import list_held
from services.mapping import ServiceMapping
from services.mapping_files import MAX_DOCUMENT_BYTES
from services.mapping_reader import list_documents, read_mapping
from services.mapping_record import MappingAct, MappingEvent, MappingVersion, digest_mapping
from services.model import JsonValue, Language
from services.ports import Clock
from services.publication_state import (
    Proposal,
    ServiceState,
    former_version,
    highest_version,
    list_widening,
    read_state,
    read_widening,
)
from services.staff_rules import read_reason, read_remark
from services.staffing import Act, Actor, AgencyTree, Role
from services.vocabulary import Vocabulary

ACTS: Mapping[MappingAct, str] = {
    MappingAct.IMPORTED: "mapping.import",
    MappingAct.PROPOSED: "mapping.propose",
    MappingAct.PRIVACY_APPROVED: "mapping.approve_privacy",
    MappingAct.PUBLISHED: "mapping.publish",
    MappingAct.REFUSED: "mapping.refuse",
    MappingAct.ROLLED_BACK: "mapping.roll_back",
    MappingAct.SWITCHED_OFF: "mapping.switch_off",
    MappingAct.SWITCHED_ON: "mapping.switch_on",
    MappingAct.REVIEWED: "mapping.review",
}
"""The code under which each step stands in the book of acts."""
MAX_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping that was read without a fault, in the agency that it names."""

    mapping: ServiceMapping
    agency_id: UUID
    content: bytes

    @property
    def digest(self) -> str:
        """The hash under which it is kept."""
        return digest_mapping(self.content, self.mapping.documents)


@dataclass(frozen=True, slots=True)
class Bench:
    """One open transaction with what is decided upon: the service's agency, its state, and the tree."""

    tx: ConsoleTransaction
    tree: AgencyTree
    service: str
    agency_id: UUID
    state: ServiceState


@dataclass(frozen=True, slots=True)
class PublishingDesk:
    """All steps raise ``NotPermitted``, ``NotFound``, ``Conflict``, ``InputRefused``, ``ConfigurationFault`` with all faults of a file by
    place, ``StoreUnavailable``; all but ``import_file`` return the event that was appended.
    """

    store: ConsoleStore
    vocabulary: Vocabulary
    clock: Clock
    new_id: Callable[[], UUID]

    def propose(
        self, actor: Actor | None, content: bytes, documents: Mapping[str, bytes], *, reason: str = "", file: str = ""
    ) -> MappingEvent:
        """Keep a new version, to be published by somebody else. ``file`` is how faults call it."""
        draft = self.read_draft(content, documents, file)
        with self._open(draft.mapping.id, draft.agency_id) as bench:
            _permit(actor, bench, Role.IT)
            self._require_higher(bench, draft)
            self._keep(bench, draft, actor)
            return self._append(bench, actor, MappingAct.PROPOSED, draft.mapping.version, reason)

    def approve_privacy(self, actor: Actor, service: str, version: int, *, reason: str = "") -> MappingEvent:
        """The privacy officer agrees to what this very version lets out more; never the one who proposed it."""
        with self._open(service) as bench:
            _permit(actor, bench, Role.PRIVACY)
            proposal = _require_proposal(bench, version)
            if proposal.by == actor.member.staff_id:
                raise NotPermitted(
                    "whoever proposed a version does not approve it", detail={"rule": "not_ones_own_proposal"}
                )
            widens = self._list_widening(bench, version)
            return self._append(
                bench, actor, MappingAct.PRIVACY_APPROVED, version, reason, {"widens": list[JsonValue](widens)}
            )

    def publish(self, actor: Actor, service: str, version: int, *, reason: str = "") -> MappingEvent:
        """Put a proposed version in force. Raises ``Conflict`` with ``detail.widens`` where the privacy officer has to approve first."""
        with self._open(service) as bench:
            _permit(actor, bench, Role.IT)
            proposal = _require_proposal(bench, version)
            if proposal.by == actor.member.staff_id:
                raise NotPermitted(
                    "whoever proposed a version does not publish it", detail={"rule": "not_ones_own_proposal"}
                )
            if proposal.by is not None and not self._still_holds(bench, proposal.by, Role.IT):
                raise Conflict(
                    "whoever proposed this version is no longer in the agency's IT: propose it again",
                    detail={"rule": "proposer_left"},
                )
            widens = self._list_widening(bench, version)
            if set(widens) - proposal.approved:
                raise Conflict(
                    "a privacy officer has to approve this version first",
                    detail={"rule": "privacy_first", "widens": list(widens)},
                )
            return self._append(
                bench, actor, MappingAct.PUBLISHED, version, reason, {"widens": list[JsonValue](widens)}
            )

    def refuse(self, actor: Actor, service: str, version: int, *, reason: str) -> MappingEvent:
        """Take a proposal off the table: IT (whoever proposed it too) or the privacy officer, with a reason."""
        with self._open(service) as bench:
            _permit(actor, bench, Role.IT, Role.PRIVACY)
            _require_proposal(bench, version)
            return self._append(bench, actor, MappingAct.REFUSED, version, read_reason(reason))

    def roll_back(self, actor: Actor | None, service: str, to: int | None = None, *, reason: str) -> MappingEvent:
        """Put a version in force again that was before: at once, by one person, reviewed after. ``to`` None: the one before."""
        with self._open(service) as bench:
            _permit(actor, bench, Role.IT)
            target = to if to is not None else former_version(bench.state)
            if target is None or target not in bench.state.was_in_force:
                raise Conflict("there is no such version that was in force before", detail={"rule": "never_in_force"})
            if target == bench.state.in_force:
                raise Conflict("this version is in force", detail={"rule": "in_force_already"})
            data: dict[str, JsonValue] = {
                "from": bench.state.in_force, "widens": list[JsonValue](self._list_widening(bench, target)),
            }  # fmt: skip
            return self._append(bench, actor, MappingAct.ROLLED_BACK, target, read_reason(reason), data)

    def switch_off(
        self, actor: Actor | None, service: str, sentence: Mapping[Language, str], *, reason: str
    ) -> MappingEvent:
        """No new business, at once, by one person, reviewed after; citizens read ``sentence``. What is under way goes on."""
        told = {str(language): _require_sentence(sentence, language) for language in Language}
        with self._open(service) as bench:
            _permit(actor, bench, Role.IT)
            return self._append(
                bench,
                actor,
                MappingAct.SWITCHED_OFF,
                _in_force(bench),
                read_reason(reason),
                {"sentence": dict(told)},
            )

    def switch_on(self, actor: Actor | None, service: str, *, reason: str = "") -> MappingEvent:
        """New business again."""
        with self._open(service) as bench:
            _permit(actor, bench, Role.IT)
            if not bench.state.off:
                raise Conflict("this service is not switched off", detail={"rule": "not_off"})
            return self._append(bench, actor, MappingAct.SWITCHED_ON, _in_force(bench), reason)

    def review(self, actor: Actor, service: str, number: int, *, reason: str = "") -> MappingEvent:
        """Another person has looked at what somebody did alone (``number`` of that event)."""
        with self._open(service) as bench:
            done = next((event for event in bench.state.to_review if event.number == number), None)
            widened = done is not None and read_widening(done)
            _permit(actor, bench, Role.PRIVACY, *(() if widened else (Role.IT,)))
            if done is None:
                raise Conflict("there is nothing to review under this number", detail={"rule": "nothing_to_review"})
            if done.by == actor.member.staff_id:
                raise NotPermitted("whoever did it does not review it", detail={"rule": "not_ones_own_act"})
            return self._append(bench, actor, MappingAct.REVIEWED, done.version, reason, {"number": number})

    def publish_file(
        self, content: bytes, documents: Mapping[str, bytes], *, reason: str, file: str = ""
    ) -> MappingEvent | None:
        """The operator's way, without a second person; reviewed after. None if the file is what is in force already."""
        draft = self.read_draft(content, documents, file)
        with self._open(draft.mapping.id, draft.agency_id) as bench:
            if self._is_in_force(bench, draft):
                return None
            if self._knows(bench, draft) and (
                bench.state.proposal is None or bench.state.proposal.version != draft.mapping.version
            ):
                raise Conflict("this version was there before: roll back to it, or give the file a higher one")
            if not self._knows(bench, draft):
                self._require_higher(bench, draft)
            self._keep(bench, draft, None)
            widens = self._list_widening(bench, draft.mapping.version)
            return self._append(
                bench, None, MappingAct.PUBLISHED, draft.mapping.version, read_reason(reason),
                {"widens": list[JsonValue](widens)},
            )  # fmt: skip

    def import_file(
        self, content: bytes, documents: Mapping[str, bytes], *, reason: str = "", file: str = ""
    ) -> MappingAct | None:
        """The first import of a service puts it in force (``IMPORTED``); a later one of a changed file proposes it (``PROPOSED``).

        None if the version is known with this content. Raises ``Conflict`` for another content without a higher version.
        """
        draft = self.read_draft(content, documents, file)
        with self._open(draft.mapping.id, draft.agency_id) as bench:
            if self._knows(bench, draft):
                return None
            self._require_higher(bench, draft)
            act = MappingAct.IMPORTED if bench.state.in_force is None else MappingAct.PROPOSED
            self._keep(bench, draft, None)
            self._append(bench, None, act, draft.mapping.version, reason)
            return act

    def read_draft(self, content: bytes, documents: Mapping[str, bytes], file: str = "") -> Draft:
        """A file without a fault, in an agency of this environment. Raises ``ConfigurationFault`` with all faults by place."""
        place = file or "mapping.yaml"
        mapping, faults = read_mapping(place, content, self.vocabulary, documents=documents)
        if mapping is None:
            raise ConfigurationFault("\n".join(str(fault) for fault in faults))
        for path in list_documents(mapping.raw):
            if path not in mapping.documents:
                raise ConfigurationFault(f"{place}:1: found no file {path}, expected it beside the mapping")
            if len(mapping.documents[path]) > MAX_DOCUMENT_BYTES:
                raise ConfigurationFault(
                    f"{place}:1: found a too large {path}, expected at most {MAX_DOCUMENT_BYTES} bytes"
                )
        agencies = {slug: agency_id for agency_id, slug in self.store.agency_tree().slugs.items()}
        if mapping.agency not in agencies:
            raise ConfigurationFault(
                f"{place}:1: agency: found no such agency in this environment, expected one of its own"
            )
        return Draft(mapping, agencies[mapping.agency], content)

    @contextmanager
    def _open(self, service: str, agency_id: UUID | None = None) -> Iterator[Bench]:
        """A transaction over all agencies: roles are held above a mapping's agency, and people belong anywhere."""
        tree = self.store.agency_tree()
        try:
            with self.store.begin(tuple(tree.parents)) as tx:
                events = tx.mappings.list_events(service)
                known = events[0].agency_id if events else agency_id
                if known is None:
                    raise NotFound("no mapping of this service is kept")
                if agency_id is not None and agency_id != known:
                    raise Conflict("this service belongs to another agency", detail={"rule": "another_agency"})
                yield Bench(tx, tree, service, known, read_state(events))
        except VersionTaken as error:
            raise Conflict(str(error), detail={"rule": "somebody_was_first"}) from None

    def _append(
        self, bench: Bench, actor: Actor | None, act: MappingAct, version: int, reason: str,
        data: Mapping[str, JsonValue] | None = None,
    ) -> MappingEvent:  # fmt: skip
        at, by, told = self.clock.now(), actor.member.staff_id if actor else None, read_remark(reason)
        event = MappingEvent(
            bench.agency_id,
            bench.service,
            bench.state.next_number,
            act,
            version,
            at,
            by,
            told,
            data or {},
        )
        bench.tx.mappings.append(event)
        detail: dict[str, JsonValue] = {"version": version, "number": event.number}
        bench.tx.acts.append(
            Act(self.new_id(), bench.agency_id, at, by, ACTS[act], "mapping", bench.service, told, detail)
        )
        return event

    def _keep(self, bench: Bench, draft: Draft, actor: Actor | None) -> None:
        made_by = actor.member.staff_id if actor else None
        bench.tx.mappings.add_version(
            MappingVersion(
                bench.agency_id, bench.service, draft.mapping.version, draft.content, draft.mapping.documents, draft.digest,
                self.clock.now(), made_by,
            )
        )  # fmt: skip

    def _knows(self, bench: Bench, draft: Draft) -> bool:
        kept = bench.tx.mappings.load_version(bench.service, draft.mapping.version)
        return kept is not None and kept.digest == draft.digest

    def _is_in_force(self, bench: Bench, draft: Draft) -> bool:
        return bench.state.in_force == draft.mapping.version and self._knows(bench, draft)

    def _require_higher(self, bench: Bench, draft: Draft) -> None:
        highest = highest_version([known.version for known in bench.tx.mappings.list_versions(bench.service)])
        if draft.mapping.version <= highest:
            raise Conflict(
                f"version: expected a number above {highest}, the highest that this service ever had",
                detail={"rule": "version_not_higher"},
            )

    def _list_widening(self, bench: Bench, version: int) -> tuple[str, ...]:
        """What this version lets out more than the one in force; both are read as they were kept."""
        after = self._load(bench, version)
        if after is None:
            raise Conflict(
                "this version can no longer be read: give the file a higher version, and propose it again",
                detail={"rule": "cannot_be_read"},
            )
        return list_widening(None if bench.state.in_force is None else self._load(bench, bench.state.in_force), after)

    def _load(self, bench: Bench, version: int) -> ServiceMapping | None:
        kept = bench.tx.mappings.load_version(bench.service, version)
        if kept is None:
            return None
        place = f"{bench.service}.yaml"
        return read_mapping(place, kept.content, self.vocabulary, documents=kept.documents, kept=True)[0]

    def _still_holds(self, bench: Bench, staff_id: UUID, role: Role) -> bool:
        member, now = bench.tx.staff.load(staff_id), self.clock.now()
        if member is None or member.suspended_at is not None:
            return False
        held = list_held(bench.tx.staff, staff_id, now, bench.tree)
        return Actor(member, held, bench.tree, "").holds(role, bench.agency_id)


def _permit(actor: Actor | None, bench: Bench, *roles: Role) -> None:
    """Roles as they are at this moment of the tree, not of the page that was shown."""
    if actor is not None:
        replace(actor, tree=bench.tree).require(roles, bench.agency_id)


def _require_proposal(bench: Bench, version: int) -> Proposal:
    proposal = bench.state.proposal
    if proposal is None or proposal.version != version:
        raise Conflict("this version does not wait to be published: look again", detail={"rule": "does_not_wait"})
    return proposal


def _in_force(bench: Bench) -> int:
    if bench.state.in_force is None:
        raise Conflict("nothing of this service is in force", detail={"rule": "nothing_in_force"})
    return bench.state.in_force


def _require_sentence(sentence: Mapping[Language, str], language: Language) -> str:
    text = " ".join(sentence.get(language, "").split())
    if not text or len(text) > MAX_SENTENCE or not text.isprintable():
        raise InputRefused(detail={f"sentence.{language}": "missing" if not text else "form"})
    return text
