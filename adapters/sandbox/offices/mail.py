"""The city's mail server: SMTP with a log-in on a port of its own, every mailbox open to whoever looks (``mail_server.py``).

``GET /_sandbox/mails?to=&subject=`` is every mailbox, oldest first; ``GET /_sandbox/inbox`` the same as a page for people;
``GET /_sandbox/control/smtp`` says where it listens; ``POST /_sandbox/control/mail {fault, times}`` arranges what the next connections meet.
"""

from __future__ import annotations

import secrets
from html import escape
from typing import Any

from werkzeug.wrappers import Request, Response

from adapters.sandbox.agencies import CITY
from adapters.sandbox.canaries import add_canaries
from adapters.sandbox.context import SandboxContext
from adapters.sandbox.mail_server import FAULTS, HOST, MailServer
from adapters.sandbox.office import Office
from adapters.sandbox.routing import Router, answer_json, read_control
from adapters.sandbox.shelf import Shelf
from services.ports import Clock

OFFICE_NAME = "mail"
USER = "counter"


class MailOffice:
    """Keeps letters on a shelf in the order in which they came."""

    def __init__(self, shelf: Shelf, clock: Clock, password: str) -> None:
        self._shelf = shelf
        self._clock = clock
        last = shelf.get("place", "smtp") or {}
        self.server = MailServer(self._keep, port=int(last.get("port", 0)), user=USER, password=password)
        shelf.put("place", "smtp", {"port": self.server.port})

    def _keep(self, letter: dict[str, Any]) -> None:
        with self._shelf.change():
            number = len(self._shelf.all("letter")) + 1
            self._shelf.put("letter", f"{number:08d}", letter | {"at": self._clock.now().isoformat()})

    def show_place(self, _request: Request) -> Response:
        """``GET /_sandbox/control/smtp``."""
        return answer_json({"url": f"smtp://{USER}@{HOST}:{self.server.port}", "letters": len(self._letters("", ""))})

    def list_mails(self, request: Request) -> Response:
        """``GET /_sandbox/mails``."""
        return answer_json(self._letters(request.args.get("to", ""), request.args.get("subject", "")))

    def show_inbox(self, request: Request) -> Response:
        """``GET /_sandbox/inbox``."""
        letters = reversed(self._letters(request.args.get("to", ""), request.args.get("subject", "")))
        body = "".join(
            f"<article><h2>{escape(one['subject'])}</h2><p>{escape(', '.join(one['recipients']))} · {escape(one['at'])}</p>"
            f"<pre>{escape(one['text'])}</pre></article>"
            for one in letters
        )
        page = f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>沙箱邮箱</title><h1>沙箱邮箱</h1>{body}</html>'
        return Response(page, content_type="text/html; charset=utf-8")

    def arrange(self, request: Request) -> Response:
        """``POST /_sandbox/control/mail``."""
        told = read_control(request, {"fault"}, frozenset({"times"}))
        times = 1 if told is None else told.get("times", 1)
        if told is None or told["fault"] not in FAULTS or type(times) is not int or not 0 < times <= 1000:
            return answer_json({"error": f"fault: one of {', '.join(sorted(FAULTS))}; times: 1 to 1000"}, 400)
        self.server.faults.arrange(told["fault"], times)
        return answer_json({"waiting": len(self.server.faults.waiting)})

    def _letters(self, to: str, subject: str) -> list[dict[str, Any]]:
        kept = self._shelf.all("letter")
        return [one for one in kept if (not to or to in one["recipients"]) and subject in one["subject"]]


def create_mail(office: MailOffice) -> Router:
    """The mailboxes as a WSGI application."""
    router = Router()
    router.add("GET", "/_sandbox/mails", office.list_mails)
    router.add("GET", "/_sandbox/inbox", office.show_inbox)
    router.add("GET", "/_sandbox/control/smtp", office.show_place)
    router.add("POST", "/_sandbox/control/mail", office.arrange)
    add_canaries(router, tuple)
    return router


def _build(context: SandboxContext) -> Router:
    office = MailOffice(context.open_shelf(OFFICE_NAME), context.clock, context.credentials[OFFICE_NAME]["password"])
    office.server.start()
    context.closers.append(office.server.stop)
    return create_mail(office)


OFFICE = Office(
    name=OFFICE_NAME,
    agency=CITY,
    back_ends=(),
    build=_build,
    make_credentials=lambda _folder: {"user": USER, "password": secrets.token_urlsafe(24)},
)
