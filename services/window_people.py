"""What the window does for a person beside cases: raise their account because the clerk has seen them, and print what the platforms know.

The card is seen and held against the population register first, as for a case. The whole of the ledger is shown here, both platforms,
because no platform stands by: PIPL articles 44, 45 and 48.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from services.case_desk import CaseDesk
from services.case_errors import OwnMatter
from services.catalogue import Catalogue
from services.checkpoint import Checkpoint
from services.citizen_files import make_worded
from services.console_ports import ConsoleStore, ConsoleTransaction, PersonKey
from services.counter_permits import CLERK
from services.doors import PLATFORMS
from services.errors import Conflict, InputRefused, NotFound
from services.exposure_file import write_file
from services.exposure_file_maker import NoProofs, ProofReader, ProofUnavailable, Published
from services.exposure_survey import SeenGroup, SeenRecord, group_records
from services.exposure_view import explain_record
from services.identity import tidy_phone
from services.mandate_deeds import find_named
from services.model import JsonValue, Language, PlatformName
from services.ports import ExposureReader
from services.reading_notes import append_look, name_holders
from services.reading_record import Subject, person_read
from services.staff_rules import read_reason
from services.staffing import Act, Actor
from services.walk_ins import CARD_PLACE, ApplicantShown, find_registers, read_card

PAGE = 500
"""How many records of one platform are read at once; a printout has them all, up to MOST."""
MOST = 5000


@dataclass(frozen=True, slots=True)
class KnownPaper:
    """What is printed: every record by platform, the same by purpose, and the file that is handed over beside it, if one can be made."""

    seen: Mapping[PlatformName, Sequence[SeenRecord]]
    groups: tuple[SeenGroup, ...]
    checkpoint: Checkpoint | None = None
    file: bytes = b""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file in hex: what is on paper and what is on the medium are the same."""
        return sha256(self.file).hexdigest()


@dataclass(frozen=True, slots=True)
class WindowPeople:
    """``store`` is the console's, ``reader`` and ``proofs`` are those that its role may use (``…, console=True``)."""

    desk: CaseDesk
    store: ConsoleStore
    reader: ExposureReader
    words: Catalogue
    proofs: ProofReader = field(default_factory=NoProofs)

    def verify_holder(self, actor: Actor, agency_id: UUID, shown: ApplicantShown, reason: str) -> int:
        """Raise the accounts of whoever stands there to verified-at-window; gives how many there were.

        Accounts that have proven the card's number; without any, the one account with the telephone that is shown, which the clerk has
        seen open in the holder's hand: it gets name and number. Raises ``NotPermitted``, ``InputRefused``, ``OwnMatter``, ``NotFound``
        without an account, ``Conflict`` where several have this telephone, ``PersonMismatch`` for another's, errors of the register.
        """
        number, name, told = identify_holder(self.desk, self.store, actor, agency_id, shown, reason)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            proven = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number)
            by = "number" if proven else "phone"
            found = proven or self._find_by_phone(tx, shown.phone)
            now = self.desk.clock.now()
            raised = {tx.accounts.verify(person_id, name, number, now) for person_id in found}
            for person_id in sorted(raised):
                read = [person_read(one) for one in {person_id, *found}]
                self._note(tx, actor, "person.verify_at_window", agency_id, person_id, told, {"by": by}, read)
        return len(raised)

    def _find_by_phone(self, tx: ConsoleTransaction, phone: str) -> list[UUID]:
        """The one account with this telephone: accounts that were joined have a number. Raises ``NotFound``, ``Conflict``."""
        tidy = tidy_phone(phone) if phone else ""
        found = tx.people.find_persons(PersonKey.PHONE, tidy) if tidy else []
        if not found:
            raise NotFound
        if len(found) > 1:
            raise Conflict(detail={"rule": "several_accounts"})
        return found

    def list_exposures(
        self, actor: Actor, agency_id: UUID, shown: ApplicantShown, reason: str, language: Language = Language.ZH_CN
    ) -> KnownPaper:
        """What each platform may have seen of whoever stands there, newest first, and the file: noted before anything is read.

        Raises ``NotPermitted``, ``InputRefused``, ``OwnMatter``, the errors of the register.
        """
        number, _, told = identify_holder(self.desk, self.store, actor, agency_id, shown, reason)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            persons = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number)
            chains = tx.accounts.list_chains(persons, number)
            subject = persons[0] if persons else ""
            read = name_holders(persons, number)
            self._note(tx, actor, "person.exposures", agency_id, subject, told, {"chains": len(chains)}, read)
        seen = {platform: self._read_all(chains, platform, language) for platform in PLATFORMS}
        groups = group_records([one for records in seen.values() for one in records])
        return KnownPaper(seen, groups, *self._make_file(chains, language))

    def _make_file(self, chains: Sequence[UUID], language: Language) -> tuple[Checkpoint | None, bytes]:
        """The file with proofs and its checkpoint; none where nothing is published, or nobody here has a chain."""
        if not chains:
            return None, b""
        try:
            file = make_worded(self.proofs, chains, self.words, self.desk.clock, language)
        except ProofUnavailable:
            return None, b""
        return Published(file.checkpoint).checkpoint, write_file(file)

    def _read_all(self, chains: Sequence[UUID], platform: PlatformName, language: Language) -> list[SeenRecord]:
        told: list[SeenRecord] = []
        while len(told) < MOST:
            before = told[-1].record_id if told else None
            page = self.reader.list_of_chains(chains, platform, PAGE, before)
            told += [explain_record(self.words, leaf, language) for leaf in page]
            if len(page) < PAGE:
                break
        return told

    def _note(
        self, tx: ConsoleTransaction, actor: Actor, act: str, agency_id: UUID, subject: UUID | str, reason: str,
        detail: Mapping[str, JsonValue], read: Sequence[Subject],
    ) -> None:  # fmt: skip
        at, by = self.desk.clock.now(), actor.member.staff_id
        made = Act(self.desk.new_id(), agency_id, at, by, act, "person", str(subject), reason, dict(detail))
        append_look(tx, actor, made, read, self.desk.new_id)


def identify_holder(
    desk: CaseDesk, store: ConsoleStore, actor: Actor, agency_id: UUID, shown: ApplicantShown, reason: str
) -> tuple[str, str, str]:
    """Number and name of whoever stands there, by the register, and the reason. Nobody does this for themselves.

    Raises ``NotPermitted``, ``OwnMatter``, ``InputRefused``.
    """
    actor.require(CLERK, agency_id)
    told, number = read_reason(reason), read_card(desk, shown)
    if not shown.card.name.strip():
        raise InputRefused(detail={"card.name": "missing"})
    with store.begin(tuple(actor.tree.parents)) as tx:
        if tx.staff.identity_matches(actor.member.staff_id, [number]):
            raise OwnMatter(detail={"rule": "own_matter"})
    name = find_named(find_registers(desk), number, shown.card.name, CARD_PLACE, actor.request_id)
    return number, name, told
