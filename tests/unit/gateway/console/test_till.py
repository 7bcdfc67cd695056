"""The till in the console: a clerk's day at the window as pages, with what goes wrong said on them."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from services.model import PaymentState
from services.payment_events import load_file
from services.staffing import Role
from services.write_offs import write_off_payment
from tests.fake_city import GAS_NO
from tests.unit.gateway.console.office import LEFT, RIGHT, Browser, Office

S = PaymentState
FIND = {"service": "gas-bill", "household_no": GAS_NO}


@pytest.fixture
def office() -> Office:
    return Office()


def open_till(browser: Browser, pieces: dict[str, str] | None = None) -> UUID:
    """A till, by its page."""
    page = browser.get("/till").get_data(as_text=True)
    till_id = read(page, "till_id")
    reply = browser.post("/till/open", {"till_id": till_id, **(pieces or {"pieces.10000": "2"})})
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return UUID(till_id)


def read(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, (name, page)
    return found.group(1)


def hold(browser: Browser) -> UUID:
    """The first bill that is found, held."""
    page = browser.post("/till/pay", FIND).get_data(as_text=True)
    given = {name: read(page, name) for name in ("payment_id", "bill_no", "amount_fen")}
    reply = browser.post("/till/pay/hold", {**FIND, **given})
    assert reply.headers["Location"] == f"/till/payment/{given['payment_id']}"
    return UUID(given["payment_id"])


def state(office: Office, payment_id: UUID) -> PaymentState:
    with office.store.counter.begin((LEFT,)) as tx:
        return load_file(tx, payment_id).state


def work(office: Office, payment_id: UUID) -> PaymentState:
    return write_off_payment(office.till, LEFT, payment_id, "request-1")


def count(browser: Browser, till_id: UUID, **form: str) -> str:
    page = browser.get(f"/till/{till_id}/count").get_data(as_text=True)
    given = {
        "seen_version": read(page, "seen_version"),
        **{name.replace("_", ".", 1): many for name, many in form.items()},
    }
    reply = browser.post(f"/till/{till_id}/count", given)
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return browser.get(f"/till/{till_id}").get_data(as_text=True)


def test_a_clerks_day(office: Office) -> None:
    """Open, find, hold, take cash with change, print provisionally, write off, print the receipt, count, close: pages all the way."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    till_id = open_till(li)
    payment_id = hold(li)
    page = li.get(f"/till/payment/{payment_id}").get_data(as_text=True)
    assert "¥86.40" in page
    reply = li.post(f"/till/payment/{payment_id}/take", {"method": "cash", "tendered": "100"})
    assert reply.status_code == 303
    page = li.get(f"/till/payment/{payment_id}").get_data(as_text=True)
    assert "¥13.60" in page
    paper = li.post(f"/till/payment/{payment_id}/receipt").get_data(as_text=True)
    assert "暂收凭据" in paper
    assert "本凭据不是收据" in paper
    assert GAS_NO not in paper
    assert work(office, payment_id) is S.WRITTEN_OFF
    paper = li.post(f"/till/payment/{payment_id}/receipt").get_data(as_text=True)
    assert "缴费收据" in paper
    assert "W000001" in paper
    assert "<svg" in paper
    sheet = count(
        li,
        till_id,
        pieces_10000="2",
        pieces_5000="1",
        pieces_2000="1",
        pieces_1000="1",
        pieces_500="1",
        pieces_100="1",
        pieces_10="4",
    )
    assert "已结账" in sheet
    assert office.acts[-6:] == [
        "window.find_bills", "window.hold_bill", "window.take_money", "window.print_receipt", "window.print_receipt", "till.count",
    ]  # fmt: skip


def test_the_count_is_blind(office: Office) -> None:
    """Neither the count's page nor an open till's sheet or list says what the books expect."""
    li, head = office.enter(office.hire(LEFT, Role.CLERK)), office.enter(office.hire(LEFT, Role.HEAD))
    till_id = open_till(li, {"pieces.10000": "3"})
    payment_id = hold(li)
    li.post(f"/till/payment/{payment_id}/take", {"method": "cash"})
    for page in (li.get(f"/till/{till_id}/count"), li.get(f"/till/{till_id}"), head.get("/till/all"), li.get("/till")):
        assert page.status_code == 200
        assert "386.40" not in page.get_data(as_text=True)


