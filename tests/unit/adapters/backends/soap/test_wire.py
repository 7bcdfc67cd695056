"""Rules of adapters/backends/soap/: exact envelopes out, strict reading in, faults as codes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.wire import ReplyUnreadable, RequestUnwritable
from adapters.http import HttpReply
from services.errors import ConfigurationFault
from services.model import JsonValue
from tests.unit.adapters.backends.soap.stock_quote import (
    FACTS,
    SOAP_12_NS,
    TYPES,
    ask_for,
    envelope,
    make_call,
    make_wire,
    write_wsdl,
)

FULL = ("ticker", "opened?", "seenAt?", "count?", "open?", "line[].name?", "line[].yuan?", "line[].code?")
ACCOUNT = (
    "<q:Account><ticker>DIS</ticker><opened>2026-12-01</opened><seenAt>2026-12-01T08:00:00+08:00</seenAt><count>7</count>"
    "<open>true</open><line code='a'><name>n</name><yuan>86.40</yuan></line><line><name>m</name><yuan>0.10</yuan></line></q:Account>"
)
XML_11 = "text/xml; charset=utf-8"
XML_12 = "application/soap+xml; charset=utf-8"


def answer(body: bytes, status: int = 200, content_type: str = XML_11) -> HttpReply:
    return HttpReply(status, {"content-type": content_type}, body)


def read(content: str, reply: tuple[str, ...] = FULL) -> JsonValue:
    return make_wire().read(make_call(reply=reply), answer(envelope(content)), FACTS)["body"]


def test_the_example_of_the_wsdl_note() -> None:
    """SOAP 1.1: the request of the note's example 1, quoted action and text/xml."""
    written = make_wire().write(make_call("GetLastTradePrice"), ask_for({"tickerSymbol": "DIS"}), FACTS)
    assert (written.method, written.target, written.content_type) == ("POST", "", "text/xml; charset=utf-8")
    assert written.headers == {"SOAPAction": '"http://example.com/GetLastTradePrice"'}
    assert written.body == (
        b"<?xml version='1.0' encoding='utf-8'?>\n"
        b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
        b'<ns0:TradePriceRequest xmlns:ns0="http://example.com/stockquote.xsd"><tickerSymbol>DIS</tickerSymbol>'
        b"</ns0:TradePriceRequest></soap-env:Body></soap-env:Envelope>"
    )


def test_soap_12_names_its_action_in_the_media_type() -> None:
    """SOAP 1.2 part 2 §6.5.3: the action is a parameter of application/soap+xml; there is no SOAPAction."""
    written = make_wire(soap="soap12/").write(make_call("GetLastTradePrice"), ask_for({"tickerSymbol": "DIS"}), FACTS)
    assert written.content_type == 'application/soap+xml; charset=utf-8; action="http://example.com/GetLastTradePrice"'
    assert written.headers == {}
    assert SOAP_12_NS.encode() in written.body


def test_plain_values() -> None:
    """A decimal is its digits as text, dates are ISO 8601, flags and whole numbers are themselves, attributes stand beside elements."""
    assert read(ACCOUNT) == {
        "ticker": "DIS", "opened": "2026-12-01", "seenAt": "2026-12-01T08:00:00+08:00", "count": 7, "open": True,
        "line": [{"name": "n", "yuan": "86.40", "code": "a"}, {"name": "m", "yuan": "0.10"}],
    }  # fmt: skip


def test_what_is_absent() -> None:
    """A declared list that is empty is there, an absent value is not, a nil is none."""
    nil = "<q:Account><ticker>DIS</ticker><seenAt xsi:nil='true'/></q:Account>"
    assert read(nil) == {"ticker": "DIS", "line": []}
    assert read(nil, ("ticker",)) == {"ticker": "DIS"}


