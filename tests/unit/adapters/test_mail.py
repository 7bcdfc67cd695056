"""Letters over real SMTP: what arrives, what is refused, what hangs, what dies, and that no value becomes a header."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.boundary import transaction_scope
from adapters.mail import SmtpMail, build_message, end_text, open_mail
from adapters.sandbox.mail_server import MailServer
from config.mail_place import MailPlace
from services.mail_port import Letter, MailFault, MailOutcomeUnknown, MailRefused, MailUnreachable
from tests.authorities import Authority

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SENDER = "watch@counter.example.gov.cn"
OFFICE, SECOND = "supervision@city.example.gov.cn", "duty@city.example.gov.cn"
LETTER = Letter("alerts.1", (OFFICE,), "【红色预警】水费 尾号 1234", "第一行\n.\n..两点\n最后一行\n", AT)
PASSWORD = "geheim-and-long"
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
}  # fmt: skip


class Box:
    """A running mail server and what it kept."""

    def __init__(self, **choices: Any) -> None:
        self.kept: list[dict[str, Any]] = []
        self.server = MailServer(self.kept.append, **choices)
        self.server.start()

    def mail(self, security: Any = "plain", user: str = "", password: str = "", **choices: Any) -> SmtpMail:
        place = MailPlace("localhost" if security != "plain" else "127.0.0.1", self.server.port, security, user)
        return SmtpMail(place, SENDER, password, **{"step_seconds": 1.0, "letter_seconds": 3.0} | choices)


@contextmanager
def running(**choices: Any) -> Iterator[Box]:
    box = Box(**choices)
    try:
        yield box
    finally:
        box.server.stop()


@pytest.fixture
def box() -> Iterator[Box]:
    with running() as made:
        yield made


def test_a_letter_arrives_as_it_was_written(box: Box) -> None:
    """Sender, recipients, subject and every line, also lines that begin with a dot."""
    assert box.mail().send(replace(LETTER, to=(OFFICE, SECOND))) == {}
    [kept] = box.kept
    assert (kept["sender"], kept["recipients"]) == (SENDER, [OFFICE, SECOND])
    assert (kept["subject"], kept["text"]) == (LETTER.subject, LETTER.text)
    assert kept["message_id"] == "<alerts.1@counter.example.gov.cn>"
    assert {name for name, _ in kept["headers"]} == HEADERS


def test_the_same_letter_has_the_same_bytes(box: Box) -> None:
    """Whoever gets it twice can know it as one."""
    for _ in range(2):
        box.mail().send(LETTER)
    assert box.kept[0]["raw"] == box.kept[1]["raw"]


def test_a_letter_that_follows_another_names_it(box: Box) -> None:
    """A mailbox shows both as one conversation."""
    box.mail().send(replace(LETTER, name="alerts.2", answers=("alerts.1",)))
    headers = dict(box.kept[0]["headers"])
    assert headers["In-Reply-To"] == headers["References"] == "<alerts.1@counter.example.gov.cn>"


def test_who_refuses_is_named_and_the_others_have_it(box: Box) -> None:
    """A refused recipient keeps the letter from nobody else; whether for good or for now is told apart."""
    gone, busy = "nobody@city.example.gov.cn", "later@city.example.gov.cn"
    assert box.mail().send(replace(LETTER, to=(gone, OFFICE, busy))) == {gone: True, busy: False}
    assert box.kept[0]["recipients"] == [OFFICE]


@pytest.mark.parametrize(
    ("to", "fault"),
    [
        (("nobody@city.example.gov.cn",), MailRefused),
        (("later@city.example.gov.cn",), MailUnreachable),
        (("nobody@city.example.gov.cn", "later@city.example.gov.cn"), MailUnreachable),
    ],
)
def test_without_any_recipient_it_is_a_fault(box: Box, to: tuple[str, ...], fault: type[MailFault]) -> None:
    """For good only if all are refused for good."""
    with pytest.raises(MailFault) as raised:
        box.mail().send(replace(LETTER, to=to))
    assert type(raised.value) is fault
    assert box.kept == []


@pytest.mark.parametrize(
    ("arranged", "fault", "arrived"),
    [
        ("silent", MailUnreachable, 0),
        ("stuck", MailUnreachable, 0),
        ("busy", MailUnreachable, 0),
        ("refused", MailRefused, 0),
        ("died", MailOutcomeUnknown, 1),
    ],
)
def test_every_way_to_fail_says_what_is_known(box: Box, arranged: str, fault: type[MailFault], arrived: int) -> None:
    """Nothing arrived, it is refused, or it may have arrived: and the next letter goes through."""
    box.server.faults.arrange(arranged)
    began = time.monotonic()
    with pytest.raises(MailFault) as raised:
        box.mail().send(LETTER)
    assert type(raised.value) is fault
    assert time.monotonic() - began < 5
    assert (len(box.kept), box.server.faults.met) == (arrived, [arranged])
    assert box.mail().send(replace(LETTER, name="alerts.9")) == {}
    assert len(box.kept) == arrived + 1


def test_nobody_listens() -> None:
    """A port without a server is no hang and no surprise."""
    with running() as box:
        mail = box.mail()
    with pytest.raises(MailUnreachable):
        mail.send(LETTER)


@contextmanager
def talking(say: list[bytes], *, every: float = 0.0) -> Iterator[int]:
    """A server that says these bytes to whoever connects, one after the other, whatever it hears; its port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    stop = threading.Event()

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            for part in say:
                if stop.wait(every):
                    return
                try:
                    peer.sendall(part)
                except OSError:
                    return
            stop.wait(10)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_a_server_that_drips_is_cut_off() -> None:
    """An answer that never ends is no answer, however often a byte of it comes."""
    with talking([b"220-welcome\r\n"] * 400, every=0.05) as port:
        mail = SmtpMail(MailPlace("127.0.0.1", port, "plain"), SENDER, step_seconds=1.0, letter_seconds=1.0)
        began = time.monotonic()
        with pytest.raises(MailUnreachable):
            mail.send(LETTER)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "said",
    [
        [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        [b"\x00\xff" * 6000],
        [b"554 go away\r\n"],
        [b"220\r\n", b"xyz\r\n" * 50],
        [b""],
    ],
    ids=["http", "noise", "refusal", "nonsense", "nothing"],
)
def test_what_is_no_mail_server_is_a_fault(said: list[bytes]) -> None:
    """Whatever answers, it is one of the faults that a caller knows."""
    with talking(said) as port, pytest.raises(MailFault):
        SmtpMail(MailPlace("127.0.0.1", port, "plain"), SENDER, step_seconds=0.5, letter_seconds=1.0).send(LETTER)


