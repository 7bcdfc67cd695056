"""Rules of adapters/backends/xml.py: fixed documents, safe to write and safe to read."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.wire import ReplyUnreadable, RequestUnwritable
from adapters.backends.xml.document import read_document, write_document
from services.errors import BackEndGarbled
from services.reply_shape import plant_reply
from tests.unit.adapters.backends.fake_line import FakeLine, connect, reply

SHAPE = plant_reply(["A", "B?", "Bills.Bill[].No", "Bills.Bill[].Items.Item[].Name"])
HEAD = '<?xml version="1.0" encoding="GBK"?>'


def read(text: str, encoding: str = "GBK") -> Any:
    return read_document(text.encode(encoding), "R", encoding, SHAPE)


def can_be_sent(text: str) -> bool:
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])).filter(
        lambda text: text.strip() == text and can_be_sent(text)
    )
)
def test_round_trip(text: str) -> None:
    """Any text that GBK has, markup included, is written as text and read back the same."""
    body = write_document("R", {"A": text, "B": "成功，共六个字"}, "GBK")
    assert read_document(body, "R", "GBK", SHAPE)["A"] == (text or None)
    assert [child.tag for child in fromstring(body.decode("gbk").replace(HEAD, ""))] == ["A", "B"]  # noqa: S314 - our own bytes


def test_exact_bytes() -> None:
    """The document is written in the order of the mapping, in GBK, without white space."""
    body = write_document("R", {"Name": "<王>&\"'", "No": 5, "L": [{"x": "1"}, {"x": "2"}]}, "GBK")
    expected = f"{HEAD}<R><Name>&lt;王&gt;&amp;\"'</Name><No>5</No><L><x>1</x></L><L><x>2</x></L></R>"
    assert body == expected.encode("gbk")


@pytest.mark.parametrize(
    "document",
    [
        {"A": "😀"},
        {"A": "\x00"},
        {"A": "\ufffe"},
        {"A": "\ud800"},
        {"A": None},
        {"A": 1.5},
        {"A": True},
        {"a b": "1"},
        {"A": {"<": "1"}},
    ],
)
def test_unwritable(document: dict[str, Any]) -> None:
    """What the encoding or XML does not have is refused, not replaced."""
    with pytest.raises(RequestUnwritable):
        write_document("R", document, "GBK")


def test_lists_and_absent_values() -> None:
    """One bill or many, the list is a list; an empty element is an absent value."""
    one = "<Bill><No>1</No><Items/></Bill>"
    assert read(f"{HEAD}<R><A>x</A><B></B><Bills>{one}</Bills></R>") == {
        "A": "x", "B": None, "Bills": {"Bill": [{"No": "1", "Items": {"Item": []}}]},
    }  # fmt: skip
    assert read(f"{HEAD}<R><A>x</A><Bills>{one}{one}</Bills></R>")["Bills"]["Bill"][1]["No"] == "1"
    assert read(f"{HEAD}<R><A>x</A><Bills/></R>")["Bills"] == {"Bill": []}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        f"{HEAD}<R><A>1</A>",
        f"{HEAD}<S><A>1</A></S>",
        f"{HEAD}<R>1</R>",
        f" {HEAD}<R><A>1</A></R>",
        f"{HEAD}<R><A>1</A><A>2</A></R>",
        f"{HEAD}<R><A x='1'>1</A></R>",
        f"{HEAD}<R x='1'><A>1</A></R>",
        f"{HEAD}<R>text<A>1</A></R>",
        f"{HEAD}<R><A>1</A>text</R>",
        "<R><A>1</A></R>",
        '<?xml version="1.0" encoding="UTF-8"?><R><A>1</A></R>',
        '<?xml version="1.0"?><R><A>1</A></R>',
        f"{HEAD}<!DOCTYPE R><R><A>1</A></R>",
        f'{HEAD}<!DOCTYPE R [<!ENTITY x "y">]><R><A>&x;</A></R>',
        f'{HEAD}<!DOCTYPE R [<!ENTITY x SYSTEM "file:///etc/passwd">]><R><A>&x;</A></R>',
        f"{HEAD}<R><A>&undefined;</A></R>",
        f"{HEAD}<R><A>&#0;</A></R>",
        f"{HEAD}<R>" + "<A>" * 30 + "</A>" * 30 + "</R>",
        f"{HEAD}<R>" + "<A>" * 50_000 + "</A>" * 50_000 + "</R>",
        f"{HEAD}{HEAD}<R><A>1</A></R>",
    ],
)
def test_unreadable(text: str) -> None:
    """Another root, shape, encoding or depth, attributes, document types, entities: refused."""
    with pytest.raises(ReplyUnreadable):
        read(text)


def test_billion_laughs() -> None:
    """Entities that multiply are refused before they are expanded."""
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(ReplyUnreadable):
        read(f'{HEAD}<!DOCTYPE R [<!ENTITY a0 "ha">{bomb}]><R><A>&a9;</A></R>')


@given(st.binary(max_size=120))
def test_any_bytes(body: bytes) -> None:
    """Any bytes are read or refused, never a crash."""
    try:
        read_document(HEAD.encode() + body, "R", "GBK", SHAPE)
    except ReplyUnreadable:
        return


def test_charset_of_the_header() -> None:
    """A header that names another charset than the mapping's is a disagreement, not a hint."""
    body = f"{HEAD}<Response><TranSeq>1</TranSeq></Response>".encode("gbk")
    line = FakeLine([reply(body, content_type="text/xml; charset=utf-8")])
    with pytest.raises(BackEndGarbled, match="another charset"):
        connect("water-bill", line).call("find_household", {"household_no": "1"}, "r")


def test_keyed_digest_over_the_exact_bytes() -> None:
    """The X-Mac header is the hexadecimal HMAC-SHA256 of the bytes that are sent."""
    line = FakeLine([reply(b"")])
    with pytest.raises(BackEndGarbled):
        connect("water-bill", line).call("find_household", {"household_no": "20086001"}, "r")
    sent = line.sent[0]
    assert sent.headers["X-Mac"] == hmac.new(b"k3y", sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["Content-Type"] == "text/xml; charset=GBK"
    assert sent.body.startswith(b'<?xml version="1.0" encoding="GBK"?><Request><Version>1.0.1</Version><InstId>')
