"""The window raises accounts whose holder it has seen, and prints what the platforms may have seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from adapters.ed25519 import verify_ed25519
from services.case_errors import OwnMatter
from services.console_ports import ConsoleStore, PersonKey
from services.doors import PLATFORMS
from services.errors import BackEndUnreachable, Conflict, InputRefused, NotFound, NotPermitted, StoreUnavailable
from services.exposure_file_check import check_file
from services.model import Assurance, JsonValue, Person, PlatformName
from services.staffing import Role
from services.walk_ins import ApplicantShown
from services.window_mandates import Shown
from services.window_people import PAGE, WindowPeople
from tests.counter_office import AGENT_NUMBER, APPLICANT_NUMBER, OFFICE, REASON, SIBLING, CounterOffice
from tests.small_log import SmallLog
from tests.web_door import FakeProofs

PHONE = "13800000001"
SELF = ApplicantShown(Shown("王秀英", APPLICANT_NUMBER), card_seen=True)


@dataclass
class FakeReader:
    """Implements ``ports.ExposureReader``: leaves by chain and platform, newest first."""

    leaves: list[tuple[UUID, PlatformName, Mapping[str, JsonValue]]] = field(default_factory=list)
    asked: int = 0

    def add(self, chain: UUID, platform: PlatformName) -> None:
        leaf = {
            "id": str(UUID(int=len(self.leaves) + 1)), "at": "2026-11-02T02:00:00+00:00", "direction": "sent_to_server",
            "service": "trial-licence", "purpose": "see_service", "legal_basis": "law", "fields": ["amount"], "outcome": "sent",
        }  # fmt: skip
        self.leaves.append((chain, platform, leaf))

    def list_of_chains(
        self, chains: Sequence[UUID], platform: PlatformName, limit: int, before: UUID | None
    ) -> list[Mapping[str, JsonValue]]:
        self.asked += 1
        mine = [leaf for chain, door, leaf in reversed(self.leaves) if chain in chains and door is platform]
        return [leaf for leaf in mine if before is None or UUID(leaf["id"]) < before][:limit]


class Room:
    """A window with accounts."""

    def __init__(self) -> None:
        self.office, self.reader = CounterOffice(), FakeReader()
        desk = self.office.desk
        self.people = WindowPeople(desk, cast("ConsoleStore", self.office.house), self.reader, desk.catalogue)

    def add_account(self, number: str | None = None, phone: str = PHONE) -> Person:
        person = Person(
            uuid4(), OFFICE, uuid4(), Assurance.PHONE, self.office.clock.now(), phone=phone, identity_number=number
        )
        self.office.house.tables.persons[person.person_id] = person
        books = self.office.house.books.persons
        books.setdefault((PersonKey.PHONE, phone), []).append(person.person_id)
        if number:
            books.setdefault((PersonKey.IDENTITY_NUMBER, number), []).append(person.person_id)
        return person

    def level(self, person: Person) -> Assurance:
        return self.office.house.tables.persons[person.person_id].assurance

    def verify(self, shown: ApplicantShown = SELF, **changes: Any) -> int:
        return self.people.verify_holder(self.office.clerk, OFFICE, replace(shown, **changes), REASON)


@pytest.fixture
def room() -> Room:
    return Room()


def test_accounts_with_the_cards_number_are_raised(room: Room) -> None:
    """All of them, by the number, whatever telephone is shown; each with its Act."""
    mine, other = room.add_account(APPLICANT_NUMBER), room.add_account(AGENT_NUMBER, "13900000000")
    assert room.verify(phone="13900000000") == 1
    assert (room.level(mine), room.level(other)) == (Assurance.WINDOW, Assurance.PHONE)
    (act,) = room.office.acts
    assert (act.act, act.subject_id, act.detail, act.reason) == (
        "person.verify_at_window", str(mine.person_id), {"by": "number"}, REASON,
    )  # fmt: skip


def test_without_a_number_the_one_account_with_the_telephone_is_raised(room: Room) -> None:
    """And gets the register's name and the card's number."""
    mine = room.add_account()
    assert room.verify(phone="138-0000-0001") == 1
    kept = room.office.house.tables.persons[mine.person_id]
    assert (kept.assurance, kept.real_name, kept.identity_number) == (Assurance.WINDOW, "王秀英", APPLICANT_NUMBER)


def test_several_accounts_with_one_telephone_are_raised_by_nobody(room: Room) -> None:
    """Whose the number would be cannot be told."""
    accounts = [room.add_account(), room.add_account()]
    with pytest.raises(Conflict):
        room.verify(phone=PHONE)
    assert {room.level(one) for one in accounts} == {Assurance.PHONE}
    assert room.office.acts == []


@pytest.mark.parametrize("phone", ["", "13900000000", "no number"])
def test_without_an_account_there_is_nothing_to_raise(room: Room, phone: str) -> None:
    """Not found."""
    room.add_account()
    with pytest.raises(NotFound):
        room.verify(phone=phone)


@pytest.mark.parametrize(
    ("shown", "place"),
    [
        (replace(SELF, card_seen=False), "card_seen"),
        (replace(SELF, card=Shown("王秀", APPLICANT_NUMBER)), "card.identity_number"),
        (replace(SELF, card=Shown("", APPLICANT_NUMBER)), "card.name"),
        (replace(SELF, card=Shown("王秀英", "12")), "card.identity_number"),
    ],
    ids=["unseen", "another name", "no name", "no number"],
)
def test_the_card_is_seen_and_borne_out_by_the_register(room: Room, shown: ApplicantShown, place: str) -> None:
    """Else nothing is raised and nothing printed."""
    room.add_account(APPLICANT_NUMBER)
    for act in (room.people.verify_holder, room.people.list_exposures):
        with pytest.raises(InputRefused) as raised:
            act(room.office.clerk, OFFICE, shown, REASON)
        assert list(raised.value.detail or {}) == [place]
    assert (room.office.acts, room.reader.asked) == ([], 0)


def test_only_the_windows_clerks_and_none_for_themselves(room: Room) -> None:
    """Heads, siblings and other roles are not permitted; one's own matter is a colleague's."""
    office = room.office
    for who in (office.head, office.hire(SIBLING, Role.CLERK), office.hire(OFFICE, Role.PRIVACY)):
        with pytest.raises(NotPermitted):
            room.people.list_exposures(who, OFFICE, SELF, REASON)
    own = office.hire(OFFICE, Role.CLERK, number=APPLICANT_NUMBER)
    for act in (room.people.verify_holder, room.people.list_exposures):
        with pytest.raises(OwnMatter):
            act(own, OFFICE, SELF, REASON)


def test_a_register_that_does_not_answer_raises_nobody(room: Room) -> None:
    """The card alone proves nothing."""
    mine = room.add_account(APPLICANT_NUMBER)
    room.office.book.down = True
    with pytest.raises(BackEndUnreachable):
        room.verify()
    assert room.level(mine) is Assurance.PHONE


def test_all_records_of_both_platforms_are_printed_after_the_act(room: Room) -> None:
    """Of the account and of the number; page after page; what cannot be noted is not read."""
    mine = room.add_account(APPLICANT_NUMBER)
    stranger = uuid4()
    for _ in range(PAGE + 3):
        room.reader.add(mine.chain_id, PlatformName.WECHAT)
    room.reader.add(stranger, PlatformName.ALIPAY)
    seen = room.people.list_exposures(room.office.clerk, OFFICE, SELF, REASON).seen
    assert {platform: len(records) for platform, records in seen.items()} == {
        PlatformName.WECHAT: PAGE + 3, PlatformName.ALIPAY: 0,
    }  # fmt: skip
    assert tuple(seen) == PLATFORMS
    (act,) = room.office.acts
    assert (act.act, act.detail) == ("person.exposures", {"chains": 1})
    room.office.house.acts_down, before = True, room.reader.asked
    with pytest.raises(StoreUnavailable):
        room.people.list_exposures(room.office.clerk, OFFICE, SELF, REASON)
    assert room.reader.asked == before


def test_the_file_with_proofs_is_handed_over_beside_the_paper(room: Room) -> None:
    """It holds by itself, and the paper has its fingerprint and checkpoint; where nothing is published there is none."""
    mine = room.add_account(APPLICANT_NUMBER)
    room.reader.add(mine.chain_id, PlatformName.WECHAT)
    bare = room.people.list_exposures(room.office.clerk, OFFICE, SELF, REASON)
    assert (bare.checkpoint, bare.file, [group.count for group in bare.groups]) == (None, b"", [1])
    proofs = FakeProofs()
    proofs.log = log = SmallLog()
    log.place(log.make_record(mine.chain_id), log.make_record(mine.chain_id, platform="alipay"))
    paper = replace(room.people, proofs=proofs).list_exposures(room.office.clerk, OFFICE, SELF, REASON)
    report = check_file(paper.file, log.log.key, [log.witness.key], [], verify_ed25519)
    assert (report.faults, len(report.records)) == ((), 2)
    assert paper.checkpoint is not None
    assert (paper.checkpoint.size, len(paper.fingerprint)) == (3, 64)
