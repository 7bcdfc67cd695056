"""Whether a mapping's promises make sense: keys of its kind, limits and trips with their law, terms of payment, late results, stories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from config.mapping_schema import PLATFORMS, REQUIRED_OF_KIND
from config.shapes import Mismatch
from config.strict_yaml import nearest_name
from services.connector_rules import KeyRules, find_key_faults
from services.counter_rules import find_case_story_faults, list_counter_grounds
from services.input_values import ValueRefusedError, read_value
from services.mapping import Input, PaymentTerms
from services.service_words import is_typed
from services.stories import fill_in

OF_KIND: Mapping[str, tuple[str, ...]] = {
    "payment": ("bill",),
    "payee": ("bill",),
    "payee_name": ("bill",),
    "order_description": ("bill",),
    "outputs": ("application", "case", "lookup", "information"),
    "counter": ("case",),
    "late": ("application",),
    "information": ("information",),
    "audience": ("bill", "application", "lookup", "information"),
}
"""Top-level keys that belong to some kinds only."""
LATE_RULES: Mapping[str, KeyRules] = {
    "polled": KeyRules((), ("every_minutes", "until_days")),
    "pushed": KeyRules(("secret", "header", "timestamp_header", "reply", "response"), ("acknowledge",)),
    "file": KeyRules((), ("daily_at", "until_days")),
}
AMOUNT_KEYS = ("minimum_fen", "maximum_fen", "step_fen")
FEE_WORDS = ("department", "fee_items", "notice_no", "region")
"""What an order of a government fee says beside the minimal order, by law of its own; no other service sends these anywhere."""
FEE_PLATFORM = "wechat"
"""The platform with an interface for government fees; on another the fee is an ordinary order, and nothing of these leaves."""
_ANY_DAY = date(2026, 6, 15)
"""Whether a story's entries are accepted is judged on one day; how the days in it follow the clock changes nothing of their form."""


def find_kind_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Keys that a mapping's kind needs or does not have. Needs only ``kind`` to have its shape."""
    kind = value["kind"]
    for key in REQUIRED_OF_KIND[kind]:
        if key not in value:
            yield Mismatch(key, "nothing", f"this key (kind {kind})")
    for key, kinds in OF_KIND.items():
        if key in value and kind not in kinds:
            yield Mismatch(key, "this key", f"no such key (kind {kind}: it belongs to {', '.join(kinds)})")