@pytest.mark.parametrize(
    "content",
    [
        "<q:Account/>",
        "<q:Account><ticker>DIS</ticker><unknown>1</unknown></q:Account>",
        "<q:Account><opened>2026-12-01</opened><ticker>DIS</ticker></q:Account>",
        "<q:Account><ticker>DIS</ticker><open>perhaps</open></q:Account>",
        "<q:Account><ticker>DIS</ticker><opened>2026-02-30</opened></q:Account>",
        "<q:Account><ticker>DIS</ticker><count>7.5</count></q:Account>",
        "<q:Account><ticker>DIS</ticker><count>99999999999</count></q:Account>",
        "<q:Account><ticker>DIS</ticker><line><name>n</name><yuan>1e3</yuan></line></q:Account>",
        "<q:Account><ticker>DIS</ticker><line xsi:type='q:BetterLine'><name>n</name><yuan>1</yuan><secret>s</secret></line></q:Account>",
        "<q:Account xsi:schemaLocation='http://example.com/stockquote.xsd http://evil.test/x.xsd'><ticker>DIS</ticker></q:Account>",
        "<q:Account other='1'><ticker>DIS</ticker></q:Account>",
        "<q:Account><ticker>DIS</ticker>text</q:Account>",
        "<q:Account><ticker>DIS</ticker><scan>aGVsbG8=</scan></q:Account>",
        "<Account><ticker>DIS</ticker></Account>",
        "<q:TradePrice><price>1.5</price></q:TradePrice>",
        "<q:Account><ticker>DIS</ticker></q:Account><q:Account><ticker>DIS</ticker></q:Account>",
        "",
    ],
    ids=lambda content: content[:60] or "nothing",
)  # fmt: skip
def test_a_reply_that_is_not_as_agreed(content: str) -> None:
    """Missing, unknown, in another order, of another type or name, in disguise, twice, or not at all: unreadable."""
    with pytest.raises(ReplyUnreadable):
        read(content)


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"<html><body>Maintenance</body></html>", content_type="text/html"),
        answer(b"<html><body>Maintenance</body></html>"),
        answer(envelope(ACCOUNT)[:-20]),
        answer(envelope(ACCOUNT), content_type="application/json"),
        answer(envelope(ACCOUNT), content_type=""),
        answer(envelope(ACCOUNT), content_type="text/xml; charset=GBK"),
        answer(envelope("<q:Account><ticker>名</ticker></q:Account>").decode().encode("gbk")),
        answer(envelope(ACCOUNT, before='<?xml version="1.0" encoding="GBK"?>')),
        answer(envelope(ACCOUNT, before="<!DOCTYPE x>")),
        answer(envelope(ACCOUNT, before='<!DOCTYPE x [<!ENTITY a "b">]>')),
        answer(envelope("<q:Account><ticker>&a;</ticker></q:Account>", before='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>')),
        answer(envelope(ACCOUNT, before="<?do something?>")),
        answer(envelope(ACCOUNT, SOAP_12_NS)),
        answer(envelope(ACCOUNT, header="<e:Header><x e:mustUnderstand='1'/></e:Header>")),
        answer(envelope(ACCOUNT), 500),
        answer(envelope(ACCOUNT), 202),
        answer(b"", 202),
        answer(envelope(ACCOUNT), content_type='multipart/related; type="application/xop+xml"; boundary="b"'),
        answer(b"<a>" * 100_000),
    ],
    ids=str,
)  # fmt: skip
def test_an_envelope_that_is_not_as_agreed(reply: HttpReply) -> None:
    """HTML, half an answer, another charset, a document type, an entity, another version, an attachment, a status beside: unreadable."""
    with pytest.raises(ReplyUnreadable):
        make_wire().read(make_call(reply=FULL), reply, FACTS)


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    """Whatever comes is read or refused, never anything else."""
    with pytest.raises(ReplyUnreadable):
        make_wire().read(make_call(), answer(body), FACTS)


def test_the_fault_of_the_soap_11_note() -> None:
    """Example 11 of the note: the code is the local part, dots stay; the text is there for a person at the console."""
    fault = (
        "<e:Fault><faultcode>e:Server</faultcode><faultstring>Server Error</faultstring>"
        "<detail><d:myfaultdetails xmlns:d='Some-URI'><message>My application didn't work</message>"
        "<errorcode>1001</errorcode></d:myfaultdetails></detail></e:Fault>"
    )
    said = make_wire().read(make_call(), answer(envelope(fault), 500), FACTS)
    assert said == {"status": 500, "body": None, "fault": {"code": "Server", "text": "Server Error"}}
    dotted = fault.replace("e:Server<", "e:Client.NO_SUCH_CUSTOMER<")
    read_back = make_wire().read(make_call(), answer(envelope(dotted)), FACTS)
    assert read_back["fault"] == {"code": "Client.NO_SUCH_CUSTOMER", "text": "Server Error"}


