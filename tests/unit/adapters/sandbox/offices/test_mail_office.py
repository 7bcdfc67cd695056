"""The sandbox's mail server: real SMTP in, mailboxes out, over a restart too, and the faults that can be arranged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from adapters.mail import SmtpMail
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from config.mail_place import read_mail_place
from services.mail_port import Letter, MailUnreachable
from tests.fakes import FakeClock

BOX = "supervision@demo-city.example"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    running = start_sandbox(tmp_path, only={"mail"}, clock=FakeClock())
    yield running
    running.stop()


def ask(sandbox: RunningSandbox, path: str) -> requests.Response:
    return requests.get(f"{sandbox.addresses['mail']}/_sandbox/{path}", timeout=10)


def open_mail(sandbox: RunningSandbox) -> SmtpMail:
    place = read_mail_place(ask(sandbox, "control/smtp").json()["url"])
    return SmtpMail(place, "counter@example.gov.cn", sandbox.credentials["mail"]["password"], step_seconds=2.0)


def write(name: str, subject: str = "【红色预警】<b>水费</b>") -> Letter:
    return Letter(name, (BOX,), subject, "第一行\n<script>x</script>\n", FakeClock().now())


def test_a_letter_is_found_in_its_mailbox(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """By recipient and by subject, as JSON; on the page for people nothing of it is markup; a restart keeps it."""
    open_mail(sandbox).send(write("alerts.1"))
    [kept] = ask(sandbox, f"mails?to={BOX}&subject=红色").json()
    assert (kept["message_id"], kept["text"]) == ("<alerts.1@example.gov.cn>", "第一行\n<script>x</script>\n")
    assert ask(sandbox, "mails?to=nobody@example.cn").json() == []
    page = ask(sandbox, "inbox").text
    assert "&lt;b&gt;水费" in page
    assert "<script>" not in page
    port = urlsplit(ask(sandbox, "control/smtp").json()["url"]).port
    sandbox.stop()
    again = start_sandbox(tmp_path, only={"mail"}, clock=FakeClock())
    try:
        assert urlsplit(ask(again, "control/smtp").json()["url"]).port == port
        open_mail(again).send(write("alerts.2"))
        assert [one["message_id"][1:9] for one in ask(again, "mails").json()] == ["alerts.1", "alerts.2"]
    finally:
        again.stop()


def test_a_fault_is_arranged_and_met(sandbox: RunningSandbox) -> None:
    """As often as it was told; an order that is none is refused with what would be one."""
    control = f"{sandbox.addresses['mail']}/_sandbox/control/mail"
    assert requests.post(control, json={"fault": "busy", "times": 2}, timeout=10).json() == {"waiting": 2}
    for _ in range(2):
        with pytest.raises(MailUnreachable):
            open_mail(sandbox).send(write("alerts.1"))
    open_mail(sandbox).send(write("alerts.1"))
    for wrong in ({"fault": "flood"}, {}, {"fault": "busy", "times": 0}, {"fault": "busy", "times": True}):
        answer = requests.post(control, json=wrong, timeout=10)
        assert answer.status_code == 400
        assert "silent" in answer.json()["error"]
