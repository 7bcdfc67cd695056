"""Whether the effort that a mapping promises is true, and whether a service takes more than others of its kind.

The promise is a ceiling: a mapping that declares fewer clicks, fields or trips than its own graph needs has a fault. Where everything is
known to the government already, one confirmation after opening is all that may be promised (最多点一次). A version that was published
before these rules goes on serving (``mapping_reader.read_mapping``, ``kept``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from config.shapes import Mismatch
from services.counter_reader import read_counter
from services.effort import Asked, Effort, count_effort, derive_trips, label_service
from services.mapping import Input, PaymentTerms, ServiceMapping
from services.model import Assurance, PlatformName

FEWEST_NEIGHBOURS = 2
"""With fewer others of its kind nothing is said."""
TIMES, MORE = 1.5, 3
"""A service stands out with half again as much as the middle of its neighbours, and at least three clicks and fields more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A service among the others of its kind. ``acts`` are clicks and fields; the middles are medians of the neighbours, without it."""

    service: str
    kind: str
    acts: int
    trips: int
    neighbours: int
    middle_acts: float
    middle_trips: float

    @property
    def has_many_acts(self) -> bool:
        """More clicks and fields than its neighbours."""
        more = self.acts - self.middle_acts
        return self.neighbours >= FEWEST_NEIGHBOURS and self.acts >= TIMES * self.middle_acts and more >= MORE

    @property
    def has_many_trips(self) -> bool:
        """At least one trip more than its neighbours."""
        return self.neighbours >= FEWEST_NEIGHBOURS and self.trips - self.middle_trips >= 1

    @property
    def stands_out(self) -> bool:
        """Either."""
        return self.has_many_acts or self.has_many_trips


def find_effort_faults(
    value: Mapping[str, Any], inputs: Mapping[str, Input], payment: PaymentTerms
) -> Iterator[Mismatch]:
    """Promises below what the graph needs, of a mapping whose parts have their shape."""
    asked = _ask_value(value, inputs, payment)
    promised = value["effort"]
    yield from _find_trip_faults(asked)
    doors = [door for door in value["channels"] if door != PlatformName.WINDOW]
    if not doors:
        return
    need = count_effort(asked, doors[0])
    if promised["clicks"] < need.clicks:
        yield Mismatch("effort.clicks", "fewer clicks than it takes", say_needed(need.clicks))
    elif _is_known_already(asked, need) and promised["clicks"] > need.clicks:
        expected = f"{need.clicks}: everything is known already, one confirmation is all"
        yield Mismatch("effort.clicks", "more clicks than it takes", expected)
    if "fields" in promised and promised["fields"] < need.fields:
        yield Mismatch("effort.fields", "fewer fields than it takes", say_needed(need.fields))


def _ask_value(value: Mapping[str, Any], inputs: Mapping[str, Input], payment: PaymentTerms) -> Asked:
    chosen = value["kind"] == "bill" and payment.amount == "chosen"
    assurance = Assurance.from_label(value["assurance"])
    return Asked(value["kind"], assurance, inputs, chosen, read_counter(value), value["effort"])


def say_needed(needed: int) -> str:
    """What a promise must be at least."""
    return f"at least {needed}: counted from this file"


def _find_trip_faults(asked: Asked) -> Iterator[Mismatch]:
    """Beside those of the preconditions, of which ``service_rules`` speaks."""
    derived = list(derive_trips(asked))
    before = sum(line.count for line in derived if line.code == "precondition")
    needed = sum(line.count for line in derived)
    if needed > before and before <= asked.effort["trips"] < needed:
        yield Mismatch("effort.trips", "fewer trips than it takes", say_needed(needed))


def _is_known_already(asked: Asked, need: Effort) -> bool:
    """Whether something is prefilled or fetched, and nothing has to be entered, brought or paid."""
    spared = any(line.code in ("filled_in", "prefilled", "fetched") for line in need.lines)
    return spared and asked.kind != "bill" and need.is_click_once


def compare_neighbours(services: Iterable[ServiceMapping]) -> dict[str, Standing]:
    """Every service that has a door beside the window among the others of its kind, by id."""
    weighed = {one.id: (one.kind, *_weigh(one)) for one in services if _online_door(one)}
    return {service: _stand(service, weighed) for service in weighed}


def _online_door(mapping: ServiceMapping) -> str:
    return next((str(door) for door in mapping.channels if door != PlatformName.WINDOW), "")


def _weigh(mapping: ServiceMapping) -> tuple[int, int]:
    effort = next(one for one in label_service(mapping) if one.door == _online_door(mapping))
    return effort.clicks + effort.fields, effort.trips


def _stand(service: str, weighed: Mapping[str, tuple[str, int, int]]) -> Standing:
    kind, acts, trips = weighed[service]
    others = [one for name, one in weighed.items() if name != service and one[0] == kind]
    middle_acts = float(median([one[1] for one in others])) if others else 0.0
    middle_trips = float(median([one[2] for one in others])) if others else 0.0
    return Standing(service, kind, acts, trips, len(others), middle_acts, middle_trips)


def list_doors_alike(efforts: Iterable[Effort]) -> list[tuple[tuple[str, ...], Effort]]:
    """Labels without repetition: doors whose service takes the same, and what it takes."""
    found: list[tuple[list[str], Effort]] = []
    for effort in efforts:
        doors = next((doors for doors, known in found if known.lines == effort.lines), None)
        if doors is None:
            found.append(([effort.door], effort))
        else:
            doors.append(effort.door)
    return [(tuple(doors), effort) for doors, effort in found]
