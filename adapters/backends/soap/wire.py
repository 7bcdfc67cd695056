"""Back ends that speak SOAP 1.1 or 1.2 by a WSDL. zeep makes and reads the messages; they travel on the project's HTTP client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker
from zeep.exceptions import Error as ZeepError
from zeep.wsdl.bindings import Soap12Binding
from zeep.xsd.context import XmlParserContext

from adapters.backends.bus import BUS, Road, read_road
from adapters.backends.soap.documents import SETTINGS, read_wsdl
from adapters.backends.soap.envelope import SOAP_11, SOAP_12, OpenedEnvelope, open_envelope
from adapters.backends.soap.values import make_plain
from adapters.backends.wire import Facts, Reply, ReplyUnreadable, RequestUnwritable, Written
from adapters.http import HttpReply
from services.mapping import BackEndSpec, Call
from services.model import BackEndAddress, JsonValue
from services.translation import Request

ROAD = ElementMaker(
    namespace="http://x-road.eu/xsd/xroad.xsd",
    nsmap={"xroad": "http://x-road.eu/xsd/xroad.xsd", "id": "http://x-road.eu/xsd/identifiers"},
)
ROAD_ID = ElementMaker(namespace="http://x-road.eu/xsd/identifiers")
OBJECT_TYPE = "{http://x-road.eu/xsd/identifiers}objectType"


class SoapWire:
    """Implements ``Wire`` for SOAP. Raises ``ConfigurationFault`` for a WSDL that cannot be used."""

    def __init__(self, spec: BackEndSpec, address: BackEndAddress, documents: Mapping[str, bytes]) -> None:
        self._wsdl = read_wsdl(spec.wsdl, documents)
        self._binding = self._wsdl.find_binding(spec.service, spec.port)
        self._version = SOAP_12 if isinstance(self._binding, Soap12Binding) else SOAP_11
        self._road: Road | None = read_road(address, with_code=False) if spec.bus == BUS else None

    def require_known(self, call: Call) -> None:
        """Its operation stands in the WSDL."""
        self._find_operation(call)

    def write(self, call: Call, request: Request, facts: Facts) -> Written:
        """One envelope, valid by the WSDL's schemas, to the address itself."""
        operation = self._find_operation(call)
        envelope = self._make_envelope(operation, request.document or {}, facts)
        document = envelope.find(self._version.tag("Body"))[0]
        if not self._wsdl.is_valid(document):
            raise RequestUnwritable("not as the schema of its WSDL says")
        body = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        action = operation.soapaction or ""
        if self._version is SOAP_12:
            told = f'; action="{action}"' if action else ""
            return Written("POST", "", body, f"application/soap+xml; charset=utf-8{told}")
        return Written("POST", "", body, "text/xml; charset=utf-8", {"SOAPAction": f'"{action}"'})

    def read(self, call: Call, reply: HttpReply, facts: Facts) -> Reply:
        """The children of the reply's document, or its fault."""
        opened = open_envelope(reply, self._version)
        self._require_own_answer(opened, facts)
        if opened.fault is not None:
            return {"status": reply.status, "body": None, "fault": opened.fault}
        return {"status": reply.status, "body": self._read_content(call, opened.content), "fault": None}

    def _find_operation(self, call: Call) -> Any:
        return self._wsdl.find_operation(self._binding, call.action)

    def _make_envelope(self, operation: Any, document: dict[str, JsonValue], facts: Facts) -> Any:
        if any(not isinstance(name, str) or name.startswith("_soap") for name in document):
            raise RequestUnwritable("not the name of an element")
        try:
            return operation.create(**document, _soapheaders=self._write_header(operation, facts)).content
        except (ZeepError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, AssertionError):
            raise RequestUnwritable("not as the WSDL says") from None

    def _read_content(self, call: Call, content: Any) -> JsonValue:
        body = self._find_operation(call).output.body
        if content.tag != body.qname.text or not self._wsdl.is_valid(content):
            raise ReplyUnreadable("not as the schema of its WSDL says")
        try:
            value = body.parse(content, self._wsdl.document.types, context=XmlParserContext(settings=SETTINGS))
        except (ZeepError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, AssertionError):
            raise ReplyUnreadable("not as the WSDL says") from None
        plain = make_plain(value, call.reply)
        return {} if plain is None and call.reply.children else plain

    def _write_header(self, operation: Any, facts: Facts) -> list[Any] | None:
        """X-Road: Message Protocol v4.0 §2.2. The service's code is the operation's name (§2.3)."""
        if self._road is None:
            return None
        client = ROAD.client({OBJECT_TYPE: "SUBSYSTEM" if len(self._road.client) == 4 else "MEMBER"})
        client.extend(ROAD_ID(name, value) for name, value in self._road.list_client_parts())
        service = ROAD.service({OBJECT_TYPE: "SERVICE"})
        service.extend(ROAD_ID(name, value) for name, value in self._road.list_service_parts(operation.name))
        elements = [client, service, ROAD.id(facts.call_id), ROAD.protocolVersion("4.0")]
        if self._road.user_id:
            elements.insert(3, ROAD.userId(self._road.user_id))
        if facts.case_no:
            elements.insert(-1, ROAD.issue(facts.case_no))
        return elements

    def _require_own_answer(self, opened: OpenedEnvelope, facts: Facts) -> None:
        """On X-Road a service copies the header into its answer; a fault of the bus itself has none."""
        if self._road is None or opened.fault is not None:
            return
        numbers = [entry.text for entry in opened.header if entry.tag == "{http://x-road.eu/xsd/xroad.xsd}id"]
        if numbers != [facts.call_id]:
            raise ReplyUnreadable("the answer to another message")
