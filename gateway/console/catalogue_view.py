"""What the pages of the mapping rooms show: states and health in words, the label of what platforms see, faults with their line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from config.strict_yaml import Fault
from gateway.console.catalogue_words import CHANNELS, DIRECTIONS, STATES, Words
from gateway.console.fault_words import say_expected, say_found
from gateway.console.frame import SHANGHAI
from services.exposure import Direction
from services.exposure_label import UNASKED, PlatformLabel, SeenField, Widening, label_exposure, name_fields
from services.mapping import ServiceMapping
from services.mapping_desk import ServiceLine
from services.model import Language, PlatformName
from services.vocabulary import Vocabulary

LONGEST_LINE = 120


@dataclass(frozen=True, slots=True)
class Health:
    """How a service's back ends answered since their processes started, and how many processes leave one alone."""

    answered: int = 0
    failed: int = 0
    left_alone: int = 0


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One field of the label in words; ``new``: the version in force does not let it be seen."""

    name: str
    words: Words
    personal: bool
    new: bool


@dataclass(frozen=True, slots=True)
class DirectionShown:
    """One direction of the label."""

    words: Words
    fields: tuple[FieldShown, ...]


@dataclass(frozen=True, slots=True)
class PlatformShown:
    """One part of the label: a platform, or several that see the same."""

    words: Words
    legal_basis: str
    new: bool
    directions: tuple[DirectionShown, ...]


@dataclass(frozen=True, slots=True)
class FaultShown:
    """One fault of a draft, with the line as it stands there."""

    line: int
    place: str
    found: Words
    expected: Words
    nearest: str
    source: str


def draw_label(
    mapping: ServiceMapping, vocabulary: Vocabulary, more: Iterable[Widening] = ()
) -> tuple[PlatformShown, ...]:
    """The label of a version; ``more`` are the fields that it lets be seen beyond the version in force."""
    new = {(one.channel, one.direction, one.field) for one in more}
    drawn = [_draw_platform(part, new) for part in reversed(label_exposure(mapping, vocabulary))]
    return join_alike(drawn)


def join_alike(drawn: Iterable[PlatformShown]) -> tuple[PlatformShown, ...]:
    """One part for all platforms that see the same."""
    alike: dict[str, list[PlatformShown]] = {}
    for part in drawn:
        alike.setdefault(repr((part.legal_basis, part.new, part.directions)), []).append(part)
    return tuple(_join_platforms(same) for same in alike.values())


def _join_platforms(same: list[PlatformShown]) -> PlatformShown:
    """One part for platforms that see the same."""
    chinese, english = "、".join(one.words[0] for one in same), ", ".join(one.words[1] for one in same)
    return replace(same[0], words=(chinese, english))


def _draw_platform(part: PlatformLabel, new: set[tuple[str, str, str]]) -> PlatformShown:
    name = part.platform.value
    directions = tuple(
        DirectionShown(
            DIRECTIONS[direction],
            tuple(_draw_field(seen, (name, direction.value, seen.name) in new) for seen in fields),
        )
        for direction, fields in part.fields.items()
    )
    return PlatformShown(CHANNELS[name], part.legal_basis, (name, "", "") in new, directions)


def _draw_field(seen: SeenField, new: bool) -> FieldShown:
    words = (seen.label.get(Language.ZH_CN, seen.name), seen.label.get(Language.EN, seen.name))
    return FieldShown(seen.name, words, seen.personal, new)


def draw_exposure(
    mapping: ServiceMapping, vocabulary: Vocabulary, seen: Mapping[PlatformName, Mapping[Direction, Iterable[str]]]
) -> tuple[PlatformShown, ...]:
    """What each platform saw of a trial, without the directions in which it saw nothing."""
    drawn = [
        PlatformShown(CHANNELS[platform.value], mapping.legal_basis, False, _draw_seen(mapping, vocabulary, fields))
        for platform, fields in seen.items()
    ]
    return join_alike(drawn)


def _draw_seen(
    mapping: ServiceMapping, vocabulary: Vocabulary, seen: Mapping[Direction, Iterable[str]]
) -> tuple[DirectionShown, ...]:
    return tuple(
        DirectionShown(words, tuple(_draw_field(one, False) for one in name_fields(mapping, vocabulary, seen[direction])))
        for direction, words in DIRECTIONS.items()
        if seen.get(direction)
    )  # fmt: skip


LESS_MASKED: Words = ("减少或更换遮挡", "shown with another mask or none")
UNASKED_WORDS: Words = ("不再征求同意", "no consent is asked for any more")


def say_widening(one: Widening, mapping: ServiceMapping | None, vocabulary: Vocabulary) -> Words:
    """Something more that a platform would see, as a sentence."""
    channel = CHANNELS.get(one.channel, (one.channel, one.channel))
    if not one.field:
        return (f"新渠道：{channel[0]}", f"a new channel: {channel[1]}")
    if one.direction == UNASKED:
        name = mapping.purposes.get(one.field, {}) if mapping else {}
        chinese, english = name.get(Language.ZH_CN, one.field), name.get(Language.EN, one.field)
        return (f"{channel[0]} · {UNASKED_WORDS[0]}：{chinese}", f"{channel[1]} · {UNASKED_WORDS[1]}: {english}")
    direction = next((words for code, words in DIRECTIONS.items() if code.value == one.direction), LESS_MASKED)
    texts = vocabulary.fields.get(one.field) or (mapping.words.get(one.field, {}) if mapping else {})
    chinese, english = texts.get(Language.ZH_CN, one.field), texts.get(Language.EN, one.field)
    return (f"{channel[0]} · {direction[0]}：{chinese}", f"{channel[1]} · {direction[1]}: {english}")


def draw_faults(faults: Sequence[Fault], content: bytes) -> list[FaultShown]:
    """Faults with the source line of each, in the order of lines."""
    lines = content.decode("utf-8", "replace").splitlines()
    return [_draw_fault(fault, lines) for fault in faults]


def _draw_fault(fault: Fault, lines: Sequence[str]) -> FaultShown:
    source = lines[fault.line - 1].strip() if 0 < fault.line <= len(lines) else ""
    found, expected = say_found(fault.found), say_expected(fault.expected)
    return FaultShown(
        fault.line, fault.path, (found, fault.found), (expected, fault.expected), fault.nearest,
        source if len(source) <= LONGEST_LINE else f"{source[:LONGEST_LINE]}…",
    )  # fmt: skip


def list_states(line: ServiceLine, unbound: Mapping[str, str], health: Health, today: date) -> list[str]:
    """How a service stands, by the codes of ``catalogue_words.STATES``: first whether it is served, then what waits for somebody."""
    state = line.state
    serving = "off" if state.off else "not_bound" if line.service in unbound else "served"
    found = [serving if state.in_force is not None else "new"]
    found += ["unreadable"] if line.mapping is None else []
    found += ["waiting"] if state.proposal is not None else []
    found += ["to_review"] if state.to_review else []
    found += ["stale"] if line.mapping is not None and is_stale(line.mapping, today) else []
    return found + (["left_alone"] if health.left_alone else [])


def is_stale(mapping: ServiceMapping, today: date) -> bool:
    """Whether the day has passed on which somebody was to look at the mapping again."""
    review_on = mapping.raw.get("review_on")
    if isinstance(review_on, str):
        review_on = date.fromisoformat(review_on)
    return isinstance(review_on, date) and review_on < today


def day_in_china(now: datetime) -> date:
    """The calendar day there."""
    return now.astimezone(SHANGHAI).date()


def review_day(mapping: ServiceMapping) -> str:
    """When the mapping is to be looked at again; empty if it does not say."""
    return str(mapping.raw.get("review_on", ""))


def say_states(codes: Iterable[str]) -> list[tuple[str, Words]]:
    """States with their words."""
    return [(code, STATES[code]) for code in codes]