def test_a_difference_is_explained_and_countersigned(office: Office) -> None:
    """The clerk sees the difference and explains it; the head finds it on the till's page and countersigns; it is closed for ever."""
    li, head = office.enter(office.hire(LEFT, Role.CLERK)), office.enter(office.hire(LEFT, Role.HEAD))
    till_id = open_till(li)
    sheet = count(li, till_id, pieces_10000="1")
    assert "-¥100.00" in sheet
    assert "disabled" in head.get(f"/till/{till_id}").get_data(as_text=True)
    assert li.post(f"/till/{till_id}/explain", {"reason": "少收一张百元"}).status_code == 303
    assert f"/till/{till_id}" in head.get("/till").get_data(as_text=True)
    page = head.get(f"/till/{till_id}").get_data(as_text=True)
    assert "少收一张百元" in page
    given = {"seen_version": read(page, "seen_version"), "reason": "属实，同意"}
    assert head.post(f"/till/{till_id}/countersign", given).status_code == 303
    again = head.post(f"/till/{till_id}/countersign", given)
    assert again.status_code == 409
    assert "钱箱已结账，不能再改" in again.get_data(as_text=True)
    assert open_till(li) != till_id


def test_sent_twice_everything_is_done_once(office: Office) -> None:
    """Hold, taking and let-go sent again answer as before; the till has one line."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    till_id = open_till(li)
    page = li.post("/till/pay", FIND).get_data(as_text=True)
    given = FIND | {name: read(page, name) for name in ("payment_id", "bill_no", "amount_fen")}
    replies = [li.post("/till/pay/hold", given) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [303, 303]
    path = f"/till/payment/{given['payment_id']}/take"
    assert [li.post(path, {"method": "cash"}).status_code for _ in range(2)] == [303, 303]
    assert li.get(f"/till/{till_id}").get_data(as_text=True).count("¥86.40") == 1


def test_another_way_of_paying_is_refused_on_the_page(office: Office) -> None:
    """Cash was taken: the same bill by card is refused with a sentence, and nothing changes."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    open_till(li)
    payment_id = hold(li)
    li.post(f"/till/payment/{payment_id}/take", {"method": "cash"})
    card = {"method": "card", "terminal": "10002001", "reference": "123456789012"}
    reply = li.post(f"/till/payment/{payment_id}/take", card)
    assert (reply.status_code, "请勿再收" in reply.get_data(as_text=True)) == (409, True)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"method": "cash", "tendered": "80"}, "少于应收金额"),
        ({"method": "cash", "tendered": "eighty"}, "请按元填写"),
        ({"method": "card", "terminal": "1", "reference": "123456789012"}, "终端号"),
        ({"method": "coins"}, "请从列表中选择"),
        ({}, "请从列表中选择"),
    ],
)
def test_what_is_wrong_is_said_and_kept(office: Office, form: dict[str, str], words: str) -> None:
    """A form with a fault comes back with a sentence and what was typed; nothing is taken."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    open_till(li)
    payment_id = hold(li)
    reply = li.post(f"/till/payment/{payment_id}/take", form)
    page = reply.get_data(as_text=True)
    assert (reply.status_code, words in page) == (422, True)
    assert not form.get("tendered") or f'value="{form["tendered"]}"' in page
    assert state(office, payment_id) is S.INTENDED


def test_without_a_till_bills_are_looked_up_and_not_held(office: Office) -> None:
    """The page says that there is no till, its button is off, and the form is refused."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    page = li.post("/till/pay", FIND).get_data(as_text=True)
    assert "您没有可收款的钱箱" in page
    given = FIND | {name: read(page, name) for name in ("payment_id", "bill_no", "amount_fen")}
    reply = li.post("/till/pay/hold", given)
    assert (reply.status_code, "您还没有开箱" in reply.get_data(as_text=True)) == (409, True)


