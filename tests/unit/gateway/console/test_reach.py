"""Who may enter which room, walked over all routes, all roles and four agencies: nothing of another agency, on any route."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask, Response
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from gateway.console.frame import guard_page
from gateway.console.registry import Entry, Room, find_room, require_declared
from services.errors import ConfigurationFault
from services.model import JsonValue
from services.privacy_record import Breach, BreachAsked, Holder, HolderKind
from services.staffing import Role
from tests.fake_privacy import SumRow
from tests.unit.gateway.console.office import CHILD, LEFT, NUMBER, RIGHT, ROOT, TREE, Browser, Office, write_mapping

AGENCIES = {"root": ROOT, "left": LEFT, "right": RIGHT, "child": CHILD}
REASON = "审核本人提交的申请"


def list_routes() -> list[tuple[str, str, Room]]:
    """Method, rule and declaration of every route of the console, whoever built it."""
    app = Office().app
    return [
        (method, rule.rule, declared)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        if (declared := find_room(app, rule.endpoint)) is not None
    ]


ROUTES = list_routes()
GUARDED = [(method, rule, declared) for method, rule, declared in ROUTES if declared.entry is not Entry.ANYONE]


def name(part: object) -> str:
    """A part of a test's name; of a declaration its title, for a set in a name is in another order in each process."""
    return part.title[1] if isinstance(part, Room) else str(part)


def fill(rule: str, ids: dict[str, UUID], service: str) -> str:
    """A path of a rule with the ids of something that exists."""
    path = rule.replace("<service>", service).replace("<int:number>", "1")
    for key, value in ids.items():
        path = path.replace(f"<uuid:{key}>", str(value))
    return path.replace("<uuid:", "").replace(">", "") if "<" not in path else walk_over(path)


def walk_over(path: str) -> str:
    """A path of another room: whatever its parameters are, they get values of the right form."""
    parts = [
        str(uuid4()) if part.startswith("<uuid:") else "1" if part.startswith("<int:") else part
        for part in path.split("/")
    ]
    return "/".join("something" if part.startswith("<") else part for part in parts)


class City:
    """An office in which every agency has somebody, an application, a payment and a grant."""

    def __init__(self) -> None:
        self.office = Office()
        self.office.hire(ROOT, Role.ADMINISTRATOR, login="root.admin")
        self.person = uuid4()
        self.office.know(self.person)
        self.theirs: dict[str, dict[str, UUID]] = {}
        self.marks: dict[str, list[str]] = {}
        for label, agency in AGENCIES.items():
            member = self.office.hire(agency, login=f"worker.{label}")
            held = self.office.give(member, Role.FINANCE, agency)
            made = self.office.file_application(agency, self.person, f"NO-{label}")
            self.office.pay(agency, self.person, f"ORDER-{label}")
            self.theirs[label] = {
                "staff_id": member.staff_id, "grant_id": held.grant_id, "application_id": made.application_id,
            }  # fmt: skip
            received = self.office.cases.receive(agency_id=agency)
            self.theirs[label]["case_id"] = received.case.case_id
            mark = {"zh-CN: 燃气缴费, en": f"zh-CN: 映射·{label}, en"}
            self.office.keep_mapping(agency, f"{label}-bill", changed=mark)
            self.marks[label] = [
                received.case.case_no,
                f"NO-{label}",
                f"ORDER-{label}",
                f"worker.{label}",
                f"映射·{label}",
            ]
        self.see()
        household: dict[str, JsonValue] = {"holder_name": "王小明", "address": "示范市"}
        self.office.trials.answers = {"find_household": household, "list_bills": {"bills": []}}

    def see(self) -> None:
        """What platforms saw at each agency, and a sheet of a breach there."""
        now, shelf = self.office.clock.now(), self.office.store.shelf
        for label, agency in AGENCIES.items():
            account, sheet_id = f"account-{label}", self.office.new_id()
            shelf.rows.append(SumRow(agency, now.date(), 7, ("payee",), account=account))
            asked = BreachAsked(sheet_id, agency, (agency,), "wechat", account, now, now, self.person, now)
            shelf.breaches[sheet_id] = Breach(asked)
            shelf.find(
                sheet_id, now, [Holder(1, HolderKind.PERSON, self.person, agency, ("payee",), f"受影响·{label}")]
            )
            self.theirs[label]["sheet_id"] = sheet_id
            self.marks[label] += [f"受影响·{label}", f">{account}<"]

    def ask(self, browser: Browser, method: str, rule: str, label: str) -> TestResponse:
        """The request that somebody of another agency would like to make, with all that its form could hold."""
        path = fill(rule, self.theirs[label], f"{label}-bill")
        if method == "GET":
            return browser.get(path)
        agency = AGENCIES[label]
        deputy = self.theirs["left"]["staff_id"]
        given = {
            "agency_id": str(agency), "role": "auditor", "deputy_id": str(deputy), "until": "2027-01-01", "login": "new.one",
            "name": "新人", "reason": REASON, "key": "identity_number", "value": NUMBER, "subject": "somebody",
            "text": write_mapping(f"{label}-bill", TREE.slugs[agency], 2).decode(), "base": f"{label}-bill", "base_version": "1",
            "trial_reason": REASON, "input.household_no": "10086001", "version": "1", "number": "1",
            "sentence_zh": "系统维护。", "sentence_en": "Under repair.", "seen_version": "2", "why": REASON, "claim": "yes",
            "case": f"{self.theirs[label]['case_id']}@2", "to": str(deputy), "colleague": str(deputy),
            "ground": "copy", "account": f"wechat:account-{label}", "since": "2026-10-01", "format": "csv",
        }  # fmt: skip
        return browser.post(path, given)