def test_a_log_in_is_shown_and_a_wrong_one_hidden(caplog: pytest.LogCaptureFixture) -> None:
    """The right password opens; the wrong one is a fault that may pass, and no log or message holds it."""
    with running(user="counter", password=PASSWORD) as box:
        box.mail(user="counter", password=PASSWORD).send(LETTER)
        with pytest.raises(MailUnreachable) as raised:
            box.mail(user="counter", password=f"{PASSWORD}-not").send(LETTER)
        with pytest.raises(MailUnreachable):
            box.mail().send(LETTER)
    assert len(box.kept) == 1
    assert PASSWORD not in f"{raised.value!r} {raised.value.__cause__!r} {caplog.text} {box.mail(password=PASSWORD)!r}"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def make_context(authority: Authority, folder: Path) -> ssl.SSLContext:
    """A server's side of TLS."""
    for name, content in authority.issue_server("localhost").items():
        (folder / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


@pytest.mark.parametrize(("security", "implicit"), [("tls", True), ("starttls", False)])
def test_tls_is_verified(authority: Authority, tmp_path: Path, security: str, implicit: bool) -> None:
    """With the server's authority the letter goes inside TLS; without it nothing is said to the server."""
    context = make_context(authority, tmp_path)
    with running(user="counter", password=PASSWORD, tls=context, implicit=implicit) as box:
        box.mail(security, "counter", PASSWORD, authorities=authority.certificate).send(LETTER)
        with pytest.raises(MailUnreachable):
            box.mail(security, "counter", PASSWORD).send(replace(LETTER, name="alerts.2"))
    assert [(kept["message_id"][1:9], kept["tls"]) for kept in box.kept] == [("alerts.1", True)]


def test_a_server_without_tls_gets_nothing(box: Box, authority: Authority) -> None:
    """STARTTLS that is not offered ends it: a letter never goes in clear where TLS was asked for."""
    with pytest.raises(MailUnreachable):
        box.mail("starttls", authorities=authority.certificate).send(LETTER)
    assert box.kept == []


def test_no_password_goes_in_clear_to_another_machine() -> None:
    """Only this machine may hear one outside TLS."""
    mail = SmtpMail(MailPlace("mail.example.gov.cn", 25, "plain", "counter"), SENDER, PASSWORD)

    class Greeting:
        sock = None

        def getreply(self) -> tuple[int, bytes]:
            return 220, b""

        def ehlo_or_helo_if_needed(self) -> None:
            """Said hello."""

        def login(self, *_shown: str) -> None:
            pytest.fail("it was shown")

    with pytest.raises(MailRefused):
        mail._greet(Greeting())  # type: ignore[arg-type] # a server that only greets


def test_no_letter_leaves_inside_a_transaction(box: Box) -> None:
    """A mail server may take a minute, and a rollback takes no letter back."""
    with transaction_scope(), pytest.raises(RuntimeError):
        box.mail().send(LETTER)
    assert box.kept == []


HOSTILE = st.one_of(st.text(), st.text(alphabet="=?utf-8qbB_\r\nABC:0D. ", max_size=400))
INJECTIONS = [
    "a\r\nBcc: x@y.cn",
    "a\nBcc: x@y.cn\n\nbody",
    "a\u2028Bcc: x@y.cn",
    "a\x0bBcc: x",
    "a\x85Bcc: x",
    "a\x00b",
    "=?utf-8?q?a=0D=0ABcc:_x?=",
]


@pytest.mark.parametrize("evil", INJECTIONS, ids=range(len(INJECTIONS)))
def test_a_subject_is_one_line_whatever_is_in_it(box: Box, evil: str) -> None:
    """A service's title with a line end in it makes no header, and arrives as text."""
    box.mail().send(replace(LETTER, subject=f"水费 {evil}", text=evil))
    [kept] = box.kept
    assert {name for name, _ in kept["headers"]} == HEADERS
    assert kept["recipients"] == [OFFICE]


@pytest.mark.parametrize(
    "evil", [*INJECTIONS[:6], "a@b.cn>", "a b@c.cn", '"a"@b.cn', "a@b.cn,c@d.cn", "王@b.cn", "a@", "-", ""]
)
def test_an_address_is_an_address_or_nothing_leaves(box: Box, evil: str) -> None:
    """Recipients, sender and a letter's own name are refused before a byte is sent."""
    for letter in (replace(LETTER, to=(OFFICE, evil)), replace(LETTER, name=f"{evil}\r")):
        with pytest.raises(MailRefused):
            box.mail().send(letter)
    with pytest.raises(MailRefused):
        build_message(LETTER, evil)
    with pytest.raises(MailRefused):
        build_message(replace(LETTER, answers=(f"{evil} ",)), SENDER)
    assert box.kept == []


@given(subject=HOSTILE, text=HOSTILE)
def test_no_text_makes_a_header_or_ends_the_letter(subject: str, text: str) -> None:
    """For any subject and any text the parsed letter has the same headers and one recipient."""
    raw = build_message(replace(LETTER, subject=subject, text=text), SENDER).as_bytes()
    parsed = message_from_bytes(raw, policy=default)
    assert set(parsed.keys()) == HEADERS
    assert parsed["To"] == OFFICE
    assert parsed.defects == []
    assert b"\r\n.\r\n" not in end_text(raw)[:-5]
    assert max(map(len, raw.split(b"\r\n"))) < 1000


def test_without_a_server_there_is_no_mail() -> None:
    """An installation that names none sends none, and says so by None."""

    class Nothing:
        smtp_url = smtp_password = smtp_authorities = mail_from = None

    assert open_mail(Nothing()) is None
