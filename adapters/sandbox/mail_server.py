"""A mail server for the sandbox: real SMTP on the loopback address, with a log-in, that keeps every letter and delivers none.

Magic mailboxes: ``nobody@`` is refused for good, ``later@`` is refused for now. ``faults`` arranges what the next connections meet:
``silent`` (accepts and never greets), ``stuck`` (answers no MAIL), ``busy`` (451 to MAIL), ``refused`` (554 to the text), ``died`` (takes the
text and ends the connection without an answer).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
import ssl
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
NOBODY, LATER = "nobody", "later"
FAULTS = frozenset({"silent", "stuck", "busy", "refused", "died"})
STUCK_SECONDS = 60.0
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what is meant here, and names addresses
Keep = Callable[[dict[str, Any]], None]


class _Silence(asyncio.Protocol):
    """Accepts a connection and says nothing."""


@dataclass
class MailFaults:
    """What the next connections meet, one fault each; ``met`` are those that came to pass."""

    waiting: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    def arrange(self, name: str, times: int = 1) -> None:
        """Raises ``ValueError`` for a fault that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"one of {', '.join(sorted(FAULTS))}")
        self.waiting += [name] * times

    def take(self, *names: str) -> str:
        """The next fault if it is one of these, else nothing."""
        if not self.waiting or self.waiting[0] not in names:
            return ""
        self.met.append(self.waiting.pop(0))
        return self.met[-1]


@dataclass
class _Desk:
    """Answers SMTP commands (aiosmtpd's hooks) and keeps what arrives."""

    keep: Keep
    faults: MailFaults

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self.faults.take("stuck", "busy")
        if fault == "stuck":
            await asyncio.sleep(STUCK_SECONDS)
        if fault:
            return "451 4.3.0 later"
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        local = address.partition("@")[0]
        if local == NOBODY:
            return "550 5.1.1 no such mailbox"
        if local == LATER:
            return "451 4.2.2 mailbox busy"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        fault = self.faults.take("refused", "died")
        if fault == "refused":
            return "554 5.7.1 not this"
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        inside = server.transport is not None and server.transport.get_extra_info("ssl_object") is not None
        self.keep(_read_letter(raw, envelope) | {"tls": inside})
        if fault == "died" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 2.6.0 kept"


def _read_letter(raw: bytes, envelope: Envelope) -> dict[str, Any]:
    """A letter as a mailbox shows it, with its bytes as they came."""
    message = message_from_bytes(raw, policy=default)
    body = message.get_body(("plain",))
    return {
        "message_id": str(message["Message-ID"] or "").strip(),
        "sender": envelope.mail_from,
        "recipients": list(envelope.rcpt_tos),
        "subject": str(message["Subject"] or ""),
        "text": body.get_content().replace("\r\n", "\n") if body is not None else "",
        "headers": [[name, str(value)] for name, value in message.items()],
        "raw": raw.decode("latin-1"),
    }


class MailServer:
    """A running server. ``tls`` with ``implicit`` is TLS from the first byte, without it STARTTLS, which is then asked for before a log-in."""

    def __init__(
        self,
        keep: Keep,
        *,
        port: int = 0,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.faults = MailFaults()
        self._desk = _Desk(keep, self.faults)
        self._user, self._password = user, password
        self._tls, self._implicit = tls, implicit
        self._loop = asyncio.new_event_loop()
        self._listener = _listen(port)
        self.port: int = self._listener.getsockname()[1]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-mail", daemon=True)

    def start(self) -> None:
        """Listen; returns when it does."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End every connection, then listen no more; a second time does nothing."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        context = self._tls if self._implicit else None
        server = self._loop.run_until_complete(
            self._loop.create_server(self._make_protocol, sock=self._listener, ssl=context)
        )
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _make_protocol(self) -> asyncio.BaseProtocol:
        if self.faults.take("silent"):
            return _Silence()
        starttls = self._tls if not self._implicit else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a log-in without TLS: nobody but this machine hears it here
            return self._make_smtp(starttls)

    def _make_smtp(self, starttls: ssl.SSLContext | None) -> SMTP:
        return SMTP(
            self._desk, hostname="mail.sandbox", ident="sandbox", loop=self._loop, tls_context=starttls,
            require_starttls=starttls is not None, auth_required=bool(self._user), auth_require_tls=starttls is not None,
            authenticator=self._check if self._user else None,
        )  # fmt: skip

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, shown: Any) -> AuthResult:
        right = isinstance(shown, LoginPassword) and hmac.compare_digest(
            shown.login + b"\0" + shown.password, f"{self._user}\0{self._password}".encode()
        )
        return AuthResult(success=right)


def _listen(port: int) -> socket.socket:
    """A bound socket: this port if it is free, else any."""
    for wish in dict.fromkeys((port, 0)):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, wish))
        except OSError:
            listener.close()
        else:
            return listener
    raise OSError("no port is free")
