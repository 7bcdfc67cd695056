"""Closing an account, step by step; whoever is killed in between leaves a request that the next one goes on with. PIPL article 47.

1. Every log-in is revoked in the store: from here on nobody gets in, whatever Redis says. Then its sessions end in Redis.
2. A minute later nothing is under way any more: salts of the account's records are destroyed, batch by batch.
3. One transaction takes away everything that no law keeps, links and bindings too, and writes the leaves that close the chains.
4. Sessions end in Redis once more, of each log-in that the store knew till then; the request is done.

A payment or an application that is on its way, or a legal hold, keeps the account at step 1, and the request says why it waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.errors import VersionTaken
from services.model import JsonValue
from services.ports import Clock
from services.rights_record import Closings, RightsName, RightsRequest

GRACE = timedelta(minutes=1)
"""How long after the log-ins were revoked a request that was under way may still write: longer than any lasts."""
AT_ONCE = 20
SALTS_AT_ONCE = 1000


class LoginSessions(Protocol):
    """Sessions as they lie in Redis."""

    def delete_login(self, login_id: UUID) -> None: ...


@dataclass(frozen=True, slots=True)
class ClosingDesk:
    """What the worker closes accounts with."""

    closings: Closings
    sessions: LoginSessions
    clock: Clock


def close_due(desk: ClosingDesk) -> int:
    """Go on with every closing that is under way; how many were finished. One that fails is tried again, the others go on."""
    finished, fault = 0, None
    for request in _list_due(desk.closings):
        try:
            finished += go_on(desk, request)
        except VersionTaken:
            continue  # another worker is at it
        except Exception as error:  # noqa: BLE001 - one account must not keep the others
            fault = error
    if fault is not None:
        raise fault
    return finished


def _list_due(closings: Closings) -> Iterator[RightsRequest]:
    """All of them, page by page: those that a hold keeps for years must not stand before the others."""
    after: UUID | None = None
    while page := closings.list_due(AT_ONCE, after):
        yield from page
        after = page[-1].request_id


def go_on(desk: ClosingDesk, request: RightsRequest) -> bool:
    """All that can be done now; whether it is done with."""
    if request.state is RightsName.ASKED:
        _end_sessions(desk, desk.closings.cut_off(request))
        request = desk.closings.note(request, RightsName.CUT_OFF, {})
    if request.state in (RightsName.CUT_OFF, RightsName.WAITS):
        _end_sessions(desk, desk.closings.cut_off(request))
        obstacle = desk.closings.find_obstacle(request)
        if obstacle:
            _wait(desk, request, obstacle)
            return False
        if desk.clock.now() < _cut_off_at(request) + GRACE:
            return False
        while desk.closings.erase_salts(request, SALTS_AT_ONCE) == SALTS_AT_ONCE:
            pass
        request = desk.closings.erase(request)
        if request.state is not RightsName.ERASED:
            return False
    _end_sessions(desk, [UUID(str(one)) for one in _list(request.events[-1].data.get("logins"))])
    desk.closings.note(request, RightsName.DONE, {})
    return True


def _wait(desk: ClosingDesk, request: RightsRequest, obstacle: str) -> None:
    """Say once why it waits."""
    if request.state is RightsName.WAITS and request.events[-1].data.get("for") == obstacle:
        return
    desk.closings.note(request, RightsName.WAITS, {"for": obstacle})


def _cut_off_at(request: RightsRequest) -> datetime:
    return next(event.at for event in request.events if event.name is RightsName.CUT_OFF)


def _end_sessions(desk: ClosingDesk, logins: Iterable[UUID]) -> None:
    for login_id in logins:
        desk.sessions.delete_login(login_id)


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
