"""People with errands: who they are, what they owe, and the few steps that every story begins with."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.sandbox.register import complete_identity_number
from adapters.stores.keyring import Keyring
from gateway.demo.phone import AlipayPhone, Person, Phone, WeChatPhone
from gateway.launch.loopback import LoopbackFault, Reply
from tests.journeys.city import City, await_truth

PAID = {"wechat": "requestPayment:ok", "alipay": "9000"}
_numbers = itertools.count(1)


class WatchedWeChatPhone(WeChatPhone):
    """A phone with WeChat; the city keeps what it was shown."""

    city: City

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Reply:
        """The same, kept."""
        reply = super().send(method, path, body, key=key)
        self.city.shown.append(reply.body)
        return reply


class WatchedAlipayPhone(AlipayPhone):
    """A phone with Alipay; the city keeps what it was shown."""

    city: City

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Reply:
        """The same, kept."""
        reply = super().send(method, path, body, key=key)
        self.city.shown.append(reply.body)
        return reply


def enter_person(city: City) -> Person:
    """Somebody new, in the population register."""
    number = next(_numbers)
    identity = complete_identity_number(
        f"1101011970{number // 700 + 1:02d}{number // 25 % 28 + 1:02d}{number % 900 + 100:03d}"
    )
    name = "诸葛" + chr(0x4E00 + number % 9000) + chr(0x5E00 + number * 7 % 9000)
    person = Person(f"user{number}x{secrets.token_hex(4)}", name, identity, f"137{secrets.randbelow(10**8):08d}")
    city.control("register", "persons", {"identity_number": identity, "name": name, "phone": person.phone})
    return person


def pick_up_phone(city: City, platform: str, person: Person | None = None) -> Phone:
    """A person's phone with this platform's app; not logged in."""
    person = person or enter_person(city)
    phone: WatchedWeChatPhone | WatchedAlipayPhone
    if platform == "wechat":
        app_id = city.credentials["wechat"]["apps"][0]["app_id"]
        phone = WatchedWeChatPhone(city.url("wechat"), city.public, app_id, person)
    else:
        apps = city.credentials["alipay"]["apps"]
        app_id = next(app["app_id"] for app in apps if app["account"] == "alipay-main")
        phone = WatchedAlipayPhone(city.url("alipay"), city.public, app_id, person)
    phone.city = city
    return phone


def sign_in(city: City, platform: str, person: Person | None = None, *, real_name: bool = False) -> Phone:
    """A phone that is logged in, its number proven, and the real name too if asked."""
    phone = pick_up_phone(city, platform, person)
    phone.log_in()
    phone.call("POST", "/identity/phone", {"evidence": phone.make_phone_evidence()})
    if real_name:
        told = {"real_name": phone.person.real_name, "identity_number": phone.person.identity_number}
        phone.call("POST", "/identity/real-name", told)
    return phone


def enter_household(city: City, utility: str) -> str:
    """A new customer of a company; its number. It begins with 7, so that no magic value is met."""
    number = f"7{secrets.randbelow(10**11):011d}0"
    body = {
        "household_no": number,
        "name": "司马" + chr(0x4E00 + secrets.randbelow(9000)) + "翁",
        "address": f"青云市石榴区无名巷{number}号",
    }
    city.control(utility, "households", body)
    return number


def issue_bill(city: City, utility: str, household_no: str, amount_fen: int | None = None) -> tuple[str, int]:
    """A new unpaid bill: its number and its amount in fen."""
    amount = amount_fen or 1000 + secrets.randbelow(9000)
    body = {"household_no": household_no, "period": "2026-10", "amount_fen": amount}
    return str(city.control(utility, "bills", body)["bill_no"]), amount


@dataclass
class Errand:
    """One person who wants to pay one bill."""

    city: City
    phone: Phone
    utility: str
    household_no: str
    household_id: str
    bill_no: str
    bill_ref: str
    amount_fen: int
    key: str
    payment_id: str = ""
    parameters: dict[str, str] | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What ``POST /payments`` is asked."""
        return {"household_id": self.household_id, "bill_ref": self.bill_ref, "amount_fen": self.amount_fen}

    def ask(self, key: str | None = None) -> Reply:
        """Order the payment, without an expectation."""
        return self.phone.send("POST", "/payments", self.body, key=key or self.key)

    def ask_in_vain(self) -> None:
        """Order the payment; whoever should answer may be gone."""
        with contextlib.suppress(LoopbackFault):
            self.ask()

    def order(self) -> None:
        """Order the payment; it must be accepted."""
        reply = self.ask()
        assert reply.status == 201, reply.body
        self.keep(reply)

    def keep(self, reply: Reply) -> None:
        """Remember the payment that a reply speaks of."""
        self.payment_id, self.parameters = reply.json()["payment_id"], reply.json()["client_parameters"]

    def pay(self) -> None:
        """Pay in the platform's till."""
        assert self.parameters
        assert self.phone.open_till(self.parameters) == PAID[self.phone.platform]

    def order_and_pay(self) -> None:
        """Both."""
        self.order()
        self.pay()

    def again(self) -> None:
        """Forget the last attempt: the next order is a new one."""
        self.key, self.payment_id, self.parameters = str(uuid.uuid4()), "", None

    def view(self) -> dict[str, Any]:
        """What the citizen is told of it."""
        told: dict[str, Any] = self.phone.call("GET", f"/payments/{self.payment_id}")
        return told

    def cancel(self) -> dict[str, Any]:
        """Cancel it; what the citizen is told."""
        told: dict[str, Any] = self.phone.call("POST", f"/payments/{self.payment_id}/cancel")
        return told

    def state(self) -> str:
        """Its state in the government store."""
        return self.city.state_of(self.payment_id)

    def events(self) -> list[str]:
        """What happened to it."""
        return self.city.events_of(self.payment_id)

    def await_state(self, *wanted: str, seconds: float = 20.0) -> None:
        """Wait for one of these states."""
        await_truth(lambda: self.state() in wanted, seconds, f"{self.state()} instead of {wanted}: {self.events()}")

    def list_own(self) -> list[str]:
        """Every payment in the government store that was made through this person's log-in, by its id."""
        logins = self.phone.call("GET", "/sessions")["logins"]
        called = next(one["login_id"] for one in logins if one["current"])
        login = find_login(self.city, self.phone.platform, called)
        rows = self.city.read("SELECT payment_id::text AS id FROM payments WHERE login_id = %s ORDER BY 1", login)
        return [row["id"] for row in rows]

    @property
    def numbers(self) -> dict[str, Any]:
        """Its order, write-off and refund numbers and its merchant account."""
        row = self.city.read(
            "SELECT order_no, sequence_no, refund_no, account FROM payments WHERE payment_id = %s", self.payment_id
        )
        return row[0]


