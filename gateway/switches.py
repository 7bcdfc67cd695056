"""Which services take no new business in this process: those that staff switched off, and those that are not bound here.

A mapping whose address, secret or option this environment does not bind must not keep the others from serving: it is switched out,
with a line in the log that says what is missing, and comes back by itself when that is bound (decision 0079).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from gateway.logging import describe_exception, get_logger
from services.errors import ConfigurationFault
from services.live_catalogue import LiveMapping, Snapshot
from services.mapping import ServiceMapping, Texts
from services.model import Language

NOT_BOUND: Texts = {
    Language.ZH_CN: "此项服务在这里暂未开通。",
    Language.EN: "This service is not open here yet.",
}
"""What a citizen reads of a service that this environment cannot reach."""
CHECK_SECONDS = 5.0
"""As often as the directory of accounts is asked for changes."""
_log = get_logger("catalogue")


class Switches:
    """``look`` gives the catalogue as it is, ``find`` the back end of a service or ``ConfigurationFault``."""

    def __init__(
        self,
        look: Callable[[], Snapshot],
        find: Callable[[ServiceMapping], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._find = find
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: Snapshot | None = None
        self._checked_at = 0.0
        self._unbound: Mapping[str, str] = {}
        self.off: Mapping[str, Texts] = LiveMapping(self._list_off)

    def list_unbound(self) -> Mapping[str, str]:
        """Service → what is missing, by name; never a value. Asked again when the catalogue changed, else every few seconds."""
        snapshot = self._look()
        with self._lock:
            if snapshot is not self._seen or self._monotonic() - self._checked_at >= CHECK_SECONDS:
                self._tell(self._check(snapshot))
                self._seen, self._checked_at = snapshot, self._monotonic()
            return self._unbound

    def describe(self) -> list[dict[str, str | int]]:
        """For operators: each service with its version, ``open``, ``off`` or ``not bound``, and what is missing. Raises ``StoreUnavailable``."""
        unbound, snapshot = self.list_unbound(), self._look()
        return [
            {
                "service": service,
                "version": mapping.version,
                "state": "not bound" if service in unbound else "off" if service in snapshot.switched_off else "open",
                "fault": unbound.get(service, ""),
            }
            for service, mapping in sorted(snapshot.services.items())
        ]

    def _list_off(self) -> Mapping[str, Texts]:
        return {**dict.fromkeys(self.list_unbound(), NOT_BOUND), **self._look().switched_off}

    def _check(self, snapshot: Snapshot) -> dict[str, str]:
        found: dict[str, str] = {}
        for service, mapping in snapshot.services.items():
            try:
                self._find(mapping)
            except ConfigurationFault as fault:
                found[service] = str(fault)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one service, the others serve
                found[service] = "its back end cannot be made"
                _log.error("a back end cannot be made", service=service, **describe_exception(error))
        return found

    def _tell(self, unbound: dict[str, str]) -> None:
        for service, fault in unbound.items():
            if self._unbound.get(service) != fault:
                _log.warning("a service is not bound and takes no new business", service=service, fault=fault)
        for service in self._unbound.keys() - unbound.keys():
            _log.info("a service is bound again", service=service)
        self._unbound = unbound
