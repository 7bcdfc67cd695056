"""Published bodies: everything that leaves without a record of its own, because it is the same for everybody.

A body without a session leaves only if its SHA-256 stands here. The manifest is one leaf of the ledger per release.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.errors import STATUS_OF_CODE, write_error
from services.doors import PLATFORMS
from services.model import Language, PlatformName

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class PublishedBody:
    """One fixed body with its status and media type."""

    name: str
    status: int
    content_type: str
    body: bytes


ACKNOWLEDGED: Mapping[PlatformName, tuple[str, bytes]] = {
    PlatformName.WECHAT: (JSON, '{"code":"SUCCESS","message":"成功","errcode":0,"errmsg":"ok"}'.encode()),
    PlatformName.ALIPAY: (TEXT, b"success"),
}
"""What each platform takes for "received"; anything else makes it send the notice again.

WeChat Pay reads the status alone, WeChat's non-tax platform ``errcode`` (0, or 299 for a fault): one body for both.
"""
NOT_ACKNOWLEDGED: Mapping[PlatformName, tuple[str, bytes]] = {
    PlatformName.WECHAT: (JSON, '{"code":"FAIL","message":"失败","errcode":299,"errmsg":"fail"}'.encode()),
    PlatformName.ALIPAY: (TEXT, b"failure"),
}

RESULT_REFUSED = b"refused"
"""What a back end reads that pushed a result which was not taken in; it pushes it again, or asks its people."""


def name_acknowledgement(service: str) -> str:
    """The name under which a service's own acknowledgement of a pushed result is published."""
    return f"result/{service}/accepted"


class Publication:
    """The manifest of this process. ``announce`` writes it to the ledger once; until then nothing published leaves."""

    def __init__(self, announce: Callable[[Mapping[str, str]], None]) -> None:
        self._announce = announce
        self._announced = False
        self._lock = threading.Lock()
        self._bodies: dict[str, PublishedBody] = {}
        self._digests: set[str] = set()
        self.add("options", 204, TEXT, b"")
        for code, status in STATUS_OF_CODE.items():
            for language in Language:
                self.add(f"error/{code}/{language}", status, JSON, write_error(code, language))
        for platform in PLATFORMS:
            self.add(f"notice/{platform}/success", 200, *ACKNOWLEDGED[platform])
            self.add(f"notice/{platform}/failure", 400, *NOT_ACKNOWLEDGED[platform])
        self.add("result/refused", 400, TEXT, RESULT_REFUSED)

    def add(self, name: str, status: int, content_type: str, body: bytes) -> PublishedBody:
        """Publish one body under a name; only while the app is being made."""
        if self._announced:
            raise RuntimeError("the manifest is in the ledger already")
        published = PublishedBody(name, status, content_type, body)
        self._bodies[name] = published
        self._digests.add(hashlib.sha256(body).hexdigest())
        return published

    def publish_later(self, name: str, status: int, content_type: str, body: bytes) -> PublishedBody:
        """Publish a body that a mapping brought along while we serve; the ledger has the longer manifest before it may leave.

        Raises ``ExposureUnavailable``.
        """
        with self._lock:
            known = self._bodies.get(name)
            if known is not None and known.body == body and self._announced:
                return known
            published = PublishedBody(name, status, content_type, body)
            manifest = {**self.manifest(), name: hashlib.sha256(body).hexdigest()}
            self._announce(manifest)
            self._bodies[name], self._announced = published, True
            self._digests.add(manifest[name])
        return published

    def body(self, name: str) -> PublishedBody:
        """The body of a name; ``KeyError`` is a fault of ours."""
        return self._bodies[name]

    def error(self, code: str, language: Language) -> PublishedBody:
        """The fixed body of an error code."""
        return self._bodies[f"error/{code}/{language}"]

    def holds(self, body: bytes) -> bool:
        """Whether these bytes are published."""
        return hashlib.sha256(body).hexdigest() in self._digests

    def manifest(self) -> dict[str, str]:
        """Name and SHA-256 of every published body."""
        return {name: hashlib.sha256(one.body).hexdigest() for name, one in sorted(self._bodies.items())}

    def ensure_announced(self) -> None:
        """See that the manifest is in the ledger. Raises ``ExposureUnavailable``."""
        if self._announced:
            return
        with self._lock:
            if not self._announced:
                self._announce(self.manifest())
                self._announced = True
