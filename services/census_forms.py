"""Whether the form of a service could be sent: filled in from the mapping's own stories, judged by the validators of the edge. Nothing is sent.

A form is filled in with what the mapping itself says of it: its stories (what somebody enters), its examples where a story is silent. What
the government fills in by itself is taken to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from config.mapping_schema import INPUT_EXAMPLES
from services.census_record import Finding, Question
from services.errors import BackEndRefused, GuitaiError, InputRefused
from services.exposure import Direction
from services.file_rules import COPIES, ENDINGS
from services.forms import read_form
from services.input_values import ValueRefusedError, read_value
from services.mapping import Input, ServiceMapping
from services.model import JsonValue, PlatformName
from services.service_words import is_typed
from services.stories import Story, read_stories

JudgeBody = Callable[[ServiceMapping, Mapping[str, JsonValue]], Mapping[str, object]]
"""What the edge itself says of the inputs of a request: field → rule; empty if it would let them in."""


def find_form_faults(
    mapping: ServiceMapping, platform: PlatformName, today: date, judge: JudgeBody
) -> Iterator[Finding]:
    """Everything for which somebody on this platform could not send the form, each once."""
    found = dict.fromkeys(
        [
            *_find_input_faults(mapping, platform, today, judge),
            *_find_over_budget(mapping, platform),
            *_find_bad_patterns(mapping),
            *_find_material_faults(mapping),
        ]
    )
    yield from found


def _find_input_faults(
    mapping: ServiceMapping, platform: PlatformName, today: date, judge: JudgeBody
) -> Iterator[Finding]:
    for story in list_stories(mapping, platform, today):
        try:
            sent = fill_in(mapping, story)
            read_form(mapping, sent, _list_known(mapping))
        except InputRefused as refused:
            yield from _tell(refused.detail or {})
            continue
        except ValueRefusedError as refused:
            yield Finding(Question.FAULTLESS, "form_refused", f"inputs: {refused.rule}")
            continue
        except (BackEndRefused, GuitaiError) as refused:
            yield Finding(Question.FAULTLESS, "form_refused", refused.code)
            continue
        yield from _tell(judge(mapping, sent))
        yield from _find_amount_fault(mapping, story)


def _tell(faults: Mapping[str, object]) -> Iterator[Finding]:
    for place, rule in faults.items():
        yield Finding(Question.FAULTLESS, "form_refused", f"{place}: {rule}")


def list_stories(mapping: ServiceMapping, platform: PlatformName, today: date) -> list[Story]:
    """The stories on this platform; those of other doors if there is none; one that enters the examples if there is none at all."""
    told = read_stories(mapping, today)
    here = [story for story in told if platform in story.platforms]
    return here or list(told) or [Story("", (platform,))]


def fill_in(mapping: ServiceMapping, story: Story) -> dict[str, JsonValue]:
    """What a client would send: every input that a person types, as its type travels."""
    sent: dict[str, JsonValue] = {}
    for name, asked in mapping.inputs.items():
        text = story.inputs.get(name)
        if not is_typed(asked) or (text is None and asked.optional):
            continue
        sent[name] = _write(asked, _find_example(asked) if text is None else text)
    return sent


def _write(asked: Input, text: str) -> JsonValue:
    """A text of a story as its input travels: numbers and flags are none, unless they cannot be read as such."""
    if asked.type == "whole" and text.removeprefix("-").isdecimal() and len(text) <= 13:
        return int(text)
    return {"true": True, "false": False}.get(text, text) if asked.type == "flag" else text


def _find_example(asked: Input) -> str:
    if asked.example:
        return asked.example
    if asked.type == "choice":
        return next(iter(asked.choices), "")
    fixed = {"money": "1.00", "whole": str(asked.minimum or 1), "flag": "true"}
    return fixed.get(asked.type) or INPUT_EXAMPLES[asked.type]


def _list_known(mapping: ServiceMapping) -> dict[str, JsonValue]:
    """Something for each input that the gateway fills in by itself."""
    return {name: _find_example(asked) for name, asked in mapping.inputs.items() if not is_typed(asked)}


def _find_amount_fault(mapping: ServiceMapping, story: Story) -> Iterator[Finding]:
    terms, amount = mapping.payment, story.amount_fen
    if mapping.kind != "bill" or terms.amount != "chosen" or amount is None:
        return
    if not terms.minimum_fen <= amount <= terms.maximum_fen or amount % terms.step_fen:
        yield Finding(Question.FAULTLESS, "form_refused", "amount_fen")


def _find_over_budget(mapping: ServiceMapping, platform: PlatformName) -> Iterator[Finding]:
    """An input that this platform may not see typed: the door would refuse the request of everybody who fills in the form."""
    budget = mapping.exposure.get(platform, {}).get(Direction.ENTERED_IN_CLIENT, frozenset())
    for name, asked in mapping.inputs.items():
        if is_typed(asked) and name not in budget:
            yield Finding(Question.FAULTLESS, "form_over_budget", f"inputs.{name}")


def _find_bad_patterns(mapping: ServiceMapping) -> Iterator[Finding]:
    """A client refuses an example that the screen itself shows."""
    for name, asked in mapping.inputs.items():
        try:
            if asked.example:
                read_value(asked, asked.example, as_text=True)
        except ValueRefusedError as refused:
            yield Finding(Question.FAULTLESS, "form_refused", f"inputs.{name}: {refused.rule}")


def _find_material_faults(mapping: ServiceMapping) -> Iterator[Finding]:
    """A material that must be uploaded and of which no file could be taken."""
    for name, material in (mapping.counter.materials if mapping.counter else {}).items():
        if material.level not in COPIES or material.optional:
            continue
        takes = set(material.accepts) & set(ENDINGS)
        if not takes or material.maximum_files < 1 or material.maximum_megabytes < 1:
            yield Finding(Question.FAULTLESS, "material_untakable", f"materials.{name}")
