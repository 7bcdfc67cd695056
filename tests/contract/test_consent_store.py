"""Consents and texts of purposes: on PostgreSQL under the real roles, and on the fake of the unit tests."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from adapters.ids import make_id
from adapters.stores.connection import StoreFault
from services.consent_record import ConsentEvent, ConsentMatter, ConsentName, PurposeText
from services.consents import Saying, write_ended, write_given
from services.errors import Conflict, VersionTaken
from services.model import Language
from services.purpose_texts import write_text
from services.vocabulary import Vocabulary
from tests.case_samples import MORNING
from tests.contract.case_houses import Houses

MATTER = ConsentMatter("trial-service", "tell_case", "wechat")
NO_WORDS = Vocabulary({}, {}, frozenset(), {}, {})


def tell(because: str, matter: ConsentMatter = MATTER) -> PurposeText:
    """A text that says this."""
    name = {Language.ZH_CN: because, Language.EN: because}
    return write_text(matter, name, name, name, "law", {}, {}, NO_WORDS, basis="consent")


TEXT = tell("提醒")


def begin(houses: Houses, role: str = "public") -> Any:
    """A transaction with the store of consents."""
    return houses.role(role).begin(houses.all)


def open_person(houses: Houses) -> UUID:
    """Somebody with an account at the city."""
    with begin(houses) as tx:
        return UUID(str(tx.persons.open_person(houses.city, MORNING).person_id))


def new_id() -> UUID:
    return make_id(MORNING)


def give(houses: Houses, person: UUID, after: int = 0, told: PurposeText = TEXT, role: str = "public") -> None:
    """They agree."""
    with begin(houses, role) as tx:
        write_given(tx.consents, Saying(person, told.matter, "wechat"), told, after, MORNING, new_id)


def names(houses: Houses, person: UUID, role: str = "public") -> list[tuple[ConsentName, int]]:
    """What is kept of one matter, as a role reads it."""
    with begin(houses, role) as tx:
        return [(one.name, one.number) for one in tx.consents.list_of(person, MATTER)]


@pytest.mark.parametrize("role", ["public", "console", "worker"])
def test_what_is_written_is_read_by_every_role(houses: Houses, role: str) -> None:
    """Given by one, withdrawn by another; matters and persons do not mix; the text comes back word for word."""
    person, other = open_person(houses), open_person(houses)
    give(houses, person, role=role)
    elsewhere = replace(MATTER, platform="alipay")
    give(houses, person, told=tell("别处", elsewhere))
    with begin(houses, role) as tx:
        write_ended(tx.consents, Saying(person, MATTER, "window", uuid4()), TEXT.version, MORNING, new_id)
    assert names(houses, person, role) == [(ConsentName.GIVEN, 1), (ConsentName.WITHDRAWN, 2)]
    assert names(houses, other, role) == []
    with begin(houses, role) as tx:
        assert len(tx.consents.list_of(person)) == 3
        (kept,) = tx.consents.find_texts([TEXT.version, "0" * 64])
        assert (kept.text, kept.since) == (TEXT, MORNING)
        assert tx.consents.find_texts([]) == []
    with houses.role(role).begin([houses.water]) as tx:  # another agency's rows are not seen
        assert tx.consents.list_of(person) == [] or houses.reads_chains  # type: ignore[attr-defined]


def test_a_number_is_taken_once(houses: Houses) -> None:
    """Two events with one number: the second is refused, and its transaction with it."""
    person = open_person(houses)
    give(houses, person)
    made = ConsentEvent(new_id(), houses.city, person, MATTER, 1, ConsentName.WITHDRAWN, TEXT.version, "web", MORNING)
    with pytest.raises(VersionTaken), begin(houses) as tx:
        tx.consents.append(made)
    assert names(houses, person) == [(ConsentName.GIVEN, 1)]


def test_two_at_once_are_one(houses: Houses) -> None:
    """The same yes from eight requests is one event; a yes upon an old page beside a no never comes after it."""
    person = open_person(houses)
    faults: list[Exception] = []

    def run(act: Any, *given: Any) -> None:
        try:
            act(*given)
        except (Conflict, VersionTaken) as fault:
            faults.append(fault)

    def end() -> None:
        with begin(houses) as tx:
            write_ended(tx.consents, Saying(person, MATTER, "web"), TEXT.version, MORNING, new_id)

    def together(*acts: Any) -> None:
        threads = [threading.Thread(target=run, args=one) for one in acts]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    together(*[(give, houses, person)] * 8)
    assert (names(houses, person), faults) == ([(ConsentName.GIVEN, 1)], [])
    together((end,), (give, houses, person), (end,), (give, houses, person))
    assert names(houses, person) == [(ConsentName.GIVEN, 1), (ConsentName.WITHDRAWN, 2)]


def test_joined_accounts_are_one(houses: Houses) -> None:
    """Whichever of them is named, the events of both are read, and what is new is written to the one that stays."""
    first, second = open_person(houses), open_person(houses)
    give(houses, second)
    with begin(houses) as tx:
        tx.persons.join(second, first, MORNING)
    assert names(houses, first) == names(houses, second) == [(ConsentName.GIVEN, 1)]
    with begin(houses) as tx:
        assert tx.consents.hold(second) == (houses.city, first)
        write_ended(tx.consents, Saying(second, MATTER, "web"), TEXT.version, MORNING, new_id)
    assert names(houses, first) == [(ConsentName.GIVEN, 1), (ConsentName.WITHDRAWN, 2)]
    with begin(houses, "worker") as tx:
        assert tx.consents.erase(second) == 2
    assert names(houses, first) == []


def test_who_agreed_to_another_text(houses: Houses) -> None:
    """Those whose newest event is a consent to another version of a matter in force, and nobody else."""
    matter = replace(MATTER, service=f"s-{uuid4().hex}")
    old, new = tell("旧", matter), tell("新", matter)
    agreed, withdrew, current = open_person(houses), open_person(houses), open_person(houses)
    for person in (agreed, withdrew):
        give(houses, person, told=old)
    give(houses, current, told=new)
    with begin(houses) as tx:
        write_ended(tx.consents, Saying(withdrew, matter, "web"), old.version, MORNING, new_id)
    with begin(houses, "worker") as tx:
        assert [one.person_id for one in tx.consents.list_outdated([new], 10)] == [agreed]
        assert tx.consents.list_outdated([new], 0) == tx.consents.list_outdated([], 10) == []


def test_nobody_rewrites_what_was_agreed_to(houses: Houses) -> None:
    """No role changes an event or a text; only the worker deletes events; a text under another digest is refused."""
    with begin(houses) as tx:
        tx.consents.keep([TEXT], MORNING)
        tx.consents.keep([replace(TEXT)], MORNING)
    if houses.reads_chains:
        return  # the fake knows no roles; what was kept twice is one text there too
    forged = replace(TEXT, version="0" * 64)
    with pytest.raises(StoreFault), begin(houses) as tx:
        tx.consents.keep([forged], MORNING)
    for role in ("public", "console", "worker"):
        engine = houses.role(role).engine  # type: ignore[attr-defined] # of PostgreSQL
        for statement in (
            "UPDATE consent_events SET name = name", "UPDATE purpose_texts SET content = content",
            "DELETE FROM purpose_texts", *(["DELETE FROM consent_events"] if role != "worker" else []),
        ):  # fmt: skip
            with pytest.raises(ProgrammingError, match="permission denied"), engine.connect() as connection:
                connection.execute(text(statement))
