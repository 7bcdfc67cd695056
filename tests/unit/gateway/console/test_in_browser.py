"""The console in a real browser: with the keyboard alone, without JavaScript, past its own policy, to the provider on another site and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from adapters.http import HttpClient
from adapters.openid import OpenIdClient, OpenIdProvider
from adapters.sandbox.openid import Client, IdentityHouse
from gateway.app import create_console_app
from gateway.console.desk import ConsoleDesk
from services.mapping_record import MappingAct
from services.staff_sign_in import SignInDesk
from services.staffing import Role, StaffMember
from tests.browser.meter import await_focus
from tests.chromium import CHROMIUM, list_complaints, open_chromium, serve
from tests.fakes import FakeKeyedHash, FakeRevocations
from tests.unit.gateway.console.office import CODES, LEFT, NUMBER, PASSWORD, ROOT, Office

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
SERIOUS = {"serious", "critical"}


@dataclass
class Scene:
    """The console at an address, a browser, and what it said."""

    office: Office
    url: str
    chromium: Chromium

    def __post_init__(self) -> None:
        self.said: list[str] = []

    def page(self, *, scripts: bool = True, width: int = 1200) -> Page:
        context = self.chromium.new_context(java_script_enabled=scripts, viewport={"width": width, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(f"Uncaught {error}"))
        return page

    def enter(self, page: Page, member: StaffMember) -> None:
        """Sign in as a person does who uses no mouse."""
        page.goto(f"{self.url}/")
        assert page.evaluate("document.activeElement.name") == "login"
        for text in (member.login, PASSWORD, self.office.code_of(member)):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url == f"{self.url}/"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """One browser for this module."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def scene(chromium: Chromium) -> Iterator[Scene]:
    """A console with its books in memory."""
    office = Office()
    with serve(office.app) as url:
        made = Scene(office, url, chromium)
        yield made
        assert list_complaints(made.said) == []


def list_addresses(scene: Scene) -> list[str]:
    """Every page without parameters."""
    return [
        rule.rule
        for rule in scene.office.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "<" not in rule.rule and not rule.rule.startswith(("/static", "/sign-in"))
    ]


def test_every_page_is_accessible_and_loads_what_its_policy_allows(scene: Scene) -> None:
    """No serious finding of axe-core (contrast, names, structure) on any page, wide and narrow; nothing refused by the policy."""
    everybody = scene.office.hire(ROOT, *Role)
    made = scene.office.file_application(LEFT, uuid4(), "NO-1")
    worker = scene.office.hire(LEFT, Role.CLERK)
    scene.office.keep_mapping(LEFT, "left-gas")
    wider = {"    shown_in_client:\n": "    shown_in_client:\n      - phone\n"}
    scene.office.keep_mapping(LEFT, "left-gas", 2, act=MappingAct.PROPOSED, changed=wider)
    addresses = [
        *list_addresses(scene),
        "/catalogue/new?id=left-jobs&kind=application",
        "/catalogue/left-gas",
        "/catalogue/left-gas/versions/2",
        "/catalogue/left-gas/versions/2/edit",
        "/catalogue/left-gas/compare?old=1&new=2",
        f"/staff/{worker.staff_id}",
        f"/applications/{made.application_id}",
        "/nothing",
    ]
    for width in (1200, 420):
        page = scene.page(width=width)
        found = [f"/sign-in: {one}" for one in find_faults(page, f"{scene.url}/sign-in")]
        scene.enter(page, everybody)
        for path in addresses:
            found += [f"{path}: {one}" for one in find_faults(page, scene.url + path)]
        scene.office.clock.advance(120)
        assert found == []


