"""A case and everything that happened to it, folded into what people ask of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.case_record import Case, CaseEvent, CaseState
from services.model import JsonValue

ACCEPTING = ("accepted", "accepted_with_gap", "deemed_accepted")
DECIDING = ("granted", "refused")
SUPPLYING = ("case_received", "corrected", "gap_supplied", "fixed_on_the_spot")
"""Events whose data may bring ``materials`` {name: {"files": […], "vouched": flag}} and ``inputs`` {name: value}."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case and its events, oldest first."""

    case: Case
    events: tuple[CaseEvent, ...]

    @property
    def state(self) -> CaseState:
        return self.events[-1].state

    @property
    def version(self) -> int:
        return self.events[-1].version

    def last(self, *names: str) -> CaseEvent | None:
        """The latest event with one of these names."""
        return next((event for event in reversed(self.events) if event.name in names), None)

    def all_of(self, *names: str) -> tuple[CaseEvent, ...]:
        """Every event with one of these names, oldest first."""
        return tuple(event for event in self.events if event.name in names)

    @property
    def claimed_by(self) -> UUID | None:
        """Who has the case in hand: claimed by themselves or given by the head, and not released since."""
        taken = self.last("claimed", "released", "reassigned")
        if taken is None or taken.name == "released":
            return None
        return taken.staff_id if taken.name == "claimed" else UUID(str(taken.data["to"]))

    @property
    def accepted(self) -> CaseEvent | None:
        """The acceptance: ``data["on"]`` is its legal day (back-dated where the five days lapsed)."""
        return self.last(*ACCEPTING)

    @property
    def accepted_on(self) -> date | None:
        """The day on which the decision clock starts, by law."""
        return date.fromisoformat(str(self.accepted.data["on"])) if self.accepted else None

    @property
    def decision(self) -> CaseEvent | None:
        """The decision: ``data`` has reasons, legal_ground, appeal, on; by a rule also rule and facts."""
        return self.last(*DECIDING)

    @property
    def inputs(self) -> Mapping[str, JsonValue]:
        """What the applicant stated, with what was corrected since."""
        stated = dict(self.case.inputs)
        for event in self.all_of(*SUPPLYING):
            stated.update(event.data.get("inputs") or {})
        return stated

    @property
    def materials(self) -> Mapping[str, Mapping[str, JsonValue]]:
        """The latest of each material, by name: {"files", "vouched", "supplied_at" (version)} or {"fetched": {…}}; what was fetched stands beside."""
        held: dict[str, dict[str, JsonValue]] = {}
        for event in self.events:
            if event.name in SUPPLYING:
                for name, given in (event.data.get("materials") or {}).items():
                    held[name] = {**held.get(name, {}), **given, "version": event.version}
            elif event.name == "material_fetched":
                name = str(event.data["name"])
                held[name] = {**held.get(name, {}), "fetched": dict(event.data), "version": event.version}
            elif event.name == "material_checked":
                name = str(event.data["name"])
                held[name] = {**held.get(name, {}), "checked": {**event.data, "at": event.at, "by": event.staff_id}}
        return held

    @property
    def gap(self) -> CaseEvent | None:
        """The acceptance with a gap, if what it left out has not been supplied since."""
        gap = self.last("accepted_with_gap")
        if gap is None:
            return None
        supplied = {name for event in self.all_of("gap_supplied") for name in (event.data.get("materials") or {})}
        return gap if set(gap.data["missing"]) - supplied else None

    @property
    def step(self) -> int:
        """How many steps of the examination are finished in sequence: the index of the step in hand (joint steps: the first open one)."""
        done = {int(event.data["step"]) for event in self.all_of("step_finished")}
        index = 0
        while index in done:
            index += 1
        return index

    @property
    def steps_done(self) -> frozenset[int]:
        """Indices of the finished steps."""
        return frozenset(int(event.data["step"]) for event in self.all_of("step_finished"))

    @property
    def pending_extension(self) -> CaseEvent | None:
        """An extension that the head has not answered."""
        asked = self.last("extension_asked", "extension_granted", "extension_denied")
        return asked if asked is not None and asked.name == "extension_asked" else None

    @property
    def updated_at(self) -> datetime:
        return self.events[-1].at
