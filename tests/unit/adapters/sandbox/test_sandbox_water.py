"""The wire of the water company."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from werkzeug.test import Client

from adapters.sandbox.utilities.seeds import make_household
from adapters.sandbox.utilities.water import create_water
from tests.alipay_merchant import StillClock
from tests.unit.adapters.sandbox.companies import arrange, read

WATER = {"mac_key": "m" * 64, "institution_id": "GUITAI0001", "company_id": "WATER001"}
HEAD = {"Version": "1.0.1", "InstId": "GUITAI0001", "TranDate": "20261124", "CompanyId": "WATER001"}


@pytest.fixture
def water(tmp_path: Path) -> Client:
    return Client(create_water(tmp_path, StillClock(), WATER))


def write_xml(fields: dict[str, str], encoding: str = "gbk") -> bytes:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="GBK"?><Request>{inner}</Request>'.encode(encoding)


def send(client: Client, body: bytes, mac: str | None = None) -> tuple[str, Element]:
    """One message to the water company: (RespCode, root of the reply)."""
    mac = hmac.digest(WATER["mac_key"].encode(), body, hashlib.sha256).hex() if mac is None else mac
    response = client.post("/billpay", data=body, headers={"X-Mac": mac})
    declaration = b'<?xml version="1.0" encoding="GBK"?>'
    assert response.data.startswith(declaration)
    root = fromstring(response.data[len(declaration) :].decode("gbk"))
    return str(root.findtext("RespCode")), root


def ask(client: Client, code: str, **fields: str) -> tuple[str, Element]:
    message = HEAD | {"TranCode": code, "TranSeq": "T1", "BillKey": "20086001"} | fields
    return send(client, write_xml(message))


def pay_water(water: Client, serial: str = "P1", **changes: str) -> tuple[str, Element]:
    bill = ask(water, "QRYBIL")[1].find("Bills/Bill")
    assert bill is not None
    order = {
        "TranSeq": serial, "BillNo": str(bill.findtext("BillNo")), "PayAmount": str(bill.findtext("PayAmount")),
        "PayDate": "20261124160000", "SubChannel": "alipay",
    }  # fmt: skip
    return ask(water, "PAYBIL", **(order | changes))


def test_finds_the_customer_with_canaries(water: Client) -> None:
    """Name and address come with an identity number and a phone that no service needs; the head is echoed."""
    code, root = ask(water, "QRYCUS")
    entry = make_household("20086001", "", "")
    assert (code, root.findtext("CustomerName"), root.findtext("TranSeq")) == ("AAAAAAA", "李秀英", "T1")
    assert (root.findtext("IdNo"), root.findtext("Phone")) == (entry.identity_canary, entry.mobile_canary)


def test_lists_bills_with_the_breakdown(water: Client) -> None:
    """The seeded bill follows the published tariff, and its lines add up."""
    code, root = ask(water, "QRYBIL")
    amounts = [element.text for element in root.iterfind("Bills/Bill/Items/Item/Amount")]
    assert (code, root.findtext("TotalNum"), root.findtext("Bills/Bill/PayAmount")) == ("AAAAAAA", "1", "157.45")
    assert amounts == ["37.00", "41.70", "38.85", "39.90"]
    assert root.findtext("Bills/Bill/BillMonth") == "202610"


def test_pays_once_and_can_be_asked(water: Client) -> None:
    """The same TranSeq is answered identically; QRYPAY finds it; nothing is owed any more."""
    bill_no = str(ask(water, "QRYBIL")[1].findtext("Bills/Bill/BillNo"))
    order = {"BillNo": bill_no, "PayAmount": "157.45", "PayDate": "20261124160000", "SubChannel": "alipay"}
    body = write_xml(HEAD | {"TranCode": "PAYBIL", "TranSeq": "P1", "BillKey": "20086001"} | order)
    mac = hmac.digest(WATER["mac_key"].encode(), body, hashlib.sha256).hex()
    answers = [water.post("/billpay", data=body, headers={"X-Mac": mac}).data for _ in range(2)]
    assert answers[0] == answers[1]
    code, root = ask(water, "QRYPAY", OrigTranSeq="P1")
    assert (code, root.findtext("PayAmount")) == ("AAAAAAA", "157.45")
    assert str(root.findtext("BillSeq")).encode() in answers[0]
    assert ask(water, "PAYBIL", **(order | {"TranSeq": "P2"}))[0] == "DEF0003"
    assert ask(water, "QRYBIL")[0] == "DEF0004"
    assert len(read(water.get("/_sandbox/write-offs"))) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PayAmount": "157.44"}, "DEF0002"),
        ({"BillNo": "SW0"}, "DEF0004"),
        ({"BillKey": "99"}, "DEF0001"),
        ({"PayAmount": "157.455"}, "SYS1001"),
        ({"PayAmount": "15745e-2"}, "SYS1001"),
        ({"PayDate": "2026-11-24"}, "SYS1001"),
        ({"InstId": "SOMEBODY"}, "SYS1001"),
        ({"CompanyId": "GAS001"}, "SYS1001"),
        ({"TranDate": "20261101"}, "SYS1001"),
        ({"TranSeq": "x" * 41}, "SYS1001"),
        ({"BillKey": "x" * 36}, "SYS1001"),
        ({"TranCode": "DELBIL"}, "SYS1001"),
        ({"SubChannel": ""}, "SYS1001"),
        ({"More": "x"}, "SYS1001"),
    ],
)
def test_refuses_a_wrong_payment(water: Client, changes: dict[str, str], code: str) -> None:
    """The amount must equal the bill; every field has its form; nothing is booked."""
    assert pay_water(water, **changes)[0] == code
    assert read(water.get("/_sandbox/write-offs")) == []


def test_checks_the_digest_before_it_parses(water: Client) -> None:
    """A wrong, missing or foreign X-Mac is SEC2001, whatever the body is."""
    body = write_xml(HEAD | {"TranCode": "QRYCUS", "TranSeq": "T1", "BillKey": "20086001"})
    good = hmac.digest(WATER["mac_key"].encode(), body, hashlib.sha256).hex()
    assert send(water, body, good.upper())[0] == "AAAAAAA"
    for wrong in ("", "0" * 64, good[:-1], "é"):
        assert send(water, body, wrong)[0] == "SEC2001"
    assert send(water, body + b" ", good)[0] == "SEC2001"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Request/>",
        write_xml({"BillKey": "李"}, "utf-8") + b"\xff",
        b'<?xml version="1.0" encoding="GBK"?><!DOCTYPE x [<!ENTITY a "b">]><Request><Version>&a;</Version></Request>',
        b'<?xml version="1.0" encoding="GBK"?><Request><Version><x/></Version></Request>',
        b'<?xml version="1.0" encoding="UTF-8"?><Request></Request>',
    ],
)
def test_a_body_that_is_no_message_is_refused(water: Client, body: bytes) -> None:
    """Another charset, a document type, nesting or nothing at all is a system answer, never a crash."""
    assert send(water, body)[0] == "SYS1001"


def test_a_repeated_field_is_refused(water: Client) -> None:
    """Two values for one field have no meaning."""
    body = write_xml(HEAD | {"TranCode": "QRYCUS", "TranSeq": "T1", "BillKey": "20086001"})
    assert send(water, body.replace(b"</Request>", b"<BillKey>20086002</BillKey></Request>"))[0] == "SYS1001"


def test_another_household_does_not_see_a_payment(water: Client) -> None:
    """QRYPAY answers only for the household that was paid."""
    pay_water(water, "P9")
    assert ask(water, "QRYPAY", OrigTranSeq="P9", BillKey="20086002")[0] == "DEF0001"


def test_wrong_charset_behaviour_keeps_the_label(water: Client) -> None:
    """UTF-8 bytes under a GBK label, on order."""
    arrange(water, "customer", "wrong_charset")
    body = write_xml(HEAD | {"TranCode": "QRYCUS", "TranSeq": "T1", "BillKey": "20086001"})
    mac = hmac.digest(WATER["mac_key"].encode(), body, hashlib.sha256).hex()
    response = water.post("/billpay", data=body, headers={"X-Mac": mac})
    assert "GBK" in response.content_type
    assert "李秀英" in response.data.decode("utf-8")
