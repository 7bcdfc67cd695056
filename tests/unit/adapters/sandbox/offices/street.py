"""A street of offices on real sockets, for a plain visitor and for the counter's own connectors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
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
from tests.unit.adapters.sandbox.offices.errands import ERRANDS, Errand, Reply, ask

OFFICE_OF: Mapping[str, str] = {
    "tax-declaration": "tax-declarations",
    "tax-statement": "tax-records",
    "business-certificate": "business-register",
    "social-benefits": "social-assistance",
    "hospital-reimbursement": "medical-claims",
    "birth-permit": "birth-registry",
    "address-change": "residence-register",
    "local-jobs": "job-centre",
    "local-notices": "public-notices",
}


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
