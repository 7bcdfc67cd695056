"""How the mail server and mail addresses are named in the settings: nothing but what is meant, and no value in a fault."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.mail_place import (
    MailPlace,
    is_loopback,
    is_mail_address,
    read_mail_address,
    read_mail_addresses,
    read_mail_place,
    read_password,
)
from config.settings import SettingsFault, read_settings
from config.watch_settings import find_mail_faults


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("smtps://mail.example.gov.cn", MailPlace("mail.example.gov.cn", 465, "tls")),
        ("smtp+starttls://counter@mail.example.gov.cn", MailPlace("mail.example.gov.cn", 587, "starttls", "counter")),
        ("smtp://127.0.0.1:2525", MailPlace("127.0.0.1", 2525, "plain")),
        ("smtp://[::1]:25/", MailPlace("::1", 25, "plain")),
        ("smtps://a%40b@host:1", MailPlace("host", 1, "tls", "a@b")),
    ],
)
def test_a_mail_server_is_read(text: str, place: MailPlace) -> None:
    """Scheme, user, host, and the port that the scheme has by custom."""
    assert read_mail_place(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "", "mail.example", "http://mail.example", "smtp://", "smtps://user:secret@mail.example", "smtps://mail.example/path",
        "smtps://mail.example?x=1", "smtps://mail.example:port", "smtps://mail.example:99999", "smtps://ma il.example",
        "smtps://us%0d%0aer@mail.example", "smtps://mail.example\r\nX: y",
    ],
)  # fmt: skip
def test_what_is_no_mail_server_is_refused_without_a_word_of_it(text: str) -> None:
    """A password in the address is refused too: addresses are shown, passwords are not."""
    with pytest.raises(ValueError) as raised:
        read_mail_place(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["a@b", "supervision@city.example.gov.cn", "a.b+c_d%e-f@x-y.cn", f"{'a' * 64}@b.cn"])
def test_an_address_of_an_office(text: str) -> None:
    """ASCII, dots between words."""
    assert read_mail_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@b", "a@", "a@b@c", "a b@c.cn", "a@b c", "a@-b.cn", "a@b-.cn", ".a@b.cn", "a.@b.cn", "a..b@c.cn",
        '"a"@b.cn', "a(x)@b.cn", "<a@b.cn>", "a@b.cn,c@d.cn", "a@b.cn\n", "a@b.cn\r\nBcc: x@y.cn", "王@b.cn", "a@市.cn",
        f"{'a' * 65}@b.cn", f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.cn",
    ],
)  # fmt: skip
def test_anything_else_is_no_address(text: str) -> None:
    """No quoted names, no comments, no lists, no line ends, no other letters."""
    assert not is_mail_address(text)
    with pytest.raises(ValueError):
        read_mail_address(text)


@given(st.text())
def test_an_address_holds_nothing_that_means_something_in_a_header(text: str) -> None:
    """Whatever is accepted is made of harmless signs."""
    if is_mail_address(text):
        assert text.isascii()
        assert not set(text) & set(' \r\n\t<>,;:()"\\[]\0')


def test_several_addresses_and_their_limit() -> None:
    """Commas between them, each once; one bad one spoils the list."""
    assert read_mail_addresses("a@b.cn, c@d.cn,a@b.cn,") == ("a@b.cn", "c@d.cn")
    for text in ("", ",", "a@b.cn,nobody", ",".join(f"a{number}@b.cn" for number in range(21))):
        with pytest.raises(ValueError):
            read_mail_addresses(text)


def test_a_password_is_one_line() -> None:
    """A file with two lines is a mistake that is told at the start."""
    assert read_password("with space and ~!") == "with space and ~!"
    for text in ("", "a\nb", "密码", "a" * 513):
        with pytest.raises(ValueError):
            read_password(text)


PLAIN, TLS = MailPlace("mail.example", 25, "plain"), MailPlace("mail.example", 465, "tls")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"smtp_url": TLS}, "GUITAI_MAIL_FROM"),
        ({"smtp_url": MailPlace("m", 465, "tls", "user"), "mail_from": "a@b"}, "GUITAI_SMTP_PASSWORD"),
        ({"smtp_url": TLS, "smtp_password": "x", "mail_from": "a@b"}, "GUITAI_SMTP_PASSWORD"),
        ({"smtp_url": PLAIN, "mail_from": "a@b", "environment": "production"}, "smtps://"),
    ],
)
def test_half_a_mail_server_is_told(values: dict[str, Any], word: str) -> None:
    """Sender, user and password belong together, and production has TLS."""
    [fault] = find_mail_faults(values)
    assert word in fault


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"smtp_password": "x"},
        {"smtp_url": TLS, "mail_from": "a@b", "environment": "production"},
        {"smtp_url": MailPlace("127.0.0.1", 25, "plain"), "mail_from": "a@b", "environment": "production"},
        {"smtp_url": PLAIN, "mail_from": "a@b", "environment": "test"},
    ],
)
def test_a_whole_one_is_fine(values: dict[str, Any]) -> None:
    """A relay on the same machine may be plain, and a test's server too."""
    assert find_mail_faults(values) == []


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("127.0.0.1.example.cn", False),
     ("127.example.cn", False), ("mail.example.cn", False), ("10.0.0.1", False)],
)  # fmt: skip
def test_this_machine_is_an_address_and_no_beginning_of_a_name(host: str, here: bool) -> None:
    """A password in clear goes to loopback alone, and anybody may own a name that begins with 127."""
    assert is_loopback(MailPlace(host, 25, "plain")) == here


def test_a_sweeper_may_not_be_late_between_two_sweeps() -> None:
    """Else the watchman would cry for ever, and nobody would believe it."""
    [fault] = find_mail_faults({"sweep_late_minutes": 1, "sweep_seconds": 31})
    assert "GUITAI_SWEEP_SECONDS" in fault
    assert find_mail_faults({"sweep_late_minutes": 1, "sweep_seconds": 30}) == []


def test_a_process_reads_its_own_settings_alone() -> None:
    """What it does not need may be missing; what is no setting is told, and values never."""
    assert read_settings({"GUITAI_CALENDAR_DAYS": "7"}, "calendar_days", "smtp_url") == {
        "calendar_days": 7,
        "smtp_url": None,
    }
    with pytest.raises(SettingsFault, match="GUITAI_NONSENSE is not a setting"):
        read_settings({"GUITAI_NONSENSE": "x"}, "calendar_days")
    with pytest.raises(SettingsFault) as raised:
        read_settings(
            {"GUITAI_SMTP_URL": "smtp://a:hidden@b", "GUITAI_CALENDAR_DAYS": "0"}, "smtp_url", "calendar_days"
        )
    assert "hidden" not in str(raised.value)
    assert "GUITAI_CALENDAR_DAYS" in str(raised.value)
