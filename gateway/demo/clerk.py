"""A member of the staff at the real console: signs in by password and one-time code, opens cases with a reason, sends forms that stand there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from adapters.clock import SharedClock
from adapters.passwords import TimedCodes
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.keyring import Keyring
from gateway.demo.browser import Browser
from gateway.demo.journey import StepFailed, require
from gateway.demo.pages import Page, Value
from gateway.launch.stack import Stack
from gateway.launch.staff import DemoAccount, demo_accounts_file, read_demo_accounts

REASON = "办理演示办件"
CASES = "/counter/cases/"
MOVED, TRIES = 409, 4
"""The answer to a form whose page is not up to date any more; how often somebody sends it anew."""


def find_account(stack: Stack, login: str) -> DemoAccount:
    """The demo account with this login. Raises ``StepFailed``."""
    for account in read_demo_accounts(demo_accounts_file(stack)):
        if account.login == login:
            return account
    raise StepFailed(f"there is no demo account {login}")


def read_secret(stack: Stack, account: DemoAccount) -> str:
    """The secret of the authenticator in this person's pocket; the store has it, and nobody else."""
    store = SqlConsoleStore(stack.owner_url, Keyring.load(stack.keyring_file), SharedClock(stack.clock_file), 1)
    try:
        with store.begin(tuple(store.agency_tree().parents)) as tx:
            secret = tx.staff.read_credentials(UUID(account.staff_id))[1]
    finally:
        store.close()
    require(bool(secret), f"{account.login} has no authenticator")
    return str(secret)


@dataclass
class Clerk:
    """Somebody with an account, and the browser before them."""

    stack: Stack
    login: str
    browser: Browser = field(init=False)
    _account: DemoAccount = field(init=False)
    _secret: str = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.stack.urls["console"])
        self._account = find_account(self.stack, self.login)
        self._secret = read_secret(self.stack, self._account)

    @property
    def staff_id(self) -> str:
        """Under which id the store knows this person."""
        return self._account.staff_id

    def sign_in(self) -> None:
        """Login, password, code."""
        page = self.browser.open("/sign-in")
        code = TimedCodes().code_at(self._secret, SharedClock(self.stack.clock_file).now())
        entered = {"login": self.login, "password": self._account.password, "code": code}
        page = self.browser.submit(page, "/sign-in", entered)
        require(not page.has_form("/sign-in", "password"), f"{self.login} was not let in: {' '.join(page.alerts)}")

    def open(self, path: str) -> Page:
        """A page of the console; signs in first if there is no session, or none any more. Raises ``StepFailed`` if it is not shown."""
        page = self.browser.open(path)
        if page.has_form("/sign-in", "password"):
            self.sign_in()
            page = self.browser.open(path)
        require(page.status == 200, f"{path} at the console: status {page.status} {' '.join(page.alerts)}")
        return page

    def find_case(self, case_no: str) -> str:
        """The id of a case, by its number in the search."""
        page = self.browser.submit(self.open("/counter/search"), "/counter/search", {"value": case_no})
        address = page.find_link(CASES)
        return address.rpartition(CASES)[2].split("/")[0].split("?")[0]

    def open_case(self, case_id: str, *, claim: bool = True) -> Page:
        """The whole case, after the reason was noted; taken in hand where nobody has it, unless it is only read."""
        for _ in range(TRIES):
            asked = self.open(f"{CASES}{case_id}")
            forms = asked.find_forms(f"{CASES}{case_id}", "reason")
            form = next((one for one in forms if ("claim" in one.fields) is claim), forms[0])
            page = self.browser.send_form(asked, form, {"reason": REASON})
            if page.status != MOVED:
                break
        require(page.status == 200, f"the case does not open: status {page.status} {' '.join(page.alerts)}")
        return page

    def act(self, page: Page, case_id: str, act: str, entered: Mapping[str, Value] | None = None) -> Page:
        """Send the form of an act as it stands on the page of the case; the page as the act left it. Raises ``StepFailed`` if it was refused."""
        done = self.browser.submit(page, f"{CASES}{case_id}/{act}", entered)
        require(done.status == 200, f"{act} was refused: status {done.status} {' '.join(done.alerts)}")
        return done

    def work(self, case_id: str, act: str, fill: Callable[[Page], Mapping[str, Value]], *, claim: bool = True) -> Page:
        """Open the case and do an act, filled in by what the page shows; the page as the act left it.

        Something may have come in meanwhile (a register's answer): then, as the page says, it is read and sent again.
        """
        for _ in range(TRIES):
            page = self.open_case(case_id, claim=claim)
            done = self.browser.submit(page, f"{CASES}{case_id}/{act}", fill(page))
            if done.status != MOVED:
                break
        require(done.status == 200, f"{act} was refused: status {done.status} {' '.join(done.alerts)}")
        return done
