"""Mail by SMTP (RFC 5321): the only place that speaks it. A connection per letter; nothing is kept between.

What is sent is built by the library's own message class; every value that reaches a header is one line without control characters, and an
address is one that ``config.mail_place`` knows: there is nothing with which a header could be smuggled in. TLS is on or the letter does not
go (never "if the server offers it"), the password is shown only inside TLS or on this machine, and no answer of a server reaches a log.
"""

from __future__ import annotations

import smtplib
import ssl
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol, TypeVar

from adapters.boundary import refuse_inside_transaction
from adapters.reach import EVERYWHERE, cut_after, open_socket
from adapters.tls import TlsIdentity, make_context
from config.mail_place import MailPlace, is_loopback, is_mail_address
from services.errors import ConfigurationFault
from services.mail_port import NAME, Letter, MailOutcomeUnknown, MailRefused, MailUnreachable

T = TypeVar("T")
STEP_SECONDS = 10.0
"""How long one answer of the server may take."""
LETTER_SECONDS = 60.0
"""How long one letter may take in all, also where a server drips."""
LONGEST_SUBJECT = 200
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


class MailSettings(Protocol):
    """The settings that a sender of mail needs: ``config.settings.Settings``, or a part of it."""

    @property
    def smtp_url(self) -> MailPlace | None: ...
    @property
    def smtp_password(self) -> str | None: ...
    @property
    def smtp_authorities(self) -> Path | None: ...
    @property
    def mail_from(self) -> str | None: ...


class SmtpMail:
    """Implements ``mail_port.Mail`` at one server. ``authorities``: PEM of those that vouch for it, empty for the public ones."""

    def __init__(
        self,
        place: MailPlace,
        sender: str,
        password: str = "",
        *,
        authorities: bytes = b"",
        step_seconds: float = STEP_SECONDS,
        letter_seconds: float = LETTER_SECONDS,
    ) -> None:
        self._place = place
        self._sender = sender
        self._password = password
        self._step_seconds = step_seconds
        self._letter_seconds = letter_seconds
        self._context = None if place.security == "plain" else make_context(TlsIdentity(authorities=authorities))

    def send(self, letter: Letter) -> Mapping[str, bool]:
        """See the port. Raises ``RuntimeError`` inside a transaction."""
        refuse_inside_transaction()
        raw = build_message(letter, self._sender).as_bytes(policy=SMTP)
        line = _report_faults(lambda: open_socket(self._place.host, self._place.port, self._step_seconds, EVERYWHERE))
        server = smtplib.SMTP(timeout=self._step_seconds, local_hostname=self._sender.rpartition("@")[2])
        server.sock = line
        try:
            with cut_after(line.fileno(), self._letter_seconds):
                _report_faults(lambda: self._greet(server))
                return _hand_over(server, self._sender, letter.to, raw)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.close()

    def _greet(self, server: smtplib.SMTP) -> None:
        """From the first byte to the log-in, in the one order that the setting names."""
        if self._place.security == "tls":
            self._begin_tls(server)
        _require(server.getreply(), 220)
        server.ehlo_or_helo_if_needed()
        if self._place.security == "starttls":
            _require(server.docmd("STARTTLS"), 220)
            self._begin_tls(server)
            server.ehlo()
        if not self._place.user:
            return
        if self._context is None and not is_loopback(self._place):
            raise MailRefused("a password is shown only inside TLS")
        server.login(self._place.user, self._password)

    def _begin_tls(self, server: smtplib.SMTP) -> None:
        """Encrypt from here on, and forget whatever was said before (RFC 3207 section 4.2)."""
        if self._context is None or server.sock is None:
            raise MailUnreachable("no TLS with the mail server")
        server.sock = self._context.wrap_socket(server.sock, server_hostname=self._place.host)
        server.file = None
        server.ehlo_resp = server.helo_resp = None
        server.esmtp_features, server.does_esmtp = {}, False


def open_mail(settings: MailSettings) -> SmtpMail | None:
    """The mail of these settings, None without a server. Raises ``ConfigurationFault`` for authorities that cannot be read."""
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    try:
        authorities = settings.smtp_authorities.read_bytes() if settings.smtp_authorities else b""
    except OSError:
        raise ConfigurationFault("GUITAI_SMTP_AUTHORITIES names a file that cannot be read") from None
    return SmtpMail(settings.smtp_url, settings.mail_from, settings.smtp_password or "", authorities=authorities)


