"""What staff see of the mappings of their agencies: the catalogue, one service with its history, one version, two versions beside each other.

Reading only, by IT, the privacy officer, heads and auditors, each within the agencies that their role reaches; of another agency's
service nobody learns whether there is one. What changes something is in ``services/publishing.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from uuid import UUID

from config.strict_yaml import Fault, line_of, read_document
from services.console_ports import ConsoleStore, ConsoleTransaction
from services.errors import NotFound, NotPermitted
from services.exposure_label import Widening, widens
from services.mapping import ServiceMapping
from services.mapping_diff import MappingDiff, diff_mappings
from services.mapping_reader import read_mapping
from services.mapping_record import MappingEvent, MappingVersion, digest_mapping
from services.model import JsonValue
from services.ports import Clock
from services.publication_state import ServiceState, highest_version, read_state
from services.staff_rules import read_reason, read_remark
from services.staffing import Act, Actor, AgencyTree, Role, StaffMember
from services.trial_rules import asks_the_same
from services.vocabulary import Vocabulary

READERS = (Role.IT, Role.PRIVACY, Role.HEAD, Role.AUDITOR)
PARSED_AT_MOST = 500
NO_PERSON = "information"
"""The kind of service that reads nobody: trying what is in force of it asks for no reason. A draft only claims to be of this kind."""


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service in the catalogue. ``mapping`` is the version in force, else the one that waits; None if it cannot be read."""

    service: str
    agency_id: UUID
    state: ServiceState
    mapping: ServiceMapping | None


