"""The government's own door over real sockets: what was begun inside a platform's app is seen, ended and proven here, and no platform sees it."""

from __future__ import annotations

from gateway.demo.phone import Person
from gateway.demo.web import WebVisitor
from tests.journeys.city import City
from tests.journeys.errands import Errand, send_on_errand


def visit(city: City, person: Person) -> WebVisitor:
    """Somebody in front of the web door, with a browser and a telephone."""
    return WebVisitor(city.url("text-messages"), city.stack.urls["web"], "web", person)


def count_records(city: City) -> int:
    """The records of the ledger."""
    return int(city.read("SELECT count(*) AS known FROM exposure_records")[0]["known"])


def pay_in_wechat(city: City) -> Errand:
    """Somebody with a proven name orders the payment of a gas bill in WeChat and does not pay."""
    errand = send_on_errand(city, "wechat", "gas")
    phone = errand.phone
    phone.call(
        "POST", "/identity/real-name",
        {"real_name": phone.person.real_name, "identity_number": phone.person.identity_number},
    )  # fmt: skip
    errand.order()
    return errand


def test_a_bill_is_taken_back_from_a_platform(city: City) -> None:
    """An order of WeChat that nobody paid is seen and closed here; the platform hears that much, through the door, and no more."""
    errand = pay_in_wechat(city)
    visitor = visit(city, errand.phone.person)
    visitor.log_in()
    city.await_quiet()  # their other log-in is told of this one, by WeChat
    assert [one["payment_id"] for one in visitor.call("GET", "/payments")["payments"]] == [errand.payment_id]
    before = count_records(city)
    page = visitor.open_page(f"/payments/{errand.payment_id}")
    assert count_records(city) == before
    visitor.browser.submit(page, f"/payments/{errand.payment_id}/cancel", {})
    assert city.state_of(errand.payment_id) == "closed"
    assert count_records(city) > before


def test_what_both_platforms_saw_is_read_here(city: City) -> None:
    """The view of the person has the records of WeChat, and reading it makes none."""
    errand = pay_in_wechat(city)
    visitor = visit(city, errand.phone.person)
    visitor.log_in()
    city.await_quiet()  # their other log-in is told of this one, by WeChat
    before = count_records(city)
    told = visitor.call("GET", "/exposure")
    assert told["platform"] == "all"
    assert {one["platform"] for one in told["records"]} == {"wechat"}
    assert "微信" in visitor.open_page("/seen").text
    assert count_records(city) == before
    errand.phone.call("POST", f"/payments/{errand.payment_id}/cancel", None)
    city.await_quiet()
