"""No look of the staff goes unseen: every route and every store of the console, and what happens to a page that forgets."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Blueprint, Response

import gateway.console
from gateway.app import make_flask
from gateway.console.given import GIVES, begin_request, withhold_given
from gateway.console.registry import Entry, ReadingMissingError, Room, find_room, room
from gateway.console.witness import WitnessedStore
from services.application_record import ApplicationStore
from services.case_stores import CaseStore, DraftStore, FileIndex, MandateStore, NoticeStore, RatingStore
from services.consent_record import ConsentStore
from services.console_ports import PeopleIndex, PersonKey, WindowAccounts
from services.counter_desk import SearchKey
from services.privacy_record import PrivacyStore
from services.reading_record import About, Reading, case_read
from services.rights_record import RightsStore
from services.staffing import Role
from services.window_record import WindowPayments
from tests.counter_office import APPLICANT_NUMBER
from tests.unit.gateway.console.office import LEFT, NUMBER, PHONE, Browser, Office
from tests.unit.gateway.console.test_reach import REASON, ROUTES, City

GIVES_NOTHING: dict[type, dict[str, str]] = {
    CaseStore: {
        "next_number": "a number", "open": "writes", "append": "writes", "assign_chains": "the worker's alone",
        "list_desk": "lines without anything personal", "load_lines": "lines without anything personal",
    },
    ApplicationStore: {
        "open": "writes", "append": "writes", "list_of_agencies": "lines without a person", "list_versions": "versions of mappings",
    },
    PeopleIndex: {"list_payments": "asked with persons who were found, and so told"},
    PrivacyStore: {
        **dict.fromkeys(("read_counted", "read_course", "read_groups", "read_fields", "list_accounts"), "sums without persons"),
        **dict.fromkeys(("list_breaches", "load_breach"), "numbers of a sheet, nobody on it"), "ask_breach": "writes",
    },
    FileIndex: {"add": "writes", "remove": "deletes"},
    RatingStore: {
        "rate": "writes", "file_complaint": "writes", "append": "writes", "list_levels": "levels without words and persons",
    },
}  # fmt: skip
"""Methods of watched stores that hand out nothing of a citizen's, each with what they do instead."""
UNWATCHED: dict[type, str] = {
    MandateStore: "read to judge who may act; the window's look-up is told by the number that was shown",
    NoticeStore: "attempts of telling, without name and address",
    DraftStore: "the console's role has no right to drafts",
    WindowAccounts: "written, never read; the links of a number are asked for after the number was told",
    RightsStore: "words of a request are read with a look that is told; a list has none of them",
    ConsentStore: "asked for the accounts that were found by the number of the card, and so told",
    WindowPayments: "payments without an account; the account number is told when bills or a receipt are looked up",
}
"""Stores of a console's transaction that are not watched, each with the reason."""
WITHHOLDING = {
    "audit.refuse_replay", "complaints.show_list", "counter.show_queue", "counter_case.ask_reason", "tasks.show_tasks",
    "privacy_breaches.list_people", "privacy_looks.look_at_person",
    "window.show_walk_in", "window_consents._say", "window_handover.show_hand_over",
}  # fmt: skip
"""Functions that say that their page shows nothing of what was given: lines, numbers and forms."""
FOLDER = Path(gateway.console.__file__).parent
Drive = Callable[[City, Browser], object]


def list_methods(port: type) -> set[str]:
    """The public methods of a protocol."""
    return {name for name, one in vars(port).items() if callable(one) and not name.startswith("_")}


@pytest.mark.parametrize(
    ("name", "port"),
    [("cases", CaseStore), ("applications", ApplicationStore), ("people", PeopleIndex), ("files", FileIndex), ("ratings", RatingStore), ("privacy", PrivacyStore)],
    ids=["cases", "applications", "people", "files", "ratings", "privacy"],
)  # fmt: skip
def test_every_method_of_a_watched_store_is_judged(name: str, port: type) -> None:
    """What a store hands out is told, or written down here as nothing of a citizen's; a new method must be one of the two."""
    methods, watched, harmless = list_methods(port), set(GIVES[name]), set(GIVES_NOTHING[port])
    assert watched | harmless <= methods
    assert not watched & harmless
    assert methods - watched - harmless == set()


def test_every_store_with_material_is_watched_or_named() -> None:
    """A store that the console has, and that is not watched, stands in a list with its reason."""
    assert set(GIVES) == {"cases", "applications", "people", "files", "ratings", "privacy"}
    assert all(UNWATCHED.values())


