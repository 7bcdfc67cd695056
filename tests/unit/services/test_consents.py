"""Consents: what is in force after any sequence of events, forms that come late or twice, texts that change, and the door's question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalogue import Catalogue
from services.consent_record import (
    ENDED,
    ConsentEvent,
    ConsentMatter,
    ConsentName,
    ConsentState,
    NobodyAgreed,
    PurposeText,
    fold_consents,
)
from services.consents import ConsentDesk, Saying, StoredConsents, keep_texts, list_offers, tell_text
from services.errors import Conflict, ConsentMissing, NotFound
from services.exposure import Direction, Disclosure
from services.mapping import ConsentTerms, disclose
from services.model import Assurance, Language, Person, PlatformName
from services.purpose_texts import list_texts, write_text
from tests.fake_consents import ConsentBooks, FakeConsents
from tests.fakes import FakeClock, FakeDirectory, load_catalogue, new_id_of

ROOT, WANG, LI = uuid4(), uuid4(), uuid4()
BEGIN = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
W, A = PlatformName.WECHAT, PlatformName.ALIPAY
CATALOGUE = load_catalogue()
MATTER, TEXT = next((one, text) for one, text in list_offers(CATALOGUE).items() if one.platform == W)
G, X, R, N = ConsentName.GIVEN, ConsentName.WITHDRAWN, ConsentName.REFUSED, ConsentName.ASKED_AGAIN


@dataclass
class Books:
    """A store of consents alone, for two people."""

    consents: ConsentBooks = field(default_factory=ConsentBooks)
    joined: dict[UUID, UUID] = field(default_factory=dict)
    agencies: list[tuple[UUID, ...]] = field(default_factory=list)

    @contextmanager
    def begin(self, agencies: Any) -> Iterator[Any]:
        self.agencies.append(tuple(agencies))
        people = {one: Person(one, ROOT, uuid4(), Assurance.PHONE, BEGIN) for one in (WANG, LI)}
        store, before = self, self.consents.snapshot()

        class Transaction:
            consents = FakeConsents(store.consents, lambda: people, lambda: store.joined)

        try:
            yield Transaction()
        except BaseException:
            self.consents = before
            raise


@dataclass
class House:
    """A desk over such books."""

    books: Books = field(default_factory=Books)
    clock: FakeClock = field(default_factory=FakeClock)
    catalogue: Catalogue = CATALOGUE

    @property
    def desk(self) -> ConsentDesk:
        directory = FakeDirectory({"demo-city": ROOT}, [], [])
        return ConsentDesk(
            cast("Any", self.books), self.catalogue, directory, self.clock, lambda: new_id_of(self.clock)
        )

    def give(
        self, after: int = 0, person: UUID = WANG, matter: ConsentMatter = MATTER, version: str = ""
    ) -> ConsentState:
        self.clock.advance(1)
        return self.desk.give(Saying(person, matter, "wechat"), version or TEXT.version, after)

    def end(self, person: UUID = WANG, matter: ConsentMatter = MATTER) -> ConsentState:
        self.clock.advance(1)
        return self.desk.end(Saying(person, matter, "web"))

    def asks(self, person: UUID | None = WANG, platform: PlatformName = W) -> bool:
        """What the door would hear."""
        told = disclose(
            self.catalogue.service(MATTER.service), platform=platform, agency_id=ROOT, account="a", purpose=MATTER.purpose,
            request_id="r", person_id=person,
        )  # fmt: skip
        try:
            StoredConsents(cast("Any", self.books), self.desk.directory).require(told)
        except ConsentMissing:
            return False
        return True

    def reword(self, because: str) -> None:
        """The next version of the mapping tells something else."""
        service = self.catalogue.service(MATTER.service)
        terms = service.consents[MATTER.purpose]
        texts = {
            platform: write_text(
                old.matter, service.title, service.purposes[MATTER.purpose], {Language.ZH_CN: because}, terms.legal_basis,
                terms.fields, self.catalogue.vocabulary.fields, self.catalogue.vocabulary, basis="consent",
            )
            for platform, old in terms.texts.items()
        }  # fmt: skip
        consents = {MATTER.purpose: replace(terms, texts=texts)}
        services = {**self.catalogue.services, service.id: replace(service, consents=consents)}
        self.catalogue = replace(self.catalogue, services=services)


@pytest.fixture
def house() -> House:
    return House()


def event(number: int, name: ConsentName, person: UUID = WANG, at: int = 0, version: str = "v") -> ConsentEvent:
    return ConsentEvent(
        uuid4(), ROOT, person, MATTER, number, name, version, "web", BEGIN + timedelta(seconds=at or number)
    )


@given(st.lists(st.sampled_from(ConsentName), max_size=8), st.randoms(use_true_random=False))
def test_only_the_last_word_counts(names: list[ConsentName], order: Any) -> None:
    """In whatever order events are read, what is in force is what was said last, and nothing else."""
    events = [event(index, name) for index, name in enumerate(names, 1)]
    order.shuffle(events)
    state = fold_consents(events)
    assert (state.name, state.number) == ((names[-1], len(names)) if names else (None, 0))
    assert state.allows("v") == (names[-1:] == [G])
    assert not state.allows("")
    assert not state.allows("w")


@given(st.lists(st.tuples(st.sampled_from((WANG, LI)), st.sampled_from(ConsentName), st.integers(0, 9)), max_size=8))
def test_a_no_of_either_account_ends_a_consent(said: list[tuple[UUID, ConsentName, int]]) -> None:
    """Of accounts that were joined a withdrawal that is not older than the other's consent is the end of it."""
    counts = {WANG: 0, LI: 0}
    events = []
    for person, name, at in said:
        counts[person] += 1
        events.append(event(counts[person], name, person, at + 1))
    state = fold_consents(events)
    if state.name is G:
        last = max((one for one in events if one.number == state.number and one.name is G), key=lambda one: one.at)
        assert not [
            one for one in events if one.name in ENDED and one.person_id != last.person_id and one.at >= last.at
        ]


