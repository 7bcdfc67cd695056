"""Money at the window on PostgreSQL under the console's own role: the whole way of it, races, and what the database refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.connection import StoreFault
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.directory import import_accounts
from adapters.stores.keyring import Keyring, create_keyring
from adapters.stores.transaction import SqlStore
from services.cash_till import Count, TillFile, TillState
from services.errors import BillHasOpenOrder, Conflict, GuitaiError
from services.model import PaymentEvent, PaymentState, PlatformName
from services.orders import expire_order
from services.payment_events import PaymentFile, load_file
from services.staffing import Actor, Role, RoleHeld, StaffMember
from services.till import Till
from services.window_payments import Wanted
from services.window_returns import Handing, ReturnRoom
from services.window_tills import TillRoom
from services.write_offs import write_off_payment
from tests.contract.samples import ACCOUNTS
from tests.databases import Database
from tests.fake_city import CATALOGUE, GAS_NO, City
from tests.fake_window import CASH, _Offered, make_pieces
from tests.fakes import FakeLimiter

S = PaymentState
REASON = "市民在窗口缴费"


@dataclass
class Hall:
    """The hall on PostgreSQL: the console's role at the window, the public's on the phone, the worker's behind."""

    console: SqlConsoleStore
    worker: SqlStore
    city: City
    ids: dict[str, UUID]
    urls: dict[str, str]
    bills: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.till: Till = replace(self.city.till, catalogue=cast("Any", _Offered(CATALOGUE)))
        self.money = ReturnRoom(self.till, self.console, FakeLimiter(self.city.clock))
        self.tills = TillRoom(self.console, self.city.clock, self.till.new_id)
        self.li, self.zhao, self.head = self.hire(Role.CLERK), self.hire(Role.CLERK), self.hire(Role.HEAD)

    def hire(self, role: Role) -> Actor:
        now = self.city.clock.now()
        member = StaffMember(uuid4(), self.ids["gas"], f"m{uuid4().hex[:12]}", "职员", now)
        held = RoleHeld(uuid4(), member.staff_id, self.ids["gas"], role, now)
        with self.console.begin(tuple(self.ids.values())) as tx:
            tx.staff.add(member, None)
            tx.staff.grant(held, None)
        return Actor(member, (held,), self.console.agency_tree(), "request-9")

    def open_till(self, actor: Actor) -> TillFile:
        return self.tills.open_till(actor, self.till.new_id(), make_pieces(20_000))

    def hold(self, actor: Actor, bill: str | None = None) -> PaymentFile:
        bill = bill or self.city.add_bill(f"G-{uuid4().hex[:8]}")
        return self.money.hold_bill(actor, self.till.new_id(), Wanted("gas-bill", GAS_NO, bill, 8640))

    def work(self, job: Callable[[Till, UUID, UUID, str], PaymentState], payment_id: UUID) -> PaymentState:
        """What the worker's process does."""
        return job(replace(self.till, store=self.worker), self.ids["gas"], payment_id, "request-1")

    def file(self, payment_id: UUID) -> PaymentFile:
        with self.worker.begin((self.ids["gas"],)) as tx:
            return load_file(tx, payment_id)

    def queue(self, payment_id: UUID, owner_url: str) -> set[str]:
        with psycopg.connect(owner_url) as owner:
            rows = owner.execute("SELECT task_name FROM procrastinate_jobs WHERE lock = %s", [str(payment_id)])
            return {row[0] for row in rows}


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """One ring for all of them: lists read what the others wrote."""
    path: Path = tmp_path_factory.mktemp("ring") / "keyring.json"
    create_keyring(path)
    return Keyring.load(path)


@pytest.fixture
def hall(database: Database, ring: Keyring) -> Iterator[Hall]:
    import_accounts(database.owner_url, ACCOUNTS)
    with psycopg.connect(database.owner_url) as owner:
        ids: dict[str, UUID] = dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())
    ids = {name: ids[name] for name in ("city", "gas", "water")}
    named = {"demo-city": ids["city"], "demo-gas-office": ids["gas"], "demo-water-office": ids["water"]}
    clock = City().clock
    public, worker = (SqlStore(database.urls[role], ring, clock) for role in ("public", "worker"))
    console = SqlConsoleStore(database.urls["console"], ring, clock)
    city = City((public, named))
    try:
        yield Hall(console, worker, city, ids, dict(database.urls))
    finally:
        for store in (public, worker, console):
            store.close()


def race(*acts: Callable[[], object]) -> list[str]:
    """Run all at once; how each ended."""
    ready, ended = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        ready.wait()
        try:
            act()
            ended.append("done")
        except GuitaiError as error:
            ended.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


