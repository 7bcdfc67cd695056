"""Trying a mapping against its back end, as its kind is used: which operations, with which values, and what each platform would see.

Pure: the caller gives a ``BackEnd`` that may only write where the mapping says (``gateway/bindings.py``), and shows what it observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.counter_schema import FETCH, ORGANISATION_APPLIES
from config.mapping_schema import APPLICANT
from services.errors import BackEndError, BackEndRefused, ConfigurationFault, InputRefused
from services.exposure import Direction
from services.exposure_label import expose_exchange
from services.input_values import ValueRefusedError, read_value
from services.mapping import Input, Operation, ServiceMapping
from services.masking import mask_address, mask_household_no, mask_name
from services.model import JsonValue, PlatformName
from services.outputs import mask_outputs
from services.ports import BackEnd
from services.request_trial import AnyOption
from services.result_shapes import example_applicant, is_from_back_end
from services.translation import build_request

ACCOUNT = {"account.real_name": "name", "account.identity_number": "identity_number", "account.phone": "phone"}
CHINA_OFFSET = timedelta(hours=8)


PARTY = {"organisation": ORGANISATION_APPLIES["name"], "credit_code": ORGANISATION_APPLIES["credit_code"]}
"""For which organisation somebody asks, where one may: an example, as ``APPLICANT`` is."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a trial enters: texts by input, who asks (``APPLICANT``, of a case ``PARTY`` too), which operation alone (empty: all),
    whether to write, and which amount.
    """

    entered: Mapping[str, str] = field(default_factory=dict)
    applicant: Mapping[str, str] = field(default_factory=lambda: dict(APPLICANT))
    operation: str = ""
    write: bool = False
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one operation: its result, or the error's code (with the mapping's error name behind a colon)."""

    operation: str
    result: JsonValue = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A write that was not made: the request that would be sent first. Options of its address stand in it by name only."""

    operation: str
    back_end: str
    method: str
    path: str
    document: JsonValue


@dataclass(frozen=True, slots=True)
class TrialReport:
    """All operations that were tried, what a citizen would be shown of the last result, and what each platform would see of that."""

    tried: tuple[Tried, ...]
    planned: tuple[Planned, ...]
    shown: JsonValue
    exposure: Mapping[PlatformName, Mapping[Direction, frozenset[str]]]


def try_mapping(
    mapping: ServiceMapping, back_end: BackEnd, wishes: Wishes, *, now: datetime, number: str, request_id: str
) -> TrialReport:
    """Run the operations with which this kind of service begins, and the write if it is wished for.

    ``number`` is a new random number of 32 digits or letters, by which a write is recognised. An operation that fails ends the trial.
    Raises ``InputRefused`` (rule by input), ``BackEndRefused`` for a write that cannot be put into words, ``ConfigurationFault`` for an
    operation that the mapping does not have, or a write that may not be made.
    """
    trial = _Trial(mapping, back_end, wishes, now, number, request_id)
    trial.require_possible()
    for step in PLANS[mapping.kind]:
        if not step(trial):
            break
    last = trial.tried[-1].result if trial.tried else None
    results = {tried.operation: tried.result for tried in trial.tried if not tried.error}
    shown: JsonValue = _show_bills(mapping, wishes, results)
    if mapping.kind in ("lookup", "information") and isinstance(last, dict):
        shown = mask_outputs(mapping.outputs, last)
    exposure = {platform: expose_exchange(mapping, platform, wishes.entered, results) for platform in mapping.exposure}
    return TrialReport(tuple(trial.tried), tuple(trial.planned), shown, exposure)


@dataclass(slots=True)
class _Trial:
    mapping: ServiceMapping
    back_end: BackEnd
    wishes: Wishes
    now: datetime
    number: str
    request_id: str
    tried: list[Tried] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    prefilled: dict[str, JsonValue] = field(default_factory=dict)

    def require_possible(self) -> None:
        wished, known = self.wishes.operation, self.mapping.back_end.operations
        if wished and wished not in known:
            raise ConfigurationFault(f"{self.mapping.id} has no operation {wished}: it has {', '.join(sorted(known))}")
        for name in self.wishes.entered:
            if name not in self.mapping.inputs:
                raise InputRefused(detail={name: "unknown_field"})

    def run(self, operation: str, values: Mapping[str, JsonValue]) -> JsonValue:
        """The result, or None after an error; an operation that is not wished for, or that the mapping has not, is not run."""
        planned = self.mapping.back_end.operations.get(operation)
        if planned is None or self.wishes.operation not in ("", operation):
            return None
        if planned.writes and not self.wishes.write:
            self.planned.append(self._plan(planned, values))
            return None
        try:
            result = self.back_end.call(operation, values, self.request_id, purpose="see_service")
        except BackEndError as error:
            reason = f": {error.reason}" if isinstance(error, BackEndRefused) else ""
            self.tried.append(Tried(operation, error=f"{error.code}{reason}"))
            return None
        self.tried.append(Tried(operation, result))
        return result

    def _plan(self, operation: Operation, values: Mapping[str, JsonValue]) -> Planned:
        call = operation.calls[0]
        request = build_request(operation, call, values, call_id=self.request_id, now=self.now, options=AnyOption())
        return Planned(operation.name, call.back_end, call.method, request.path, request.document)

    @property
    def failed(self) -> bool:
        return bool(self.tried) and bool(self.tried[-1].error)

    @property
    def applicant(self) -> dict[str, str]:
        proven = example_applicant(self.mapping.assurance)
        return {name: text for name, text in self.wishes.applicant.items() if name in proven}

    def read_inputs(self) -> dict[str, JsonValue]:
        """The values of all inputs as the mapping gets them. Raises ``InputRefused`` with every fault."""
        values: dict[str, JsonValue] = {}
        faults: dict[str, object] = {}
        for name, asked in self.mapping.inputs.items():
            try:
                values[name] = self._read_input(name, asked)
            except ValueRefusedError as refused:
                faults[name] = refused.rule
        if faults:
            raise InputRefused(detail=faults)
        return values

    def _read_input(self, name: str, asked: Input) -> JsonValue:
        if name in self.wishes.entered:
            return read_value(asked, self.wishes.entered[name], as_text=True)
        if is_from_back_end(asked):
            found = self.prefilled.get(asked.prefilled_from.removeprefix("back_end."))
            return read_value(asked, found, as_text=isinstance(found, str)) if found is not None else None
        if asked.prefilled_from:
            return self.applicant.get(ACCOUNT[asked.prefilled_from])
        return read_value(asked, None)

    @property
    def business_on(self) -> str:
        return (self.now + CHINA_OFFSET).date().isoformat()


def _ask_for_prefilled(trial: _Trial) -> bool:
    result = trial.run("prefill", {"applicant": trial.applicant})
    if isinstance(result, dict):
        trial.prefilled.update(result.get("values") or {})
    return not trial.failed


def _look_up(trial: _Trial) -> bool:
    trial.run("look_up", {"applicant": trial.applicant, "inputs": trial.read_inputs()})
    return not trial.failed


def _fetch(trial: _Trial) -> bool:
    trial.run("fetch", {"inputs": trial.read_inputs()})
    return not trial.failed


def _submit(trial: _Trial) -> bool:
    values: dict[str, JsonValue] = {
        "applicant": trial.applicant,
        "inputs": trial.read_inputs(),
        "application_no": trial.number,
        "submitted_at": trial.now.isoformat(),
        "channel": next(iter(trial.mapping.channels)),
        "business_on": trial.business_on,
    }
    trial.run("submit", values)
    return not trial.failed


def name_party(mapping: ServiceMapping, story: int = 0) -> dict[str, str]:
    """For which organisation a trial asks: that of a story (from 0), else an example; nothing where a person alone may apply."""
    if mapping.counter is None or "organisation" not in mapping.counter.applicants:
        return {}
    stories = mapping.raw.get("demo", {}).get("stories", [])
    told = stories[story].get("organisation") if story < len(stories) else None
    return {"organisation": told["name"], "credit_code": told["credit_code"]} if told else dict(PARTY)


def _ask_about_case(trial: _Trial) -> dict[str, JsonValue]:
    """What every operation of a case gets: an organisation is acted for by the person who tries."""
    asks, party = trial.applicant, {**name_party(trial.mapping), **trial.wishes.applicant}
    applicant: dict[str, JsonValue] = {"kind": "person", **asks}
    agent: dict[str, JsonValue] | None = None
    if "credit_code" in party:
        named = {"name": party["organisation"], "credit_code": party["credit_code"], "phone": asks["phone"]}
        applicant, agent = {"kind": "organisation", **named}, {**asks, "as": "legal_representative"}
    return {
        "applicant": applicant,
        "agent": agent,
        "inputs": trial.read_inputs(),
        "case_no": trial.number,
        "business_on": trial.business_on,
    }


def _fetch_materials(trial: _Trial) -> bool:
    """Every material of level A, and what the rule says where a back end decides."""
    values = _ask_about_case(trial)
    for name in trial.mapping.back_end.operations:
        if not trial.failed and (name.startswith(FETCH) or name == "decide"):
            trial.run(name, values)
    return not trial.failed


def _record(trial: _Trial) -> bool:
    granted = {"decided_on": trial.business_on, "certificate_no": f"TRY{trial.number[:12]}"}
    trial.run("record", {**_ask_about_case(trial), **granted})
    return not trial.failed


def _find_bills(trial: _Trial) -> bool:
    account = {"household_no": trial.read_inputs()["household_no"]}
    trial.run("find_household", account)
    if not trial.failed:
        trial.run("list_bills", account)
    return not trial.failed


def _write_off(trial: _Trial) -> bool:
    bill_no, owed = next(_list_owed(trial), ("", None))
    amount_fen = trial.wishes.amount_fen or owed
    if amount_fen is None:
        if trial.wishes.write:
            raise ConfigurationFault("there is no bill to write off: name an amount")
        return True
    values: dict[str, JsonValue] = {
        "sequence_no": trial.number,
        "household_no": trial.read_inputs()["household_no"],
        "bill_no": bill_no or f"topup-{trial.number}",
        "amount_fen": amount_fen,
        "paid_at": trial.now.isoformat(),
        "channel": next(iter(trial.mapping.channels)),
        "business_on": trial.business_on,
    }
    trial.run("write_off", values)
    return not trial.failed


def _show_bills(mapping: ServiceMapping, wishes: Wishes, results: Mapping[str, JsonValue]) -> JsonValue:
    """What the payer of a bill is shown of the household and its bills; None if the trial found neither."""
    household, listed = results.get("find_household"), results.get("list_bills")
    shown: dict[str, JsonValue] = {}
    if mapping.kind == "bill" and isinstance(household, Mapping):
        shown["household_no_masked"] = mask_household_no(wishes.entered.get("household_no", ""))
        shown["holder_name_masked"] = mask_name(str(household.get("holder_name") or ""))
        shown["address_masked"] = mask_address(str(household.get("address") or ""))
    if mapping.kind == "bill" and isinstance(listed, Mapping):
        shown["bills"] = listed.get("bills")
    return shown or None


def _list_owed(trial: _Trial) -> Iterator[tuple[str, int]]:
    """The bills that the trial found."""
    for tried in trial.tried:
        bills = (
            tried.result.get("bills") if tried.operation == "list_bills" and isinstance(tried.result, dict) else None
        )
        for bill in bills or ():
            yield bill["bill_no"], bill["amount_fen"]


PLANS: Mapping[str, tuple[Callable[[_Trial], bool], ...]] = {
    "bill": (_find_bills, _write_off),
    "application": (_ask_for_prefilled, _submit),
    "case": (_ask_for_prefilled, _fetch_materials, _record),
    "lookup": (_ask_for_prefilled, _look_up),
    "information": (_fetch,),
}
"""How each kind of service begins; a step that says False ends the trial."""