def test_the_fault_of_soap_12_part_1() -> None:
    """Example 4 of §5.4: the innermost subcode says what is wrong, the outer code has five values only."""
    fault = (
        "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>m:MessageTimeout</e:Value></e:Subcode></e:Code>"
        "<e:Reason><e:Text xml:lang='en'>Sender Timeout</e:Text></e:Reason>"
        "<e:Detail><m:MaxTime xmlns:m='http://www.example.org/timeouts'>P5M</m:MaxTime></e:Detail></e:Fault>"
    )
    said = make_wire(soap="soap12/").read(make_call(), answer(envelope(fault, SOAP_12_NS), 400, XML_12), FACTS)
    assert said["fault"] == {"code": "MessageTimeout", "text": "Sender Timeout"}


@pytest.mark.parametrize(
    "code", ["", "<faultcode/>", "<faultcode>e:two words</faultcode>", "<faultcode>e:</faultcode>"]
)
def test_a_fault_without_a_code_says_nothing(code: str) -> None:
    """Then nobody knows what happened."""
    with pytest.raises(ReplyUnreadable):
        make_wire().read(make_call(), answer(envelope(f"<e:Fault>{code}</e:Fault>"), 500), FACTS)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"ticker": "toolong"},
        {"ticker": "DIS", "unknown": "1"},
        {"ticker": "DIS", "amount": "1,000"},
        {"ticker": "DIS", "line": [{"name": "n"}]},
        {"ticker": "DIS\x00"},
        {"ticker": ["DIS", "DIS"]},
        {"ticker": {"a": "b"}},
        {"ticker": "DIS", "_soapheaders": {"a": "b"}},
        {"ticker": "DIS", "line": "x"},
    ],
    ids=str,
)
def test_a_request_that_the_schema_forbids_is_not_written(document: dict[str, JsonValue]) -> None:
    """Missing, unknown or unfitting values never leave."""
    with pytest.raises(RequestUnwritable):
        make_wire().write(make_call(), ask_for(document), FACTS)


def test_values_are_written_as_the_schema_wants_them() -> None:
    """A flag, a decimal in text, a list, and markup as text."""
    lines = [{"name": "a<b>&c", "yuan": "1.50"}, {"name": "名", "yuan": 2}]
    document = {"ticker": "DIS", "amount": "86.40", "urgent": False, "line": lines}
    body = make_wire().write(make_call(), ask_for(document), FACTS).body
    assert b"<amount>86.40</amount><urgent>false</urgent>" in body
    assert b"<name>a&lt;b&gt;&amp;c</name><yuan>1.50</yuan>" in body
    assert "<name>名</name><yuan>2</yuan>".encode() in body


@pytest.mark.parametrize(
    "documents",
    [
        {},
        {"quote.wsdl": b"not XML"},
        {"quote.wsdl": b"<a/>"},
        {"quote.wsdl": b"<!DOCTYPE a>" + write_wsdl().removeprefix(b'<?xml version="1.0"?>')},
        {"quote.wsdl": write_wsdl(use="encoded")},
        {"quote.wsdl": write_wsdl(style="rpc")},
        {"quote.wsdl": write_wsdl(types='<xs:schema><xs:import namespace="x" schemaLocation="http://evil.test/x.xsd"/></xs:schema>')},
        {"quote.wsdl": write_wsdl(types='<xs:schema><xs:import namespace="x" schemaLocation="file:///etc/passwd"/></xs:schema>')},
        {"quote.wsdl": write_wsdl(types='<xs:schema><xs:import namespace="x" schemaLocation="../../etc/passwd"/></xs:schema>')},
        {"quote.wsdl": write_wsdl(types=TYPES.replace('type="xs:float"', 'type="q:Absent"'))},
    ],
    ids=["absent", "no XML", "no WSDL", "DTD", "encoded", "rpc", "http", "file", "outside", "dangling type"],
)  # fmt: skip
def test_a_wsdl_that_cannot_be_used_stops_the_start(documents: dict[str, bytes]) -> None:
    """Not XML, with a document type, encoded, rpc, with an import from elsewhere or a type that is nowhere: named at start."""
    with pytest.raises(ConfigurationFault, match=r"quote\.wsdl"):
        make_wire(documents).require_known(make_call())


