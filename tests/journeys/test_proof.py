"""The proof at the end of each file of stories is able to fail: each thing that it looks for is found when it is there."""

from __future__ import annotations

import base64

from adapters.stores.exposure_export import export_records
from tests.journeys.books import Account, read_accounts
from tests.journeys.city import City
from tests.journeys.errands import send_on_errand
from tests.journeys.proof import find_leaks, match_records, read_secrets, set_mark


def test_records_and_requests_are_compared_one_to_one(city: City) -> None:
    """A request too many, one too few, and one that differs in a byte are each named."""
    mark = set_mark(city)
    errand = send_on_errand(city, "wechat", "gas")
    errand.order_and_pay()
    errand.await_state("written_off")
    city.await_quiet()
    received = city.received(mark.received)
    records = export_records(city.stack.owner_url, mark.record)
    assert len(received) >= 3
    assert match_records(city, received, records) == []
    assert len(match_records(city, [*received, received[-1]], records)) == 1
    assert len(match_records(city, received[:-1], records)) == 1
    changed = {**received[-1], "body": base64.b64encode(b"{}").decode()}
    assert len(match_records(city, [*received[:-1], changed], records)) == 2
    assert len(match_records(city, [{**received[-1], "platform": "alipay"}, *received[:-1]], records)) == 2


def test_a_leak_is_found_in_any_dress(city: City) -> None:
    """A canary or a name is found plain, as an escape of JSON, and percent-encoded in a form."""
    errand = send_on_errand(city, "wechat", "gas")
    hidden, personal = read_secrets(city)
    canary = hidden[f"identity_canary of {errand.household_no}"]
    name = personal[f"name of {errand.household_no}"]
    assert find_leaks(city, [], []) == []
    assert find_leaks(city, [], [canary.encode()])
    assert find_leaks(city, [], [name.encode("unicode_escape")])
    form = "".join(f"%{byte:02X}" for byte in name.encode()).encode()
    assert find_leaks(city, [{"target": "/", "body": base64.b64encode(form).decode()}], [])
    assert find_leaks(city, [{"target": f"/?no={errand.household_no}", "body": ""}], [])
    assert find_leaks(city, [], [b'{"idCardNo": null}'])


def test_books_that_do_not_agree_are_named(city: City) -> None:
    """Money without a write-off, a write-off without money, both at once, half a refund: each is a fault."""
    errand = send_on_errand(city, "alipay", "water")
    errand.order_and_pay()
    errand.await_state("written_off")
    account = read_accounts(city, [errand.payment_id])[0]
    assert (account.taken_fen, account.written_off, account.fault) == (errand.amount_fen, (errand.amount_fen,), "")
    for taken, refunds, written, state in [
        (100, (), (), "written_off"),
        (0, (), (100,), "written_off"),
        (100, (100,), (100,), "written_off"),
        (100, (50,), (), "refunded"),
        (100, (100, 100), (), "refunded"),
        (100, (), (100, 100), "written_off"),
        (100, (), (99,), "written_off"),
        (100, (100,), (), "written_off"),
        (0, (), (), "awaiting_payment"),
    ]:
        assert Account("p", state, 100, taken, refunds, written).fault
