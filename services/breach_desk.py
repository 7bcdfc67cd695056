"""A breach sheet: the account of a platform was in other hands from one moment to another; who is affected, and which fields (PIPL article 57).

The officer asks with a reason; the worker finds the persons behind the chains (``adapters/stores/breaches.py``). Numbers are for the officer and
the auditor. The list for notification has names: each piece of it is an act with a reason, and everybody on it is told that they were read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.application_files import list_topmost
from services.console_ports import ConsoleStore
from services.errors import InputRefused, NotFound
from services.model import JsonValue
from services.ports import Clock
from services.privacy_record import Breach, BreachAsked, Holder, HolderKind
from services.privacy_room import OFFICERS, reach
from services.reading_notes import append_look
from services.reading_record import Subject, household_read, person_read
from services.staff_rules import read_reason
from services.staffing import Act, Actor

ASK, NOTIFY = "privacy.breach", "privacy.notify"
LONGEST = timedelta(days=400)
SHEETS, PIECE = 50, 500
"""So many sheets a page lists, and so many people a piece of a list has."""


@dataclass(frozen=True, slots=True)
class BreachDesk:
    """All raise ``NotPermitted``, ``StoreUnavailable``."""

    store: ConsoleStore
    clock: Clock
    new_id: Callable[[], UUID]

    def ask(
        self, actor: Actor, platform: str, account: str, since: datetime, until: datetime, reason: str
    ) -> BreachAsked:
        """Have it looked into who is affected. Raises ``InputRefused`` (account, since, until, reason)."""
        agencies = actor.reach_as(*OFFICERS)
        told, now = read_reason(reason), self.clock.now()
        if not since < until <= now:
            raise InputRefused(detail={"until": "not_a_time"})
        if until - since > LONGEST:
            raise InputRefused(detail={"until": "too_long"})
        lead = list_topmost(actor, agencies)[0]
        asked = BreachAsked(
            self.new_id(), lead, agencies, platform, account, since, until, actor.member.staff_id, now
        )  # fmt: skip
        detail: dict[str, JsonValue] = {
            "platform": platform, "account": account, "since": since.isoformat(), "until": until.isoformat(),
        }  # fmt: skip
        with self.store.begin(agencies) as tx:
            if (platform, account) not in tx.privacy.list_accounts():
                raise InputRefused(detail={"account": "not_a_choice"})
            tx.privacy.ask_breach(asked)
            tx.acts.append(self._make_act(actor, lead, ASK, asked.sheet_id, told, detail))
        return asked

    def list_sheets(self, actor: Actor) -> list[Breach]:
        """The newest sheets in reach."""
        with self.store.begin(reach(actor)) as tx:
            return tx.privacy.list_breaches(SHEETS)

    def load(self, actor: Actor, sheet_id: UUID) -> Breach:
        """One sheet. Raises ``NotFound``, also for one out of reach."""
        with self.store.begin(reach(actor)) as tx:
            found = tx.privacy.load_breach(sheet_id)
        if found is None:
            raise NotFound
        return found

    def list_people(self, actor: Actor, sheet_id: UUID, after: int, reason: str, form: str) -> Sequence[Holder]:
        """A piece of the list for notification: noted, and told to everybody on it. Raises ``NotFound``, ``InputRefused``."""
        told = read_reason(reason)
        breach = self.load(actor, sheet_id)
        actor.require(OFFICERS, breach.asked.agency_id)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            holders = tx.privacy.list_holders(sheet_id, max(after, 0), PIECE)
            detail: dict[str, JsonValue] = {"after": after, "people": len(holders), "format": form}
            act = self._make_act(actor, breach.asked.agency_id, NOTIFY, sheet_id, told, detail)
            whose = {name_holder(one): one.agency_id for one in holders}
            append_look(tx, actor, act, whose, self.new_id, whose)
        return holders

    def _make_act(
        self, actor: Actor, agency_id: UUID, act: str, sheet_id: UUID, reason: str, detail: dict[str, JsonValue]
    ) -> Act:
        at = self.clock.now()
        return Act(
            self.new_id(), agency_id, at, actor.member.staff_id, act, "breach", str(sheet_id), reason, detail
        )  # fmt: skip


def name_holder(holder: Holder) -> Subject:
    """As what the look is told: to the account, or to whoever has bound the household's number."""
    if holder.kind is HolderKind.HOUSEHOLD and holder.key_no:
        return household_read(holder.service, holder.key_no)
    return person_read(holder.holder_id)
