"""What the events of a service's mapping come to: what is in force, what waits for whom. And what a new version lets out more.

Pure rules; ``services/publishing.py`` decides upon them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.exposure_label import widens
from services.mapping import ServiceMapping
from services.mapping_record import PUTS_IN_FORCE, MappingAct, MappingEvent
from services.model import Language

ALONE = frozenset({MappingAct.ROLLED_BACK, MappingAct.SWITCHED_OFF})
"""What one person may do at once, and another reviews after."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that waits to be published. ``approved`` is what a privacy officer has agreed to let out more."""

    version: int
    number: int
    by: UUID | None
    at: datetime
    approved_by: UUID | None = None
    approved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service. ``in_force`` is None before anything was; ``to_review`` holds what one person did alone, oldest first.

    ``was_in_force`` are the versions that a rollback may go to: the one in force now is the last, each once.
    """

    in_force: int | None = None
    off: Mapping[Language, str] = field(default_factory=dict)
    proposal: Proposal | None = None
    to_review: tuple[MappingEvent, ...] = ()
    was_in_force: tuple[int, ...] = ()
    next_number: int = 1


def read_state(events: Iterable[MappingEvent]) -> ServiceState:
    """The state after all events of one service, oldest first."""
    state = ServiceState()
    for event in events:
        state = _follow(state, event)
    return state


def _follow(state: ServiceState, event: MappingEvent) -> ServiceState:
    proposal, off, to_review = state.proposal, state.off, state.to_review
    in_force, was = state.in_force, state.was_in_force
    if event.act in PUTS_IN_FORCE:
        in_force = event.version
        was = (*(version for version in was if version != in_force), in_force)
    if event.act in {MappingAct.IMPORTED, MappingAct.PUBLISHED} and proposal and proposal.version <= event.version:
        proposal = None
    if must_be_reviewed(event):
        to_review = (*to_review, event)
    match event.act:
        case MappingAct.PROPOSED:
            proposal = Proposal(event.version, event.number, event.by, event.at)
        case MappingAct.PRIVACY_APPROVED if proposal is not None:
            proposal = replace(proposal, approved_by=event.by, approved=frozenset(read_widening(event)))
        case MappingAct.REFUSED:
            proposal = None
        case MappingAct.SWITCHED_OFF:
            off = read_sentence(event)
        case MappingAct.SWITCHED_ON:
            off = {}
        case MappingAct.REVIEWED:
            to_review = tuple(one for one in to_review if one.number != event.data.get("number"))
    return ServiceState(in_force, off, proposal, to_review, was, event.number + 1)


def must_be_reviewed(event: MappingEvent) -> bool:
    """Whether one person did this alone: a rollback, a switch-off, and what the operator published from the command line."""
    return event.act in ALONE or (event.act is MappingAct.PUBLISHED and event.by is None)


def read_widening(event: MappingEvent) -> tuple[str, ...]:
    """What an event's version let out more than the one before it, as ``list_widening`` wrote it."""
    found = event.data.get("widens")
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def read_sentence(event: MappingEvent) -> dict[Language, str]:
    """What citizens read while the service is switched off."""
    found = event.data.get("sentence")
    return {Language(language): str(text) for language, text in found.items()} if isinstance(found, dict) else {}


def list_widening(before: ServiceMapping | None, after: ServiceMapping) -> tuple[str, ...]:
    """Every field that a platform may see more in some direction, and every channel more, by its place in the file.

    Of a service that was not there before, everything is more.
    """
    return tuple(sorted(str(one) for one in widens(before, after)))


def former_version(state: ServiceState) -> int | None:
    """The version that was in force before the present one."""
    return state.was_in_force[-2] if len(state.was_in_force) > 1 else None


def highest_version(versions: Sequence[int]) -> int:
    """The highest version number that a service ever had; 0 if none."""
    return max(versions, default=0)
