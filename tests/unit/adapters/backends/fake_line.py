"""A line to a back end that answers what the test says, and keeps what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from adapters.backends.breaker import Breakers
from adapters.backends.connector import ConnectedBackEnd
from adapters.backends.factory import Surroundings, make_back_end
from adapters.http import HttpClient, HttpReply
from adapters.tls import TlsIdentity
from services.catalogue import Catalogue
from services.errors import ConfigurationFault
from services.mapping import ServiceMapping
from services.model import BackEndAddress

CONFIG = Path(__file__).parents[4] / "config"
CATALOGUE = Catalogue.load(CONFIG / "mappings", CONFIG / "desk.yaml", CONFIG / "vocabulary.yaml")
OPTIONS = {"institution_id": "GUITAI01", "company_id": "W001"}
SECRETS = {"key-file": b"k3y"}
WRITE_OFF = {
    "sequence_no": "s" * 32,
    "household_no": "20086001",
    "bill_no": "B1",
    "amount_fen": 15000,
    "paid_at": "2026-11-30T16:00:01+00:00",
    "channel": "alipay",
    "business_on": "2026-12-01",
}


class StillClock:
    """Midnight of the first of December, in Beijing."""

    def now(self) -> datetime:
        return datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


class KnownSecrets:
    """Secrets of the tests."""

    def read(self, name: str) -> bytes:
        if name not in SECRETS:
            raise ConfigurationFault("no such secret")
        return SECRETS[name]


@dataclass
class Sent:
    """One request that would have left."""

    purpose: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_seconds: float | None


@dataclass
class FakeLine(HttpClient):
    """Stands in for the HTTP client: ``answers`` are given in turn, an exception is raised."""

    answers: list[HttpReply | Exception] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def send(
        self,
        purpose: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float | None = None,
        identity: TlsIdentity | None = None,
    ) -> HttpReply:
        self.sent.append(Sent(purpose, method, url, headers, body, timeout_seconds))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(body: bytes, status: int = 200, content_type: str = "") -> HttpReply:
    """A complete answer."""
    return HttpReply(status, {"content-type": content_type} if content_type else {}, body)


def make_address(name: str, url: str = "http://back-end.test/base/", **options: str) -> BackEndAddress:
    """An address that binds every secret purpose to the one known secret."""
    return BackEndAddress(UUID(int=1), name, url, {"api_key": "key-file", "mac_key": "key-file"}, options)


def connect(
    service: str, line: HttpClient, url: str = "http://back-end.test/base/", timeout_seconds: float = 5
) -> ConnectedBackEnd:
    """The back end of a shipped mapping on a line."""
    mapping = CATALOGUE.service(service)
    spec = mapping.back_end
    operations = {
        name: replace(entry, calls=tuple(replace(call, timeout_seconds=timeout_seconds) for call in entry.calls))
        for name, entry in spec.operations.items()
    }
    mapping = replace(mapping, back_end=replace(spec, operations=operations))
    return join(mapping, make_address(spec.name, url, **OPTIONS), line)


def join(mapping: ServiceMapping, address: BackEndAddress, line: HttpClient) -> ConnectedBackEnd:
    """A mapping whose one back end is at an address; its circuit breaker stays closed."""
    around = Surroundings(line, KnownSecrets(), StillClock(), Breakers(failures=10**6))
    return make_back_end(mapping, {mapping.back_end.name: address}, around)
