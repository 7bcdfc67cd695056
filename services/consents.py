"""Consents of citizens: shown, given, withdrawn; asked again where the text changed; asked for at the door. PIPL articles 14 to 17, 23.

Withdrawing is as easy as giving and needs nothing but the matter's name. Giving names the text that was on the screen and the number of what
happened last, so that a form that comes late, or twice, or from a page of yesterday, agrees to nothing new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.catalogue import Catalogue
from services.consent_record import (
    ENDED,
    ConsentEvent,
    ConsentMatter,
    ConsentName,
    ConsentState,
    ConsentStore,
    PurposeText,
    fold_consents,
)
from services.errors import Conflict, ConsentMissing, NotFound
from services.exposure import Disclosure
from services.model import JsonValue, Language, PlatformName
from services.ports import Clock, Directory, Store
from services.purpose_texts import list_texts

NewId = Callable[[], UUID]
NOTE: Mapping[Language, str] = {
    Language.ZH_CN: "同意与否由您决定，随时可以撤回；不同意或者撤回，不影响您办理任何业务。撤回以前依照您的同意已经进行的，仍然有效。",
    Language.EN: "It is for you to decide, and you may withdraw at any time; without it no service is refused to you. What was done before stays lawful.",
}
"""What stands above the list: PIPL articles 14 to 16."""
HOUSE = "house"
"""The channel of what nobody said: that a text changed."""
ASK_AT_ONCE = 500
"""How many consents to an older text are asked for again in one transaction."""


@dataclass(frozen=True, slots=True)
class ToldField:
    """A field of a text, by the direction in which it may be seen, with what people read for it."""

    direction: str
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class ToldText:
    """A purpose's text in one language."""

    version: str
    title: str
    name: str
    because: str
    legal_basis: str
    recipient: str
    kept: str
    separate: bool
    fields: tuple[ToldField, ...]


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One matter as a citizen sees it: the text in force (None if consent is not asked for any more), how it stands, what happened.

    ``agreed``: the text that they agreed to, word for word, if it is another one.
    """

    matter: ConsentMatter
    offered: PurposeText | None
    agreed: PurposeText | None
    state: ConsentState
    history: tuple[ConsentEvent, ...]

    @property
    def in_force(self) -> bool:
        """Whether what rests on it may be seen by the platform at this moment."""
        return self.offered is not None and self.state.allows(self.offered.version)

    @property
    def text(self) -> PurposeText | None:
        """What to show: the text in force, else the one that was agreed to."""
        return self.offered or self.agreed


def tell_text(text: PurposeText, language: Language) -> ToldText:
    """A kept text as it is read."""
    told = json.loads(text.text)

    def say(value: JsonValue) -> str:
        return str(value.get(str(language)) or "") if isinstance(value, dict) else ""

    fields = tuple(
        ToldField(direction, name, say(label) or name)
        for direction, names in sorted(told["fields"].items())
        for name, label in names.items()
    )
    return ToldText(
        text.version, say(told["title"]), say(told["name"]), say(told["because"]), told["legal_basis"],
        say(told["recipient"]), say(told["kept"]), told["separate"], fields,
    )  # fmt: skip


def list_offers(catalogue: Catalogue, platform: PlatformName | None = None) -> dict[ConsentMatter, PurposeText]:
    """The texts in force of all purposes that rest on consent, on one platform or on all."""
    found = [
        text
        for _, service in sorted(catalogue.services.items())
        for terms in service.consents.values()
        for where, text in sorted(terms.texts.items())
        if platform in (None, where)
    ]
    return {text.matter: text for text in found}


def draw_lines(
    store: ConsentStore,
    offers: Mapping[ConsentMatter, PurposeText],
    events: Iterable[ConsentEvent],
    platform: str | None,
) -> list[ConsentLine]:
    """One line for each matter for which consent is asked or was ever spoken of, in the order of their names."""
    by_matter: dict[ConsentMatter, list[ConsentEvent]] = {}
    for event in events:
        if platform in (None, event.matter.platform):
            by_matter.setdefault(event.matter, []).append(event)
    spoken = {one: fold_consents(known) for one, known in by_matter.items()}
    kept = {one.text.version: one.text for one in store.find_texts([state.version for state in spoken.values()])}
    lines = []
    for matter in sorted({*offers, *by_matter}):
        state, offered = spoken.get(matter, ConsentState()), offers.get(matter)
        agreed = kept.get(state.version) if offered is None or state.version != offered.version else None
        lines.append(ConsentLine(matter, offered, agreed, state, tuple(by_matter.get(matter, ()))))
    return lines


@dataclass(frozen=True, slots=True)
class Saying:
    """Who says yes or no, of what, through which door; ``by`` is the clerk who writes it down at the window."""

    person_id: UUID
    matter: ConsentMatter
    channel: str
    by: UUID | None = None


def write_given(
    store: ConsentStore, saying: Saying, text: PurposeText, after: int, at: datetime, new_id: NewId
) -> ConsentState:
    """Agree to a text. Raises ``Conflict`` if something happened since ``after``; the same said again is the same consent."""
    agency_id, person_id = store.hold(saying.person_id)
    events = store.list_of(person_id, saying.matter)
    state = fold_consents(events)
    repeated = state.number == after + 1 and state.allows(text.version)
    if repeated or (state.number == after and state.allows(text.version)):
        return state
    if state.number != after:
        raise Conflict(detail={"rule": "changed"})
    store.keep([text], at)
    return _append(store, saying, (agency_id, person_id), state, ConsentName.GIVEN, text.version, at, new_id)


def write_ended(store: ConsentStore, saying: Saying, version: str, at: datetime, new_id: NewId) -> ConsentState:
    """Say no: withdraw what was given, or refuse what is asked. What was ended already is not ended again."""
    agency_id, person_id = store.hold(saying.person_id)
    state = fold_consents(store.list_of(person_id, saying.matter))
    if state.name in ENDED:
        return state
    name = ConsentName.REFUSED if state.name is None else ConsentName.WITHDRAWN
    return _append(store, saying, (agency_id, person_id), state, name, state.version or version, at, new_id)


def _append(
    store: ConsentStore, saying: Saying, whose: tuple[UUID, UUID], state: ConsentState, name: ConsentName, version: str,
    at: datetime, new_id: NewId,
) -> ConsentState:  # fmt: skip
    number = state.number + 1
    store.append(ConsentEvent(new_id(), *whose, saying.matter, number, name, version, saying.channel, at, saying.by))
    return ConsentState(name, number, version)


@dataclass(frozen=True, slots=True)
class ConsentDesk:
    """What a citizen does with their consents, through any door."""

    store: Store
    catalogue: Catalogue
    directory: Directory
    clock: Clock
    new_id: NewId

    def list_lines(self, person_id: UUID, platform: PlatformName | None) -> list[ConsentLine]:
        """Every matter of one platform, or at an own door of all."""
        offers = list_offers(self.catalogue, platform)
        with self.store.begin(self.directory.all_agencies()) as tx:
            return draw_lines(tx.consents, offers, tx.consents.list_of(person_id), platform and str(platform))

    def give(self, saying: Saying, version: str, after: int) -> ConsentState:
        """Agree to the text of this version. Raises ``NotFound``, ``Conflict`` if it is not the one in force or the page was old."""
        text = list_offers(self.catalogue).get(saying.matter)
        if text is None:
            raise NotFound
        if text.version != version:
            raise Conflict(detail={"rule": "changed"})
        with self.store.begin(self.directory.all_agencies()) as tx:
            return write_given(tx.consents, saying, text, after, self.clock.now(), self.new_id)

    def end(self, saying: Saying) -> ConsentState:
        """Withdraw or refuse. From the commit on nothing of it leaves. Raises ``NotFound`` for what was never asked."""
        text = list_offers(self.catalogue).get(saying.matter)
        with self.store.begin(self.directory.all_agencies()) as tx:
            if text is None and not tx.consents.list_of(saying.person_id, saying.matter):
                raise NotFound
            if text is not None:
                tx.consents.keep([text], self.clock.now())
            return write_ended(tx.consents, saying, text.version if text else "", self.clock.now(), self.new_id)


@dataclass(frozen=True, slots=True)
class StoredConsents:
    """``ConsentGate`` over the store: what is committed there counts, each time anew."""

    store: Store
    directory: Directory

    def require(self, disclosure: Disclosure) -> None:
        """See the port. A purpose that rests on consent and names nobody is agreed to by nobody."""
        if not disclosure.consent:
            return
        if disclosure.person_id is not None:
            matter = ConsentMatter(disclosure.service, disclosure.purpose, str(disclosure.platform))
            with self.store.begin(self.directory.all_agencies()) as tx:
                state = fold_consents(tx.consents.list_of(disclosure.person_id, matter))
            if state.allows(disclosure.consent):
                return
        raise ConsentMissing(f"{disclosure.service}: {disclosure.purpose} on {disclosure.platform}")


def keep_texts(desk: ConsentDesk) -> int:
    """Keep every text that is in force, and ask those again who agreed to another; how many. The worker's duty, every minute."""
    at, agencies = desk.clock.now(), desk.directory.all_agencies()
    catalogue = desk.catalogue
    with catalogue.hold():
        texts = list(list_texts(catalogue.services, catalogue.rooms, catalogue.vocabulary))
        offers = list_offers(catalogue)
    with desk.store.begin(agencies) as tx:
        tx.consents.keep(texts, at)
    asked, batch = 0, ASK_AT_ONCE
    while batch == ASK_AT_ONCE:
        batch = _ask_again(desk, list(offers.values()), agencies, at)
        asked += batch
    return asked


def _ask_again(desk: ConsentDesk, texts: Sequence[PurposeText], agencies: Sequence[UUID], at: datetime) -> int:
    current = {text.matter: text.version for text in texts}
    with desk.store.begin(agencies) as tx:
        outdated = tx.consents.list_outdated(texts, ASK_AT_ONCE)
        return sum(_ask_one(tx.consents, one, current[one.matter], at, desk.new_id) for one in outdated)


def _ask_one(store: ConsentStore, old: ConsentEvent, version: str, at: datetime, new_id: NewId) -> bool:
    whose = store.hold(old.person_id)
    state = fold_consents(store.list_of(old.person_id, old.matter))
    if state.name is not ConsentName.GIVEN or state.allows(version):
        return False
    saying = Saying(old.person_id, old.matter, HOUSE)
    _append(store, saying, whose, state, ConsentName.ASKED_AGAIN, version, at, new_id)
    return True
