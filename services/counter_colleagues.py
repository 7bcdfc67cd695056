"""Who works beside whom at the counter: names for the ids that a page shows, and to whom a case may be given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from services.counter_bench import CounterRoom
from services.counter_permits import BOTH
from services.counter_queue import QueueLine, QueueRoom, reach_desks
from services.errors import NotFound
from services.held_roles import list_held
from services.staffing import Actor, StaffMember


def name_members(room: CounterRoom, actor: Actor, ids: Collection[UUID | None]) -> Mapping[UUID, str]:
    """The names of members of the staff, of whatever agency: whoever worked on a case is known to who reads it."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    with room.house.begin(tuple(actor.tree.parents)) as tx:
        return {member.staff_id: member.name for member in tx.staff.list_members() if member.staff_id in wanted}


def list_colleagues(room: CounterRoom, actor: Actor, agencies: Collection[UUID]) -> list[StaffMember]:
    """Who may work on cases of these agencies now, by name; the actor is among them."""
    now, tree = room.desk.clock.now(), actor.tree
    with room.house.begin(tuple(tree.parents)) as tx:
        found = []
        for member in tx.staff.list_members():
            if member.suspended_at is not None:
                continue
            other = Actor(member, list_held(tx.staff, member.staff_id, now, tree), tree, "")
            if any(other.holds_any(BOTH, agency) for agency in agencies):
                found.append(member)
    return sorted(found, key=lambda one: (one.name, one.login))


def find_line(room: QueueRoom, actor: Actor, case_id: UUID) -> QueueLine:
    """The line of one case on a desk that the actor reaches, the case's own agency first. Raises ``NotFound``, ``NotPermitted``."""
    agencies = reach_desks(actor)
    with room.house.begin(agencies) as tx:
        lines = [line for line in tx.cases.load_lines(case_id) if line.agency_id in agencies]
        if not lines:
            raise NotFound
        lines.sort(key=lambda line: line.agency_id != line.lead_agency_id)
        return room.say_time_left(tx, lines[:1], actor.member.staff_id)[0]