def test_a_bill_is_taken_written_off_and_the_till_closed(hall: Hall, database: Database) -> None:
    """Hold, cash, write-off by the worker's role, receipt, blind count: the till closes and the books say the same."""
    drawer = hall.open_till(hall.li)
    file = hall.money.take_money(hall.li, hall.hold(hall.li).payment.payment_id, CASH)
    own = file.payment.payment_id
    assert hall.queue(own, database.owner_url) == {"write_off_payment"}
    assert hall.work(write_off_payment, own) is S.WRITTEN_OFF
    receipt = hall.money.print_receipt(hall.li, own)
    assert receipt.receipt is not None
    assert hall.money.find_receipt(hall.zhao, receipt.receipt.receipt_no).payment == file.payment
    seen = hall.tills.show(hall.li, drawer.till.till_id)
    closed = hall.tills.count_till(hall.li, drawer.till.till_id, seen.version, Count(make_pieces(28_640), 0))
    assert (closed.state, closed.books.cash_fen) == (TillState.CLOSED, 8640)
    assert closed in hall.tills.list_tills(hall.head)


def test_a_difference_waits_for_the_head(hall: Hall) -> None:
    """A count that is short waits on the head's list with the clerk's words, sealed at rest, and closes upon the countersignature."""
    drawer = hall.open_till(hall.li)
    till_id = drawer.till.till_id
    hall.tills.count_till(hall.li, till_id, 1, Count(make_pieces(19_900), 0))
    hall.tills.explain(hall.li, till_id, "找零多付一元")
    (waiting,) = [one for one in hall.tills.list_waiting(hall.head) if one.till.till_id == till_id]
    assert waiting.explanation is not None
    assert waiting.explanation.words == "找零多付一元"
    with psycopg.connect(hall.urls["console"]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(hall.ids["gas"])])
        cells = connection.execute(
            "SELECT data::text, words_cipher FROM cash_till_events WHERE till_id = %s", [till_id]
        )
        assert all("找零" not in data and (words is None or "找零".encode() not in words) for data, words in cells)
    assert hall.tills.countersign(hall.head, till_id, waiting.version, "属实，同意").state is TillState.CLOSED
    assert till_id not in [one.till.till_id for one in hall.tills.list_waiting(hall.head)]


def test_one_bill_is_held_once(hall: Hall) -> None:
    """Two clerks and a telephone at one bill at the same moment: one of them has it."""
    bill, wang = hall.city.add_bill(f"G-{uuid4().hex[:8]}"), hall.city.add_citizen(f"w{uuid4().hex[:6]}")
    hall.open_till(hall.li), hall.open_till(hall.zhao)
    ended = race(
        lambda: hall.hold(hall.li, bill),
        lambda: hall.hold(hall.zhao, bill),
        lambda: hall.city.pay(wang, bill_no=bill, key=uuid4().hex),
    )
    assert ended == ["BillHasOpenOrder", "BillHasOpenOrder", "done"]


def test_one_page_takes_once(hall: Hall) -> None:
    """Four times the same form at once: one event, one line in the till."""
    drawer, held = hall.open_till(hall.li), hall.hold(hall.li).payment.payment_id
    assert race(*[lambda: hall.money.take_money(hall.li, held, CASH)] * 4) == ["done"] * 4
    assert len(hall.tills.show(hall.li, drawer.till.till_id).moves) == 1
    assert [event.name for event in hall.file(held).events] == ["payment_intended", "taken_at_window"]


def test_two_pages_open_one_till(hall: Hall) -> None:
    """A clerk who opens a till in two windows at once has one."""
    assert race(*[lambda: hall.open_till(hall.li)] * 2) == ["Conflict", "done"]


def test_counting_and_taking_at_once(hall: Hall) -> None:
    """A taking beside a count is in it or is refused: a closed till holds exactly what its books say."""
    drawer, held = hall.open_till(hall.li), hall.hold(hall.li).payment.payment_id
    till_id = drawer.till.till_id
    race(
        lambda: hall.money.take_money(hall.li, held, CASH),
        lambda: hall.tills.count_till(hall.li, till_id, 1, Count(make_pieces(20_000), 0)),
    )
    file = hall.tills.show(hall.li, till_id)
    assert (file.state is TillState.CLOSED) == (file.books.cash_fen == 0)
    assert (hall.file(held).state is S.PAID) == (file.books.cash_fen == 8640)


