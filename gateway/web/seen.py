"""What the platforms saw of the reader: all of it, chosen and by purpose, and as one file with proofs that holds without us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.web.desk import current_citizen, current_web, spend_as_citizen
from gateway.web.frame import show_page
from gateway.web.gate import page
from gateway.web.words import DOORS, Words
from services.citizen_files import CitizenFiles
from services.doors import PLATFORMS
from services.errors import InputRefused
from services.exposure import Direction
from services.exposure_file import name_file
from services.exposure_file_maker import ProofUnavailable
from services.exposure_survey import SeenChoice
from services.exposure_view import say_limits
from services.model import Language, PlatformName
from services.restores import Restore

SEEN, PROOF = ("平台所见", "What platforms saw"), ("带证明的文件", "One file with proofs")
FILES_AN_HOUR = 20
NAMES = ("platform", "service", "purpose", "direction", "since", "until")
NOT_YET: Words = (
    "现在还不能制作文件：尚无已公布的检查点，或账本正在维护。请过一分钟再试；如仍不行，请到服务窗口。",
    "No file can be made now: no checkpoint is published yet, or the ledger is being looked after. Try again in a minute, or come to the window.",
)
blueprint = Blueprint("seen", __name__)


@page(blueprint, "/seen", title=SEEN, place=50)
def show_seen() -> Response:
    """Every record of the ledger about the reader, of both platforms, newest first; chosen, and grouped by purpose."""
    web, caller, choice = current_web(), current_citizen(), read_choice(request.args)
    listed = web.citizen.exposure.list_seen(caller, request.args.get("before") or None, choice)
    survey = web.citizen.exposure.survey_seen(caller, choice)
    chosen = {name: request.args[name] for name in NAMES if request.args.get(name)}
    catalogue = web.citizen.catalogue
    return show_page(
        "seen.html", title=SEEN, records=listed.items, survey=survey, doors=DOORS, chosen=chosen, restores=list_restores(),
        following=f"?{urlencode({**chosen, 'before': listed.next_cursor})}#records" if listed.next_cursor else None,
        limits=tuple(say_limits(caller.app.platform, language) for language in (Language.ZH_CN, Language.EN)),
        directions=[(str(one), catalogue.direction(one, caller.language)) for one in Direction],
        platforms=[(str(one), DOORS[one][0]) for one in PLATFORMS], about=find_address, narrow=narrow,
    )  # fmt: skip


def read_choice(asked: Mapping[str, str]) -> SeenChoice:
    """Which records the form asks for; an empty place asks for all. Raises ``InputRefused``."""
    told = {name: asked.get(name) or None for name in NAMES}
    try:
        since, until = (date.fromisoformat(value) if value else None for value in (told["since"], told["until"]))
        platform = PlatformName(told["platform"]) if told["platform"] else None
    except ValueError as error:
        raise InputRefused(detail={"choice": "form"}) from error
    return SeenChoice(platform, told["service"], told["purpose"], told["direction"], since, until)


def narrow(name: str, value: str) -> str:
    """The address of this page with one choice more."""
    chosen = {one: request.args[one] for one in NAMES if request.args.get(one)}
    return f"/seen?{urlencode({**chosen, name: value})}#records"


def find_address(service: str, subject: UUID | None) -> str:
    """Where the case or payment that a record was about is seen; empty where it has no page."""
    known = current_web().citizen.catalogue.services.get(service)
    places = {"case": "cases", "bill": "payments", "application": "applications"}
    place = places.get(known.kind, "") if known is not None else ""
    return f"/{place}/{subject}" if place and subject else ""


@page(blueprint, "/seen/proof", title=PROOF)
def show_proof() -> Response:
    """What the file is, how it is verified without us, and what it does not prove."""
    return _explain()


@page(blueprint, "/seen/file", title=PROOF)
def download_file() -> Response:
    """The file itself; nobody keeps it on the way."""
    spend_as_citizen("web-exposure-file", FILES_AN_HOUR, 3600)
    web, caller = current_web(), current_citizen()
    files = CitizenFiles(web.citizen.store, web.proofs, web.citizen.catalogue, web.citizen.clock)
    try:
        content = files.fetch(caller)
    except ProofUnavailable:
        return _explain(NOT_YET, 503)
    name = name_file(web.citizen.clock.now())
    return Response(
        content, content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )  # fmt: skip


def _explain(fault: Words | None = None, status: int = 200) -> Response:
    keys = [str(key) for key in current_web().log_keys]
    return show_page("seen_proof.html", status, title=PROOF, fault=fault, keys=keys, restores=list_restores())


def list_restores() -> list[tuple[datetime, datetime, Restore]]:
    """Restores from a backup, with the time in which records may have been lost."""
    return [
        (datetime.fromtimestamp(one.since, UTC), datetime.fromtimestamp(one.until, UTC), one)
        for one in current_web().proofs.list_restores()
    ]
