"""The book of acts (行为日志) as the auditor and the privacy officer read it: what staff did and read, by whom, why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.console_ports import ConsoleStore
from services.ports import Clock
from services.staff_rules import tidy_login
from services.staffing import Act, Actor, Role, StaffMember

READERS = (Role.AUDITOR, Role.PRIVACY)
PAGE = 50
EXPORT_PAGE = 500


@dataclass(frozen=True, slots=True)
class ActFilter:
    """What is looked for; an empty field is none."""

    staff_id: UUID | None = None
    subject_id: str | None = None
    act: str | None = None


@dataclass(frozen=True, slots=True)
class ActBook:
    """Raises ``NotPermitted``, ``StoreUnavailable``."""

    store: ConsoleStore
    clock: Clock
    new_id: Callable[[], UUID]

    def list_page(self, actor: Actor, wanted: ActFilter, before: UUID | None = None, limit: int = PAGE) -> list[Act]:
        """A page, newest first, of the agencies that the actor's role reaches."""
        with self.store.begin(reach(actor)) as tx:
            return tx.acts.list_acts(
                limit, before, staff_id=wanted.staff_id, subject_id=wanted.subject_id, act=wanted.act
            )

    def name_staff(self, acts: Sequence[Act]) -> Mapping[UUID, StaffMember]:
        """Who did what a page tells, also members of another agency: whoever acted in one's agency is known by name."""
        with self.store.begin(tuple(self.store.agency_tree().parents)) as tx:
            wanted = {act.staff_id for act in acts}
            return {member.staff_id: member for member in tx.staff.list_members() if member.staff_id in wanted}

    def find_staff(self, login: str) -> UUID | None:
        """The id behind a login, for looking up what somebody did."""
        with self.store.begin(tuple(self.store.agency_tree().parents)) as tx:
            member = tx.staff.find_by_login(tidy_login(login))
        return member.staff_id if member else None

    def export(self, actor: Actor, wanted: ActFilter) -> bytes:
        """All that is wanted as JSON lines, oldest last. That it was taken out is an Act of its own, written first and part of it."""
        agencies = reach(actor)
        detail = {"act": wanted.act or "", "staff": str(wanted.staff_id or ""), "subject": wanted.subject_id or ""}
        with self.store.begin(agencies) as tx:
            who = actor.member.staff_id
            tx.acts.append(
                Act(self.new_id(), agencies[0], self.clock.now(), who, "acts.export", "acts", "", "", dict(detail))
            )
        return b"".join(write_line(act) for act in self._walk(actor, wanted))

    def _walk(self, actor: Actor, wanted: ActFilter) -> Iterator[Act]:
        before: UUID | None = None
        while page := self.list_page(actor, wanted, before, EXPORT_PAGE):
            yield from page
            before = page[-1].act_id


def reach(actor: Actor) -> tuple[UUID, ...]:
    """Every agency whose acts the actor may read. Raises ``NotPermitted`` if there is none."""
    return actor.reach_as(*READERS)


def write_line(act: Act) -> bytes:
    """One act as a line of JSON (RFC 8259, UTF-8, keys in a fixed order)."""
    cells = {
        "act_id": str(act.act_id), "agency_id": str(act.agency_id), "at": act.at.isoformat(),
        "staff_id": str(act.staff_id) if act.staff_id else None, "act": act.act, "subject_kind": act.subject_kind,
        "subject_id": act.subject_id, "reason": act.reason, "detail": dict(act.detail),
    }  # fmt: skip
    return json.dumps(cells, ensure_ascii=False).encode() + b"\n"
