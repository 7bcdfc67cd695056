"""What a citizen may read of the ledger from inside a platform's app."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.ids import make_id
from services.errors import InputRefused
from services.exposure_view import PAGE_SIZE, read_cursor
from services.model import Caller, Language, PlatformName
from tests.unit.gateway.fakes_edge import City, build_city
from tests.unit.services.test_households import sign_in


@pytest.fixture
def city() -> City:
    return build_city()


def put_leaf(city: City, chain: UUID, platform: PlatformName = PlatformName.WECHAT, **more: Any) -> str:
    city.clock.advance(1)
    leaf = {
        "id": str(make_id(city.clock.now())), "at": "2026-11-24T08:00:00.000000Z", "direction": "shown_in_client",
        "service": "gas-bill", "purpose": "see_bills", "legal_basis": "某法第一条", "fields": ["bill_amount"],
        "digest": "secret", "outcome": None, **more,
    }  # fmt: skip
    city.reader.leaves.append((chain, platform, leaf))
    return str(leaf["id"])


def read(city: City, caller: Caller, cursor: str | None = None) -> Any:
    return city.desk.exposure.list_seen(caller, cursor)


def test_a_record_is_told_in_plain_words(city: City) -> None:
    """When, in which direction, for what, by which law, which fields: in the reader's language, without digests."""
    caller = sign_in(city)
    put_leaf(city, caller.chain_id)
    (record,) = read(city, caller).items
    assert record.purpose == city.desk.catalogue.purpose("see_bills", Language.ZH_CN, "gas-bill")
    assert [field.label for field in record.fields] == ["账单金额"]
    assert "secret" not in repr(record)


@pytest.mark.parametrize(
    ("language", "service", "direction", "outcome", "words"),
    [
        (Language.ZH_CN, "gas-bill", "sent_to_server", "sent", ("发给平台服务器", "燃气缴费", "已送达")),
        (Language.ZH_CN, "sign-in", "entered_in_client", None, ("在小程序内填写", "登录", None)),
        (Language.EN, "account", "shown_in_client", None, ("shown in the mini-program", "account", None)),
        (Language.EN, "gone-long-ago", "sent_to_server", "unknown",
         ("sent to the platform's server", "gone-long-ago", "not certain whether it arrived")),
    ],
)  # fmt: skip
def test_every_code_has_words_beside_it(
    city: City, language: Language, service: str, direction: str, outcome: str | None, words: tuple[str | None, ...]
) -> None:
    """Direction, service or room, and outcome are told in the reader's language; a service that is gone keeps its name."""
    caller = replace(sign_in(city), language=language)
    put_leaf(city, caller.chain_id, service=service, direction=direction, outcome=outcome)
    (record,) = read(city, caller).items
    assert (record.direction_label, record.service_title, record.outcome_label) == words
    assert (record.direction, record.service, record.outcome) == (direction, service, outcome)


def test_a_purpose_is_told_in_the_service_s_own_words(city: City) -> None:
    """What a mapping calls it goes before the general word."""
    caller = replace(sign_in(city), language=Language.EN)
    put_leaf(city, caller.chain_id)
    assert read(city, caller).items[0].purpose == "see gas bills"


def test_only_this_platform_and_this_person(city: City) -> None:
    """The other platform's part, and other people's, are not here."""
    caller = sign_in(city)
    put_leaf(city, caller.chain_id, PlatformName.ALIPAY)
    put_leaf(city, uuid4())
    assert read(city, caller).items == []


def test_a_joined_account_sees_its_whole_past(city: City) -> None:
    """Records of the log-in before it was joined are the person's too."""
    first, second = sign_in(city), sign_in(city, "second")
    put_leaf(city, second.chain_id)
    with city.store.begin(first.agencies) as tx:
        tx.persons.join(second.person_id, first.person_id, city.clock.now())
    assert len(read(city, first).items) == 1


def test_pages_hold_everything_once(city: City) -> None:
    """Following the cursors shows every record once, newest first, and then ends."""
    caller = sign_in(city)
    made = [put_leaf(city, caller.chain_id) for _ in range(PAGE_SIZE + 3)]
    first = read(city, caller)
    second = read(city, caller, first.next_cursor)
    assert [str(record.record_id) for record in [*first.items, *second.items]] == made[::-1]
    assert second.next_cursor is None


def test_a_cursor_of_another_form_is_refused() -> None:
    """A cursor is a record's id."""
    assert read_cursor(None) is None
    with pytest.raises(InputRefused):
        read_cursor("1 OR 1=1")