@dataclass(frozen=True, slots=True)
class VersionShown:
    """One version with what it means; ``faults`` if this release cannot read it."""

    kept: MappingVersion
    mapping: ServiceMapping | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """All that is kept of one service: versions newest first, events oldest first, and who they name."""

    service: str
    agency_id: UUID
    state: ServiceState
    versions: tuple[MappingVersion, ...]
    events: tuple[MappingEvent, ...]
    people: Mapping[UUID, StaffMember]

    @property
    def next_version(self) -> int:
        """The lowest number that a new version may have."""
        return highest_version([known.version for known in self.versions]) + 1

    def version(self, number: int) -> MappingVersion | None:
        """The version of this number."""
        return next((one for one in self.versions if one.version == number), None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions beside each other: lines, meaning, and what the new one lets platforms see more."""

    diff: MappingDiff
    more: tuple[Widening, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version that waits to be published, with what it would let platforms see more; ``missing`` of that nobody approved yet."""

    line: ServiceLine
    shown: VersionShown
    more: tuple[Widening, ...]
    missing: tuple[Widening, ...]


@dataclass(frozen=True, slots=True)
class MappingDesk:
    """All raise ``NotPermitted`` for somebody without a role that reads, ``NotFound``, ``StoreUnavailable``."""

    store: ConsoleStore
    vocabulary: Vocabulary
    clock: Clock
    new_id: Callable[[], UUID]
    parsed: dict[str, tuple[ServiceMapping | None, tuple[Fault, ...]]] = field(default_factory=dict)

    def list_services(self, actor: Actor) -> list[ServiceLine]:
        """Every service of one's agencies, in the order of ids."""
        with self.store.begin(reach(actor)) as tx:
            return list(self._read_lines(tx))

    def _read_lines(self, tx: ConsoleTransaction) -> Iterator[ServiceLine]:
        for service, events in groupby(tx.mappings.list_all_events(), key=lambda event: event.service):
            known = list(events)
            state = read_state(known)
            number = state.in_force or (state.proposal.version if state.proposal else known[-1].version)
            kept = tx.mappings.load_version(service, number)
            yield ServiceLine(service, known[0].agency_id, state, self.show(kept).mapping if kept else None)

    def open_service(self, actor: Actor, service: str) -> ServiceFile:
        """One service with everything that is kept of it."""
        with self.store.begin(reach(actor)) as tx:
            events = tx.mappings.list_events(service)
            versions = tx.mappings.list_versions(service)
        if not events:
            raise NotFound("no mapping of this service is kept")
        named = {event.by for event in events} | {version.made_by for version in versions}
        people = self._name_people(actor.tree, named)
        return ServiceFile(service, events[0].agency_id, read_state(events), tuple(versions), tuple(events), people)

    def _name_people(self, tree: AgencyTree, wanted: Iterable[UUID | None]) -> dict[UUID, StaffMember]:
        """Whoever changed one's mappings is known by name, whatever agency they belong to."""
        sought = {staff_id for staff_id in wanted if staff_id is not None}
        if not sought:
            return {}
        with self.store.begin(tuple(tree.parents)) as tx:
            return {member.staff_id: member for member in tx.staff.list_members() if member.staff_id in sought}

    def list_waiting(self, actor: Actor) -> list[Waiting]:
        """Every version of one's agencies that waits to be published."""
        with self.store.begin(reach(actor)) as tx:
            lines = [line for line in self._read_lines(tx) if line.state.proposal]
            kept = [tx.mappings.load_version(line.service, _proposed(line.state)) for line in lines]
        return [self._weigh(line, version) for line, version in zip(lines, kept, strict=True) if version is not None]

    def _weigh(self, line: ServiceLine, version: MappingVersion) -> Waiting:
        shown = self.show(version)
        before = line.mapping if line.state.in_force is not None else None
        more = widens(before, shown.mapping) if shown.mapping is not None else ()
        approved = line.state.proposal.approved if line.state.proposal else frozenset()
        return Waiting(line, shown, more, tuple(one for one in more if str(one) not in approved))

    def show(self, kept: MappingVersion) -> VersionShown:
        """A version as this release reads it; each is read once."""
        if kept.digest not in self.parsed:
            if len(self.parsed) >= PARSED_AT_MOST:
                self.parsed.clear()
            place = f"{kept.service}.yaml"
            found = read_mapping(place, kept.content, self.vocabulary, documents=kept.documents, kept=True)
            self.parsed[kept.digest] = (found[0], tuple(found[1]))
        return VersionShown(kept, *self.parsed[kept.digest])

    def compare(self, old: MappingVersion | None, new: MappingVersion) -> Comparison:
        """Two versions; without an old one everything is new."""
        before = self.show(old).mapping if old else None
        diff = diff_mappings(old.content if old else b"{}", new.content, _name(old), _name(new))
        after = self.show(new).mapping
        return Comparison(diff, widens(before, after) if after is not None and (before or old is None) else ())

    def find_place_faults(self, actor: Actor, file: str, content: bytes, mapping: ServiceMapping) -> list[Fault]:
        """What a file without a fault has against being proposed here by this person: its agency, its number."""
        found, lines = [], read_document(file, content).lines
        own = {actor.tree.slugs[agency] for agency in actor.agencies_as(Role.IT)}
        if mapping.agency not in own:
            told = "an agency of one's own, one of " + ", ".join(sorted(own))
            found.append(Fault(file, line_of(lines, "agency"), "agency", "an agency out of reach", told))
            return found
        try:
            known = self.open_service(actor, mapping.id)
        except NotFound:
            return found
        if actor.tree.slugs.get(known.agency_id) != mapping.agency:
            told = actor.tree.slugs.get(known.agency_id, "")
            found.append(Fault(file, line_of(lines, "agency"), "agency", "another agency than the service's", told))
        if mapping.version < known.next_version:
            told = f"a number from {known.next_version} on, above any that the service ever had"
            found.append(Fault(file, line_of(lines, "version"), "version", "a number that was there before", told))
        return found

    def find_in_force(self, actor: Actor, service: str) -> ServiceMapping | None:
        """The version in force of a service that one may see, if there is one and this release reads it."""
        try:
            file = self.open_service(actor, service)
        except NotFound:
            return None
        kept = file.version(file.state.in_force) if file.state.in_force is not None else None
        return self.show(kept).mapping if kept else None

    def note_trial(self, actor: Actor, mapping: ServiceMapping, content: bytes, reason: str) -> None:
        """Write down, before it runs, who tries what and why: a trial shows what a back end holds about somebody.

        What it may ask, and where, is written down as well: of a draft that nobody proposes nothing else remains.
        Only IT of the mapping's own agency, since its addresses and secrets are used. Raises ``InputRefused`` for no reason.
        """
        agency_id = next((agency for agency, slug in actor.tree.slugs.items() if slug == mapping.agency), None)
        if agency_id is None:
            raise NotPermitted
        public = mapping.kind == NO_PERSON and asks_the_same(mapping, self.find_in_force(actor, mapping.id))
        told = read_remark(reason) if public else read_reason(reason)
        with self.store.begin(reach(actor)) as tx:
            replace(actor, tree=self.store.agency_tree()).require((Role.IT,), agency_id)
            detail: dict[str, JsonValue] = {
                "version": mapping.version, "digest": digest_mapping(content, mapping.documents),
                "calls": [*list_calls(mapping)],
            }  # fmt: skip
            who = actor.member.staff_id
            tx.acts.append(
                Act(self.new_id(), agency_id, self.clock.now(), who, "mapping.try", "mapping", mapping.id, told, detail)
            )


def list_calls(mapping: ServiceMapping) -> Iterator[str]:
    """Each call that a mapping may make, without a value: operation, back end, and method with path, action, or statement."""
    for operation in mapping.back_end.operations.values():
        for call in operation.calls:
            asked = (
                f"{call.method} {call.path}".strip()
                if call.path
                else call.action or ("statement" if call.statement else "document")
            )
            yield f"{operation.name}: {call.back_end}: {asked}"


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency whose mappings the actor may read. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*READERS)


def _proposed(state: ServiceState) -> int:
    return state.proposal.version if state.proposal else 0


def _name(version: MappingVersion | None) -> str:
    return f"{version.service}.yaml · {version.version}" if version else "/dev/null"