@given(st.lists(st.sampled_from(["give", "give late", "end", "reword", "worker"]), max_size=10))
def test_the_door_hears_what_the_page_says(acts: list[str]) -> None:
    """Whatever happens in whatever order, the door lets out exactly what the citizen's page calls in force, and a late form changes nothing."""
    house, agreed = House(), False
    for index, act in enumerate(acts):
        (line,) = [one for one in house.desk.list_lines(WANG, W) if one.matter == MATTER]
        assert line.offered is not None
        if act == "give":
            house.give(line.state.number, version=line.offered.version)
            agreed = True
        elif act == "give late" and line.state.number > 1:
            before = len(house.books.consents.events)
            with pytest.raises(Conflict):
                house.give(line.state.number - 2, version=line.offered.version)
            assert len(house.books.consents.events) == before
        elif act == "end":
            house.end()
            agreed = False
        elif act == "reword":
            house.reword(f"另一种说法{index}")
            agreed = False
        elif act == "worker":
            keep_texts(house.desk)
        (line,) = [one for one in house.desk.list_lines(WANG, W) if one.matter == MATTER]
        assert house.asks() == line.in_force == agreed
        assert not house.asks(LI)
        assert not house.asks(platform=A)


def test_the_same_form_twice_is_one_consent(house: House) -> None:
    """A repeated request gives the same answer and writes nothing; after a withdrawal it agrees to nothing any more."""
    assert house.give() == house.give() == ConsentState(G, 1, TEXT.version)
    assert len(house.books.consents.events) == 1
    house.end()
    with pytest.raises(Conflict):
        house.give()
    assert not house.asks()
    assert house.end() == house.end()
    assert [one.name for one in house.books.consents.events] == [G, X]


def test_who_refuses_is_not_asked_into_it(house: House) -> None:
    """A no without a yes before is kept as such; a yes after it needs the number of the no."""
    assert house.end().name is R
    with pytest.raises(Conflict):
        house.give()
    assert house.give(1).name is G
    assert house.asks()


@pytest.mark.parametrize("version", ["0" * 64, "", TEXT.version.upper()])
def test_a_text_that_is_not_in_force_is_agreed_to_by_nobody(house: House, version: str) -> None:
    """A forged version, or that of yesterday's text."""
    with pytest.raises(Conflict):
        house.desk.give(Saying(WANG, MATTER, "wechat"), version, 0)
    assert house.books.consents.events == []


def test_what_asks_for_no_consent_takes_none(house: House) -> None:
    """A purpose that rests on a duty, or does not exist, has nothing to agree to and nothing to withdraw."""
    for other in (
        replace(MATTER, purpose="submit_case"),
        replace(MATTER, service="gas-bill"),
        replace(MATTER, platform="web"),
    ):
        with pytest.raises(NotFound):
            house.desk.give(Saying(WANG, other, "wechat"), TEXT.version, 0)
        with pytest.raises(NotFound):
            house.desk.end(Saying(WANG, other, "wechat"))


