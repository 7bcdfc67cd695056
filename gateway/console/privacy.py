"""The privacy officer's room: what went out to the platforms, in numbers, as a chart and as a file; and the budget of each service against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.charts import Chart, Line, draw_lines
from gateway.console.desk import current_actor, current_console
from gateway.console.frame import name_agency, show_page
from gateway.console.privacy_files import write_overview
from gateway.console.privacy_words import BY, NOT_KNOWN, PLATFORMS, STEPS, USES, say_no
from gateway.console.registry import room
from gateway.console.statistics_files import FORMATS
from gateway.console.words import Words
from services.errors import InputRefused, NotFound
from services.exposure import Direction
from services.model import Language
from services.privacy_record import By, SumFilter
from services.privacy_room import EXPORT, READERS, Overview, PrivacyRoom, reach
from services.privacy_rules import OURS, Use, VersionUse
from services.till import business_day

TITLE, BUDGETS = ("平台所见", "What platforms saw"), ("范围核对", "Budgets")
ZH = Language.ZH_CN
FILTERS = ("platform", "service", "purpose", "direction", "account", "field")
FIRST_DAYS = 30
blueprint = Blueprint("privacy", __name__)


def open_room() -> PrivacyRoom:
    """The use cases, on the console's own store."""
    desk = current_console()
    return PrivacyRoom(desk.store, desk.clock, desk.new_id, desk.catalogue)


def read_days(asked: Mapping[str, str], back: int = FIRST_DAYS - 1) -> tuple[date, date]:
    """From when till when; without a word the last thirty days. Raises ``InputRefused``."""
    today = business_day(current_console().clock.now())
    try:
        until = date.fromisoformat(asked["until"]) if asked.get("until") else today
        since = date.fromisoformat(asked["since"]) if asked.get("since") else until - timedelta(days=back)
    except (ValueError, OverflowError):
        raise InputRefused(detail={"since": "not_a_day"}) from None
    if not date(2000, 1, 1) <= since <= until <= date(2199, 12, 31):
        raise InputRefused(detail={"until": "not_a_time"})
    return since, until


def read_overview(asked: Mapping[str, str]) -> Overview:
    """What is asked for. Raises ``InputRefused``, ``NotFound`` for an agency out of reach."""
    since, until = read_days(asked)
    try:
        by, agency_id = By(asked.get("by") or "service"), UUID(asked["agency"]) if asked.get("agency") else None
    except ValueError:
        raise InputRefused(detail={"step": "not_a_choice"}) from None
    if agency_id is not None and agency_id not in reach(current_actor()):
        raise NotFound
    wanted = SumFilter(since, until, **{name: asked.get(name, "")[:100] for name in FILTERS})
    return open_room().read_overview(current_actor(), wanted, asked.get("step") or "day", by, agency_id)


@room(blueprint, "/privacy", title=TITLE, roles=READERS, place=70)
def show_overview() -> Response:
    """Records by platform and day, week or month, and by one thing; with filters."""
    fault: Words | None = None
    asked: dict[str, str] = request.args.to_dict()
    try:
        found = read_overview(asked)
    except InputRefused as refused:
        fault, asked = say_no(refused), {}
        found = read_overview(asked)
    return show_page(
        "privacy.html", 422 if fault else 200, title=TITLE, fault=fault, found=found, asked=asked, rows=list_rows(found),
        chart=draw_course(found), by_words=BY, step_words=STEPS, platform_words=PLATFORMS, not_known=NOT_KNOWN,
        choices=list_choices(), name_key=name_key, ask=lambda **changed: ask_again(asked, changed), narrows=narrows,
    )  # fmt: skip


@room(blueprint, "/privacy/export", title=TITLE, roles=READERS, methods=["POST"], act=EXPORT)
def export_overview() -> Response:
    """The same as a file; that it was taken out is an act."""
    asked, kind = request.form.to_dict(), request.form.get("format", "")
    if kind not in FORMATS:
        raise NotFound
    found = read_overview(asked)
    told = {"format": kind, "since": str(found.wanted.since), "until": str(found.wanted.until), "by": found.by.value}
    open_room().note(current_actor(), EXPORT, "", {**told, **{name: getattr(found.wanted, name) for name in FILTERS}})
    return write_overview(found, kind, [(name_key(found.by, key), key, counts) for key, counts in list_rows(found)])


