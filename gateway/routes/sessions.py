"""Signing in, signing out, and the log-ins of an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.sessions import LoginsReply, SessionReply, SignInRequest
from gateway.signing_in import exposed_sign_in
from services.errors import NotFound
from services.references import refer_to_login
from services.sessions import SignedIn

sign_in_blueprint = Blueprint("sign-in", __name__, description="登录")
blueprint = Blueprint("sessions", __name__, description="会话与登录记录")


@sign_in_blueprint.post("/sessions")
@exposed_sign_in
@sign_in_blueprint.arguments(SignInRequest)
@sign_in_blueprint.response(201, SessionReply)
def sign_in(asked: dict[str, Any]) -> dict[str, Any]:
    """用平台的一次性凭证换取会话 · Exchange the platform's one-shot code for a session."""
    arrival = current_arrival()
    signed: SignedIn = current_desk().sessions.sign_in(
        g.app_row, asked["code"], arrival.language, arrival.request_id, arrival.trail
    )
    arrival.welcome(signed.caller)
    return {
        "token": signed.token,
        "expires_at": signed.session.expires_at,
        "assurance": signed.caller.assurance.label,
        "new_login": signed.new_login,
    }


@blueprint.get("/sessions")
@exposed("manage_account", in_room("account", "manage_account"), shows=LoginsReply)
@blueprint.response(200, LoginsReply)
def list_logins() -> dict[str, Any]:
    """本人的全部登录及账户动态；其他平台的登录只显示为其他渠道 · All log-ins of the account."""
    logins, events = current_desk().sessions.list_logins(current_caller())
    named = [replace(one, login_id=name_login(one.login_id)) for one in logins]
    return {"logins": named, "events": [{"at": event.at, "event": event.name} for event in events]}


@blueprint.delete("/sessions/current")
@exposed("manage_account", in_room("account", "manage_account"))
@blueprint.response(204)
def sign_out() -> Response:
    """退出登录 · End this session."""
    current_desk().sessions.sign_out(current_caller())
    return Response(status=204)


@blueprint.delete("/logins/<uuid:login_id>")
@exposed("manage_account", in_room("account", "manage_account"))
@blueprint.response(204)
def cut_off_login(login_id: UUID) -> Response:
    """停用一个登录，其会话立即失效 · Cut a log-in off; its sessions end at once."""
    current_desk().sessions.cut_off(current_caller(), find_login(login_id))
    return Response(status=204)


@blueprint.post("/logins/<uuid:login_id>/restore")
@exposed("manage_account", in_room("account", "manage_account"))
@blueprint.response(204)
def restore_login(login_id: UUID) -> Response:
    """恢复被停用的登录 · Let a log-in in again that was cut off."""
    current_desk().sessions.let_in_again(current_caller(), find_login(login_id))
    return Response(status=204)


def name_login(login_id: UUID) -> UUID:
    """What a log-in is called inside this app."""
    desk = current_desk()
    return refer_to_login(desk.households.keyed_hash, current_caller(), login_id)


def find_login(reference: UUID) -> UUID:
    """The caller's log-in that is called so inside this app. Raises ``NotFound``, also for somebody else's."""
    logins, _ = current_desk().sessions.list_logins(current_caller())
    found = next((one.login_id for one in logins if name_login(one.login_id) == reference), None)
    if found is None:
        raise NotFound
    return found
