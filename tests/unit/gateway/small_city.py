"""The whole public app over small services that nobody has seen before: an office behind each, a citizen with a proven name."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from gateway.app import create_public_app
from gateway.guard import Guard
from gateway.publication import Publication
from gateway.recording import Recorder
from services.bills import BillDesk
from services.catalogue import Catalogue
from services.errors import NoticeRefused
from services.exposure_view import ExposureDesk
from services.households import HouseholdDesk
from services.mapping import ServiceMapping, Texts
from services.model import JsonValue, PlatformName
from tests.fake_applications import FakeOffice
from tests.fake_counter import FORM, KNOWN
from tests.fakes import FakeKeyedHash
from tests.small_services import make_application, make_information, make_lookup
from tests.unit.gateway.fakes_edge import CATALOGUE, CITY, WANG, Answer, City, build_city

KEY = b"result key"
NEWS: dict[str, Any] = {"visits": [{"visited_at": "2026-01-01T00:00:00Z", "remark": "第一条"}]}
RECORD: dict[str, Any] = {"licence_no": "LN0000000017", "fee": 1050, "visits": []}


class FakePushed:
    """Implements ``PushedResults``: HMAC-SHA256 of the body under one key, in ``x-signature``."""

    def read(
        self, mapping: ServiceMapping, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Mapping[str, JsonValue]:
        if not hmac.compare_digest(headers.get("x-signature", ""), sign(body)):
            raise NoticeRefused("signature")
        told: Mapping[str, JsonValue] = json.loads(body)
        return told


def sign(body: bytes) -> str:
    """What the office puts into its header."""
    return hmac.new(KEY, body, hashlib.sha256).hexdigest()


@dataclass
class SmallCity:
    """The app over these services; ``city`` is what the other edge tests use."""

    city: City
    office: FakeOffice
    guard: Guard
    catalogue: Catalogue
    services: dict[str, ServiceMapping]
    switched_off: dict[str, Texts]
    versions: dict[tuple[str, int], ServiceMapping] = field(default_factory=dict)

    def send(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """One request."""
        return self.city.send(method, path, body, **more)

    def log_in(self, platform: PlatformName = PlatformName.WECHAT, user: str = "wang", *, real: bool = True) -> str:
        """A session of somebody with a proven name, or without."""
        token = self.city.log_in(platform, user)
        if not real:
            return token
        number, now = WANG if user == "wang" else "110101198505120029", self.city.clock.now()
        person_id = self.city.sessions.saved[token].person_id
        with self.city.store.begin((CITY,)) as tx:
            known = tx.persons.find_by_identity(number)
            if known is not None and known.person_id != person_id:
                tx.persons.join(person_id, known.person_id, now)  # the same human in the other app
            else:
                tx.persons.record_phone(person_id, "13800138001", now)
                tx.persons.record_identity(person_id, "王小明", number, now)
        return token

    def apply(self, token: str, key: str = "key-00001", form: Mapping[str, JsonValue] = FORM, **more: Any) -> Answer:
        """Apply for the pet licence."""
        return self.send(
            "POST", "/v1/services/pet-licence/applications", {"inputs": dict(form)}, token=token,
            headers={"Idempotency-Key": key, **more.pop("headers", {})}, **more,
        )  # fmt: skip

    def push(
        self, told: Mapping[str, JsonValue], path: str = "/v1/results/demo-city/pet-licence", **more: Any
    ) -> Answer:
        """The office pushes a result."""
        raw = json.dumps(told).encode()
        headers = {"X-Signature": sign(raw)} | more.pop("headers", {})
        return self.send("POST", path, raw=raw, headers=headers, **more)


def build_small_city(late: str = "pushed") -> SmallCity:
    """A fresh one; the mappings are read once a process."""
    city, office = build_city(max_body_bytes=65_536), FakeOffice(known=dict(KNOWN), answer=RECORD)
    services = {one.id: one for one in (make_application(late=late), make_lookup(), make_information())}
    switched_off: dict[str, Texts] = {}
    versions: dict[tuple[str, int], ServiceMapping] = {}
    catalogue = Catalogue(services, CATALOGUE.rooms, CATALOGUE.vocabulary, switched_off, lambda *at: versions.get(at))

    def back_end_of(mapping: ServiceMapping) -> FakeOffice:
        del mapping
        return office

    desk, keyed = city.desk, FakeKeyedHash()
    recorder = Recorder(city.log, catalogue, Publication(partial(city.log.publish, CITY, "0.1.0")), CITY)
    desk = replace(
        desk,
        sessions=replace(desk.sessions, catalogue=catalogue),
        households=HouseholdDesk(desk.store, catalogue, back_end_of, desk.directory, desk.limiter, keyed, desk.clock),
        bills=BillDesk(catalogue, back_end_of, desk.limiter, keyed),
        exposure=ExposureDesk(desk.store, city.reader, catalogue),
        till=replace(desk.till, catalogue=catalogue, back_end_of=back_end_of),
        catalogue=catalogue,
        recorder=recorder,
        pushed_results=FakePushed(),
    )
    city.guard = guard = create_public_app(desk, release="0.1.0", max_body_bytes=65_536)
    city.desk = desk
    return SmallCity(city, office, guard, catalogue, services, switched_off, versions)


__all__ = ["FORM", "NEWS", "RECORD", "UUID", "SmallCity", "build_small_city", "sign"]
