"""Consents at the window (服务窗口): shown, given and withdrawn upon a signed paper, for whoever stands there with their card.

The clerk writes down what the person says; nobody does it in a matter of their own. All accounts with the card's number are one human's, so
a no counts for each of them, and a yes too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.case_desk import CaseDesk
from services.consent_record import ConsentMatter, PurposeText
from services.consents import ConsentLine, Saying, draw_lines, list_offers, write_ended, write_given
from services.console_ports import ConsoleStore, ConsoleTransaction, PersonKey
from services.errors import Conflict, InputRefused, NotFound
from services.model import JsonValue
from services.reading_notes import append_look, name_holders
from services.staffing import Act, Actor
from services.walk_ins import ApplicantShown
from services.window_people import identify_holder

WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose consents are on the page: the account that all of theirs are by now, its name, and the lines."""

    name: str
    lines: tuple[ConsentLine, ...]


@dataclass(frozen=True, slots=True)
class ConsentRoom:
    """``store`` is the console's."""

    desk: CaseDesk
    store: ConsoleStore

    def list_lines(self, actor: Actor, agency_id: UUID, shown: ApplicantShown, reason: str) -> Holder:
        """Every consent of whoever stands there, both platforms. Raises ``NotFound`` without an account, ``NotPermitted``, ``OwnMatter``, ``InputRefused``."""
        number, name, told = identify_holder(self.desk, self.store, actor, agency_id, shown, reason)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            person_id, found = self._find_account(tx, number)
            self._note(tx, actor, "consent.look_up", agency_id, found, told, {})
            return self._draw(tx, name, person_id)

    def say(
        self, actor: Actor, agency_id: UUID, shown: ApplicantShown, reason: str, matter: ConsentMatter, *, version: str,
        after: int, agree: bool, paper_signed: bool,
    ) -> Holder:  # fmt: skip
        """Write down what the person says upon a signed paper. Raises as ``list_lines`` does, and ``Conflict`` for an old page."""
        if not paper_signed:
            raise InputRefused(detail={"paper_signed": "required"})
        offered = list_offers(self.desk.catalogue).get(matter)
        if agree and offered is None:
            raise NotFound
        if agree and offered is not None and offered.version != version:
            raise Conflict(detail={"rule": "changed"})
        number, name, told = identify_holder(self.desk, self.store, actor, agency_id, shown, reason)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            person_id, found = self._find_account(tx, number)
            act = "consent.give" if agree else "consent.withdraw"
            detail: dict[str, JsonValue] = {
                "service": matter.service, "purpose": matter.purpose, "platform": matter.platform,
            }  # fmt: skip
            self._note(tx, actor, act, agency_id, found, told, detail)
            self._write(tx, Saying(person_id, matter, WINDOW, actor.member.staff_id), offered, after, agree=agree)
            return self._draw(tx, name, person_id)

    def _write(
        self, tx: ConsoleTransaction, saying: Saying, offered: PurposeText | None, after: int, *, agree: bool
    ) -> None:
        at = self.desk.clock.now()
        if agree and offered is not None:
            write_given(tx.consents, saying, offered, after, at, self.desk.new_id)
            return
        if offered is None and not tx.consents.list_of(saying.person_id, saying.matter):
            raise NotFound
        if offered is not None:
            tx.consents.keep([offered], at)
        write_ended(tx.consents, saying, offered.version if offered else "", at, self.desk.new_id)

    def _draw(self, tx: ConsoleTransaction, name: str, person_id: UUID) -> Holder:
        offers = list_offers(self.desk.catalogue)
        return Holder(name, tuple(draw_lines(tx.consents, offers, tx.consents.list_of(person_id), None)))

    def _find_account(self, tx: ConsoleTransaction, number: str) -> tuple[UUID, list[UUID]]:
        """The account that all of theirs are by now, and all of them. Raises ``NotFound``."""
        found = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number)
        if not found:
            raise NotFound
        _, person_id = tx.consents.hold(found[0])
        return person_id, list(dict.fromkeys([person_id, *found]))

    def _note(
        self, tx: ConsoleTransaction, actor: Actor, act: str, agency_id: UUID, found: list[UUID], reason: str,
        detail: Mapping[str, JsonValue],
    ) -> None:  # fmt: skip
        made = Act(
            self.desk.new_id(), agency_id, self.desk.clock.now(), actor.member.staff_id, act, "person", str(found[0]),
            reason, dict(detail),
        )  # fmt: skip
        append_look(tx, actor, made, name_holders(found), self.desk.new_id)
