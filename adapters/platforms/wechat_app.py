"""WeChat's mini-program server API: log-in code, phone number, subscribe message, and the one shared access token.

Facts: platform-wire.md §1A. A success of ``jscode2session`` carries no ``errcode``; the other calls carry ``errcode: 0``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from adapters.platforms import wechat_wire as wire
from adapters.platforms.context import PlatformContext, read_object, take_optional_text, take_text, write_json
from adapters.platforms.door import PlatformRequest
from adapters.platforms.keys import secret_name
from adapters.platforms.wechat_codes import TOKEN_INVALID, make_app_error
from adapters.platforms.wire import CODE, CREDENTIAL, declare_words, fits
from services.errors import ConfigurationFault, LoginCodeRefused, PlatformGarbled, PlatformOutcomeUnknown
from services.exposure import Disclosure, WireTable
from services.model import JsonValue, PlatformApp, PlatformName, PlatformUser
from services.ports import TokenCache

DECLARED: dict[str, frozenset[str]] = {
    "code2session": frozenset({"app_id", "app_credential", "login_code", "protocol"}),
    "stable_token": frozenset({"app_id", "app_credential", "protocol"}),
    "phone": frozenset({"app_credential", "phone_code", "protocol"}),
    "message": frozenset({
        "app_credential", "platform_user", "message_template", "message_text", "message_page", "protocol",
    }),
}  # fmt: skip
"""What each operation is declared to show, written by hand beside the wire tables."""

RENEWED_BEFORE_SECONDS = 300
"""WeChat renews a stable token in its last five minutes; ours is asked for again before that."""

READ_HEADERS = {"Accept": "application/json", "User-Agent": "guitai"}
WRITE_HEADERS = {**READ_HEADERS, "Content-Type": "application/json"}


class WeChatApp:
    """The mini-program's own calls."""

    def __init__(self, context: PlatformContext, tokens: TokenCache) -> None:
        self._context = context
        self._tokens = tokens

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        """``jscode2session``. The session key is not kept: nothing here uses it. Raises ``LoginCodeRefused``."""
        if not fits(CODE, code):
            raise LoginCodeRefused("not a log-in code")
        query = {
            "appid": app.app_id,
            "secret": self._app_secret(app),
            "js_code": code,
            "grant_type": "authorization_code",
        }
        answer = self._send(
            app, "wechat.code2session", "GET", f"/sns/jscode2session?{urlencode(query)}", b"",
            (wire.session_table(app), wire.SESSION_REPLY), disclosure.declaring(DECLARED["code2session"]),
        )  # fmt: skip
        _require_success("wechat.code2session", answer)
        openid = take_text("wechat.code2session", answer, "openid")
        if not fits(wire.OPENID, openid):
            raise PlatformGarbled("wechat.code2session: a malformed user id")
        return PlatformUser(openid, take_optional_text("wechat.code2session", answer, "unionid"))

    def read_phone(self, app: PlatformApp, evidence: str, disclosure: Disclosure) -> str:
        """``getuserphonenumber``: a mainland number bare, another with ``+`` and its country code. Raises ``LoginCodeRefused``."""
        if not fits(CODE, evidence):
            raise LoginCodeRefused("not a phone code")
        answer = self._call_with_token(
            app, "wechat.getuserphonenumber", "/wxa/business/getuserphonenumber", write_json({"code": evidence}),
            (wire.phone_table(), wire.PHONE_REPLY), disclosure.declaring(DECLARED["phone"]),
        )  # fmt: skip
        return read_phone_info(app, answer.get("phone_info"))

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        """Subscribe message; ``template`` names an option of the app that holds WeChat's template id."""
        template_id = app.options.get(template)
        if not template_id:
            raise ConfigurationFault(f"the app {app.app} has no option {template}")
        content = {
            "touser": user_id,
            "template_id": template_id,
            "page": page,
            "data": {key: {"value": word} for key, word in words.items()},
        }
        table = wire.message_table(template_id, words, self._context.phrases())
        self._call_with_token(
            app, "wechat.subscribe_send", "/cgi-bin/message/subscribe/send", write_json(content),
            (table, wire.MESSAGE_REPLY), disclosure.declaring({*DECLARED["message"], *declare_words(words)}),
        )  # fmt: skip

    def _call_with_token(
        self,
        app: PlatformApp,
        operation: str,
        path: str,
        body: bytes,
        tables: tuple[WireTable, WireTable],
        disclosure: Disclosure,
    ) -> Mapping[str, JsonValue]:
        answer = self.ask_with_token(app, operation, path, body, tables, disclosure)
        _require_success(operation, answer)
        return answer

    def ask_with_token(
        self,
        app: PlatformApp,
        operation: str,
        path: str,
        body: bytes,
        tables: tuple[WireTable, WireTable],
        disclosure: Disclosure,
    ) -> Mapping[str, JsonValue]:
        """The answer to a call with the shared token, whatever its ``errcode`` says.

        If WeChat says that the token is invalid: drop it, fetch one, once more, and no further.
        """
        token = self._take_token(app)
        answer = self._send(app, operation, "POST", _with_token(path, token), body, tables, disclosure)
        if answer.get("errcode") in TOKEN_INVALID:
            self._tokens.drop(_cache_key(app), token)
            token = self._take_token(app)
            answer = self._send(app, operation, "POST", _with_token(path, token), body, tables, disclosure)
        return answer

    def _take_token(self, app: PlatformApp) -> str:
        """The token that all processes share; ``stable_token`` in normal mode gives all of them the same one."""
        token = self._tokens.load(_cache_key(app))
        if token is not None:
            return token
        content = {"grant_type": "client_credential", "appid": app.app_id, "secret": self._app_secret(app)}
        told = self._context.disclose_keys(app.agency_id, app.app)
        answer = self._send(
            app, "wechat.stable_token", "POST", "/cgi-bin/stable_token", write_json(content),
            (wire.token_table(app), wire.TOKEN_REPLY), told.declaring(DECLARED["stable_token"]),
        )  # fmt: skip
        _require_success("wechat.stable_token", answer)
        token = take_text("wechat.stable_token", answer, "access_token")
        seconds = answer.get("expires_in")
        if not isinstance(seconds, int) or not 0 < seconds <= 7200 or not fits(CREDENTIAL, token):
            raise PlatformGarbled("wechat.stable_token: not a token with its time")
        if seconds > RENEWED_BEFORE_SECONDS:
            self._tokens.save(_cache_key(app), token, seconds - RENEWED_BEFORE_SECONDS)
        return token

    def _send(
        self,
        app: PlatformApp,
        operation: str,
        method: str,
        target: str,
        body: bytes,
        tables: tuple[WireTable, WireTable],
        disclosure: Disclosure,
    ) -> Mapping[str, JsonValue]:
        request = PlatformRequest(
            PlatformName.WECHAT, operation, method, app.api_url.rstrip("/"), target,
            WRITE_HEADERS if body else READ_HEADERS, body, *tables,
        )  # fmt: skip
        reply = self._context.door.send(request, disclosure)
        if reply.status != 200:
            raise PlatformOutcomeUnknown(f"{operation}: status {reply.status}")
        return read_object(operation, reply.body)

    def _app_secret(self, app: PlatformApp) -> str:
        return self._context.keys.text(secret_name(app.app, app.secrets, "app_secret"))


