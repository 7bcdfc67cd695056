"""Signing in, and the log-ins of an account."""

from __future__ import annotations

from marshmallow import fields

from gateway.schemas.fields import Choice, Flag, Id, Many, Moment, Strict, Word
from services.doors import PLATFORMS
from services.model import Assurance

ASSURANCE = tuple(level.label for level in Assurance)


class SignInRequest(Strict):
    """A one-shot code that the platform gave to the mini-program."""

    platform = Choice("service_choice", PLATFORMS, required=True)
    app_id = Word(
        "app_id", "[0-9A-Za-z_-]{1,64}", required=True, description="小程序的 AppID · AppID of the mini-program"
    )
    code = Word(
        "login_code", r"[\x21-\x7e]{1,512}", required=True,
        description="wx.login 的 code；my.getAuthCode 的 authCode · code of wx.login; authCode of my.getAuthCode",
    )  # fmt: skip


class SessionReply(Strict):
    """A session. The token is shown once."""

    token = Word("session_token", "[A-Za-z0-9_-]{43,128}")
    expires_at = Moment("session_info")
    assurance = Choice("assurance", ASSURANCE)
    new_login = Flag("session_info")


class LoginReply(Strict):
    """One log-in. ``this_platform`` false: another channel, which is not named here."""

    login_id = Id()
    this_platform = Flag("session_info")
    created_at = Moment("session_info")
    current = Flag("session_info")
    active = Flag("session_info")


class EventReply(Strict):
    """Something that happened to the account."""

    at = Moment("session_info")
    event = Word("session_info", "[a-z][a-z_]{0,39}")


class LoginsReply(Strict):
    """All log-ins of the account, and what happened to it."""

    logins = Many("session_info", fields.Nested(LoginReply))
    events = Many("session_info", fields.Nested(EventReply))