def build_message(letter: Letter, sender: str) -> EmailMessage:
    """The mail as bytes see it. Raises ``MailRefused`` for an address or a name that is none."""
    if not letter.to or not all(map(is_mail_address, (*letter.to, sender))):
        raise MailRefused("an address is not one to which a mail may be sent")
    if not all(map(NAME.fullmatch, (letter.name, *letter.answers))):
        raise MailRefused("a letter's name is not one")
    domain, message = sender.rpartition("@")[2], EmailMessage(policy=SMTP)
    message["From"] = Address("政务服务督查", addr_spec=sender)
    message["To"] = tuple(Address(addr_spec=one) for one in letter.to)
    message["Subject"] = clean_line(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.name}@{domain}>"
    if letter.answers:
        named = [f"<{name}@{domain}>" for name in letter.answers]
        message["In-Reply-To"], message["References"] = named[-1], " ".join(named)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message.set_content(clean_text(letter.text), charset="utf-8", cte="base64")
    return message


def clean_line(text: str) -> str:
    """One line: whatever ends a line, controls, directs or is no character becomes a space, and it ends where it is too long.

    ``=?`` is taken apart: the library would read an encoded word (RFC 2047) in it, and what is encoded there may be a line end.
    """
    signs = (" " if unicodedata.category(sign) in _UNWANTED else sign for sign in text)
    line = " ".join("".join(signs).replace("=?", "= ?").split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def clean_text(text: str) -> str:
    """The same for each line of a text."""
    lines = (
        "".join(" " if unicodedata.category(sign) in _UNWANTED else sign for sign in one) for one in text.split("\n")
    )
    return "\n".join(lines)


def _hand_over(server: smtplib.SMTP, sender: str, to: tuple[str, ...], raw: bytes) -> dict[str, bool]:
    """MAIL, RCPT, DATA. Until the text leaves nothing can have arrived; afterwards only an answer says."""
    _report_faults(lambda: _require(server.mail(sender), 250))
    answers = {address: _name_recipient(server, address) for address in to}
    refused = {address: code >= 500 for address, code in answers.items() if code not in (250, 251)}
    if len(refused) == len(answers):
        raise MailRefused("no recipient") if all(refused.values()) else MailUnreachable("no recipient now")
    _report_faults(lambda: _require(server.docmd("DATA"), 354))
    try:
        server.send(end_text(raw))
        reply = server.getreply()
    except (smtplib.SMTPException, OSError):
        raise MailOutcomeUnknown("the text was sent and not acknowledged") from None
    _require(reply, 250)
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    return refused


def _name_recipient(server: smtplib.SMTP, address: str) -> int:
    return _report_faults(lambda: server.rcpt(address))[0]


def end_text(raw: bytes) -> bytes:
    """The text with its dots doubled and the line that ends it (RFC 5321 section 4.5.2); every line ends with CR LF already."""
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in raw.split(b"\r\n"))
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _require(reply: tuple[int, bytes], wanted: int) -> None:
    """Raise by the first digit of an answer that is another: five is for good, everything else is not now.

    530 asks for a log-in (RFC 4954): that is between us and the server, and no word on the letter.
    """
    if reply[0] == wanted:
        return
    if reply[0] == 530:
        raise MailUnreachable("the mail server asks for a log-in")
    raise MailRefused("the mail server refuses it for good") if reply[0] >= 500 else MailUnreachable("not now")


def _report_faults(act: Callable[[], T]) -> T:
    """Turn what goes wrong before the text has left into a fault without any word of the server."""
    try:
        return act()
    except smtplib.SMTPAuthenticationError as error:
        raise MailUnreachable("the mail server refuses the log-in") from _name(error)
    except ssl.SSLError as error:
        raise MailUnreachable("no TLS with the mail server") from _name(error)
    except smtplib.SMTPException as error:
        raise MailUnreachable("the mail server does not answer as agreed") from _name(error)
    except (OSError, ValueError) as error:  # ValueError: what it answers is no SMTP
        raise MailUnreachable("the mail server cannot be reached") from _name(error)


def _name(error: Exception) -> Exception:
    """The class of an error alone: its text may hold an address, or what was shown."""
    return RuntimeError(type(error).__name__)
