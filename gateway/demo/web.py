"""A citizen at the government's own web door: signed in by a text message, with the citizen API and a browser; no platform looks on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.demo.browser import Browser
from gateway.demo.journey import StepFailed, require
from gateway.demo.pages import Page
from gateway.demo.phone import Person, Phone
from gateway.launch.loopback import send
from services.doors import OWN_DOORS

TEMPLATE_WORD = "code"
"""Under which word the text of a sign-in message has its code."""


def read_texts(provider: str, phone: str) -> list[dict[str, Any]]:
    """Every text message that the sandbox's provider keeps for this telephone, oldest first."""
    found: list[dict[str, Any]] = send("GET", f"{provider}/_sandbox/messages?phone={phone}").json()
    return found


class WebVisitor(Phone):
    """Somebody with a browser. ``sandbox_url`` is the provider of text messages, ``public_url`` the web door; pages are in ``browser``."""

    platform = OWN_DOORS[0].value

    def __init__(self, sandbox_url: str, public_url: str, app_id: str, person: Person) -> None:
        super().__init__(sandbox_url, public_url, app_id, person)
        self.browser = Browser(public_url)

    def log_in(self) -> dict[str, Any]:
        """A code by text message, then name and number, for a session of the API; the pages have one of their own."""
        asked = self.call("POST", "/codes", {"phone": self.person.phone}, status=201)
        body = {"challenge": asked["challenge"], "code": self._read_code(), **self._name()}
        session: dict[str, Any] = self.call("POST", "/sessions", body, status=201)
        self._token = session["token"]
        return session

    def sign_in_to_pages(self) -> None:
        """The same with forms, as a person does it; name and number only if the page asks for them."""
        page = self.browser.open("/sign-in")
        page = self.browser.submit(page, "/sign-in", {"phone": self.person.phone})
        known = {"code": self._read_code(), "last_six": self.person.identity_number[-6:]}
        page = self.browser.submit(page, "/sign-in/code", known)
        if page.has_form("/sign-in/name", "real_name"):
            page = self.browser.submit(page, "/sign-in/name", self._name())
        require(page.status == 200 and not page.has_form("/sign-in/code"), "the web door let nobody in")

    def _name(self) -> Mapping[str, str]:
        return {"real_name": self.person.real_name, "identity_number": self.person.identity_number}

    def _read_code(self) -> str:
        codes = [one["words"][TEMPLATE_WORD] for one in read_texts(self.sandbox_url, self.person.phone)
                 if TEMPLATE_WORD in one["words"]]  # fmt: skip
        require(bool(codes), "no text message with a code came")
        return str(codes[-1])

    def open_page(self, path: str) -> Page:
        """A page of the web door; signs in first if there is no session, or none any more. Raises ``StepFailed`` if it is not shown."""
        page = self.browser.open(path)
        if page.has_form("/sign-in", "phone"):
            self.sign_in_to_pages()
            page = self.browser.open(path)
        require(page.status == 200, f"{path} on the web: status {page.status}")
        return page

    def make_phone_evidence(self) -> str:
        """There is no platform that could say it; the code by text message proves the number."""
        raise StepFailed("the web door proves telephones by a code")

    def open_till(self, parameters: Mapping[str, Any]) -> str:
        """There is no till of a platform here."""
        del parameters
        raise StepFailed("the web door has no platform's till")
