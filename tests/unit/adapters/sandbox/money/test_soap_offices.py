"""The hand-written SOAP services: zeep, which shares no code with them, speaks to them by their WSDLs; and what is no such message."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import requests
from lxml import etree
from zeep import Client
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.transports import Transport

from adapters.sandbox.vehicles.registration import complete_vin
from tests.fakes import ROOT
from tests.unit.adapters.sandbox.offices.errands import WANG, ask
from tests.unit.adapters.sandbox.offices.street import Street

WSDLS = ROOT / "config" / "mappings" / "wsdl"
TAX, VEHICLES = "urn:demo-city:tax:payment:1", "urn:demo-city:vehicle:registration:1"
SHOP = "92110101MA01A00015"
BEIJING = timezone(timedelta(hours=8))
ENVELOPE_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"


class _Signing(Transport):
    """Signs what zeep sends, as the vehicle office wants it."""

    def __init__(self, session: requests.Session, key: str) -> None:
        super().__init__(session=session)
        self._key = key

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:
        signature = hmac.digest(self._key.encode(), message, hashlib.sha256).hex()
        return super().post(address, message, {**headers, "X-Signature": signature})


@pytest.fixture
def tax(quarter: Street) -> Iterator[Any]:
    """The tax authority's port by zeep."""
    credentials = quarter.running.credentials["tax-payment"]
    with requests.Session() as session:
        session.auth = (credentials["user"], credentials["password"])
        client = Client(str(WSDLS / "tax-payment.wsdl"), transport=Transport(session=session))
        yield client.create_service(f"{{{TAX}}}TaxPaymentBinding", f"{quarter.url('tax-payment')}/services/payment")


@pytest.fixture
def registration(quarter: Street) -> Iterator[Any]:
    """The vehicle office's port by zeep."""
    key = quarter.running.credentials["vehicle-registration"]["mac_key"]
    with requests.Session() as session:
        client = Client(str(WSDLS / "vehicle-registration.wsdl"), transport=_Signing(session, key))
        address = f"{quarter.url('vehicle-registration')}/services/registration"
        yield client.create_service(f"{{{VEHICLES}}}VehicleRegistrationBinding", address)


def test_taxes_by_zeep(quarter: Street, tax: Any) -> None:
    """A taxpayer, what it owes with the late fee of nine days, and a payment that is booked once."""
    found = tax.QueryTaxpayer(taxpayerNo=SHOP)
    assert found.taxpayerName == "演示市东城区小明便利店"
    listed = tax.QueryAssessments(taxpayerNo=SHOP)
    assert (listed.computedOn, listed.total) == (date(2026, 11, 24), len(listed.assessment))
    owed = listed.assessment[0]
    amounts = {item.name: item.amount for item in owed.item}
    vat = amounts["增值税"]
    levied = [(vat * rate).quantize(Decimal("0.01")) for rate in (Decimal("0.07"), Decimal("0.03"), Decimal("0.02"))]
    assert [amounts[name] for name in ("城市维护建设税", "教育费附加", "地方教育附加")] == levied
    assert amounts["滞纳金"] == ((vat + sum(levied)) * Decimal("0.0005") * 9).quantize(Decimal("0.01"))
    assert owed.amountDue == sum(amounts.values())
    paid_at = datetime(2026, 11, 24, 12, 0, 1, tzinfo=BEIJING)
    order = {"serialNo": "Z1", "taxpayerNo": SHOP, "voucherNo": owed.voucherNo, "paidAt": paid_at, "channel": "wechat"}
    first = tax.PayTax(amount=owed.amountDue, **order)
    assert tax.PayTax(amount=owed.amountDue, **order) == first
    assert serialize_object(tax.QueryPayment(serialNo="Z1", taxpayerNo=SHOP)) == serialize_object(first)
    assert tax.QueryAssessments(taxpayerNo=SHOP).total == listed.total - 1


def test_the_late_fee_is_that_of_the_day_of_payment(quarter: Street, tax: Any) -> None:
    """Who saw the amount before midnight and paid after it pays too little; who paid before and is booked after it does not."""
    issued = quarter.control("tax-payment", "bills", {"household_no": SHOP, "period": "2026-10"})
    owed = tax.QueryAssessments(taxpayerNo=SHOP).assessment[-1]
    assert owed.amountDue == Decimal(issued["amount_fen"]) / 100
    order = {"serialNo": "M1", "taxpayerNo": SHOP, "voucherNo": owed.voucherNo, "channel": "wechat"}
    with pytest.raises(Fault) as refused:
        tax.PayTax(amount=owed.amountDue, paidAt=datetime(2026, 11, 25, 0, 0, 1, tzinfo=BEIJING), **order)
    assert refused.value.code == "tax:AMOUNT_MISMATCH"
    quarter.clock.advance(86_400)
    try:
        tax.PayTax(amount=owed.amountDue, paidAt=datetime(2026, 11, 24, 23, 59, 59, tzinfo=BEIJING), **order)
    finally:
        quarter.clock.advance(-86_400)


def test_faults_of_soap_1_1_by_zeep(tax: Any) -> None:
    """The faultcode is the service's own."""
    with pytest.raises(Fault) as refused:
        tax.QueryTaxpayer(taxpayerNo="99999999999999999X")
    assert (refused.value.code, refused.value.message) == ("tax:NO_SUCH_TAXPAYER", "纳税人识别号不存在")