def find_login(city: City, platform: str, called: str) -> UUID:
    """The log-in that a platform's app calls so."""
    keyring = Keyring.load(city.stack.keyring_file)
    rows = city.read(
        "SELECT l.login_id, coalesce(p.joined_into, p.person_id) AS person_id FROM logins l JOIN persons p USING (person_id)"
        " WHERE l.platform = %s", platform,
    )  # fmt: skip
    names = {
        str(UUID(bytes=keyring.lookup_hash("login_ref", f"{row['login_id']}|{row['person_id']}|{platform}")[-16:], version=4)):
        row["login_id"] for row in rows
    }  # fmt: skip
    found: UUID = names[called]
    return found


def bind_bill(city: City, phone: Phone, utility: str, household_no: str, bill: tuple[str, int]) -> Errand:
    """Bind the household and find the bill; nothing is ordered yet."""
    service = {"service": f"{utility}-bill", "household_no": household_no}
    household_id = phone.call("POST", "/households", service, status=201)["household_id"]
    bills = phone.call("GET", f"/households/{household_id}/bills")["bills"]
    ref = next(one["bill_ref"] for one in bills if one["amount_fen"] == bill[1])
    return Errand(city, phone, utility, household_no, household_id, bill[0], ref, bill[1], str(uuid.uuid4()))


def send_on_errand(city: City, platform: str, utility: str, amount_fen: int | None = None) -> Errand:
    """Somebody new, with a new household and a new bill."""
    phone = sign_in(city, platform, real_name=utility == "water")
    household_no = enter_household(city, utility)
    return bind_bill(city, phone, utility, household_no, issue_bill(city, utility, household_no, amount_fen))


def send_another(errand: Errand, platform: str) -> Errand:
    """Somebody else who wants to pay the same bill."""
    phone = sign_in(errand.city, platform, real_name=errand.utility == "water")
    bill = (errand.bill_no, errand.amount_fen)
    return bind_bill(errand.city, phone, errand.utility, errand.household_no, bill)