def test_an_order_on_the_phone_is_closed_through_the_worker(hall: Hall, database: Database) -> None:
    """The console's role asks; the worker's role closes the platform's order; then the bill is free for the window."""
    bill, wang = hall.city.add_bill(f"G-{uuid4().hex[:8]}"), hall.city.add_citizen(f"w{uuid4().hex[:6]}")
    order = hall.city.pay(wang, bill_no=bill, key=uuid4().hex)
    hall.open_till(hall.li)
    with pytest.raises(BillHasOpenOrder) as refused:
        hall.hold(hall.li, bill)
    assert refused.value.detail is not None
    assert refused.value.detail["payment_id"] == str(order.payment_id)
    assert hall.money.ask_to_close(hall.li, order.payment_id, REASON).state is S.CLOSING
    assert hall.queue(order.payment_id, database.owner_url) == {"expire_order"}
    assert hall.work(expire_order, order.payment_id) is S.CLOSED
    assert hall.hold(hall.li, bill).state is S.INTENDED


def test_money_is_given_back_and_the_bill_is_free(hall: Hall) -> None:
    """A write-off that failed for good: due, listed, given back against a signature, and somebody else may pay the bill."""
    bill = hall.city.add_bill(f"G-{uuid4().hex[:8]}")
    hall.open_till(hall.li)
    held = hall.hold(hall.li, bill).payment.payment_id
    hall.money.take_money(hall.li, held, CASH)
    hall.city.gas.script.plan("write_off", "amount_mismatch")
    assert hall.work(write_off_payment, held) is S.REFUND_DUE
    assert held in [one.payment.payment_id for one in hall.money.list_returns(hall.li)]
    assert hall.money.give_back(hall.li, held, Handing(signed=True)).state is S.REFUNDED
    assert held not in [one.payment.payment_id for one in hall.money.list_returns(hall.li)]
    assert hall.hold(hall.li, bill).state is S.INTENDED
    found = hall.tills.find_own(hall.li)
    assert found is not None
    assert found.books.expected_cash_fen == 20_000


def test_asked_back_and_approved(hall: Hall) -> None:
    """A clerk asks, the head approves before the company was asked: due at once, by the console's role alone."""
    hall.open_till(hall.li)
    held = hall.hold(hall.li).payment.payment_id
    hall.money.take_money(hall.li, held, CASH)
    hall.money.ask_return(hall.li, held, "交错户号")
    assert held in [one.payment.payment_id for one in hall.money.list_returns(hall.head)]
    assert hall.money.answer_return(hall.head, held, "同意退回", approve=True).state is S.REFUND_DUE


def test_let_go_frees_the_bill(hall: Hall) -> None:
    """The console's role releases the claim of its own hold."""
    bill = hall.city.add_bill(f"G-{uuid4().hex[:8]}")
    hall.open_till(hall.li), hall.open_till(hall.zhao)
    hall.money.let_go(hall.li, hall.hold(hall.li, bill).payment.payment_id)
    assert hall.hold(hall.zhao, bill).state is S.INTENDED


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("write_off_accepted", S.WRITTEN_OFF),
        ("payment_confirmed", S.PAID),
        ("taken_at_window", S.WRITTEN_OFF),
        ("refund_completed", S.REFUNDED),
        ("write_off_started", S.WRITING_OFF),
    ],
)
def test_the_console_writes_no_word_of_the_worker(hall: Hall, name: str, state: PaymentState) -> None:
    """Written off, confirmed, refunded by a platform: refused by the database, whatever the code says."""
    hall.open_till(hall.li)
    held = hall.hold(hall.li).payment.payment_id
    with pytest.raises(StoreFault), hall.console.begin((hall.ids["gas"],)) as tx:
        tx.payments.append(hall.ids["gas"], PaymentEvent(held, 2, name, state, hall.city.clock.now(), {}))


@pytest.mark.parametrize(
    ("name", "state"), [("taken_at_window", S.PAID), ("order_closed", S.CLOSED), ("returned_at_window", S.REFUNDED)]
)
def test_the_console_moves_no_payment_of_a_platform(hall: Hall, name: str, state: PaymentState) -> None:
    """Cash for an order on a phone, its closing or its return cannot be written by a clerk's process; nor is its bill read."""
    bill, wang = hall.city.add_bill(f"G-{uuid4().hex[:8]}"), hall.city.add_citizen(f"w{uuid4().hex[:6]}")
    order = hall.city.pay(wang, bill_no=bill, key=uuid4().hex).payment_id
    with hall.console.begin((hall.ids["gas"],)) as tx:
        assert tx.payments.load(order) is None
        head = tx.payments.find_head(order)
    assert head is not None
    assert head.platform is PlatformName.WECHAT
    with pytest.raises(StoreFault), hall.console.begin((hall.ids["gas"],)) as tx:
        tx.payments.append(
            hall.ids["gas"], PaymentEvent(order, head.version + 1, name, state, hall.city.clock.now(), {})
        )


