"""Stories of traffic fines: found by number plate, paid to the treasury, on WeChat by its non-tax interface, on Alipay as an ordinary order."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

import pytest

from gateway.launch.loopback import send
from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import Errand, enter_person, sign_in

SERVICE = "vehicle-fines"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def send_to_pay_a_fine(city: City, platform: str) -> Errand:
    """Somebody new with a vehicle of their own and one fine."""
    plate = "京" + secrets.choice(LETTERS) + "".join(secrets.choice(LETTERS + "123456789") for _ in range(5))
    person = enter_person(city)
    told = {"household_no": plate, "name": person.real_name, "address": f"青云市石榴区{plate}号院"}
    city.control("vehicles", "households", told)
    fine = city.control("vehicles", "bills", {"household_no": plate})
    phone = sign_in(city, platform, person, real_name=True)
    bound = {"service": SERVICE, "household_no": plate}
    household_id = phone.call("POST", "/households", bound, status=201)["household_id"]
    (bill,) = phone.call("GET", f"/households/{household_id}/bills")["bills"]
    assert bill["amount_fen"] == fine["amount_fen"]
    key = str(uuid.uuid4())
    return Errand(
        city, phone, "vehicles", plate, household_id, fine["bill_no"], bill["bill_ref"], bill["amount_fen"], key
    )


def fee_order(errand: Errand) -> str:
    """WeChat's own number of a fine's order."""
    events = errand.city.read(
        "SELECT data ->> 'platform_order' AS number FROM payment_events WHERE payment_id = %s AND name = 'order_placed'",
        errand.payment_id,
    )
    return str(events[0]["number"])


def ask_treasury(city: City, path: str) -> Any:
    return send("GET", f"{city.url('treasury')}/_sandbox/{path}").json()


@pytest.mark.parametrize("platform", ["wechat", "alipay"])
def test_a_fine_is_paid_to_the_treasury(city: City, platform: str) -> None:
    """Found, ordered, paid, written off; the receipt bears the treasury's number, and the vehicle office hears of it."""
    errand = send_to_pay_a_fine(city, platform)
    errand.order_and_pay()
    errand.await_state("written_off")
    receipt = errand.phone.call("GET", f"/payments/{errand.payment_id}/receipt")
    (entry,) = [one for one in ask_treasury(city, "write-offs") if one["notice_no"] == errand.bill_no]
    assert (receipt["write_off_reference"], receipt["amount_fen"]) == (entry["receipt_no"], entry["amount_fen"])
    settled = send("GET", f"{city.url('vehicles')}/_sandbox/write-offs").json()
    assert entry["receipt_no"] in [one["reference"] for one in settled]
    assert errand.phone.call("GET", f"/households/{errand.household_id}/bills")["bills"] == []
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize("platform", ["wechat", "alipay"])
def test_paid_at_a_bank_meanwhile(city: City, platform: str) -> None:
    """The treasury's record is authoritative: the second payment goes back, and the citizen is told why."""
    errand = send_to_pay_a_fine(city, platform)
    errand.order()
    city.control("treasury", f"notices/{errand.bill_no}/pay-at-bank", {})
    errand.pay()
    city.converge([errand.payment_id])
    assert (errand.state(), errand.view()["refund_reason"]) == ("refunded", "already_paid")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize("behaviour", ["no_notice", "duplicate_notice", "forged_signature", "stale_signature", "probe"])
def test_whatever_becomes_of_the_notice(city: City, behaviour: str) -> None:
    """Lost, doubled, forged, stale or a probe: the payment is found, once."""
    errand = send_to_pay_a_fine(city, "wechat")
    city.arrange("wechat", "nontax_notice", behaviour)
    errand.order_and_pay()
    city.converge([errand.payment_id])
    assert errand.events().count("payment_confirmed") == 1
    assert errand.state() == "written_off"
    require_balance(city, errand.payment_id)


def test_a_notice_that_lies_is_a_question(city: City) -> None:
    """A sound notice that calls an unpaid order paid is acknowledged, and nothing is paid."""
    errand = send_to_pay_a_fine(city, "wechat")
    errand.order()
    told = {"order_id": fee_order(errand), "action": "resend", "plain": {"status": 3, "trans_id": "42"}}
    assert city.control("wechat", "control/nontax/notices", told)["status"] == 200
    city.await_quiet()
    assert errand.events() == ["payment_intended", "order_placed"]
    errand.pay()
    errand.await_state("written_off")


def test_a_cancelled_fine_waits_for_wechat(city: City) -> None:
    """There is no way to close: it stays closing until WeChat has closed it, then the notice is free again."""
    errand = send_to_pay_a_fine(city, "wechat")
    errand.order()
    assert errand.cancel()["state"] == "closing"
    city.control("wechat", "control/nontax/close", {"order_id": fee_order(errand)})
    city.converge([errand.payment_id])
    assert errand.state() == "closed"
    errand.again()
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize("behaviour", ["timeout_after_commit", "timeout", "server_error", "batch_window"])
def test_a_treasury_that_gives_no_answer(city: City, behaviour: str) -> None:
    """Silence, with and without effect, a fault, the batch window: one receipt in the end."""
    errand = send_to_pay_a_fine(city, "wechat")
    city.arrange("treasury", "write_off", behaviour)
    errand.order_and_pay()
    city.converge([errand.payment_id])
    assert errand.state() == "written_off"
    require_balance(city, errand.payment_id)


def test_what_each_platform_may_see(city: City) -> None:
    """WeChat's records of a fine name notice, items, department and region, with the law for them; Alipay's name none."""
    seen = {}
    for platform in ("wechat", "alipay"):
        errand = send_to_pay_a_fine(city, platform)
        errand.order()
        rows = city.read(
            "SELECT convert_from(leaf, 'UTF8')::json AS leaf FROM exposure_records WHERE kind = 'exposure'"
            " AND convert_from(leaf, 'UTF8')::json ->> 'subject' = %s",
            errand.payment_id,
        )
        sent = [row["leaf"] for row in rows if row["leaf"]["direction"] == "sent_to_server"]
        seen[platform] = ({name for leaf in sent for name in leaf["fields"]}, {leaf["legal_basis"] for leaf in sent})
        errand.pay()
    words = {"notice_no", "fee_items", "department", "region"}
    assert words <= seen["wechat"][0]
    assert not words & seen["alipay"][0]
    assert all("执收单位开具缴款通知书" in law for law in seen["wechat"][1])
    assert not any("执收单位开具缴款通知书" in law for law in seen["alipay"][1])