def test_a_vehicle_by_zeep(quarter: Street, registration: Any) -> None:
    """SOAP 1.2 with its action in the content type; a subcode names what is refused."""
    form = {
        "applicationNo": "Z2",
        "ownerName": WANG["name"],
        "ownerIdentityNo": WANG["identity_number"],
        "ownerPhone": WANG["phone"],
        "vin": complete_vin("LBVHZ110", "KMB00099"),
        "engineNo": "TZ220XS015",
        "plateKind": "52",
        "invoiceNo": "26110000000087654321",
        "insurancePolicyNo": "PDZA202611010000654321",
        "inspectOn": date(2026, 12, 2),
        "submittedAt": datetime(2026, 11, 24, 12, 0, tzinfo=BEIJING),
        "channel": "alipay",
    }
    accepted = registration.Submit(**form)
    assert accepted.status == "RECEIVED"
    assert registration.Find(applicationNo="Z2") == accepted
    quarter.control("vehicle-registration", "applications/Z2/result", {"state": "granted"})
    granted = registration.Find(applicationNo="Z2")
    assert (granted.status, granted.registeredOn) == ("REGISTERED", date(2026, 11, 24))
    assert granted.plateNo.startswith("京AD")
    with pytest.raises(Fault) as refused:
        registration.Find(applicationNo="Z9")
    assert refused.value.code == "env:Sender"
    assert [code.localname for code in refused.value.subcodes] == ["NO_SUCH_APPLICATION"]


def test_every_answer_is_valid_by_its_schema(quarter: Street) -> None:
    """The documents validate against the schemas of the WSDLs, canaries and all; libxml2 is the judge."""
    body = f'<t:QueryAssessments xmlns:t="{TAX}"><t:taxpayerNo>{SHOP}</t:taxpayerNo></t:QueryAssessments>'
    quarter.control("tax-payment", "bills", {"household_no": SHOP})
    reply = _post_tax(quarter, _wrap(body), "QueryAssessments")
    tree = etree.fromstring((WSDLS / "tax-payment.wsdl").read_bytes())
    embedded = etree.tostring(tree.find(".//{http://www.w3.org/2001/XMLSchema}schema"))
    schema = etree.XMLSchema(etree.fromstring(embedded))
    document = etree.fromstring(reply.body)[0][0]
    assert schema.validate(document), schema.error_log
    listed = quarter.control("tax-payment", "canaries")
    assert [canary for canary in listed if canary.encode() in reply.body]


HOSTILE = {
    "another action": (_QUERY := "<t:QueryTaxpayer xmlns:t='{ns}'><t:taxpayerNo>9</t:taxpayerNo></t:QueryTaxpayer>", "PayTax"),
    "another operation": ("<t:Drop xmlns:t='{ns}'/>", "Drop"),
    "another namespace": ("<t:QueryTaxpayer xmlns:t='urn:x'><t:taxpayerNo>9</t:taxpayerNo></t:QueryTaxpayer>", "QueryTaxpayer"),
    "an element more": (_QUERY.replace("</t:Q", "<t:more/></t:Q"), "QueryTaxpayer"),
    "an element twice": (_QUERY.replace("<t:taxpayerNo>9</t:taxpayerNo>", "<t:taxpayerNo>9</t:taxpayerNo>" * 2), "QueryTaxpayer"),
    "an element inside": (_QUERY.replace("9", "<t:x>9</t:x>"), "QueryTaxpayer"),
    "no element": ("<t:QueryTaxpayer xmlns:t='{ns}'/>", "QueryTaxpayer"),
    "two documents": (_QUERY * 2, "QueryTaxpayer"),
    "nothing": ("", "QueryTaxpayer"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_is_no_such_message(quarter: Street, name: str) -> None:
    """Anything but one known document with its action is a fault BAD_REQUEST."""
    body, action = HOSTILE[name]
    reply = _post_tax(quarter, _wrap(body.format(ns=TAX)), action)
    assert (reply.status, b"tax:BAD_REQUEST" in reply.body) == (500, True)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"<a/>", b"\xff\xfe", _BOMB := b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
    ids=["empty", "json", "no envelope", "no text", "a document type"],
)
def test_what_is_no_envelope(quarter: Street, raw: bytes) -> None:
    """Bytes that are no envelope, and one with a document type, are refused before anything is looked at."""
    assert b"tax:BAD_REQUEST" in _post_tax(quarter, raw, "QueryTaxpayer").body


def test_strangers(quarter: Street) -> None:
    """Without the password, and without the signature, everything is refused."""
    body = _wrap(_QUERY.format(ns=TAX))
    assert b"tax:UNAUTHORIZED" in _post_tax(quarter, body, "QueryTaxpayer", password="wrong").body
    action = f'application/soap+xml; charset=utf-8; action="{VEHICLES}#Find"'
    headers = {"Content-Type": action, "X-Signature": "00" * 32}
    reply = ask(quarter.url("vehicle-registration"), "POST", "/services/registration", body, headers)
    assert (reply.status, b"veh:UNAUTHORIZED" in reply.body) == (400, True)


def _wrap(document: str) -> bytes:
    return f'<e:Envelope xmlns:e="{ENVELOPE_1_1}"><e:Body>{document}</e:Body></e:Envelope>'.encode()


def _post_tax(quarter: Street, body: bytes, action: str, password: str = "") -> Any:
    known = quarter.running.credentials["tax-payment"]
    basic = base64.b64encode(f"{known['user']}:{password or known['password']}".encode()).decode()
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{TAX}#{action}"',
        "Authorization": f"Basic {basic}",
    }
    return ask(quarter.url("tax-payment"), "POST", "/services/payment", body, headers)
