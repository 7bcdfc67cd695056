"""The StockQuote service of the W3C's WSDL 1.1 note (example 1, with the schema namespace of 2001), and more of our own around it."""

from __future__ import annotations

from uuid import UUID

from adapters.backends.soap.wire import SoapWire
from adapters.backends.wire import Facts
from services.expressions import compile_expression
from services.mapping import Authentication, BackEndSpec, Call
from services.model import BackEndAddress, JsonValue
from services.reply_shape import plant_reply
from services.translation import Request

SOAP_11_NS = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12_NS = "http://www.w3.org/2003/05/soap-envelope"
TYPES = """
    <xs:schema targetNamespace="http://example.com/stockquote.xsd" xmlns:q="http://example.com/stockquote.xsd">
      <xs:element name="TradePriceRequest">
        <xs:complexType><xs:all><xs:element name="tickerSymbol" type="xs:string"/></xs:all></xs:complexType>
      </xs:element>
      <xs:element name="TradePrice">
        <xs:complexType><xs:all><xs:element name="price" type="xs:float"/></xs:all></xs:complexType>
      </xs:element>
      <xs:complexType name="Line">
        <xs:sequence><xs:element name="name" type="xs:string"/><xs:element name="yuan" type="xs:decimal"/></xs:sequence>
        <xs:attribute name="code" type="xs:string"/>
      </xs:complexType>
      <xs:complexType name="BetterLine">
        <xs:complexContent><xs:extension base="q:Line">
          <xs:sequence><xs:element name="secret" type="xs:string"/></xs:sequence>
        </xs:extension></xs:complexContent>
      </xs:complexType>
      <xs:simpleType name="Ticker"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{1,5}"/></xs:restriction></xs:simpleType>
      <xs:element name="AccountRequest">
        <xs:complexType><xs:sequence>
          <xs:element name="ticker" type="q:Ticker"/>
          <xs:element name="amount" type="xs:decimal" minOccurs="0"/>
          <xs:element name="urgent" type="xs:boolean" minOccurs="0"/>
          <xs:element name="line" type="q:Line" minOccurs="0" maxOccurs="unbounded"/>
        </xs:sequence></xs:complexType>
      </xs:element>
      <xs:element name="Account">
        <xs:complexType><xs:sequence>
          <xs:element name="ticker" type="xs:string"/>
          <xs:element name="opened" type="xs:date" minOccurs="0"/>
          <xs:element name="seenAt" type="xs:dateTime" minOccurs="0" nillable="true"/>
          <xs:element name="count" type="xs:int" minOccurs="0"/>
          <xs:element name="open" type="xs:boolean" minOccurs="0"/>
          <xs:element name="line" type="q:Line" minOccurs="0" maxOccurs="unbounded"/>
          <xs:element name="scan" type="xs:base64Binary" minOccurs="0"/>
        </xs:sequence></xs:complexType>
      </xs:element>
    </xs:schema>"""
WSDL = """<?xml version="1.0"?>
<definitions name="StockQuote" targetNamespace="http://example.com/stockquote.wsdl"
    xmlns:tns="http://example.com/stockquote.wsdl" xmlns:q="http://example.com/stockquote.xsd"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/{soap}" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns="http://schemas.xmlsoap.org/wsdl/">
  <types>{types}</types>
  <message name="GetLastTradePriceInput"><part name="body" element="q:TradePriceRequest"/></message>
  <message name="GetLastTradePriceOutput"><part name="body" element="q:TradePrice"/></message>
  <message name="GetAccountInput"><part name="body" element="q:AccountRequest"/></message>
  <message name="GetAccountOutput"><part name="body" element="q:Account"/></message>
  <portType name="StockQuotePortType">
    <operation name="GetLastTradePrice">
      <input message="tns:GetLastTradePriceInput"/><output message="tns:GetLastTradePriceOutput"/>
    </operation>
    <operation name="GetAccount"><input message="tns:GetAccountInput"/><output message="tns:GetAccountOutput"/></operation>
  </portType>
  <binding name="StockQuoteSoapBinding" type="tns:StockQuotePortType">
    <soap:binding style="{style}" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="GetLastTradePrice">
      <soap:operation soapAction="http://example.com/GetLastTradePrice"/>
      <input><soap:body use="{use}"/></input><output><soap:body use="{use}"/></output>
    </operation>
    <operation name="GetAccount">
      <soap:operation soapAction=""/>
      <input><soap:body use="{use}"/></input><output><soap:body use="{use}"/></output>
    </operation>
  </binding>
  <service name="StockQuoteService">
    <port name="StockQuotePort" binding="tns:StockQuoteSoapBinding"><soap:address location="http://example.com/stockquote"/></port>
  </service>
</definitions>
"""
FACTS = Facts("req-1", "call-1", "see_bills", "case-1")


def write_wsdl(*, soap: str = "soap/", types: str = TYPES, style: str = "document", use: str = "literal") -> bytes:
    """The WSDL for SOAP 1.1 (``soap/``) or 1.2 (``soap12/``)."""
    return WSDL.format(soap=soap, types=types, style=style, use=use).encode()


def make_wire(
    documents: dict[str, bytes] | None = None, *, bus: str = "", options: dict[str, str] | None = None, **change: str
) -> SoapWire:
    """A wire by ``quote.wsdl``."""
    found = documents if documents is not None else {"quote.wsdl": write_wsdl(**change)}
    nothing = compile_expression("`null`", "")
    spec = BackEndSpec(
        name="quotes", connector="soap", unit="", encoding="UTF-8", authentication=Authentication("none"), success=None,
        error=nothing, echo=(), operations={}, wsdl="quote.wsdl", bus=bus,
    )  # fmt: skip
    address = BackEndAddress(UUID(int=1), "quotes", "http://quotes.test/soap", {}, options or {})
    return SoapWire(spec, address, found)


def make_call(action: str = "GetAccount", reply: tuple[str, ...] = ("ticker",)) -> Call:
    """A read of one operation."""
    return Call(
        name="ask", back_end="quotes", writes=False, timeout_seconds=5, reply=plant_reply(reply),
        response=compile_expression("body", ""), action=action,
    )  # fmt: skip


def ask_for(document: dict[str, JsonValue]) -> Request:
    """A request with this document."""
    return Request("", document, {})


def envelope(content: str, namespace: str = SOAP_11_NS, *, before: str = "", header: str = "") -> bytes:
    """An envelope around one document."""
    return (
        f'{before}<e:Envelope xmlns:e="{namespace}" xmlns:q="http://example.com/stockquote.xsd" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{header}<e:Body>{content}</e:Body></e:Envelope>'
    ).encode()