@room(blueprint, "/privacy/budgets", title=BUDGETS, roles=READERS, place=71)
def show_budgets() -> Response:
    """What each version might show, against what it showed: used, never used, and what must not be."""
    fault: Words | None = None
    try:
        since, until = read_days(request.args, 89)
        uses = open_room().judge_budgets(current_actor(), since, until, request.args.get("platform", "")[:20])
    except InputRefused as refused:
        fault, (since, until) = say_no(refused), read_days({}, 89)
        uses = open_room().judge_budgets(current_actor(), since, until)
    return show_page(
        "privacy_budgets.html", 422 if fault else 200, title=BUDGETS, fault=fault, since=since, until=until,
        services=group_uses(uses), beyond=[(one, field) for one in uses for field in one.of(Use.BEYOND)], use=Use, use_words=USES,
        platform_words=PLATFORMS, asked=request.args, direction=name_direction, field_name=name_field, ours={str(one) for one in OURS},
    )  # fmt: skip


def group_uses(uses: Sequence[VersionUse]) -> list[tuple[str, list[VersionUse]]]:
    """By service, those with something beyond first, then by what is never used."""
    found: dict[str, list[VersionUse]] = {}
    for use in sorted(uses, key=lambda one: (one.service, one.platform, -one.version)):
        found.setdefault(use.service, []).append(use)
    return sorted(
        found.items(),
        key=lambda one: (
            -sum(len(use.of(Use.BEYOND)) for use in one[1]),
            -sum(len(use.of(Use.UNUSED)) for use in one[1] if use.is_ripe and use.in_force),
            one[0],
        ),
    )


def list_rows(found: Overview) -> list[tuple[str, Mapping[str, int]]]:
    """The groups, the most first."""
    return sorted(found.groups.items(), key=lambda one: (-sum(one[1].values()), one[0]))


def draw_course(found: Overview) -> Chart:
    """Records over time, a line for each platform."""
    labels = [f"{one:%m-%d}" if found.step != "month" else f"{one:%Y-%m}" for one in found.steps]
    lines = [Line(PLATFORMS.get(name, (name, name)), counts) for name, counts in found.course.items()]
    words = STEPS[found.step]
    title = (f"记录数，{words[0]}", f"records, {words[1]}")
    return draw_lines("privacy-course", title, labels, lines, head=("日期", "from"))


def name_key(by: By, key: str) -> str:
    """What a row is called."""
    words = current_console().catalogue
    if by is By.AGENCY:
        return name_agency(UUID(key))
    if by is By.PURPOSE:
        return words.purpose(key, ZH)
    naming = {By.SERVICE: words.title, By.FIELD: words.label, By.DIRECTION: words.direction}.get(by)
    return naming(key, ZH) if naming else key


def name_direction(code: str) -> str:
    """One of the four directions."""
    return current_console().catalogue.direction(code, ZH)


def name_field(code: str) -> str:
    """What a citizen reads for a field."""
    return current_console().catalogue.label(code, ZH)


def narrows(by: By) -> str:
    """Under which name a row narrows what is shown."""
    return "agency" if by is By.AGENCY else by.value


def ask_again(asked: Mapping[str, str], changed: Mapping[str, str]) -> str:
    """The same question with some of it changed, as the end of an address."""
    return urlencode({name: value for name, value in {**asked, **changed}.items() if value and name != "token"})


def list_choices() -> dict[str, list[tuple[str, str]]]:
    """What each filter offers: everything that has a name here, and the accounts that were ever counted."""
    desk, actor = current_console(), current_actor()
    words = desk.catalogue
    services = sorted({*words.services, *words.rooms})
    fields = sorted({*words.vocabulary.fields, *(name for one in words.services.values() for name in one.words)})
    accounts = open_room().list_accounts(actor)
    return {
        "platform": [(name, " ".join(said)) for name, said in PLATFORMS.items()],
        "service": [(name, words.title(name, ZH)) for name in services],
        "purpose": [(name, words.purpose(name, ZH)) for name in sorted(words.vocabulary.purposes)],
        "direction": [(str(one), words.direction(str(one), ZH)) for one in Direction],
        "account": [(name, name) for name in sorted({account for _, account in accounts})],
        "field": [(name, words.label(name, ZH)) for name in fields],
        "agency": [(str(one), actor.tree.name(one)) for one in reach(actor)],
    }