def find_faults(page: Page, address: str) -> list[str]:
    """Serious findings on one page; the smallest text is 16 pixels and nothing is wider than the window."""
    page.goto(address)
    violations = Axe().run(page).response["violations"]
    faults = [str(one["id"]) for one in violations if one["impact"] in SERIOUS]
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('body *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    if smallest < 16:
        faults.append(f"text of {smallest} pixels")
    if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        faults.append("wider than the window")
    return faults


def test_the_first_day_with_the_keyboard(scene: Scene) -> None:
    """One-time password, own password, the picture for the authenticator, in."""
    member, once = scene.office.staff.add(None, ROOT, "new.member", "新人")
    scene.office.give(member, Role.AUDITOR, ROOT)
    page = scene.page()
    page.goto(scene.url)
    await_focus(page)
    for text in ("new.member", once, ""):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.focus("#f-current")
    for text in (once, "a password of my own", "a password of my own"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    box = page.locator("svg.qr").bounding_box()
    assert box
    assert box["width"] > 150
    secret = page.locator("p.secret").inner_text()
    page.fill("#f-code", CODES.code_at(secret, scene.office.clock.now()))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("nav a").count() >= 3


@pytest.mark.parametrize("scripts", [True, False])
def test_a_clerk_reads_with_and_without_javascript(scene: Scene, scripts: bool) -> None:
    """The reason comes first, the file after it; a list is filtered either way."""
    scene.office.file_application(LEFT, uuid4(), "NO-1")
    page = scene.page(scripts=scripts)
    clerk = scene.office.hire(LEFT, Role.CLERK)
    page.goto(scene.url)
    page.fill("#f-login", clerk.login)
    page.fill("#f-password", PASSWORD)
    page.fill("#f-code", scene.office.code_of(clerk))
    with page.expect_navigation():
        page.click("main button")
    page.goto(f"{scene.url}/applications")
    page.select_option("#f-state", "granted")
    if not scripts:
        page.click("form.filter button")
    page.wait_for_selector("text=没有申请")
    page.goto(f"{scene.url}/applications")
    page.click("text=NO-1")
    assert "王小明" not in page.content()
    page.fill("#f-reason", "核对申请材料是否齐全")
    with page.expect_navigation():
        page.click("main button")
    assert NUMBER in page.content()
    assert scene.office.acts[-1] == "application.read"


def test_to_the_provider_on_another_site_and_back(chromium: Chromium) -> None:
    """Strict cookies, a policy for forms and a redirect chain across sites: the browser ends up signed in."""
    office = Office()
    member = office.hire(LEFT, Role.CLERK)
    office.staff.bind_subject(None, member.staff_id, "zhang")
    app = create_console_app(office.app.extensions["guitai-console"])
    with serve(app) as url:
        callback = f"{url}/sign-in/provider/answer"
        house = IdentityHouse("", Client("console", "pw", callback), ["zhang", "li"], office.clock)
        with serve(house.wsgi, host="localhost") as issuer:
            house.issuer = issuer
            app.extensions["guitai-console"] = with_provider(office, OpenIdClient(issuer, "console", "pw", callback))
            scene = Scene(office, url, chromium)
            page = scene.page()
            page.goto(url)
            page.click("a.button.main")
            page.click("text=li")
            page.wait_for_selector("role=alert")
            page.click("a.button.main")
            with page.expect_navigation(url=f"{url}/"):
                page.click("text=zhang")
            assert page.locator(".who").inner_text().startswith(member.name)
            assert list_complaints(scene.said) == []


def with_provider(office: Office, client: OpenIdClient) -> ConsoleDesk:
    """The same console with a real adapter to a provider."""
    desk: ConsoleDesk = office.app.extensions["guitai-console"]
    http = HttpClient(frozenset([client.issuer]))
    provider = OpenIdProvider(client, http, FakeRevocations(office.clock), office.clock)
    sign_in = SignInDesk(
        desk.store, office.sessions, office.hasher, CODES, office.limiter, FakeKeyedHash(), office.clock, office.new_id,
        office.new_token, os.urandom, provider, local=False,
    )  # fmt: skip
    cells = {name: getattr(desk, name) for name in ConsoleDesk.__slots__} | {"sign_in": sign_in}
    return ConsoleDesk(**cells)