def test_a_changed_text_is_asked_for_again(house: House) -> None:
    """Nothing leaves from the moment it changes; the worker notes it once; what was agreed to can still be shown word for word."""
    house.give()
    house.reword("现在说的是另一件事")
    assert not house.asks()
    assert (keep_texts(house.desk), keep_texts(house.desk)) == (1, 0)
    assert [one.name for one in house.books.consents.events] == [G, N]
    (line,) = [one for one in house.desk.list_lines(WANG, W) if one.matter == MATTER]
    assert (line.in_force, line.state.number) == (False, 2)
    kept = house.books.consents.texts[line.history[0].version].text
    assert kept == TEXT
    assert "短信" in tell_text(kept, Language.ZH_CN).because
    assert line.offered is not None
    house.give(2, version=line.offered.version)
    assert house.asks()


def test_another_change_of_the_mapping_asks_nobody(house: House) -> None:
    """The version of a text is its words, not the number of the mapping."""
    house.give()
    service = house.catalogue.service(MATTER.service)
    services = {**house.catalogue.services, service.id: replace(service, version=service.version + 1)}
    house.catalogue = replace(house.catalogue, services=services)
    assert house.asks()
    assert keep_texts(house.desk) == 0


def test_a_consent_that_is_asked_for_no_more_can_be_withdrawn(house: House) -> None:
    """The service is gone: what was agreed to is still on the page, and still ends."""
    house.give()
    house.catalogue = replace(house.catalogue, services={})
    (line,) = house.desk.list_lines(WANG, None)
    assert (line.offered, line.agreed, line.in_force) == (None, TEXT, False)
    assert house.end().name is X


def test_joined_accounts_are_one_person(house: House) -> None:
    """A consent goes along with the account; a withdrawal by the one ends that of the other."""
    house.give(person=LI)
    house.books.joined[LI] = WANG
    assert house.asks(WANG)
    assert house.asks(LI)
    house.end(LI)
    assert not house.asks(WANG)
    assert house.books.consents.events[-1].person_id == WANG


def test_erasing_takes_the_events_of_all_accounts(house: House) -> None:
    """Nothing of a person stays but the texts, which are nobody's."""
    house.give(person=LI)
    house.give(person=WANG)
    house.books.joined[LI] = WANG
    with house.books.begin((ROOT,)) as tx:
        assert tx.consents.erase(LI) == 2
    assert (house.books.consents.events, house.asks()) == ([], False)
    assert house.books.consents.texts


def test_nobody_named_is_nobody_who_agreed(house: House) -> None:
    """An exposure that rests on consent and names no person does not leave; a process without a gate lets none out."""
    house.give()
    assert not house.asks(None)
    told = disclose(
        CATALOGUE.service(MATTER.service), platform=W, agency_id=ROOT, account="a", purpose=MATTER.purpose, request_id="r",
        person_id=WANG,
    )  # fmt: skip
    with pytest.raises(ConsentMissing):
        NobodyAgreed().require(told)
    NobodyAgreed().require(replace(told, consent=""))


def test_a_purpose_shows_no_more_than_its_text_says() -> None:
    """Its budget is what the text names, its law is its own; a platform without a text has nobody's consent."""
    service = CATALOGUE.service(MATTER.service)
    told = explain(service)
    named = service.consents[MATTER.purpose].fields
    assert told.budget[Direction.SENT_TO_SERVER] == named[Direction.SENT_TO_SERVER]
    assert told.budget[Direction.SHOWN_IN_CLIENT] <= {"error"}
    assert told.legal_basis == service.consents[MATTER.purpose].legal_basis != service.legal_basis
    assert told.consent == TEXT.version
    bare = replace(service, consents={MATTER.purpose: ConsentTerms(True, "law", {}, {})})
    assert explain(bare).consent == "-"


def explain(service: Any) -> Disclosure:
    return disclose(
        service, platform=W, agency_id=ROOT, account="a", purpose=MATTER.purpose, request_id="r", person_id=WANG
    )


def test_every_purpose_has_its_text() -> None:
    """Of each service and room on each platform: sentence in both languages, law, fields, recipient, how long; its version is its SHA-256."""
    texts = list(list_texts(CATALOGUE.services, CATALOGUE.rooms, CATALOGUE.vocabulary))
    assert len({one.version for one in texts}) == len({one.matter for one in texts}) == len(texts) > 100
    for one in texts:
        for language in Language:
            told = tell_text(one, language)
            assert all((told.title, told.name, told.because, told.legal_basis, told.recipient, told.kept)), one.matter
        assert ('"basis":"consent"' in one.text) == (one.matter in list_offers(CATALOGUE))
    assert_versions({one.matter: one for one in texts})


def assert_versions(texts: Mapping[ConsentMatter, PurposeText]) -> None:
    """The texts of the mapping and those of the list are the same."""
    assert all(texts[matter] == text for matter, text in list_offers(CATALOGUE).items())
