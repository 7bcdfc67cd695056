"""Which roles one of the staff has now: the one question of whoever signs in, and of what was proposed under somebody's role."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.console_ports import StaffStore
from services.staff_rules import list_in_force
from services.staffing import AgencyTree, RoleHeld


def list_held(staff: StaffStore, staff_id: UUID, at: datetime, tree: AgencyTree) -> tuple[RoleHeld, ...]:
    """The roles that one of the staff has at a moment, as the store knows them; whether they are suspended is not asked."""

    def is_active(other: UUID) -> bool:
        found = staff.load(other)
        return found is not None and found.suspended_at is None

    return list_in_force(staff.list_roles(staff_id), at, staff.list_roles, is_active, tree)
