"""What each route of the console declares: who may enter, what it writes into the book of acts, what it is called.

A view is put at its address by ``@room(...)`` and by nothing else; the gate refuses an endpoint without a declaration, and the app does
not start with one (``require_declared``). A route that changes something or reads a person names its ``act``: after a POST that
succeeded without this act having been committed, the answer is thrown away. So is any answer for which the store gave a citizen's
material of which the citizen is not told (``gateway/console/given.py``), unless the route says why it shows nothing of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from flask import Blueprint, Flask, Response, request

from gateway.console.given import is_untold
from services.errors import ConfigurationFault
from services.staffing import Actor, Role

SECTIONS: tuple[tuple[int, tuple[str, str]], ...] = (
    (0, ("", "")),
    (11, ("柜台", "Counter")),
    (20, ("窗口", "Window")),
    (30, ("事项与申请", "Services")),
    (40, ("督查与统计", "Supervision")),
    (50, ("普查与评估", "Evaluation")),
    (60, ("审计", "Audit")),
    (70, ("个人信息保护", "Privacy")),
    (80, ("系统", "System")),
    (90, ("本人", "Own")),
)
"""The desks of the navigation: each from its first place up to the next one's; the first has no heading."""
COMMITTED: ContextVar[list[str]] = ContextVar("committed_acts")
"""Codes of the acts that this request has committed so far; ``witness`` writes it, the gate begins it."""
View = Callable[..., Response]


class Entry(StrEnum):
    """Who may enter at all."""

    ANYONE = "anyone"
    """Also without a session: sign-in and static files."""
    OWN = "own"
    """Anybody with a session, also with a duty of the first sign-in left: one's own account."""
    MEMBER = "member"
    """Anybody with a session, whatever their roles."""
    ROLES = "roles"
    """Whoever holds one of the declared roles somewhere; in which agency it must be, the use case says."""


@dataclass(frozen=True, slots=True)
class Room:
    """The declaration of one route. ``title``: Chinese, English. ``place`` in the navigation, None for none."""

    entry: Entry
    roles: frozenset[Role]
    act: str | None
    asks_reason: bool
    title: tuple[str, str]
    place: int | None
    rule: str
    withholds: str = ""
    """Why nothing of a citizen's material is shown, though the route is given some: to judge who may, or to count days."""

    def admits(self, actor: Actor) -> bool:
        """Whether somebody with these roles may enter."""
        if self.entry is not Entry.ROLES:
            return True
        return any(held.role in self.roles for held in actor.roles)


class ActMissingError(Exception):
    """A route succeeded without the act that it declares: nothing of it is shown."""


class ReadingMissingError(Exception):
    """A route was given a citizen's material and told the citizen nothing of it: nothing of it is shown."""


def room(
    blueprint: Blueprint, rule: str, *, title: tuple[str, str], roles: Iterable[Role] = (), entry: Entry = Entry.ROLES,
    act: str | None = None, asks_reason: bool = False, methods: Iterable[str] = ("GET",), place: int | None = None,
    withholds: str = "",
) -> Callable[[View], View]:  # fmt: skip
    """Declare a route and put it at its address, under the view's own name.

    ``asks_reason``: the view reads a person; it shows a form that asks for the reason on GET and takes it on POST.
    ``withholds``: why it shows nothing of what it is given. Raises ``ConfigurationFault`` for a declaration that contradicts itself.
    """
    declared = Room(entry, frozenset(roles), act, asks_reason, title, place, rule, withholds)
    _require_sense(declared, tuple(methods))

    def put(view: View) -> View:
        @functools.wraps(view)
        def entered(**arguments: Any) -> Response:
            reply = view(**arguments)
            if declared.act and request.method == "POST" and reply.status_code < 400:
                _require_committed(declared.act)
            if is_untold() and not declared.withholds:
                raise ReadingMissingError(
                    f"{declared.rule}: a citizen's material was given and no reading was committed"
                )
            return reply

        cast("Any", entered).room = declared
        blueprint.add_url_rule(rule, endpoint=view.__name__, view_func=entered, methods=list(methods))
        return entered

    return put


def _require_sense(declared: Room, methods: tuple[str, ...]) -> None:
    if (declared.entry is Entry.ROLES) != bool(declared.roles):
        raise ConfigurationFault(f"{declared.rule}: roles are declared where, and only where, entry is by role")
    if declared.asks_reason and (declared.act is None or set(methods) != {"GET", "POST"}):
        raise ConfigurationFault(f"{declared.rule}: what asks for a reason names its act and is GET and POST")
    if not set(methods) <= {"GET", "POST"}:
        raise ConfigurationFault(f"{declared.rule}: a form knows GET and POST")


def _require_committed(act: str) -> None:
    if act not in COMMITTED.get([]):
        raise ActMissingError(f"the act {act} was not committed")


def find_room(app: Flask, endpoint: str | None) -> Room | None:
    """The declaration of an endpoint, or None."""
    found: Room | None = getattr(app.view_functions.get(endpoint or ""), "room", None)
    return found


def require_declared(app: Flask) -> None:
    """Raise ``ConfigurationFault`` that names every route without a declaration."""
    bare = sorted(rule.rule for rule in app.url_map.iter_rules() if find_room(app, rule.endpoint) is None)
    if bare:
        raise ConfigurationFault("routes of the console without a declaration: " + ", ".join(bare))


def list_sections(app: Flask, actor: Actor) -> list[tuple[tuple[str, str], list[tuple[str, Room]]]]:
    """The navigation of somebody by desk: heading (Chinese, English) and places; a desk without a place for them is left out."""
    places = list_places(app, actor)
    ends = [first for first, _ in SECTIONS[1:]] + [None]
    sections = []
    for (first, title), end in zip(SECTIONS, ends, strict=True):
        found = [one for one in places if first <= (one[1].place or 0) and (end is None or (one[1].place or 0) < end)]
        if found:
            sections.append((title, found))
    return sections


def list_places(app: Flask, actor: Actor) -> list[tuple[str, Room]]:
    """The navigation of somebody: endpoint and declaration of each place that their roles let them enter, in order."""
    rooms = {
        rule.endpoint: declared
        for rule in app.url_map.iter_rules()
        if (declared := find_room(app, rule.endpoint)) is not None and declared.place is not None
    }
    mine = [(endpoint, declared) for endpoint, declared in rooms.items() if declared.admits(actor)]
    return sorted(mine, key=lambda entry: entry[1].place or 0)
