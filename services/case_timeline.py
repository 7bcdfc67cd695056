"""What happened to a case, as its applicant reads it: a sentence each, and the office's own words where there are any.

The sentence is made of fixed words, of titles in the mapping and of days. ``words`` is what somebody at the office wrote (reasons,
corrections, appeal), with the law: those of a notice. Who wrote them is never said: it is the office.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.case_file import CaseFile
from services.case_record import CaseEvent, CaseState
from services.case_words import EVENT_WORDS, join_names, say_event, write_day
from services.counter_terms import CounterTerms
from services.mapping import ServiceMapping
from services.model import JsonValue, Language


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event. ``version`` names it within the case, ``state`` is the state after it, ``words`` the office's own, in paragraphs."""

    version: int
    name: str
    state: CaseState
    at: datetime
    sentence: str
    words: tuple[str, ...]


def tell_timeline(
    file: CaseFile, mapping: ServiceMapping, terms: CounterTerms, language: Language
) -> tuple[TimelineEntry, ...]:
    """The events that an applicant is shown, oldest first."""
    told = (_tell(event, _Titles(mapping, terms, language)) for event in file.events)
    return tuple(entry for entry in told if entry is not None)


def _tell(event: CaseEvent, titles: _Titles) -> TimelineEntry | None:
    name = _find_words(event)
    sentence = say_event(name, _Values(event, titles), titles.language) if name in EVENT_WORDS else None
    if sentence is None:
        return None
    return TimelineEntry(event.version, event.name, event.state, event.at, sentence, _list_words(event, titles))


def _find_words(event: CaseEvent) -> str:
    """Under which words an event stands: what was fetched or checked has two of them."""
    if event.name == "material_fetched" and not event.data.get("found"):
        return "material_not_found"
    if event.name == "material_checked" and not event.data.get("ok"):
        return "material_faulty"
    return event.name


@dataclass(frozen=True, slots=True)
class _Titles:
    """What the mapping calls things, in one language."""

    mapping: ServiceMapping
    terms: CounterTerms
    language: Language

    def of(self, name: str) -> str:
        """A material or an input."""
        material = self.terms.materials.get(name)
        texts: Mapping[Language, str] = material.title if material else {}
        if not texts and name in self.mapping.inputs:
            texts = self.mapping.inputs[name].label
        return texts.get(self.language) or name

    def join(self, names: list[str]) -> str:
        return join_names([self.of(name) for name in names], self.language)

    def day(self, told: JsonValue) -> str:
        return write_day(date.fromisoformat(str(told)), self.language) if told else "—"


class _Values(dict[str, str]):
    """The values of a sentence, each made when the sentence asks for it."""

    def __init__(self, event: CaseEvent, titles: _Titles) -> None:
        super().__init__()
        self._event, self._titles = event, titles

    def __missing__(self, key: str) -> str:
        return _VALUES[key](self._event.data, self._titles)


def _name_register(data: Mapping[str, JsonValue], titles: _Titles) -> str:
    material = titles.terms.materials.get(str(data.get("name")))
    return (material.register.get(titles.language) if material else None) or "—"


def _name_step(data: Mapping[str, JsonValue], titles: _Titles) -> str:
    index = int(data.get("step", -1))
    steps = titles.terms.steps
    return (steps[index].name.get(titles.language) or "—") if 0 <= index < len(steps) else "—"


def _name_procedure(data: Mapping[str, JsonValue], titles: _Titles) -> str:
    special = titles.terms.special.get(str(data.get("code")))
    return (special.title.get(titles.language) if special else None) or str(data.get("code") or "—")


def _name_all(data: Mapping[str, JsonValue], titles: _Titles) -> str:
    """What a notice names, what was missing, or what was brought."""
    if data.get("items") or data.get("missing"):
        asked = [str(item["about"]) for item in data.get("items") or ()] or [str(one) for one in data["missing"]]
        return titles.join(list(dict.fromkeys(asked)))
    return titles.join([*(data.get("materials") or {}), *(data.get("inputs") or {})]) or "—"


_VALUES: Mapping[str, Callable[[Mapping[str, JsonValue], _Titles], str]] = {
    "material": lambda data, titles: titles.of(str(data.get("name"))),
    "register": _name_register,
    "step": _name_step,
    "procedure": _name_procedure,
    "names": _name_all,
    "on": lambda data, titles: titles.day(data.get("on")),
    "until_on": lambda data, titles: titles.day(data.get("until_on")),
    "days": lambda data, _: str(data.get("days", "—")),
    "carrier": lambda data, _: str(data.get("carrier") or "—"),
    "number": lambda data, _: str(data.get("number") or "—"),
}
"""Every name that a sentence may hold in braces (a test compares)."""

PUBLISHED: Mapping[str, tuple[str, ...]] = {
    "correction_asked": (),
    "not_accepted": ("reason", "ground", "right_organ"),
    "accepted_with_gap": ("promise",),
    "special_began": ("legal_ground", "reason"),
    "special_ended": ("result",),
    "extension_granted": ("reason",),
    "granted": ("reasons", "legal_ground"),
    "refused": ("reasons", "legal_ground", "appeal"),
    "terminated": ("reason",),
    "certificate_revoked": ("reason", "legal_ground"),
    "material_checked": ("words",),
}
"""Which texts of an event's data the applicant reads; opinions of steps and reasons within the office are not among them."""


def _list_words(event: CaseEvent, titles: _Titles) -> tuple[str, ...]:
    if event.name == "correction_asked":
        items = event.data.get("items") or ()
        return tuple(f"{titles.of(str(item['about']))}：{item['words']}" for item in items)
    found: list[str] = []
    for key in PUBLISHED.get(event.name, ()):
        told = event.data.get(key)
        if isinstance(told, Mapping):  # the same words in every language
            told = told.get(str(titles.language))
        found += [str(one) for one in told] if isinstance(told, list) else [str(told)] if told else []
    return tuple(found)
