"""Send notices to merchants on the published schedule, by the shared clock; the sandbox's only way out.

An emulator registers a ``NoticeDress`` under its name and hands over plain JSON content; each attempt is dressed again
(fresh time, nonce and signature). Notices that were not acknowledged survive a restart of the sandbox.
"""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from adapters.sandbox.shelf import Shelf
from services.errors import GuitaiError
from services.ports import Clock

ANSWER_SECONDS = 5.0
"""How long a platform waits for the merchant's answer (WeChat Pay, callback rules)."""

_POLL_SECONDS = 0.05
_log = logging.getLogger("guitai.sandbox")


@dataclass(frozen=True, slots=True)
class DressedNotice:
    """One attempt as it goes over the wire; ``query`` is added to the receiver's address."""

    headers: Mapping[str, str]
    body: bytes
    query: str = ""


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """What the merchant said; ``status`` is 0 if there was no answer."""

    status: int
    body: bytes


class NoticeDress(Protocol):
    """What an emulator knows about its own notices."""

    schedule: tuple[int, ...]
    """Seconds from a failed attempt to the next one; after the last the platform gives up."""

    def dress(self, content: dict[str, Any], attempt: int) -> DressedNotice:
        """Make the request of one attempt (0 is the first)."""
        ...

    def accepts(self, answer: NoticeAnswer) -> bool:
        """Whether the merchant's answer ends the retries."""
        ...


class NoticeScheduler:
    """One thread that watches the clock and a few that send, so that one slow merchant does not hold up the others."""

    def __init__(self, clock: Clock, shelf: Shelf) -> None:
        self._clock = clock
        self._shelf = shelf
        self._dresses: dict[str, NoticeDress] = {}
        self._waiting = {
            f"{one['emulator']}|{one['notice_id']}": datetime.fromisoformat(one["due_at"])
            for one in shelf.all("notice")
            if one["state"] == "waiting"
        }
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._senders = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sandbox-notice")
        self._thread = threading.Thread(target=self._watch, name="sandbox-notices", daemon=True)

    def register(self, emulator: str, dress: NoticeDress) -> None:
        """Say how the notices of one emulator look."""
        self._dresses[emulator] = dress

    def start(self) -> None:
        """Begin to send what is due, also what an earlier run left."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending; what is not acknowledged stays for the next run."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._senders.shutdown(wait=True, cancel_futures=True)
        self._shelf.close()

    def schedule(
        self, emulator: str, notice_id: str, url: str, content: dict[str, Any], delay_seconds: float = 0
    ) -> None:
        """Queue one notice; ``content`` is plain JSON that the emulator's dress understands."""
        due = self._clock.now() + timedelta(seconds=delay_seconds)
        key = f"{emulator}|{notice_id}"
        self._shelf.put(
            "notice",
            key,
            {
                "emulator": emulator, "notice_id": notice_id, "url": url, "content": content,
                "attempt": 0, "due_at": due.isoformat(), "state": "waiting",
            },
        )  # fmt: skip
        with self._lock:
            self._waiting[key] = due
        self._wake.set()

    def list_notices(self, emulator: str) -> list[dict[str, Any]]:
        """All notices of an emulator with their state: waiting, acknowledged or given_up."""
        return [one for one in self._shelf.all("notice") if one["emulator"] == emulator]

    def _watch(self) -> None:
        while not self._stopping:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
            try:
                due = self._take_due(self._clock.now())
            except GuitaiError as fault:  # a clock file that cannot be read at this moment
                _log.error("no notices: %s", fault.code)
                continue
            for key in due:
                self._senders.submit(self._attempt, key)

    def _take_due(self, now: datetime) -> list[str]:
        with self._lock:
            due = [key for key, at in self._waiting.items() if at <= now and key.partition("|")[0] in self._dresses]
            for key in due:
                del self._waiting[key]
        return due

    def _attempt(self, key: str) -> None:
        try:
            notice = self._shelf.get("notice", key)
            if notice is None:
                return
            dress = self._dresses[notice["emulator"]]
            answer = post_notice(notice["url"], dress.dress(notice["content"], notice["attempt"]))
            self._keep(key, self._after(notice, dress, answer))
        except Exception as fault:  # noqa: BLE001 - a thread's last place; a value must not reach the log
            _log.error("a notice failed: %s", type(fault).__name__)

    def _keep(self, key: str, notice: dict[str, Any]) -> None:
        self._shelf.put("notice", key, notice)
        if notice["state"] == "waiting":
            with self._lock:
                self._waiting[key] = datetime.fromisoformat(notice["due_at"])

    def _after(self, notice: dict[str, Any], dress: NoticeDress, answer: NoticeAnswer) -> dict[str, Any]:
        attempt = notice["attempt"]
        notice["last_status"] = answer.status
        notice["attempt"] = attempt + 1
        if dress.accepts(answer):
            notice["state"] = "acknowledged"
        elif attempt >= len(dress.schedule):
            notice["state"] = "given_up"
        else:
            notice["due_at"] = (self._clock.now() + timedelta(seconds=dress.schedule[attempt])).isoformat()
        return notice


def post_notice(url: str, notice: DressedNotice) -> NoticeAnswer:
    """POST one notice once and wait at most five seconds; follows no redirect. No answer is status 0."""
    try:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    except ValueError:
        return NoticeAnswer(0, b"")
    try:
        target = (parts.path or "/") + (f"?{notice.query}" if notice.query else "")
        connection.request("POST", target, body=notice.body, headers=dict(notice.headers))
        response = connection.getresponse()
        return NoticeAnswer(response.status, response.read(65536))
    except (OSError, ValueError, http.client.HTTPException):
        return NoticeAnswer(0, b"")
    finally:
        connection.close()
