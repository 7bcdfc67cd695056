"""Rules of services/catalogue.py and services/mapping.py: what the counter offers, and why a platform may see it."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from services.catalogue import Catalogue
from services.errors import ConfigurationFault, ExposureUndeclared, ServiceUnknown
from services.exposure import Direction, Disclosure, Outcome
from services.mapping import Room, ServiceMapping, disclose
from services.model import Language, PlatformName

CONFIG = Path(__file__).parents[3] / "config"


def load(config: Path) -> Catalogue:
    return Catalogue.load(config / "mappings", config / "desk.yaml", config / "vocabulary.yaml")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG, tmp_path / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path / "config"


def test_services_and_rooms() -> None:
    """Services are found by id and platform, rooms by name; what does not exist is refused."""
    catalogue = load(CONFIG)
    offered = [service.id for service in catalogue.services_on(PlatformName.WECHAT)]
    assert offered == sorted(offered)
    assert {"gas-bill", "water-bill"} <= set(offered)
    assert catalogue.room("sign-in").version >= 1
    with pytest.raises(ServiceUnknown):
        catalogue.service("gas")


def test_words() -> None:
    """A field and a purpose have words in each language; a service's own words go before the general ones."""
    catalogue = load(CONFIG)
    assert catalogue.label("amount", Language.EN) == "amount"
    assert catalogue.label("gone_long_ago", Language.EN) == "gone_long_ago"
    assert catalogue.purpose("see_bills", Language.EN) == "see bills"
    assert catalogue.purpose("see_bills", Language.EN, "gas-bill") == "see gas bills"
    assert catalogue.purpose("gone_long_ago", Language.ZH_CN, "gas-bill") == "gone_long_ago"


@pytest.mark.parametrize("language", list(Language))
def test_every_code_of_the_ledger_has_words(language: Language) -> None:
    """Directions, outcomes, services and rooms of the desk are told to people in each language, never as bare codes."""
    catalogue = load(CONFIG)
    assert set(catalogue.vocabulary.directions) == set(Direction)
    assert set(catalogue.vocabulary.outcomes) == set(Outcome)
    for say, codes in (
        (catalogue.direction, Direction),
        (catalogue.outcome, Outcome),
        (catalogue.title, [*catalogue.services, *catalogue.rooms]),
    ):
        for code in map(str, codes):
            words = say(code, language)
            assert words
            assert language is Language.EN or words != code
    assert catalogue.title("account", Language.ZH_CN) == "账户"
    assert catalogue.title("gone-long-ago", language) == "gone-long-ago"


def test_every_budget_name_is_a_word() -> None:
    """Every field of every budget has words in every language."""
    catalogue = load(CONFIG)
    known: list[ServiceMapping | Room] = [*catalogue.services.values(), *catalogue.rooms.values()]
    for what in known:
        for budget in what.exposure.values():
            for field in frozenset().union(*budget.values()):
                own = what.words if isinstance(what, ServiceMapping) else {}
                words = catalogue.vocabulary.fields.get(field) or own[field]
                assert all(words.get(language) for language in Language)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("desk.yaml", "login_code,", "login_kode,", "nearest login_code"),
        ("desk.yaml", "  account:\n    version: 1", "  account:\n    version: one", "rooms.account.version"),
        ("desk.yaml", "  account:", "  sign-in:", "the key a second time"),
        ("vocabulary.yaml", "  amount: {zh-CN: 金额, en: amount}", "  amount: {zh-CN: 金额}", "fields.amount.en"),
        ("vocabulary.yaml", "  amount: {", "  amount_of_money: {", "amount"),
        ("mappings/water-bill.yaml", "assurance: real-name", "assurance: real", "water-bill.yaml"),
    ],
)
def test_refused_at_load(config: Path, file: str, old: str, new: str, words: str) -> None:
    """A fault in any file stops the start, with the file and the place."""
    path = config / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationFault, match=words):
        load(config)


def test_all_files_at_once(config: Path) -> None:
    """The faults of all files come in one message."""
    for name in ("gas-bill", "water-bill"):
        path = config / "mappings" / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("version: 1\n", "version: no\n"), encoding="utf-8")
    with pytest.raises(ConfigurationFault) as caught:
        load(config)
    assert "gas-bill.yaml" in str(caught.value)
    assert "water-bill.yaml" in str(caught.value)


def disclose_for(what: ServiceMapping | Room, purpose: str, platform: PlatformName = PlatformName.WECHAT) -> Disclosure:
    return disclose(
        what, platform=platform, agency_id=UUID(int=1), account="a", purpose=purpose, request_id="r",
        actor=UUID(int=2), concerned=[UUID(int=3)],
    )  # fmt: skip


def test_disclosure_names_law_version_and_budget() -> None:
    """A disclosure carries the mapping's law, version and the budget of this platform."""
    gas = load(CONFIG).service("gas-bill")
    told = disclose(
        gas, platform=PlatformName.ALIPAY, agency_id=UUID(int=1), account="gas-alipay", purpose="pay_bill",
        request_id="r", concerned=[UUID(int=3)],
    )  # fmt: skip
    assert (told.service, told.mapping_version, told.legal_basis) == (gas.id, gas.version, gas.legal_basis)
    assert told.budget[Direction.SENT_TO_SERVER] == gas.exposure[PlatformName.ALIPAY][Direction.SENT_TO_SERVER]
    assert told.concerned == (UUID(int=3),)
    assert told.fields == frozenset()


def test_purpose_is_limited() -> None:
    """A purpose that the mapping does not state is refused (PIPL art. 6)."""
    with pytest.raises(ExposureUndeclared):
        disclose_for(load(CONFIG).service("gas-bill"), "exchange_keys")


def test_platform_without_budget() -> None:
    """A platform without a budget gets the empty one: the door refuses every field."""
    room = Room("r", 1, "law", {})
    assert disclose_for(room, "sign_in").budget == {}
