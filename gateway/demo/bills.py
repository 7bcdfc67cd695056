"""The bills journeys: a gas bill through WeChat, a water bill through Alipay, from log-in to the exposure view."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from adapters.sandbox.utilities.model import BillLine
from adapters.sandbox.utilities.prices import total_fen
from gateway.demo.journey import Journey, require
from gateway.demo.phone import Phone
from gateway.launch.loopback import send

PAID_WELL = {"wechat": "requestPayment:ok", "alipay": "9000"}
WRITE_OFF_SECONDS = 20.0
Tariff: TypeAlias = Callable[[Decimal], tuple[BillLine, ...]]
"""Lines of a bill for a consumption; only the company (here: its emulator) computes prices."""


@dataclass(frozen=True, slots=True)
class Utility:
    """The company whose bill is paid: its own address, the service in our catalogue, the household."""

    url: str
    service: str
    household_no: str
    price: Tariff
    proves_identity: bool


def yuan(amount_fen: int) -> str:
    """Fen as people read them: 8640 is ¥86.40."""
    return f"¥{amount_fen // 100}.{amount_fen % 100:02d}"


def issue_bill(utility: Utility, period: str) -> tuple[str, int]:
    """Let the company issue a new unpaid bill over a random consumption, by its own tariff; bill number, amount in fen."""
    lines = utility.price(Decimal(1000 + secrets.randbelow(3000)) / 100)
    items = [
        {"label": line.label, "amount_fen": line.amount_fen, "quantity": line.quantity, "unit_price": line.unit_price}
        for line in lines
    ]
    amount_fen = total_fen(lines)
    body = {"household_no": utility.household_no, "period": period, "amount_fen": amount_fen, "items": items}
    reply = send("POST", f"{utility.url}/_sandbox/bills", body)
    require(reply.status == 201, f"the company did not issue a bill: status {reply.status}")
    return str(reply.json()["bill_no"]), amount_fen


def pay_bill_journey(journey: Journey, phone: Phone, utility: Utility, period: str) -> None:
    """The whole story; raises at the first step that does not hold."""
    with journey.step("the company issues a bill") as told:
        bill_no, amount_fen = issue_bill(utility, period)
        told.append(f"{utility.service}: {yuan(amount_fen)} for {period}")
    prove_who_is_calling(journey, phone, proves_identity=utility.proves_identity)
    household = bind_household(journey, phone, utility)
    bill = see_bill(journey, phone, household, amount_fen)
    payment = pay(journey, phone, household, bill)
    await_write_off(journey, phone, payment, amount_fen)
    check_books(journey, utility, bill_no, amount_fen)
    view_exposure(journey, phone)


def prove_who_is_calling(journey: Journey, phone: Phone, *, proves_identity: bool) -> None:
    """Log in, prove the phone number and, where the service asks for it, the real name."""
    with journey.step("logs in from the mini-program") as told:
        session = phone.log_in()
        told.append(f"assurance: {session['assurance']}")
    with journey.step("proves the phone number") as told:
        answer = phone.call("POST", "/identity/phone", {"evidence": phone.make_phone_evidence()})
        told.append(f"{answer['phone_masked']}, assurance: {answer['assurance']}")
        require(phone.person.phone not in str(answer), "the phone number came back in clear")
    if proves_identity:
        with journey.step("proves the real name against the register") as told:
            body = {"real_name": phone.person.real_name, "identity_number": phone.person.identity_number}
            answer = phone.call("POST", "/identity/real-name", body)
            told.append(f"{answer['real_name_masked']}, assurance: {answer['assurance']}")
            require(answer["assurance"] == "real-name", "the real name was not accepted")


def bind_household(journey: Journey, phone: Phone, utility: Utility) -> str:
    """Look up the household (masked), compare, bind; our id of the household."""
    body = {"service": utility.service, "household_no": utility.household_no}
    with journey.step("looks up the household, masked") as told:
        found = phone.call("POST", "/households/lookup", body)
        told.append(f"{found['holder_name_masked']}, {found['address_masked']}")
        require("*" in found["holder_name_masked"], "the holder's name is not masked")
    with journey.step("binds the household") as told:
        bound = phone.call("POST", "/households", body, status=201)
        told.append(f"household {bound['household_no_masked']}")
    return str(bound["household_id"])


def see_bill(journey: Journey, phone: Phone, household_id: str, amount_fen: int) -> dict[str, Any]:
    """See what is owed, with the company's breakdown; the bill with this amount."""
    with journey.step("sees the bill") as told:
        answer = phone.call("GET", f"/households/{household_id}/bills")
        bills = [bill for bill in answer["bills"] if bill["amount_fen"] == amount_fen]
        require(len(bills) == 1, "the new bill is not listed exactly once")
        bill: dict[str, Any] = bills[0]
        items = ", ".join(f"{item['label']} {yuan(item['amount_fen'])}" for item in bill["items"])
        told.append(f"{bill['period']}: {yuan(bill['amount_fen'])} to {answer['payee']} ({items})")
        require(sum(item["amount_fen"] for item in bill["items"]) == amount_fen, "the breakdown does not add up")
    return bill


def pay(journey: Journey, phone: Phone, household_id: str, bill: dict[str, Any]) -> str:
    """Order, check that a repeated order is the same, pay in the platform's till; our payment id."""
    body = {"household_id": household_id, "bill_ref": bill["bill_ref"], "amount_fen": bill["amount_fen"]}
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
        require(receipt["amount_fen"] == amount_fen, "the receipt has another amount")


def await_state(read: Callable[[], dict[str, Any]], wanted: str, seconds: float = WRITE_OFF_SECONDS) -> dict[str, Any]:
    """Read again until the payment is in this state or an end; the last answer."""
    deadline = time.monotonic() + seconds
    payment = read()
    while payment["state"] not in (wanted, "refunded", "closed", "refused") and time.monotonic() < deadline:
        time.sleep(0.25)
        payment = read()
    return payment


def check_books(journey: Journey, utility: Utility, bill_no: str, amount_fen: int) -> None:
    """Ask the company's own database: written off once, to the fen, under the reference of the receipt."""
    with journey.step("the company's own books agree to the fen") as told:
        entries = [e for e in send("GET", f"{utility.url}/_sandbox/write-offs").json() if e["bill_no"] == bill_no]
        require(len(entries) == 1, f"{len(entries)} write-offs of this bill in the company's books")
        require(entries[0]["amount_fen"] == amount_fen, "the company wrote off another amount")
        require(entries[0]["reference"] == journey.write_off_reference, "the receipt names another reference")
        told.append(f"{entries[0]['reference']}: {yuan(entries[0]['amount_fen'])}")


def view_exposure(journey: Journey, phone: Phone) -> None:
    """The citizen's own view: what this platform saw, when, why, under which law."""
    with journey.step("opens “what the platform saw”") as told:
        view = phone.call("GET", "/exposure")
        require(view["platform"] == phone.platform, "the view shows another platform")
        require(bool(view["records"]), "the view is empty")
        told.append(f"{len(view['records'])} records on the first page; {view['note']}")
