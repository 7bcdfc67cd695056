"""Whom a request about looks at material concerns: whoever asks, and whose matter a case is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.arrival import Arrival, Told
from gateway.case_tellers import is_here, mapping_of_case
from gateway.desk import Desk
from services.case_access import load_own_case
from services.case_record import Case
from services.errors import NotFound
from services.exposure import merge_concerned
from services.model import Caller

ROOM, PURPOSE = "readings", "see_readings"


def tell_readings_of_case(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """A case named in the path, in the room of looks: one budget for every service. Raises ``NotFound`` for another channel's case."""
    with desk.store.begin(caller.agencies) as tx:
        case = load_own_case(desk.applicants.desk, tx, caller, values["case_id"]).case
    if not is_here(caller, case.channel, mapping_of_case(desk, case)):
        raise NotFound
    return [replace(about_readings(desk, caller, [case]), subject=case.case_id)]


def about_readings(desk: Desk, caller: Caller, cases: Iterable[Case] = ()) -> Told:
    """The room, for the caller and for everybody whose case is on the page."""
    chains = [chain for case in cases for chain in (case.chain_id, case.principal_chain_id)]
    concerned = merge_concerned((caller.chain_id,), chains)
    return Told(desk.catalogue.room(ROOM), caller.app.agency_id, PURPOSE, concerned)