def test_a_colleague_has_the_bill(office: Office) -> None:
    """The second clerk reads who has it and since when, and is offered nothing to close."""
    li, zhao = office.enter(office.hire(LEFT, Role.CLERK)), office.enter(office.hire(LEFT, Role.CLERK))
    open_till(li), open_till(zhao)
    page = zhao.post("/till/pay", FIND).get_data(as_text=True)
    given = FIND | {name: read(page, name) for name in ("payment_id", "bill_no", "amount_fen")}
    payment_id = hold(li)
    reply = zhao.post("/till/pay/hold", given)
    page = reply.get_data(as_text=True)
    assert (reply.status_code, "由窗口的一位经办人锁定" in page, "/till/order/" in page) == (409, True, False)
    reply = zhao.post(f"/till/payment/{payment_id}/take", {"method": "cash"})
    assert (reply.status_code, "由另一位经办人锁定" in reply.get_data(as_text=True)) == (409, True)


def test_the_company_does_not_answer(office: Office) -> None:
    """No answer is a sentence and not a fault; nothing is held."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    open_till(li)
    office.gas.script.plan("find_household", "unreachable")
    reply = li.post("/till/pay", FIND)
    assert reply.status_code == 503
    assert "收款单位系统没有答复" in reply.get_data(as_text=True)


def test_money_is_given_back_with_the_heads_word(office: Office) -> None:
    """The clerk asks, the head approves on the payment's page, the clerk gives back against a signature; the paper says so."""
    li, head = office.enter(office.hire(LEFT, Role.CLERK)), office.enter(office.hire(LEFT, Role.HEAD))
    open_till(li)
    payment_id = hold(li)
    path = f"/till/payment/{payment_id}"
    li.post(f"{path}/take", {"method": "cash"})
    assert li.post(f"{path}/ask-return", {"reason": "交错户号"}).status_code == 303
    assert str(payment_id) in head.get("/till/returns").get_data(as_text=True)
    assert head.post(f"{path}/approve-return", {"reason": "同意退回"}).status_code == 303
    reply = li.post(f"{path}/give-back", {})
    assert (reply.status_code, "请先确认收款人已签字" in reply.get_data(as_text=True)) == (422, True)
    assert li.post(f"{path}/give-back", {"signed": "yes"}).status_code == 303
    assert state(office, payment_id) is S.REFUNDED
    assert "退款凭据" in li.post(f"{path}/receipt").get_data(as_text=True)


def test_a_paper_that_is_brought_back_is_found(office: Office) -> None:
    """By the 28 digits on it; a wrong number is said to be none."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    open_till(li)
    payment_id = hold(li)
    li.post(f"/till/payment/{payment_id}/take", {"method": "cash"})
    number = re.search(r"[0-9]{28}", li.get(f"/till/payment/{payment_id}").get_data(as_text=True))
    assert number
    reply = li.post("/till/returns", {"receipt_no": number.group()})
    assert reply.headers["Location"] == f"/till/payment/{payment_id}"
    assert li.post("/till/returns", {"receipt_no": "12"}).status_code == 422
    assert li.post("/till/returns", {"receipt_no": "1" * 28}).status_code == 404


def test_another_agencys_staff_see_nothing(office: Office) -> None:
    """Payment, till and order of another agency are not there, for a clerk and for a head."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    till_id = open_till(li)
    payment_id = hold(li)
    stranger = office.enter(office.hire(RIGHT, Role.CLERK, Role.HEAD))
    for path in (
        f"/till/payment/{payment_id}",
        f"/till/{till_id}",
        f"/till/order/{payment_id}",
        f"/till/{till_id}/count",
    ):
        assert stranger.get(path).status_code == 404, path
    assert stranger.post(f"/till/payment/{payment_id}/receipt").status_code == 404
    assert str(till_id) not in stranger.get("/till/all").get_data(as_text=True)


def test_a_page_that_lost_its_id_is_refused(office: Office) -> None:
    """A form without the id that the page made opens no till and holds nothing."""
    li = office.enter(office.hire(LEFT, Role.CLERK))
    assert li.post("/till/open", {"till_id": "x"}).status_code == 422
    assert li.post("/till/pay/hold", {**FIND, "bill_no": "G-1", "amount_fen": "8640"}).status_code == 422
    till_id = open_till(li)
    assert li.post(f"/till/{till_id}/count", {"seen_version": "x"}).status_code == 422
    assert li.post(f"/till/{uuid4()}/count", {"seen_version": "1"}).status_code == 404