def test_who_says_that_nothing_is_shown_is_known_by_name() -> None:
    """Nobody takes a page out of the watch without standing in the list of this test."""
    found = set()
    for path in sorted(FOLDER.glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and path.stem != "given":
                calls = [one for one in ast.walk(function) if isinstance(one, ast.Call)]
                if any(isinstance(one.func, ast.Name) and one.func.id == "withhold_given" for one in calls):
                    found.add(f"{path.stem}.{function.name}")
    assert found == WITHHOLDING


def make_app(office: Office, read: Callable[[Any], object], *, withholds: str = "") -> Any:
    """An app with one route, which reads by these means and shows what it likes."""
    blueprint, store = Blueprint("bare", __name__), WitnessedStore(office.store)

    @room(blueprint, "/bare", title=("", ""), entry=Entry.ANYONE, withholds=withholds)
    def bare() -> Response:
        with store.begin(office.cases.everybody) as tx:
            read(tx)
        return Response("a person's whole life")

    app = make_flask("test")
    app.register_blueprint(blueprint)
    return app


def visit(app: Any) -> None:
    """The page, thrown away."""
    with app.test_request_context("/bare"):
        begin_request()
        with pytest.raises(ReadingMissingError):
            app.view_functions["bare.bare"]()


FORGETFUL: dict[str, Callable[[Any, UUID, str], object]] = {
    "cases.load": lambda tx, case_id, _: tx.cases.load(case_id),
    "cases.find_by_number": lambda tx, _, case_no: tx.cases.find_by_number(case_no),
    "cases.find_by_number_of": lambda tx, _, __: tx.cases.find_by_number_of((LEFT,), APPLICANT_NUMBER, 9),
    "cases.find_by_name": lambda tx, _, __: tx.cases.find_by_name((LEFT,), "王秀英", 9),
    "cases.list_of_numbers": lambda tx, _, __: tx.cases.list_of_numbers([APPLICANT_NUMBER], 9),
    "cases.list_open": lambda tx, _, __: tx.cases.list_open(None, 9),
    "people.find_persons": lambda tx, _, __: tx.people.find_persons(PersonKey.PHONE, PHONE),
}


@pytest.mark.parametrize("way", sorted(FORGETFUL))
def test_a_page_that_forgets_shows_nothing(way: str) -> None:
    """A route that was given material and committed no reading has its answer thrown away; said to show nothing, it passes."""
    office = Office()
    office.know(office.new_id())
    case = office.cases.receive().case

    def read(tx: Any) -> object:
        return FORGETFUL[way](tx, case.case_id, case.case_no)

    for withholds in ("", "only counts"):
        app = make_app(office, read, withholds=withholds)
        with app.test_request_context("/bare"):
            begin_request()
            if withholds:
                assert app.view_functions["bare.bare"]().status_code == 200
            else:
                with pytest.raises(ReadingMissingError):
                    app.view_functions["bare.bare"]()


def test_a_reading_counts_once_it_has_committed() -> None:
    """A reading that was rolled back tells nobody, and so the page shows nothing."""
    office = Office()
    case = office.cases.receive().case
    told = Reading(
        office.new_id(), LEFT, office.clock.now(), office.new_id(), LEFT, "case.open",
        case_read(case.case_id), {"name": "", "login": ""},
    )  # fmt: skip
    store = WitnessedStore(office.store)
    blueprint = Blueprint("bare", __name__)

    @room(blueprint, "/bare", title=("", ""), entry=Entry.ANYONE)
    def bare() -> Response:
        with store.begin(office.cases.everybody) as tx:
            tx.cases.load(case.case_id)
        with pytest.raises(ZeroDivisionError):
            tell_and_fail(store)
        return Response("a person's whole life")

    def tell_and_fail(house: WitnessedStore) -> None:
        with house.begin(office.cases.everybody) as tx:
            tx.readings.add([told])
            raise ZeroDivisionError

    app = make_flask("test")
    app.register_blueprint(blueprint)
    visit(app)


def test_withholding_forgets_only_what_was_before() -> None:
    """What is given after the page said that it shows nothing counts again."""
    office = Office()
    case = office.cases.receive().case

    def read(tx: Any) -> object:
        withhold_given()
        return tx.cases.load(case.case_id)

    visit(make_app(office, read))


def open_case(city: City, browser: Browser) -> object:
    """A clerk opens a case."""
    return browser.post(f"/counter/cases/{city.theirs['left']['case_id']}", {"reason": REASON})


def search(by: SearchKey, value: str) -> Drive:
    """A clerk looks for a case."""
    return lambda _, browser: browser.post("/counter/search", {"by": by.value, "value": value, "reason": REASON})


LOOKS: dict[str, tuple[Role, Drive, str, About]] = {
    "open a case": (Role.CLERK, open_case, "case.open", About.CASE),
    "open a case as head": (Role.HEAD, open_case, "case.open", About.CASE),
    "replay a case": (
        Role.AUDITOR,
        lambda city, browser: browser.post(f"/audit/cases/{city.theirs['left']['case_id']}", {"reason": REASON}),
        "audit.replay",
        About.CASE,
    ),
    "search by name": (Role.CLERK, search(SearchKey.NAME, "王秀英"), "case.search", About.CASE),
    "search by number": (Role.CLERK, search(SearchKey.NUMBER, APPLICANT_NUMBER), "case.search", About.CASE),
    "search in vain": (Role.CLERK, search(SearchKey.NUMBER, NUMBER), "case.search", About.NUMBER),
    "read an application": (
        Role.CLERK,
        lambda city, browser: browser.post(f"/applications/{city.theirs['left']['application_id']}", {"reason": REASON}),
        "application.read",
        About.APPLICATION,
    ),
    "search a person": (
        Role.CLERK,
        lambda _, browser: browser.post("/people", {"key": "identity_number", "value": NUMBER, "reason": REASON}),
        "person.search",
        About.PERSON,
    ),
    "search an unknown person": (
        Role.CLERK,
        lambda _, browser: browser.post("/people", {"key": "identity_number", "value": APPLICANT_NUMBER, "reason": REASON}),
        "person.search",
        About.NUMBER,
    ),
    "look up mandates": (
        Role.CLERK,
        lambda _, browser: browser.post("/window/mandates", {"agency_id": str(LEFT), "identity_number": APPLICANT_NUMBER, "reason": REASON}),
        "mandate.look_up",
        About.NUMBER,
    ),
    "find bills": (
        Role.CLERK,
        lambda _, browser: browser.post("/till/pay", {"service": "gas-bill", "household_no": "10086001"}),
        "window.find_bills",
        About.HOUSEHOLD,
    ),
}  # fmt: skip


def told_by(city: City) -> list[Reading]:
    """Every look that citizens are told of, whichever book it stands in."""
    return [*city.office.store.tables.counter.readings, *city.office.store.books.told.readings]


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_each_look_writes_its_row_with_its_act(name: str) -> None:
    """The act and what the citizen is told are of one transaction; where the book of acts refuses, there is neither."""
    role, drive, act, about = LOOKS[name]
    city = City()
    member = city.office.hire(LEFT, role, login="the.reader")
    browser = city.office.enter(member)
    city.office.store.acts_down = True
    drive(city, browser)
    assert told_by(city) == []
    city.office.store.acts_down = False
    drive(city, browser)
    told = told_by(city)
    assert act in city.office.acts
    assert {(one.act, one.subject.about, one.staff_id) for one in told} == {(act, about, member.staff_id)}
    assert {one.reader["office"] for one in told} == {"左局"}


def walk(role: Role) -> Iterator[tuple[str, str, Room, str, list[Reading]]]:
    """Every guarded route, asked as this role with everything that a form could hold: the page, and who was told by it."""
    city = City()
    member = city.office.hire(LEFT, role, login="the.walker")
    browser = city.office.enter(member)
    for method, rule, declared in ROUTES:
        if declared.entry is Entry.ANYONE:
            continue
        if not city.office.sessions.saved:
            city.office.clock.advance(120)
            browser = city.office.enter(member)
        before = len(told_by(city))
        page = city.ask(browser, method, rule, "left").get_data(as_text=True)
        yield method, rule, declared, page, told_by(city)[before:]


@pytest.mark.parametrize("role", list(Role))
def test_no_route_shows_an_applicant_unseen(role: Role) -> None:
    """Walked over all routes: wherever the name of an applicant is on the page, the request has told them that it was read."""
    shown = set()
    for method, rule, _, page, told in walk(role):
        if "王秀英" in page or "secret street" in page:
            shown.add(rule)
            assert told, (method, rule)
    if role is Role.CLERK:
        assert "/counter/cases/<uuid:case_id>" in shown
        assert "/applications/<uuid:application_id>" in shown


def test_a_route_that_withholds_says_why() -> None:
    """Whoever takes a whole route out of the watch gives a reason of some words."""
    app = Office().app
    found = {rule.rule: one.withholds for rule in app.url_map.iter_rules() if (one := find_room(app, rule.endpoint))}
    assert all(len(why.split()) >= 4 for why in found.values() if why)
    assert found["/audit/find"]
