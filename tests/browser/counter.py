"""Staff in front of a browser, citizens behind their phones."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from adapters.passwords import TimedCodes
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.keyring import Keyring
from gateway.demo.phone import Phone
from gateway.launch.staff import DemoAccount, demo_accounts_file, read_demo_accounts
from tests.journeys.city import City, await_truth
from tests.journeys.errands import sign_in

WITHIN_SECONDS = 2.0
CODE_SECONDS = 31.0
SERIOUS = {"serious", "critical"}


@dataclass
class Counter:
    """The running city as its staff and its citizens meet it."""

    city: City
    chromium: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The console's address."""
        return self.city.stack.urls["console"]

    def close(self) -> None:
        """Close every window."""
        for context in self.contexts:
            context.close()

    def open_page(self, *, scripts: bool = True) -> Page:
        """A window of its own; whatever the browser complains of is kept."""
        context = self.chromium.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def enter(self, login: str, *, scripts: bool = True) -> Page:
        """Sign in with password and one-time code, by the keyboard alone."""
        account = next(one for one in read_demo_accounts(demo_accounts_file(self.city.stack)) if one.login == login)
        page = self.open_page(scripts=scripts)
        page.goto(self.url)
        page.focus("#f-login")
        for text in (login, account.password, self.tell_code(account)):
            page.keyboard.insert_text(text)
            page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url == f"{self.url}/", page.inner_text("main")
        return page

    def tell_code(self, account: DemoAccount) -> str:
        """The code that somebody's authenticator shows next: a step of time is used once."""
        self.city.pass_time(CODE_SECONDS)
        stack = self.city.stack
        store = SqlConsoleStore(stack.owner_url, Keyring.load(stack.keyring_file), self.city.clock, 1)
        try:
            with store.begin(tuple(store.agency_tree().parents)) as tx:
                member = tx.staff.find_by_login(account.login)
                assert member is not None
                secret = tx.staff.read_credentials(member.staff_id)[1]
        finally:
            store.close()
        assert secret
        return TimedCodes().code_at(secret, self.city.clock.now())

    def pick_up_phone(self) -> Phone:
        """A citizen's phone, signed in on WeChat."""
        return sign_in(self.city, "wechat")

    def acts_of(self, service: str) -> list[dict[str, Any]]:
        """The book of acts about a service, oldest first."""
        return self.city.read("SELECT act FROM acts WHERE subject_id = %s ORDER BY act_id", service)


def show_service(phone: Phone, service: str) -> dict[str, Any]:
    """A service as a citizen's phone lists it."""
    return dict(next(one for one in phone.call("GET", "/services")["services"] if one["service"] == service))


def await_service(phone: Phone, service: str, check: Callable[[dict[str, Any]], object]) -> None:
    """The citizen sees it so within two seconds from now."""
    started = time.monotonic()
    await_truth(lambda: check(show_service(phone, service)), 10, f"{service} is not served as it should be")
    assert time.monotonic() - started < WITHIN_SECONDS


def tab_to(page: Page, words: str, limit: int = 200) -> None:
    """Press Tab until what has these words (or this id) has the focus."""
    script = "words => { const e = document.activeElement; return e.id === words || (e.matches(WHAT) && e.innerText.includes(words)); }"
    script = script.replace("WHAT", json.dumps("a, button, summary"))
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate(script, words):
            return
    raise AssertionError(f"the keyboard does not reach {words}")


def press(page: Page, words: str) -> None:
    """Go to a link or button by the keyboard and press it; the next page comes."""
    tab_to(page, words)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def require_access(page: Page) -> None:
    """No serious finding of axe-core on what the window shows."""
    violations = Axe().run(page).response["violations"]
    found = [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes']]}"
        for one in violations
        if one["impact"] in SERIOUS
    ]
    assert found == [], page.url
