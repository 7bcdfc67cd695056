"""What a service takes a citizen: every click, field, screen and trip, each with its reason, counted from the mapping and from nothing else.

A **click** is one act by which something is chosen, ticked, attached or confirmed. A **field** is something typed. Typing is counted apart
from clicking: one sum of both would hide the larger of the two. Opening the service is where counting begins; it is not counted itself.
A **trip** is a way to any office and back, those of the preconditions included (到办事现场次数, ``limit_scene_num``). What somebody does
once in their life (proving a name) or once for an organisation stands apart under ``When.KNOWN`` and is in no budget of a service.

Counted is the way of somebody who leaves out what is optional, brings one file for each paper and takes the result by the easiest way
that is offered; nothing goes wrong on it (corrections, a refusal, a till that asks twice are not effort that a mapping decides).
``tests/unit/gateway/test_effort_walked.py`` walks it at the public app and at the web door. Pure and deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.counter_terms import CounterTerms, Material
from services.effort_words import DELIVERIES, THINGS, Texts, name_thing
from services.mapping import Input, ServiceMapping
from services.model import Assurance, PlatformName
from services.service_words import is_typed

CHOSEN = frozenset({"choice", "flag", "date", "month"})
"""Types of inputs that are picked with one tap and not typed."""
COPIES = frozenset({"B", "C"})
CASE_PATH, DRAFT_PATH = "/v1/cases/{case}", "/v1/drafts/{draft}"
SERVICE_PATH = "/v1/services/{service}"


class Sort(StrEnum):
    """What is counted."""

    CLICK = "click"
    FIELD = "field"
    SCREEN = "screen"
    TRIP = "trip"


class When(StrEnum):
    """``KNOWN``: once for a person or an organisation. ``FIRST``: the first time with this service. ``EACH``: always. ``AFTER``: for the result."""

    KNOWN = "known"
    FIRST = "first"
    EACH = "each"
    AFTER = "after"


OWN = frozenset({When.FIRST, When.EACH, When.AFTER})
"""What belongs to the service and not to who somebody is."""
APPLYING = frozenset({When.FIRST, When.EACH})
AGAIN = frozenset({When.EACH, When.AFTER})


@dataclass(frozen=True, slots=True)
class EffortLine:
    """One entry of the label: ``count`` of a sort (0: what somebody is spared), of ``what``, because of ``code`` (``effort_words.REASONS``).

    ``ground`` is the law that asks for it, where one does; ``request`` the request that a click sends to the counter (method and path
    with names in braces), empty where it sends none.
    """

    sort: Sort
    when: When
    count: int
    code: str
    what: Texts
    ground: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Effort:
    """The label of a service at one door (``wechat``, ``alipay``, ``web`` or ``window``)."""

    door: str
    lines: tuple[EffortLine, ...]

    def count(self, sort: Sort, when: Iterable[When] = OWN) -> int:
        """How many of this sort."""
        wanted = frozenset(when)
        return sum(line.count for line in self.lines if line.sort is sort and line.when in wanted)

    @property
    def clicks(self) -> int:
        """The first time, the result included."""
        return self.count(Sort.CLICK)

    @property
    def fields(self) -> int:
        """Typed the first time."""
        return self.count(Sort.FIELD)

    @property
    def screens(self) -> int:
        """Seen from the opened service to the result."""
        return self.count(Sort.SCREEN)

    @property
    def trips(self) -> int:
        """To any office, preconditions included."""
        return self.count(Sort.TRIP)

    @property
    def is_click_once(self) -> bool:
        """Whether one confirmation after opening is all that it takes to apply (一键办理)."""
        online = self.door != PlatformName.WINDOW
        return online and self.count(Sort.CLICK, APPLYING) == 1 and self.count(Sort.FIELD, APPLYING) == 0


@dataclass(frozen=True, slots=True)
class Asked:
    """All of a mapping that decides what its service takes. ``effort`` is the block of this name."""

    kind: str
    assurance: Assurance
    inputs: Mapping[str, Input]
    chosen_amount: bool
    counter: CounterTerms | None
    effort: Mapping[str, Any]


def ask_mapping(mapping: ServiceMapping) -> Asked:
    """What decides, of a mapping."""
    chosen = mapping.kind == "bill" and mapping.payment.amount == "chosen"
    return Asked(mapping.kind, mapping.assurance, mapping.inputs, chosen, mapping.counter, mapping.effort)


def label_service(mapping: ServiceMapping) -> tuple[Effort, ...]:
    """The label of a service at each of its doors, in the mapping's order."""
    asked = ask_mapping(mapping)
    return tuple(count_effort(asked, str(door)) for door in mapping.channels)