@pytest.mark.parametrize(("method", "rule", "declared"), GUARDED, ids=name)
def test_anonymous_gets_nothing(method: str, rule: str, declared: Room) -> None:
    """Without a session every route leads to the sign-in, whatever is sent along."""
    city = City()
    reply = city.ask(city.office.browser(), method, rule, "left")
    assert (reply.status_code, reply.headers.get("Location")) == (303, "/sign-in")
    assert city.office.acts == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_enters_its_rooms_and_no_other(role: Role) -> None:
    """Walked over all routes: who holds a declared role gets past the gate, everybody else is refused with 403."""
    for method, rule, declared in GUARDED:
        city = City()
        browser = city.office.enter(city.office.hire(LEFT, role, login="the.walker"))
        reply = city.ask(browser, method, rule, "left")
        allowed = declared.entry is not Entry.ROLES or role in declared.roles
        assert (reply.status_code != 403) == allowed, (method, rule, role, reply.status_code)


def list_outsiders() -> Iterator[tuple[str, str]]:
    """Where somebody holds a role, and an agency that it does not reach."""
    yield from [("left", "right"), ("left", "root"), ("right", "left"), ("right", "child"), ("child", "left")]
    yield from [("child", "right"), ("child", "root")]


@pytest.mark.parametrize(("own", "other"), list(list_outsiders()))
@pytest.mark.parametrize("role", list(Role))
def test_nothing_of_another_agency_on_any_route(role: Role, own: str, other: str) -> None:
    """A role reaches its agency and those below: on every route the other's applications, people and staff stay unseen and unchanged."""
    city = City()
    member = city.office.hire(AGENCIES[own], role, login="the.walker")
    browser = city.office.enter(member)
    for method, rule, _ in GUARDED:
        if not city.office.sessions.saved:
            city.office.clock.advance(120)
            browser = city.office.enter(member)
        before = freeze(city, other)
        reply = city.ask(browser, method, rule, other)
        page = reply.get_data(as_text=True)
        assert not [mark for mark in city.marks[other] if mark in page], (method, rule)
        assert freeze(city, other) == before, (method, rule)
        assert city.office.trials.asked == [], (method, rule)


def freeze(city: City, label: str) -> tuple[object, ...]:
    """The standing of an agency's people and roles, and who belongs there."""
    books, agency = city.office.store.books, AGENCIES[label]
    members = [member for member in books.members.values() if member.agency_id == agency]
    roles = [held for held in books.roles.values() if held.agency_id == agency]
    worker = city.theirs[label]["staff_id"]
    steps = city.office.steps_of(f"{label}-bill")
    return (
        sorted(map(str, members)),
        sorted(map(str, roles)),
        books.passwords.get(worker),
        books.secrets.get(worker),
        steps,
        city.office.cases.load(city.theirs[label]["case_id"]).version,
    )


@pytest.mark.parametrize("label", ["left", "child"])
def test_a_role_reaches_downwards(label: str) -> None:
    """A clerk of the upper agency reads an application of the lower one."""
    city = City()
    browser = city.office.enter(city.office.hire(LEFT, Role.CLERK))
    path = f"/applications/{city.theirs[label]['application_id']}"
    assert "王小明" not in browser.get(path).get_data(as_text=True)
    assert "王小明" in browser.post(path, {"reason": REASON}).get_data(as_text=True)


def test_nobody_without_a_role_sees_more_than_counts() -> None:
    """Belonging to an agency is no right to read there."""
    city = City()
    browser = city.office.enter(city.office.hire(LEFT))
    opened = {
        rule
        for method, rule, _ in GUARDED
        if method == "GET" and "<" not in rule and browser.get(rule).status_code == 200
    }
    assert opened == {"/", "/account"}


def test_a_route_without_a_declaration_stops_the_app_and_is_refused() -> None:
    """Default deny twice: the app does not start, and if it did, the gate would not let anybody in."""
    office = Office()
    app: Flask = office.app
    app._got_first_request = False
    app.url_map.add(Rule("/bare", endpoint="bare"))
    app.view_functions["bare"] = lambda: Response("everything")
    with pytest.raises(ConfigurationFault, match="/bare"):
        require_declared(app)
    browser = office.enter(office.hire(ROOT, *(role for role in Role if role is not Role.ADMINISTRATOR)))
    assert browser.get("/bare").status_code == 403
    assert guard_page in app.before_request_funcs[None]


def test_every_route_that_changes_something_declares_its_act() -> None:
    """What a POST does is in the book of acts; signing in and out keep their own, and judging a draft changes nothing."""
    silent = {rule for method, rule, declared in ROUTES if method == "POST" and declared.act is None}
    assert silent - {"/catalogue/draft/check"} == {"/sign-in", "/sign-out"}
