"""Looking up one's own record at an office: asked each time, shown masked, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.forms import find_prefilled, load_person, name_applicant, read_form
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue
from services.outputs import mask_outputs, read_outputs
from services.sessions import require_assurance
from services.till import Till


@dataclass(frozen=True, slots=True)
class Found:
    """What a back end says now, as it may be shown. ``stale``: it could not be asked again, and ``current_at`` says since when."""

    service: str
    current_at: datetime
    outputs: Mapping[str, JsonValue]
    stale: bool = False


def look_up(till: Till, caller: Caller, mapping: ServiceMapping, sent: Mapping[str, JsonValue]) -> Found:
    """Ask the office for the caller's record.

    Raises ``ServiceOff``, ``AssuranceTooLow``, ``InputRefused`` and the errors of a back end.
    """
    till.catalogue.require_open(mapping.id)
    require_assurance(caller, mapping.assurance)
    person = load_person(till, caller)
    values = read_form(mapping, sent, find_prefilled(till, caller, mapping, person))
    asked = {"applicant": name_applicant(person, mapping.assurance), "inputs": values}
    answer = till.back_end_of(mapping).call("look_up", asked, caller.request_id, purpose="look_up")
    outputs = mask_outputs(mapping.outputs, read_outputs(mapping.outputs, answer))
    return Found(mapping.id, till.clock.now(), outputs)
