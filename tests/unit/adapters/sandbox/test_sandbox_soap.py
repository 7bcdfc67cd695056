"""SOAP by hand: any bytes are read or refused, and what is written reads as it was meant."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from adapters.sandbox.soap import ENVELOPE_1_1, ENVELOPE_1_2, SoapDialect, SoapRefused

ONE, TWO = SoapDialect(ENVELOPE_1_1, "urn:t", "t"), SoapDialect(ENVELOPE_1_2, "urn:t", "t")
FORMS = {"Ask": {"a": r".*", "b": r"[0-9]+"}}
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=40
)


def make_request(dialect: SoapDialect, body: bytes, action: str = "Ask") -> Request:
    """With the action where this version of SOAP has it."""
    told = f"urn:t#{action}"
    if dialect is ONE:
        headers = {"SOAPAction": f'"{told}"', "Content-Type": "text/xml; charset=utf-8"}
    else:
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{told}"'}
    return Request(EnvironBuilder(method="POST", data=body, headers=list(headers.items())).get_environ())


def wrap(dialect: SoapDialect, document: str) -> bytes:
    return f'<e:Envelope xmlns:e="{dialect.envelope}"><e:Body>{document}</e:Body></e:Envelope>'.encode()


@given(st.binary(max_size=200), st.sampled_from([ONE, TWO]))
def test_any_bytes_are_refused(body: bytes, dialect: SoapDialect) -> None:
    """Never anything but the one refusal."""
    with pytest.raises(SoapRefused):
        dialect.read(make_request(dialect, body), FORMS)


@given(TEXT, st.integers(0, 10**9), st.sampled_from([ONE, TWO]))
def test_values_arrive(text: str, number: int, dialect: SoapDialect) -> None:
    """Each value as it was, between elements in their order."""
    body = wrap(dialect, f'<t:Ask xmlns:t="urn:t"><t:a>{escape(text)}</t:a><t:b>{number}</t:b></t:Ask>')
    assert dialect.read(make_request(dialect, body), FORMS) == ("Ask", {"a": text, "b": str(number)})
    with pytest.raises(SoapRefused):
        dialect.read(make_request(dialect, body, "Other"), FORMS)


@given(st.lists(TEXT, max_size=4), TEXT, st.sampled_from([ONE, TWO]))
def test_answers_read_as_they_were_meant(many: list[str], one: str, dialect: SoapDialect) -> None:
    """A list is an element repeated, a table has elements of its own, what is absent is left out."""
    reply = dialect.answer("Ask", {"many": [{"x": value} for value in many], "one": one, "none": None})
    document = fromstring(reply.get_data())[0][0]
    assert document.tag == "{urn:t}AskResponse"
    assert [child[0].text or "" for child in document if child.tag == "{urn:t}many"] == many
    assert [child.text or "" for child in document if child.tag == "{urn:t}one"] == [one]
    assert len(document) == len(many) + 1


def test_a_fault_of_each_version() -> None:
    """1.1: the service's own faultcode and 500; 1.2: Sender with 400, Receiver with 500, and the service's own subcode."""
    first = ONE.refuse("NO_SUCH_THING", "没有")
    fault = fromstring(first.get_data())[0][0]
    assert (first.status_code, fault.findtext("faultcode"), fault.findtext("faultstring")) == (
        500,
        "t:NO_SUCH_THING",
        "没有",
    )
    for code, outer, status in (("NO_SUCH_THING", "env:Sender", 400), ("SYSTEM", "env:Receiver", 500)):
        reply = TWO.refuse(code, "没有")
        found = fromstring(reply.get_data())[0][0]
        values = [value.text for value in found.iter(f"{{{ENVELOPE_1_2}}}Value")]
        assert (reply.status_code, values) == (status, [outer, f"t:{code}"])


@pytest.mark.parametrize("dialect", [ONE, TWO], ids=["1.1", "1.2"])
def test_the_other_version_is_refused(dialect: SoapDialect) -> None:
    """Another envelope, or another media type."""
    other = TWO if dialect is ONE else ONE
    body = wrap(other, '<t:Ask xmlns:t="urn:t"><t:a/><t:b>1</t:b></t:Ask>')
    for request in (make_request(dialect, body), make_request(other, body)):
        with pytest.raises(SoapRefused):
            dialect.read(request, FORMS)