def find_promise_faults(value: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Limits, trips, fees and steps, whichever of them have their shape."""
    yield from _find_limit_faults(value.get("limits", {}), value.get("steps", ()))
    yield from _find_trip_faults(value.get("effort", {}))
    for path, text in _list_grounds(value):
        if not text.strip():
            yield Mismatch(path, "blanks", "a law with its article")


def _find_limit_faults(limits: Mapping[str, int], steps: Any) -> Iterator[Mismatch]:
    statutory, promised = limits.get("statutory_days"), limits.get("promised_days")
    if statutory is not None and promised is not None and promised > statutory:
        yield Mismatch("limits.promised_days", "more days than the law allows", "at most the statutory limit")
    longest = promised or statutory
    roles = [step["role"] for step in steps]
    for index, step in enumerate(steps):
        if longest is not None and step.get("limit_days", 0) > longest:
            yield Mismatch(f"steps[{index}].limit_days", "more days than the whole may take", f"at most {longest}")
        to = step.get("hands_over_to")
        if to is not None and to not in roles:
            expected = "the role of a step: " + ", ".join(roles)
            yield Mismatch(
                f"steps[{index}].hands_over_to", "a role that no step has", expected, nearest_name(to, roles)
            )


def _find_trip_faults(effort: Mapping[str, Any]) -> Iterator[Mismatch]:
    """``trips`` counts those of the preconditions too, which have their own legal ground each."""
    before = sum(entry["trips"] for entry in effort.get("preconditions", ()))
    trips = effort.get("trips", before)
    if trips < before:
        yield Mismatch(
            "effort.trips", "fewer trips than its preconditions need", f"at least {before}: they are included"
        )
    if trips > before and not effort.get("legal_ground"):
        yield Mismatch("effort.legal_ground", "nothing", "the law that asks for the trips")


def _list_grounds(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(value.get("legal_basis"), str):
        yield "legal_basis", value["legal_basis"]
    effort = value.get("effort", {})
    if "legal_ground" in effort:
        yield "effort.legal_ground", effort["legal_ground"]
    for index, entry in enumerate(effort.get("preconditions", ())):
        yield f"effort.preconditions[{index}].legal_ground", entry["legal_ground"]
    for index, entry in enumerate(value.get("fees", ())):
        yield f"fees[{index}].legal_ground", entry["legal_ground"]
    if "counter" in value:
        yield from list_counter_grounds(value["counter"])


def find_term_faults(value: Mapping[str, Any], payment: PaymentTerms) -> Iterator[Mismatch]:
    """Terms of payment and how a late result arrives, of a mapping that has its shape."""
    given = value.get("payment", {})
    chosen, non_tax = payment.amount == "chosen", payment.model == "non-tax"
    for key in AMOUNT_KEYS:
        if key in given and not chosen:
            yield Mismatch(f"payment.{key}", "this key", "no such key unless the amount is chosen")
    if chosen and non_tax:
        yield Mismatch("payment.amount", "chosen", "billed: a government fee is never the payer's choice")
    if payment.minimum_fen > payment.maximum_fen:
        yield Mismatch("payment.maximum_fen", "less than the minimum", f"at least {payment.minimum_fen}")
    if payment.minimum_fen % payment.step_fen or payment.maximum_fen % payment.step_fen:
        yield Mismatch("payment.step_fen", "a step that does not lead to the limits", "a divisor of both limits")
    if non_tax != ("non_tax" in given):
        found, expected = ("nothing", "this key") if non_tax else ("this key", "no such key")
        yield Mismatch("payment.non_tax", found, f"{expected} (model {payment.model})")
    late = value.get("late")
    if late is not None:
        yield from find_key_faults("late", late, LATE_RULES, late["arrives"], f"arrives {late['arrives']}")


def find_fee_faults(value: Mapping[str, Any], payment: PaymentTerms) -> Iterator[Mismatch]:
    """The words of a government fee stand in the budget of one platform, of mappings of that model, under their own law."""
    if payment.non_tax is not None:
        for name in ("region_code", "legal_basis"):
            if not getattr(payment.non_tax, name).strip():
                yield Mismatch(f"payment.non_tax.{name}", "nothing", "this key: the order of a fee needs it")
    for platform, budget in value["exposure"].items():
        sent = budget["sent_to_server"]
        fee = payment.model == "non-tax" and platform == FEE_PLATFORM
        for at, word in enumerate(sent):
            if word in FEE_WORDS and not fee:
                expected = f"no word of a government fee (model {payment.model}, {platform})"
                yield Mismatch(f"exposure.{platform}.sent_to_server[{at}]", word, expected)
        missing = sorted({*FEE_WORDS, "platform_order"} - set(sent)) if fee else []
        if missing:
            yield Mismatch(f"exposure.{platform}.sent_to_server", f"no {', '.join(missing)}", "what such an order says")


def find_story_faults(
    value: Mapping[str, Any], inputs: Mapping[str, Input], payment: PaymentTerms
) -> Iterator[Mismatch]:
    """Stories of the demo that could not be played: inputs that do not exist, are not accepted or are missing."""
    for index, story in enumerate(value.get("demo", {}).get("stories", ())):
        path = f"demo.stories[{index}]"
        yield from _find_entry_faults(path, story.get("inputs", {}), inputs)
        playable = [c for c in value["channels"] if value["kind"] == "case" or c in PLATFORMS]
        for at, channel in enumerate(story.get("channels", ())):
            if channel not in playable:
                expected = "a channel of the service: " + ", ".join(playable)
                yield Mismatch(f"{path}.channels[{at}]", "another channel", expected)
        asking = [code for code, purpose in value.get("purposes", {}).items() if purpose.get("consent")]
        for at, code in enumerate(story.get("agrees", ())):
            if code not in asking:
                yield Mismatch(
                    f"{path}.agrees[{at}]", "a purpose that asks for no consent", "one with consent: required"
                )
        yield from _find_amount_faults(f"{path}.amount_fen", story.get("amount_fen"), payment)
        yield from find_case_story_faults(path, story, {"counter": {}, **value})


def _find_entry_faults(path: str, entered: Mapping[str, str], inputs: Mapping[str, Input]) -> Iterator[Mismatch]:
    for name, text in entered.items():
        asked = inputs.get(name)
        place = f"{path}.inputs.{name}"
        if asked is None:
            yield Mismatch(place, "an unknown input", "one of " + ", ".join(inputs), nearest_name(name, inputs))
        elif not is_typed(asked):
            yield Mismatch(place, "an input that is filled in by the gateway", "no such key: nobody types it")
        else:
            try:
                read_value(asked, fill_in(text, _ANY_DAY), as_text=True)
            except ValueRefusedError as refused:
                yield Mismatch(place, f"a value that the input refuses ({refused.rule})", "one that it accepts")
    for name, asked in inputs.items():
        if name not in entered and is_typed(asked) and not asked.prefilled_from and not asked.optional:
            yield Mismatch(f"{path}.inputs.{name}", "nothing", "what the person enters: this input is required")


def _find_amount_faults(path: str, amount: int | None, payment: PaymentTerms) -> Iterator[Mismatch]:
    if payment.amount != "chosen":
        if amount is not None:
            yield Mismatch(path, "this key", "no such key unless the amount is chosen")
    elif amount is None:
        yield Mismatch(path, "nothing", "the amount that the person chooses")
    elif not payment.minimum_fen <= amount <= payment.maximum_fen or amount % payment.step_fen:
        expected = f"{payment.minimum_fen} to {payment.maximum_fen} in steps of {payment.step_fen}"
        yield Mismatch(path, "an amount that cannot be chosen", expected)
