"""Every operation of every office as a visitor does it by hand: the wires of the sandbox's offices, written down once more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

WANG = {"name": "王小明", "identity_number": "110101199003070011", "phone": "13800138001"}
WHO = {"name": WANG["name"], "idNumber": WANG["identity_number"]}
SENT = {"submittedAt": "2026-11-24T16:00:00+08:00", "channel": "wechat"}
ROAD = {"X-Road-Client": "CN/GOV/110100/guitai", "X-Road-Id": "message-1"}
ROAD_PATH = "/r1/CN/GOV/110101/huzheng/residence"
NO = "2026112400000000000000000017"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
    """One request by hand; a table becomes JSON."""
    parts = urlsplit(url)
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
    told = {} if isinstance(body, bytes) or body is None else {"Content-Type": "application/json"}
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(method, path, body=raw, headers={**told, **(headers or {})})
        response = connection.getresponse()
        found = response.read()
        return Reply(response.status, found, {name.lower(): value for name, value in response.getheaders()})
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Errand:
    """One operation of an office as a visitor does it by hand."""

    operation: str
    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _key(credentials: Mapping[str, str], _url: str, _body: bytes) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['api_key']}"}


def _own_key(credentials: Mapping[str, str], _url: str, _body: bytes) -> dict[str, str]:
    return {"X-Api-Key": f"ApiKey {credentials['api_key']}"}


def _password(credentials: Mapping[str, str], _url: str, _body: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + _basic(credentials["user"], credentials["password"])}


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _signature(credentials: Mapping[str, str], _url: str, body: bytes) -> dict[str, str]:
    return {"X-Signature": hmac.digest(credentials["mac_key"].encode(), body, hashlib.sha256).hex()}


def _client_credentials(credentials: Mapping[str, str], url: str, _body: bytes) -> dict[str, str]:
    form = urlencode({"grant_type": "client_credentials", "scope": "declarations"}).encode()
    basic = _basic(credentials["client_id"], credentials["client_secret"])
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    reply = ask(url, "POST", "/oauth2/token", form, headers).json()
    return {"Authorization": f"Bearer {reply.get('access_token')}"}


def _token(credentials: Mapping[str, str], _url: str, _body: bytes) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials['token']}"}


def _reports(credentials: Mapping[str, str], url: str, _body: bytes) -> dict[str, str]:
    form = urlencode({"grant_type": "client_credentials", "scope": "reports"}).encode()
    basic = _basic(credentials["client_id"], credentials["client_secret"])
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    return {"Authorization": f"Bearer {ask(url, 'POST', '/oauth2/token', form, headers).json().get('access_token')}"}


def _login(credentials: Mapping[str, str], url: str, _body: bytes) -> dict[str, str]:
    told = {"username": credentials["user"], "password": credentials["password"]}
    data = ask(url, "POST", "/auth/login", told).json()["data"] or {}
    return {"X-Access-Token": str(data.get("token"))}


def _nothing(_credentials: Mapping[str, str], _url: str, _body: bytes) -> dict[str, str]:
    return {}


def _labour(code: str, **more: str) -> bytes:
    fields = {"TransCode": code, "SerialNo": "s-1", "InstId": "ZWFW0001", "ApplNo": NO, **more}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="GBK"?><Request>{inner}</Request>'.encode("gbk")


LABOUR = {
    "CompanyName": "演示市顺达人力资源有限公司",
    "CreditCode": "91110101MA01ABCD19",
    "CapitalYuan": "2000000.00",
    "Workplace": "演示市东城区朝阳门内大街9号",
    "StaffCount": "5",
    "ApplicantName": WANG["name"],
    "ApplicantId": WANG["identity_number"],
    "ApplicantPhone": WANG["phone"],
    "SubmitTime": "20261124160000",
}
DECLARATION = {
    "taxYear": "2025",
    "incomeYuan": "186000.00",
    "socialInsuranceYuan": "33480.00",
    "additionalDeductionsYuan": "36000.00",
    "withheldYuan": "3480.00",
}
SHUNDA = LABOUR["CreditCode"]
LICENCE = {
    "caseNo": NO,
    "creditCode": SHUNDA,
    "companyName": LABOUR["CompanyName"],
    "legalRepresentative": WANG["name"],
    "registeredCapital": "5000000.00",
    "address": LABOUR["Workplace"],
    "certificateNo": "YYZZ202611240001",
    "decidedOn": "2026-11-24",
}
OUYANG = {"name": "欧阳建国", "identityNumber": "11010119621125003X"}
CARD = {**OUYANG, "caseNo": NO, "certificateNo": "LN202611240001", "decidedOn": "2026-11-24"}
Dress = Callable[[Mapping[str, str], str, bytes], dict[str, str]]
ERRANDS: Mapping[str, tuple[Dress, tuple[Errand, ...]]] = {
    "tax-declarations": (
        _client_credentials,
        (
            Errand("prefill", "POST", "/api/v1/annual-accounts", WHO),
            Errand("submit", "POST", "/api/v1/declarations", {**WHO, **SENT, **DECLARATION, "applicationNo": NO}),
            Errand("find_submission", "GET", f"/api/v1/declarations/{NO}"),
        ),
    ),
    "tax-records": (_key, (Errand("find_taxpayer", "POST", "/api/taxpayers/search", WHO),)),
    "business-register": (
        _password,
        (
            Errand(
                "submit",
                "POST",
                "/v1/registrations",
                {
                    **WHO,
                    **SENT,
                    "applicationNo": NO,
                    "phone": WANG["phone"],
                    "businessName": "演示市东城区小明面馆",
                    "trade": "62",
                    "premises": "演示市东城区朝内大街77号",
                    "fundsYuan": "50000.00",
                },
            ),
            Errand("find", "GET", f"/v1/registrations/{NO}"),
        ),
    ),
    "labour-office": (
        _signature,
        (
            Errand("submit", "POST", "/gateway", _labour("LPQ001", **LABOUR)),
            Errand("find_submission", "POST", "/gateway", _labour("LPQ002")),
        ),
    ),
    "social-assistance": (
        _signature,
        (
            Errand(
                "submit",
                "POST",
                "/assistance/applications",
                {
                    **WHO,
                    **SENT,
                    "applicationNo": NO,
                    "phone": WANG["phone"],
                    "householdSize": 3,
                    "monthlyIncomeYuan": "1800.00",
                    "reason": "ILLNESS",
                },
            ),
            Errand("find_submission", "POST", "/assistance/applications/query", {"applicationNo": NO}),
        ),
    ),
    "medical-claims": (
        _own_key,
        (
            Errand(
                "submit",
                "POST",
                "/claims",
                {
                    **WHO,
                    **SENT,
                    "applicationNo": NO,
                    "hospital": "演示市第一人民医院",
                    "admittedOn": "2026-10-08",
                    "dischargedOn": "2026-10-16",
                    "invoiceNo": "1100262026",
                    "totalFen": 1_230_000,
                },
            ),
            Errand("find_submission", "GET", f"/claims/{NO}"),
            Errand("list_results", "GET", "/files/results-2026-11-24.txt"),
        ),
    ),
    "birth-registry": (
        _login,
        (
            Errand(
                "submit",
                "POST",
                "/births",
                {
                    **WHO,
                    **SENT,
                    "applicationNo": NO,
                    "spouseName": "李秀英",
                    "spouseIdNumber": "110101198505120029",
                    "expectedOn": "2027-03-18",
                    "order": "1",
                    "assessmentNo": "JK2026110017",
                },
            ),
            Errand("find_submission", "GET", f"/births/{NO}"),
        ),
    ),
    "residence-register": (
        _key,
        (
            Errand("prefill", "POST", f"{ROAD_PATH}/residents/query", WHO, ROAD),
            Errand(
                "submit",
                "POST",
                f"{ROAD_PATH}/changes",
                {
                    **WHO,
                    **SENT,
                    "applicationNo": NO,
                    "fromAddress": "演示市东城区和平里西街12号院3号楼2单元501室",
                    "district": "110108",
                    "toAddress": "学院路甲5号院2号楼1单元603室",
                    "reason": "HOUSE",
                    "movedOn": "2026-11-20",
                },
                ROAD,
            ),
            Errand("find_submission", "GET", f"{ROAD_PATH}/changes/{NO}", None, ROAD),
        ),
    ),
    "organisations": (_token, (Errand("find", "GET", f"/v1/organisations/{SHUNDA}"),)),
    "seal-register": (
        _signature,
        (
            Errand(
                "find",
                "POST",
                "/seals",
                '<?xml version="1.0" encoding="UTF-8"?><SealRequest><TransCode>YZ001</TransCode><SerialNo>s-1</SerialNo>'
                f"<CreditCode>{SHUNDA}</CreditCode><OrgName>{LABOUR['CompanyName']}</OrgName></SealRequest>".encode(),
            ),
        ),
    ),
    "capital-verification": (_reports, (Errand("find", "GET", f"/v1/companies/{SHUNDA}/capital-report"),)),
    "company-register": (
        _token,
        (
            Errand("record", "PUT", f"/v1/licences/{NO}", LICENCE),
            Errand("find", "GET", f"/v1/licences/{NO}"),
        ),
    ),
    "elder-care": (
        _password,
        (
            Errand("find_resident", "POST", "/v1/residents", OUYANG),
            Errand("judge", "POST", "/v1/eligibility", {**OUYANG, "on": "2026-11-24"}),
            Errand("record", "PUT", f"/v1/cards/{NO}", CARD),
            Errand("find_card", "GET", f"/v1/cards/{NO}"),
        ),
    ),
    "job-centre": (
        _nothing,
        tuple(
            Errand("list_vacancies", "GET", f"/api/vacancies?category=all&district=all&page={page}")
            for page in (1, 2, 3, 4)
        ),
    ),
    "public-notices": (
        _password,
        (
            Errand(
                "list_notices",
                "POST",
                "/notices",
                b'<?xml version="1.0" encoding="UTF-8"?><NoticeQuery><SerialNo>s-1</SerialNo><Kind>all</Kind></NoticeQuery>',
            ),
        ),
    ),
}
"""How each office is asked, in the order in which it makes sense."""
