"""The two routes of the web door's API that have no session when they begin: a code by text message, and a session for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, request

from gateway.arrival import Audience, Told, current_arrival
from gateway.exposing import Blueprint, Spoken, current_desk, mark, refuse_unasked
from gateway.schemas.fields import PLAIN_TEXT, Moment, Strict, Word
from gateway.schemas.sessions import SessionReply
from services.model import PlatformName
from services.web_sign_in import Proof, WebSignInDesk

CHALLENGE = "[A-Za-z0-9_-]{43,128}"
sign_in_blueprint = Blueprint("web-sign-in", __name__, description="登录（政务网站）")


class CodeRequest(Strict):
    """To which telephone."""

    phone = Word("phone", "[0-9+() -]{11,20}", required=True, description="手机号 · mobile number of the mainland")


class CodeReply(Strict):
    """What stands for the code while it is under way."""

    challenge = Word("session_info", CHALLENGE)
    expires_at = Moment("session_info")


class WebSignInRequest(Strict):
    """The code; name and number where the register does not know the telephone as one person's alone."""

    challenge = Word("session_info", CHALLENGE, required=True)
    code = Word("sms_code", "[0-9]{6}", required=True, description="短信验证码 · code of the text message")
    last_six = Word(
        "identity_number", "[0-9]{5}[0-9Xx]",
        description="身份证号码后六位，再次登录时填写 · last six places of the identity number, of whoever signed in before",
    )  # fmt: skip
    real_name = Word("real_name", PLAIN_TEXT + "{1,50}", description="姓名 · name as in the register")
    identity_number = Word("identity_number", "[1-9][0-9]{16}[0-9Xx]", description="公民身份号码 · identity number")
    face_evidence = Word("face_evidence", r"[\x21-\x7e]{1,4096}", description="人脸核验凭证 · evidence of a face check")


def at_the_door(spoken: Spoken) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a view that whoever stands at the door may call; stands directly under ``route``."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            arrival, desk = current_arrival(), current_desk()
            arrival.caller, arrival.audience = None, (Audience(PlatformName.WEB, PlatformName.WEB),)
            arrival.asks, arrival.shows = spoken.asks, spoken.shows
            root = desk.directory.root_agency()
            arrival.tell([Told(desk.catalogue.room("sign-in"), root, "sign_in", lenient=True)])
            refuse_unasked(arrival, spoken)
            return view(*args, **kwargs)

        return mark(answer, spoken)

    return decorate


def current_entrance() -> WebSignInDesk:
    """Who lets people in."""
    desk: WebSignInDesk = current_app.extensions["guitai-entrance"]
    return desk


@sign_in_blueprint.post("/codes")
@at_the_door(Spoken("sign_in", CodeRequest, None, CodeReply, open=True))
@sign_in_blueprint.arguments(CodeRequest)
@sign_in_blueprint.response(201, CodeReply)
def send_code(asked: dict[str, Any]) -> dict[str, Any]:
    """发送短信验证码；答复不说明该号码是否已注册 · Send a code; the reply is the same for every number."""
    sent = current_entrance().send_code(asked["phone"], request.remote_addr or "")
    return {"challenge": sent.challenge, "expires_at": sent.expires_at}


@sign_in_blueprint.post("/sessions")
@at_the_door(Spoken("sign_in", WebSignInRequest, None, SessionReply, open=True))
@sign_in_blueprint.arguments(WebSignInRequest)
@sign_in_blueprint.response(201, SessionReply)
def sign_in(asked: dict[str, Any]) -> dict[str, Any]:
    """用验证码换取会话；首次登录须填写姓名和身份证号码 · Exchange the code for a session."""
    arrival = current_arrival()
    signed = current_entrance().sign_in(Proof(**asked), arrival.language, arrival.request_id)
    arrival.welcome(signed.caller)
    return {
        "token": signed.token,
        "expires_at": signed.session.expires_at,
        "assurance": signed.caller.assurance.label,
        "new_login": signed.new_login,
    }