def label_at(mapping: ServiceMapping, door: str) -> Effort:
    """The label at one door, also one at which the mapping does not offer the service."""
    return count_effort(ask_mapping(mapping), door)


def count_effort(asked: Asked, door: str) -> Effort:
    """The label. At the window somebody else does the clicking and typing: what is left are trips."""
    if door == PlatformName.WINDOW:
        come = _line(Sort.TRIP, When.EACH, 1, "come")
        return Effort(door, (come, *_list_trips(asked, at_window=True)))
    lines = (*_list_known(asked, door), *FLOWS[asked.kind](asked), *_list_trips(asked, at_window=False))
    return Effort(door, lines)


def _line(sort: Sort, when: When, count: int, code: str, request: str = "", ground: str = "") -> EffortLine:
    return EffortLine(sort, when, count, code, THINGS[code], ground, request)


def _list_known(asked: Asked, door: str) -> Iterator[EffortLine]:
    """Who somebody is, as far as the service must know."""
    known, field, click = When.KNOWN, Sort.FIELD, Sort.CLICK
    if door == PlatformName.WEB:
        yield _line(field, known, 1, "telephone")
        yield _line(click, known, 1, "send_code", "POST /v1/codes")
        yield _line(field, known, 1, "code")
        yield _line(field, known, 1, "last_six")
        yield _line(click, known, 1, "sign_in", "POST /v1/sessions")
    elif asked.assurance >= Assurance.PHONE:
        yield _line(click, known, 1, "prove_phone", "POST /v1/identity/phone")
        if asked.assurance >= Assurance.REAL_NAME:
            yield _line(field, known, 1, "real_name")
            yield _line(field, known, 1, "identity_number")
            yield _line(click, known, 1, "prove_name", "POST /v1/identity/real-name")
    if asked.counter is not None and asked.counter.applicants == ("organisation",):
        yield _line(field, known, 1, "credit_code")
        yield _line(click, known, 1, "prove_organisation", "POST /v1/organisations")


def _list_inputs(asked: Asked, when: When) -> Iterator[EffortLine]:
    for one in asked.inputs.values():
        sort = Sort.CLICK if one.type in CHOSEN else Sort.FIELD
        if not is_typed(one):
            yield EffortLine(sort, when, 0, "filled_in", one.label)
        elif one.prefilled_from:
            yield EffortLine(sort, when, 0, "prefilled", one.label)
        elif one.optional:
            yield EffortLine(sort, when, 0, "optional", one.label)
        else:
            yield EffortLine(sort, when, 1, "choose" if sort is Sort.CLICK else "type", one.label)


def _flow_information(asked: Asked) -> Iterator[EffortLine]:
    yield _line(Sort.SCREEN, When.EACH, 1, "form")
    yield from _list_inputs(asked, When.EACH)
    yield _line(Sort.CLICK, When.EACH, 1, "read", f"GET {SERVICE_PATH}/information")
    yield _line(Sort.SCREEN, When.EACH, 1, "answer")


def _flow_lookup(asked: Asked) -> Iterator[EffortLine]:
    yield _line(Sort.SCREEN, When.EACH, 1, "form")
    yield from _list_inputs(asked, When.EACH)
    yield _line(Sort.CLICK, When.EACH, 1, "look_up", f"POST {SERVICE_PATH}/lookups")
    yield _line(Sort.SCREEN, When.EACH, 1, "answer")


def _flow_application(asked: Asked) -> Iterator[EffortLine]:
    yield _line(Sort.SCREEN, When.EACH, 1, "form")
    yield from _list_inputs(asked, When.EACH)
    yield _line(Sort.CLICK, When.EACH, 1, "submit", f"POST {SERVICE_PATH}/applications")
    yield _line(Sort.SCREEN, When.EACH, 1, "outcome")


def _flow_bill(asked: Asked) -> Iterator[EffortLine]:
    """The number is bound the first time and known from then on (``services/households.py``)."""
    yield _line(Sort.SCREEN, When.FIRST, 1, "number")
    yield from _list_inputs(asked, When.FIRST)
    yield _line(Sort.CLICK, When.FIRST, 1, "look_up_household", "POST /v1/households/lookup")
    yield _line(Sort.SCREEN, When.FIRST, 1, "holder")
    yield _line(Sort.CLICK, When.FIRST, 1, "bind", "POST /v1/households")
    yield _line(Sort.SCREEN, When.EACH, 1, "amount_due" if not asked.chosen_amount else "amount")
    if asked.chosen_amount:
        yield _line(Sort.FIELD, When.EACH, 1, "type_amount")
    yield _line(Sort.CLICK, When.EACH, 1, "order", "POST /v1/payments")
    yield _line(Sort.SCREEN, When.EACH, 1, "till_screen")
    yield _line(Sort.CLICK, When.EACH, 1, "till")
    yield _line(Sort.SCREEN, When.EACH, 1, "payment_receipt")


