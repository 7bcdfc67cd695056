"""What is the same for everybody at the web door: style and mark, the verification page of slips, the published keys."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files

from flask import Blueprint, Response, request

from gateway.web.desk import current_web
from gateway.web.frame import show_page, write_day, write_moment, write_yuan
from gateway.web.gate import current_language, page, see_other
from gateway.web.words import CLAIMS, LETTERS, SLIP_REASONS, SLIPS, STATES, Words
from services.case_ports import Slip
from services.model import JsonValue, Language
from services.slip_desk import SlipAnswer, verify_slip
from services.slips import CLAIMS as FORMS
from services.slips import DAY, FEN, FLAG, MOMENT

VERIFY = ("核验凭证", "Verify a slip")
CHECKS_OF_ADDRESS = 600
"""In ten minutes: a verification is a signature and two look-ups."""
LONGEST = 2048
STYLE = files("gateway").joinpath("web/static/web.css").read_bytes()
ICON = files("gateway").joinpath("web/static/icon.svg").read_bytes()
blueprint = Blueprint("published", __name__)


@page(blueprint, "/static/web.css", title=("样式", "style"), public=True)
def show_style() -> Response:
    """The one style sheet."""
    return _serve(STYLE, "text/css; charset=utf-8")


@page(blueprint, "/static/icon.svg", title=("图标", "icon"), public=True)
def show_icon() -> Response:
    """The mark of the counter."""
    return _serve(ICON, "image/svg+xml")


@page(blueprint, "/favicon.ico", title=("图标", "icon"), public=True)
def show_old_icon() -> Response:
    """Where browsers look by themselves."""
    return _serve(ICON, "image/svg+xml")


@page(blueprint, "/keys", title=("公布的密钥", "Published keys"), public=True)
def show_keys() -> Response:
    """The keys with which slips are verified, as ``slip verify`` reads them. Anybody may have them, from any page."""
    body = json.dumps(current_web().applicants.desk.slips.public_keys(), ensure_ascii=False, indent=1).encode()
    reply = _serve(body, "application/json")
    reply.headers["Access-Control-Allow-Origin"] = "*"
    reply.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return reply


@page(blueprint, "/v", title=VERIFY, public=True)
def ask_for_slip() -> Response:
    """A field for whoever has the text of a code."""
    text = request.args.get("text", "").strip()
    if not text:
        return show_page("verify.html", title=VERIFY)
    return see_other(f"/v/{text.rpartition('/')[2]}") if _is_slip(text.rpartition("/")[2]) else _show("")


@page(blueprint, "/v/<text>", title=VERIFY, public=True)
def show_slip(text: str) -> Response:
    """What a code says, and whether it holds. Nothing personal stands in it but the masked holder."""
    return _show(text)


def _is_slip(text: str) -> bool:
    return 0 < len(text) <= LONGEST and text.isascii() and all(one.isalnum() or one in "-_" for one in text)


def _show(text: str) -> Response:
    web = current_web()
    web.citizen.limiter.spend("web-verify", request.remote_addr or "", CHECKS_OF_ADDRESS, 600)
    desk = web.applicants.desk
    answer = verify_slip(desk, text, current_language()) if _is_slip(text) else SlipAnswer(valid=False, reason="form")
    return show_page(
        "slip.html", 200 if answer.valid else 422 if answer.reason == "form" else 200, title=VERIFY, answer=answer,
        reason=SLIP_REASONS.get(answer.reason, SLIP_REASONS["form"]), kind=SLIPS.get(answer.slip.kind) if answer.slip else None,
        lines=list_claims(answer.slip) if answer.slip else [], state=STATES.get(answer.state) if answer.state else None,
    )  # fmt: skip


def list_claims(slip: Slip) -> list[tuple[Words, str]]:
    """Label and value of every claim, in the order in which they are written down."""
    told = [(CLAIMS[name], _say(name, slip.claims[name])) for name in FORMS if name in slip.claims and name in CLAIMS]
    if "service" in slip.claims:
        title = current_web().citizen.catalogue.title(str(slip.claims["service"]), Language.ZH_CN)
        told.insert(1, (("事项", "service"), title))
    return [*told, (("签发时间", "signed"), write_moment(slip.issued_at))]


def _say(name: str, value: JsonValue) -> str:
    form = FORMS[name][1]
    if name == "document":
        return LETTERS.get(str(value), (str(value), ""))[0]
    if form == FLAG:
        return "是 yes" if value else "否 no"
    if form == FEN:
        return write_yuan(int(value))
    if form == MOMENT:
        return write_moment(datetime.fromtimestamp(int(value), UTC))
    return write_day(date.fromisoformat(str(value))) if form == DAY else str(value)


def _serve(content: bytes, kind: str) -> Response:
    """A file that is the same for everybody may be kept for an hour."""
    return Response(content, content_type=kind, headers={"Cache-Control": "public, max-age=3600"})
