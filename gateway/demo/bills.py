"""The journey of a bill: from log-in to the exposure view; whatever the company, whoever is paid, billed or chosen by the payer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gateway.demo.due import Due, choose_amount, yuan
from gateway.demo.journey import Journey, require
from gateway.demo.looking_back import view_exposure
from gateway.demo.phone import Phone
from gateway.demo.signing_in import sign_in
from gateway.demo.stage import Play, Stage
from gateway.launch.loopback import send

PAID_WELL = {"wechat": "requestPayment:ok", "alipay": "9000"}
WRITE_OFF_SECONDS = 20.0
ACCOUNT = "household_no"
"""The input of a bill by which the payee knows the payer."""


def play_bill(journey: Journey, stage: Stage, play: Play) -> None:
    """The whole story; raises at the first step that does not hold."""
    chosen = play.service.payment.amount == "chosen"
    issued = None if chosen else issue_bill(journey, stage, play)
    sign_in(journey, play.phone, play.service.assurance, stage.clock.now())
    household = bind_household(journey, play)
    if issued is None:
        due = choose_amount(journey, play, household)
    else:
        due = see_bill(journey, play, household, issued, f"{stage.today:%Y-%m}")
    payment = pay(journey, play.phone, household, due)
    await_write_off(journey, play.phone, payment, due.amount_fen)
    check_books(journey, play, due)
    view_exposure(journey, play.phone)


def issue_bill(journey: Journey, stage: Stage, play: Play) -> Due:
    """Let the company issue one more bill, by its own tariff."""
    with journey.step("the company issues a bill") as told:
        body = {ACCOUNT: play.story.inputs[ACCOUNT], "period": f"{stage.today:%Y-%m}"}
        reply = send("POST", f"{play.office}/_sandbox/bills", body)
        require(reply.status == 201, f"the company did not issue a bill: status {reply.status}")
        issued = Due(reply.json()["amount_fen"], bill_no=reply.json()["bill_no"])
        told.append(f"{play.service.id}: {yuan(issued.amount_fen)}")
    return issued


def bind_household(journey: Journey, play: Play) -> str:
    """Look up the household (masked), compare, bind; our id of the household."""
    body = {"service": play.service.id, ACCOUNT: play.story.inputs[ACCOUNT]}
    with journey.step("looks up the household, masked") as told:
        found = play.phone.call("POST", "/households/lookup", body)
        told.append(f"{found['holder_name_masked']}, {found['address_masked']}")
        require("*" in found["holder_name_masked"], "the holder's name is not masked")
    with journey.step("binds the household") as told:
        bound = play.phone.call("POST", "/households", body, status=201)
        told.append(f"household {bound['household_no_masked']}")
    return str(bound["household_id"])


def see_bill(journey: Journey, play: Play, household_id: str, issued: Due, period: str) -> Due:
    """See what is owed, with the company's breakdown; of several with this amount, one of this month, the last one listed."""
    with journey.step("sees the bill") as told:
        answer = play.phone.call("GET", f"/households/{household_id}/bills")
        alike = [bill for bill in answer["bills"] if bill["amount_fen"] == issued.amount_fen]
        require(bool(alike), "the new bill is not listed")
        of_month = [bill for bill in alike if bill["period"] == period]
        bill: dict[str, Any] = (of_month or alike)[-1]
        items = ", ".join(f"{item['label']} {yuan(item['amount_fen'])}" for item in bill["items"])
        told.append(f"{bill['period']}: {yuan(bill['amount_fen'])} to {answer['payee']} ({items})")
        require(sum(item["amount_fen"] for item in bill["items"]) == issued.amount_fen, "the breakdown does not add up")
    return Due(issued.amount_fen, bill["bill_ref"], issued.bill_no if len(alike) == 1 else "")


def pay(journey: Journey, phone: Phone, household_id: str, due: Due) -> str:
    """Order, check that a repeated order is the same, pay in the platform's till; our payment id."""
    body = {"household_id": household_id, "bill_ref": due.bill_ref, "amount_fen": due.amount_fen}
    with journey.step("orders the payment") as told:
        key = phone.make_key()
        first = phone.send("POST", "/payments", body, key=key)
        require(first.status == 201, f"the order was not accepted: status {first.status} {first.json().get('code')}")
        again = phone.send("POST", "/payments", body, key=key)
        require(again.body == first.body, "the same Idempotency-Key gave other bytes")
        payment = first.json()
        told.append(f"payment {payment['payment_id']}; repeated with the same Idempotency-Key: the same bytes")
    with journey.step("pays in the platform's till") as told:
        result = phone.open_till(payment["client_parameters"])
        told.append(f"the till says {result}")
        require(result == PAID_WELL[phone.platform], "the till did not take the money")
    return str(payment["payment_id"])


def await_write_off(journey: Journey, phone: Phone, payment_id: str, amount_fen: int) -> None:
    """Wait for the signed notice and the company's write-off, then show the receipt."""
    with journey.step("the platform's notice arrives, the company writes the bill off") as told:
        payment = await_state(lambda: phone.call("GET", f"/payments/{payment_id}"), "written_off")
        journey.payment_state = payment["state"]
        told.append(f"state: {payment['state']}")
        require(payment["state"] == "written_off", f"the payment is {payment['state']}")
        require(payment["amount_fen"] == amount_fen, "the amount differs")
    with journey.step("shows the receipt") as told:
        receipt = phone.call("GET", f"/payments/{payment_id}/receipt")
        journey.write_off_reference = receipt["write_off_reference"]
        told.append(f"{receipt['payee']}, {yuan(receipt['amount_fen'])}, reference {receipt['write_off_reference']}")
        if receipt["after"]:
            told.append(receipt["after"])
        require(receipt["amount_fen"] == amount_fen, "the receipt has another amount")


def await_state(read: Callable[[], dict[str, Any]], wanted: str, seconds: float = WRITE_OFF_SECONDS) -> dict[str, Any]:
    """Read again until the payment is in this state or an end; the last answer."""
    deadline = time.monotonic() + seconds
    payment = read()
    while payment["state"] not in (wanted, "refunded", "closed", "refused") and time.monotonic() < deadline:
        time.sleep(0.1)
        payment = read()
    return payment


def check_books(journey: Journey, play: Play, due: Due) -> None:
    """Ask the company's own database: written off once, to the fen, for this account, under the reference of the receipt."""
    with journey.step("the company's own books agree to the fen") as told:
        booked = send("GET", f"{play.office}/_sandbox/write-offs").json()
        entries = [entry for entry in booked if entry["reference"] == journey.write_off_reference]
        require(len(entries) == 1, f"{len(entries)} write-offs in the company's books under the receipt's reference")
        require(entries[0]["amount_fen"] == due.amount_fen, "the company wrote off another amount")
        require(entries[0][ACCOUNT] == play.story.inputs[ACCOUNT], "the company booked it for somebody else")
        require(due.bill_no in ("", entries[0]["bill_no"]), "the company wrote off another bill")
        told.append(f"{entries[0]['reference']}: {yuan(entries[0]['amount_fen'])}")