def _flow_case(asked: Asked) -> Iterator[EffortLine]:
    terms = _require_counter(asked)
    each, papers = When.EACH, [one for one in terms.materials.values() if one.level in COPIES]
    yield _line(Sort.SCREEN, each, 1, "form")
    if len(terms.applicants) > 1:
        yield _line(Sort.CLICK, each, 1, "for_whom")
    yield from _list_inputs(asked, each)
    yield from _list_delivery(terms)
    yield from (line for one in terms.materials.values() if one.level not in COPIES for line in _list_spared(one))
    if papers:
        yield _line(Sort.CLICK, each, 1, "save", f"POST {SERVICE_PATH}/drafts")
        yield _line(Sort.SCREEN, each, 1, "papers")
        yield from (_list_paper(one) for one in papers)
    yield _line(Sort.SCREEN, each, 1, "check")
    yield _line(Sort.CLICK, each, 1, "hand_in", f"POST {DRAFT_PATH}/submit")
    yield _line(Sort.SCREEN, When.AFTER, 1, "case")
    if terms.certificate is not None and "electronic" in terms.delivery:
        yield _line(Sort.CLICK, When.AFTER, 1, "collect", f"POST {CASE_PATH}/collect")


def _list_delivery(terms: CounterTerms) -> Iterator[EffortLine]:
    if len(terms.delivery) > 1:
        yield _line(Sort.CLICK, When.EACH, 1, "choose_delivery")
    if terms.delivery == ("post",):
        yield _line(Sort.FIELD, When.EACH, 1, "address")


def _list_spared(material: Material) -> Iterator[EffortLine]:
    if material.level == "A":
        yield EffortLine(Sort.CLICK, When.EACH, 0, "fetched", material.title, material.legal_ground)
    elif material.optional:
        yield EffortLine(Sort.CLICK, When.EACH, 0, "optional", material.title, material.legal_ground)
    else:
        yield EffortLine(Sort.CLICK, When.EACH, 1, "promise", material.title, material.legal_ground)


def _list_paper(material: Material) -> EffortLine:
    request = f"POST {DRAFT_PATH}/materials/{material.name}/files"
    if material.optional:
        return EffortLine(Sort.CLICK, When.EACH, 0, "optional", material.title, material.legal_ground, request)
    code = "upload_secondary" if material.secondary else "upload"
    return EffortLine(Sort.CLICK, When.EACH, 1, code, material.title, material.legal_ground, request)


def _list_trips(asked: Asked, *, at_window: bool) -> Iterator[EffortLine]:
    """Preconditions, what a window must see or hand over, and what the mapping names beside these with its law."""
    derived = 0
    for line in derive_trips(asked):
        derived += line.count
        if not (at_window and line.code in ("originals", "identity_at_window")):
            yield line
    rest = asked.effort["trips"] - derived
    if rest > 0:
        yield _line(Sort.TRIP, When.EACH, rest, "by_law", ground=str(asked.effort.get("legal_ground", "")))


def derive_trips(asked: Asked) -> Iterator[EffortLine]:
    """The trips that follow from the mapping without being declared as the service's own."""
    for entry in asked.effort.get("preconditions", ()):
        name = name_thing(entry["name"])
        yield EffortLine(Sort.TRIP, When.EACH, entry["trips"], "precondition", name, entry["legal_ground"])
    if asked.assurance >= Assurance.WINDOW:
        yield _line(Sort.TRIP, When.FIRST, 1, "identity_at_window")
    terms = asked.counter
    if terms is None:
        return
    seen = [one for one in terms.materials.values() if one.level == "B" and not one.optional]
    if seen:
        yield _line(Sort.TRIP, When.EACH, 1, "originals", ground=seen[0].legal_ground)
    if terms.delivery == ("window",):
        yield EffortLine(Sort.TRIP, When.AFTER, 1, "collect_at_window", DELIVERIES["window"])


def _require_counter(asked: Asked) -> CounterTerms:
    if asked.counter is None:
        raise ValueError("a case without the terms of its counter")
    return asked.counter


FLOWS: Mapping[str, Callable[[Asked], Iterator[EffortLine]]] = {
    "bill": _flow_bill,
    "application": _flow_application,
    "case": _flow_case,
    "lookup": _flow_lookup,
    "information": _flow_information,
}
"""The way through a service of each kind, as ``docs/effort.md`` draws it."""