def read_phone_info(app: PlatformApp, info: JsonValue) -> str:
    """The verified number, if its watermark names this app. ``countryCode`` comes as a text or as a number."""
    if not isinstance(info, dict) or not isinstance(info.get("watermark"), dict):
        raise PlatformGarbled("wechat.getuserphonenumber: no phone number")
    if info["watermark"].get("appid") != app.app_id:
        raise PlatformGarbled("wechat.getuserphonenumber: the watermark of another app")
    number, country = info.get("purePhoneNumber"), str(info.get("countryCode"))
    if not isinstance(number, str) or not fits(r"[0-9]{5,15}", number) or not fits(r"[0-9]{1,4}", country):
        raise PlatformGarbled("wechat.getuserphonenumber: a malformed phone number")
    return number if country == "86" else f"+{country}{number}"


def _with_token(path: str, token: str) -> str:
    return f"{path}?{urlencode({'access_token': token})}"


def _cache_key(app: PlatformApp) -> str:
    return f"wechat-token:{app.app_id}"


def _require_success(operation: str, answer: Mapping[str, JsonValue]) -> None:
    """No ``errcode``, or zero. Raises what the code means, or ``PlatformGarbled`` for a code that is no number."""
    errcode = answer.get("errcode", 0)
    if not isinstance(errcode, int) or isinstance(errcode, bool):
        raise PlatformGarbled(f"{operation}: a malformed errcode")
    if errcode:
        raise make_app_error(operation, errcode)