def test_the_console_opens_no_payment_of_a_platform(hall: Hall) -> None:
    """A clerk's process opens payments of the window alone; a citizen's process opens none of the window."""
    hall.open_till(hall.li)
    file = hall.hold(hall.li)
    fresh = replace(
        file.payment,
        payment_id=hall.till.new_id(),
        order_no=uuid4().hex,
        sequence_no=uuid4().hex,
        refund_no=uuid4().hex,
    )
    event = replace(file.events[0], payment_id=fresh.payment_id)
    with pytest.raises(StoreFault), hall.console.begin((hall.ids["gas"],)) as tx:
        tx.payments.open(replace(fresh, platform=PlatformName.WECHAT), event)
    with pytest.raises(StoreFault), hall.till.store.begin((hall.ids["gas"],)) as public:
        public.payments.open(fresh, event)


@pytest.mark.parametrize("role", ["public", "worker"])
def test_only_people_take_and_give_at_the_window(hall: Hall, role: str) -> None:
    """Neither the citizens' process nor the worker can write that money was taken or given back at the window."""
    hall.open_till(hall.li)
    held = hall.hold(hall.li).payment.payment_id
    store = hall.worker if role == "worker" else hall.till.store
    with pytest.raises(StoreFault), store.begin((hall.ids["gas"],)) as tx:
        tx.payments.append(hall.ids["gas"], PaymentEvent(held, 2, "taken_at_window", S.PAID, hall.city.clock.now(), {}))


def test_the_claim_of_a_bill_is_released_for_the_window_alone(hall: Hall, database: Database) -> None:
    """A clerk's process cannot free a bill that is being paid on a phone, nor any other claim."""
    bill, wang = hall.city.add_bill(f"G-{uuid4().hex[:8]}"), hall.city.add_citizen(f"w{uuid4().hex[:6]}")
    order = hall.city.pay(wang, bill_no=bill, key=uuid4().hex).payment_id
    with psycopg.connect(database.urls["console"]) as connection:
        connection.execute("SELECT set_config('guitai.agencies', %s, true)", [str(hall.ids["gas"])])
        assert connection.execute("DELETE FROM claims WHERE owner_id = %s", [order]).rowcount == 0


def test_the_database_keeps_closed_tills_closed(hall: Hall, database: Database) -> None:
    """Whatever the code says: no event after a closing, no gap, no next till before the one before is closed, no change, no deletion."""
    drawer = hall.open_till(hall.li)
    till_id, now, staff = drawer.till.till_id, hall.city.clock.now(), hall.li.member.staff_id
    agency = hall.ids["gas"]
    next_till = replace(drawer.till, till_id=uuid4(), number=2)
    with pytest.raises(StoreFault), hall.console.begin((agency,)) as tx:
        tx.tills.open(next_till, replace(drawer.events[0], till_id=next_till.till_id))
    with pytest.raises(StoreFault), hall.console.begin((agency,)) as tx:
        tx.tills.append(agency, replace(drawer.follow("money_taken", now, staff, {}), version=3))
    closed = hall.tills.count_till(hall.li, till_id, 1, Count(make_pieces(20_000), 0))
    with pytest.raises(StoreFault), hall.console.begin((agency,)) as tx:
        tx.tills.append(agency, replace(closed.events[-1], version=closed.version + 1, state=TillState.OPEN))
    for table in ("cash_tills", "cash_till_events"):
        for statement in ("UPDATE {} SET agency_id = agency_id", "DELETE FROM {}", "TRUNCATE {}"):
            for role in ("console", "public", "worker"):
                with (
                    psycopg.connect(database.urls[role]) as connection,
                    pytest.raises(psycopg.errors.InsufficientPrivilege),
                ):
                    connection.execute(statement.format(table).encode())


def test_another_agencys_till_is_not_seen(hall: Hall) -> None:
    """Row security: a transaction of the water office sees no till of the gas office."""
    drawer = hall.open_till(hall.li)
    with hall.console.begin((hall.ids["water"],)) as tx:
        assert tx.tills.load(drawer.till.till_id) is None
        assert tx.tills.latest_of(hall.li.member.staff_id) is None


def test_a_till_of_the_clerk_is_closed_before_the_next(hall: Hall) -> None:
    """The next till has the next number."""
    first = hall.open_till(hall.li)
    hall.tills.count_till(hall.li, first.till.till_id, 1, Count(make_pieces(20_000), 0))
    assert hall.open_till(hall.li).till.number == 2
    with pytest.raises(Conflict):
        hall.open_till(hall.li)
