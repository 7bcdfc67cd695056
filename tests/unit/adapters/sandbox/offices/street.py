"""A street of offices on real sockets, a plain visitor who speaks each one's wire by hand, and the counter's own connectors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from adapters.backends.breaker import Breakers
from adapters.backends.connector import ConnectedBackEnd
from adapters.backends.factory import Surroundings, make_back_end
from adapters.http import HttpClient
from adapters.sandbox.serving import RunningSandbox, start_sandbox
from config.strict_yaml import Fault
from services.catalogue import read_vocabulary
from services.mapping import ServiceMapping
from services.mapping_reader import read_mapping
from services.model import BackEndAddress
from tests.fakes import ROOT, FakeClock

OFFICE_OF: Mapping[str, str] = {
    "tax-declaration": "tax-declarations",
    "tax-statement": "tax-records",
    "business-certificate": "business-register",
    "labour-dispatch": "labour-office",
    "social-benefits": "social-assistance",
    "hospital-reimbursement": "medical-claims",
    "birth-permit": "birth-registry",
    "address-change": "residence-register",
    "local-jobs": "job-centre",
    "local-notices": "public-notices",
}
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


class Street:
    """The offices of one home, started."""

    def __init__(self, running: RunningSandbox, clock: FakeClock, http_client: HttpClient) -> None:
        self.running = running
        self.clock = clock
        self._http = http_client
        self._breakers = Breakers(failures=10**6)

    def url(self, office: str) -> str:
        return self.running.addresses[office]

    def run(self, office: str, errand: Errand, credentials: Mapping[str, str] | None = None) -> Reply:
        """One errand with the office's credentials, or with others."""
        dress = ERRANDS[office][0]
        body = errand.body if isinstance(errand.body, bytes) or errand.body is None else _to_json(errand.body)
        told = {"Content-Type": "application/json"} if isinstance(errand.body, dict) else {}
        known = self.running.credentials[office] if credentials is None else credentials
        headers = {**told, **errand.headers, **dress(known, self.url(office), body or b"")}
        return ask(self.url(office), errand.method, errand.path, body, headers)

    def control(self, office: str, path: str, told: Any = None) -> Any:
        """What a tester does; gives the JSON of a yes."""
        reply = ask(self.url(office), "GET" if told is None else "POST", f"/_sandbox/{path}", told)
        assert reply.status < 300, reply.body
        return reply.json()

    def arrange(self, office: str, operation: str, behaviour: str) -> None:
        """The next call of an operation misbehaves."""
        self.control(office, "control/behaviour", {"operation": operation, "behaviour": behaviour})

    def connect(self, service: str) -> ConnectedBackEnd:
        """The counter's own connector for a service, bound as ``bindings.json`` says."""
        mapping = load_mapping(service)
        bound = {entry["name"]: entry for entry in self.running.bindings["back_ends"]}
        addresses = {
            name: BackEndAddress(
                UUID(int=1),
                name,
                bound[name]["url"],
                {purpose: f"{name}/{purpose}" for purpose in bound[name]["secrets"]},
                bound[name]["options"],
            )
            for name in mapping.connections()
        }
        secrets = _Secrets(
            {f"{n}/{purpose}": value for n, entry in bound.items() for purpose, value in entry["secrets"].items()}
        )
        return make_back_end(mapping, addresses, Surroundings(self._http, secrets, self.clock, self._breakers))


@dataclass(frozen=True, slots=True)
class _Secrets:
    values: Mapping[str, str]

    def read(self, name: str) -> bytes:
        return self.values[name].encode()


def _to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@contextmanager
def open_street(home: Path, clock: FakeClock, only: set[str] | None = None) -> Iterator[Street]:
    """Start offices under ``home`` (default: all of the table) and stop them at the end."""
    running = start_sandbox(home, only=only or set(ERRANDS), clock=clock)
    http_client = HttpClient(frozenset(running.addresses.values()), 20)
    try:
        yield Street(running, clock, http_client)
    finally:
        http_client.close()
        running.stop()


@cache
def load_mapping(service: str) -> ServiceMapping:
    """One mapping that is shipped."""
    mapping, faults = read_own(service, (ROOT / "config" / "mappings" / f"{service}.yaml").read_bytes())
    assert mapping is not None, faults
    return mapping


def read_own(service: str, content: bytes) -> tuple[ServiceMapping | None, list[Fault]]:
    """A mapping's bytes read against the vocabulary and the documents that are shipped."""
    folder = ROOT / "config" / "mappings"
    documents = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.parent != folder
    }
    vocabulary, _ = read_vocabulary(ROOT / "config" / "vocabulary.yaml")
    assert vocabulary is not None
    return read_mapping(f"{service}.yaml", content, vocabulary, name=service, documents=documents)