def test_an_import_is_found_among_the_files_of_the_mapping() -> None:
    """A relative name means a file that came along, from where the importing file stands."""
    types = '<xs:schema><xs:import namespace="http://example.com/stockquote.xsd" schemaLocation="types/quote.xsd"/></xs:schema>'
    schema = TYPES.strip().replace("<xs:schema ", '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" ', 1)
    wire = make_wire({"quote.wsdl": write_wsdl(types=types), "types/quote.xsd": schema.encode()})
    assert wire.read(make_call(), answer(envelope("<q:Account><ticker>D</ticker></q:Account>")), FACTS)["body"] == {
        "ticker": "D"
    }


def test_several_schemas_in_one_wsdl() -> None:
    """Two of one namespace, and one of another that is imported without a place: all of them count."""
    one = (
        TYPES.replace('type="xs:float"', 'type="o:Price"')
        .replace("<xs:schema ", '<xs:schema xmlns:o="urn:other" ')
        .replace(
            '<xs:element name="TradePriceRequest">',
            '<xs:import namespace="urn:other"/><xs:element name="TradePriceRequest">',
        )
    )
    more = '<xs:schema targetNamespace="http://example.com/stockquote.xsd"><xs:element name="More" type="xs:string"/></xs:schema>'
    other = (
        '<xs:schema targetNamespace="urn:other"><xs:simpleType name="Price"><xs:restriction base="xs:decimal">'
        '<xs:maxInclusive value="9"/></xs:restriction></xs:simpleType></xs:schema>'
    )
    wire = make_wire(types=one + more + other)
    call = make_call("GetLastTradePrice", ("price",))
    assert wire.read(call, answer(envelope("<q:TradePrice><price>8.5</price></q:TradePrice>")), FACTS)["body"] == {
        "price": "8.5"
    }
    with pytest.raises(ReplyUnreadable):
        wire.read(call, answer(envelope("<q:TradePrice><price>10</price></q:TradePrice>")), FACTS)


def test_an_operation_that_is_not_in_the_wsdl_stops_the_start() -> None:
    """By its name."""
    with pytest.raises(ConfigurationFault, match="GetNothing"):
        make_wire().require_known(make_call("GetNothing"))


def test_a_service_or_port_by_name() -> None:
    """A name that is not there is a fault of the mapping."""
    wsdl = make_wire()._wsdl
    for service, port in [("Other", ""), ("StockQuoteService", "Other")]:
        with pytest.raises(ConfigurationFault):
            wsdl.find_binding(service, port)
    wsdl.find_binding("StockQuoteService", "StockQuotePort")


def test_threads_share_one_wsdl() -> None:
    """Sixteen threads write and read by the same WSDL at the same time, each its own values."""
    wire = make_wire()

    def work(number: int) -> None:
        ticker = "ABCDEFGHIJKLMNOP"[number]
        for _ in range(40):
            assert (
                f"<ticker>{ticker}</ticker>".encode()
                in wire.write(make_call(), ask_for({"ticker": ticker}), FACTS).body
            )
            content = envelope(f"<q:Account><ticker>{ticker}</ticker><count>{number}</count></q:Account>")
            assert wire.read(make_call(), answer(content), FACTS)["body"]["count"] == number

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))


def test_zeep_is_loaded_for_soap_alone() -> None:
    """A process whose mappings speak no SOAP, use no OpenAPI document and no SQL loads none of these libraries."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, gateway.bindings; print({'zeep', 'lxml', 'openapi_schema_validator', 'pymysql'} & set(sys.modules))"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout.strip() == "set()"
