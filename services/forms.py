"""The form of a service for one caller: what the government has already, what is asked, and reading what comes back.

Asking again for what a register has would be a fault of the service. A value that is prefilled and not editable never comes from the
client: it is shown masked and filled in here, from the account or by the mapping's ``prefill``, so that it passes no platform in clear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.errors import AssuranceTooLow, BackEndGarbled, BackEndRefused, InputRefused, ServiceUnknown
from services.input_values import ValueRefusedError, read_value, write_value
from services.mapping import Input, ServiceMapping
from services.masking import mask_value
from services.model import Assurance, Caller, JsonValue, Person
from services.ports import BackEnd
from services.service_words import ACCOUNT, MASKS_OF_ACCOUNT, is_typed
from services.till import Till

BACK_END = "back_end."
NOTHING_KNOWN = frozenset({"no_such_record"})
"""A back end's no that means: nothing to prefill."""


def find_service(till: Till, caller: Caller, service: str, *kinds: str) -> ServiceMapping:
    """The service in force, if it is offered on the caller's platform and of one of these kinds. Raises ``ServiceUnknown``."""
    mapping = till.catalogue.service(service)
    if not mapping.is_on(caller.app.platform) or (kinds and mapping.kind not in kinds):
        raise ServiceUnknown
    return mapping


def load_person(till: Till, caller: Caller) -> Person:
    """The caller's account."""
    with till.store.begin(caller.agencies) as tx:
        return tx.persons.load(caller.person_id)


def name_applicant(person: Person, level: Assurance) -> dict[str, str]:
    """Who asks, as far as the service needs it and it is proven: ``{name, identity_number, phone}``, without what is not."""
    known = {"phone": person.phone} if level >= Assurance.PHONE else {}
    if level >= Assurance.REAL_NAME:
        known |= {"name": person.real_name, "identity_number": person.identity_number}
    return {name: value for name, value in known.items() if value}


def find_prefilled(till: Till, caller: Caller, mapping: ServiceMapping, person: Person) -> dict[str, JsonValue]:
    """What is known of the prefilled inputs, in clear, by input. The back end is asked only for a caller who is known well enough.

    Raises the errors of a back end; one that knows nothing of the caller gives nothing.
    """
    return find_known(till.back_end_of, mapping, person, caller.assurance, caller.request_id)


def find_known(
    back_end_of: Callable[[ServiceMapping], BackEnd], mapping: ServiceMapping, person: Person, level: Assurance,
    request_id: str,
) -> dict[str, JsonValue]:  # fmt: skip
    """The same for a person who is known at this level, through whichever door they come."""
    known = {name: _of_account(person, asked.prefilled_from) for name, asked in mapping.inputs.items()}
    if level >= mapping.assurance and any(
        asked.prefilled_from.startswith(BACK_END) for asked in mapping.inputs.values()
    ):
        known |= _ask_back_end(back_end_of(mapping), mapping, person, request_id)
    return {name: value for name, value in known.items() if value is not None}


def _of_account(person: Person, source: str) -> str | None:
    if not source.startswith(ACCOUNT):
        return None
    return {"phone": person.phone, "real_name": person.real_name, "identity_number": person.identity_number}[
        source.removeprefix(ACCOUNT)
    ]


def _ask_back_end(back_end: BackEnd, mapping: ServiceMapping, person: Person, request_id: str) -> dict[str, JsonValue]:
    values = {"applicant": name_applicant(person, mapping.assurance)}
    try:
        answer = back_end.call("prefill", values, request_id, purpose="see_service")
    except BackEndRefused as refused:
        if refused.reason in NOTHING_KNOWN:
            return {}
        raise
    given = answer.get("values") if isinstance(answer, Mapping) else None
    if not isinstance(given, Mapping):
        raise BackEndGarbled("prefill: no values")
    return {
        name: _read_prefilled(asked, given.get(asked.prefilled_from.removeprefix(BACK_END)))
        for name, asked in mapping.inputs.items()
        if asked.prefilled_from.startswith(BACK_END)
    }


def _read_prefilled(asked: Input, value: JsonValue) -> JsonValue:
    """A value of the back end, held against the declaration like any other; whole fen are taken for money too."""
    if value is None or value == "":
        return None
    if asked.type == "money" and isinstance(value, int) and not isinstance(value, bool):
        value = write_value(asked, value)
    try:
        return read_value(asked, value)
    except ValueRefusedError as refused:
        raise BackEndGarbled(f"prefill: {asked.name} is refused by its own form ({refused.rule})") from None


def show_prefilled(mapping: ServiceMapping, known: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The same values as a form shows them: what may be changed in clear, all else masked as the mapping says.

    Without a word of the mapping what comes from the account has the mask of its kind, and a text is hidden.
    """
    return {name: _show_value(mapping.inputs[name], value) for name, value in known.items()}


def _show_value(asked: Input, value: JsonValue) -> JsonValue:
    mask = asked.mask or MASKS_OF_ACCOUNT.get(asked.prefilled_from.removeprefix(ACCOUNT), "")
    hidden = not asked.editable and (mask or asked.type == "text")
    return mask_value(mask, value) if hidden and isinstance(value, str) else write_value(asked, value)


def read_form(
    mapping: ServiceMapping,
    sent: Mapping[str, JsonValue],
    known: Mapping[str, JsonValue],
    *,
    place: str = "inputs.",
    as_text: bool = False,
) -> dict[str, JsonValue]:
    """The values of all inputs, by name: those sent, held against their declarations, and those that the gateway fills in.

    An input that is optional and left out is None. Raises one ``InputRefused`` that names all faults by ``place`` and rule, and what
    ``require_known`` raises.
    """
    faults: dict[str, object] = {}
    values: dict[str, JsonValue] = {}
    if any(name not in mapping.inputs for name in sent):
        faults[place.rstrip(".") or "query"] = "unknown_field"
    for name, asked in mapping.inputs.items():
        try:
            values[name] = _read_input(asked, sent, known, as_text=as_text)
        except ValueRefusedError as refused:
            faults[f"{place}{name}"] = refused.rule
    if faults:
        raise InputRefused(detail=faults)
    require_known(mapping, values)
    return values


def _read_input(
    asked: Input, sent: Mapping[str, JsonValue], known: Mapping[str, JsonValue], *, as_text: bool
) -> JsonValue:
    if not is_typed(asked):
        if asked.name in sent:
            raise ValueRefusedError("prefilled")
        return known.get(asked.name)
    if asked.name not in sent and asked.name in known:
        return known[asked.name]
    return read_value(asked, sent.get(asked.name), as_text=as_text)


def require_known(mapping: ServiceMapping, values: Mapping[str, JsonValue]) -> None:
    """Raise unless everything that only the government can fill in is there: ``AssuranceTooLow`` for what the account lacks,
    ``BackEndRefused`` (no_such_record) for what the back end does not have.
    """
    for name, asked in mapping.inputs.items():
        if is_typed(asked) or asked.optional or values.get(name) is not None:
            continue
        if asked.prefilled_from.startswith(ACCOUNT):
            level = Assurance.PHONE if asked.prefilled_from == "account.phone" else Assurance.REAL_NAME
            raise AssuranceTooLow(detail={"required": level.label})
        raise BackEndRefused("no_such_record")
