"""A browser for the demo's clerks and citizens: cookies, redirects, and forms that stand on the page before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from gateway.demo.journey import StepFailed
from gateway.demo.pages import Form, FormFault, Page, Value, read_page, write_multipart, write_urlencoded
from gateway.launch.loopback import Reply, send

FOLLOWED = 5
"""Redirects after one another."""


@dataclass
class Browser:
    """One person's browser at one address of ours. ``received`` is every reply, byte for byte."""

    home: str
    cookies: dict[str, str] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """Go to an address, whole or below ``home``; redirects are followed."""
        return self._follow("GET", urljoin(self.home, address), b"", "")

    def submit(self, page: Page, action: str, entered: Mapping[str, Value] | None = None) -> Page:
        """Fill in a form that stands on the page and send it; the page that comes of it."""
        given, fault = entered or {}, StepFailed(action)
        for form in page.find_forms(action, *given):  # one of several alike: that whose hidden fields say so
            try:
                return self.send_form(page, form, given)
            except FormFault as refused:
                fault = refused
        raise fault

    def send_form(self, page: Page, form: Form, entered: Mapping[str, Value]) -> Page:
        """Send this very form. Raises ``FormFault`` as ``Form.fill`` does."""
        pairs, target = form.fill(entered), urljoin(page.address, form.action)
        if form.method == "GET":
            query = urlencode([(name, value) for name, value in pairs if isinstance(value, str)])
            return self._follow("GET", target.split("?")[0] + (f"?{query}" if query else ""), b"", "")
        body, kind = write_multipart(pairs) if form.multipart else write_urlencoded(pairs)
        return self._follow("POST", target, body, kind)

    def _follow(self, method: str, address: str, body: bytes, kind: str) -> Page:
        for _ in range(FOLLOWED):
            page = self._ask(method, address, body, kind)
            if page.status not in (301, 302, 303, 307):
                return page
            address = urljoin(address, page.headers.get("location", "/"))
            if page.status == 303:
                method, body, kind = "GET", b"", ""
        raise StepFailed(f"{urlsplit(address).path}: too many redirects")

    def fetch(self, address: str) -> Reply:
        """A file at an address below ``home``, byte for byte; no redirect is followed."""
        return self._send("GET", urljoin(self.home, address), b"", "")

    def _ask(self, method: str, address: str, body: bytes, kind: str) -> Page:
        reply = self._send(method, address, body, kind)
        return read_page(address, reply.status, reply.headers, reply.body)

    def _send(self, method: str, address: str, body: bytes, kind: str) -> Reply:
        headers = {"Content-Type": kind} if kind else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = send(method, address, body or None, headers, timeout_seconds=30.0)
        told = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
        self.received.append(told.encode() + b"\n".join((b"", *(one.encode() for one in reply.cookies))) + reply.body)
        self._keep_cookies(reply.cookies)
        return reply

    def _keep_cookies(self, lines: Sequence[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                gone = morsel["max-age"] == "0" or "1970" in morsel["expires"]
                self.cookies.pop(name, None)
                if not gone:
                    self.cookies[name] = morsel.value
