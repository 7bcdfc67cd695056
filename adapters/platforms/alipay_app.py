"""Alipay's mini-program calls: log-in code, the phone number that the client brings signed and encrypted, template message."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.platforms import alipay_wire as wire
from adapters.platforms.alipay_codes import LOGIN_CODE_REFUSED
from adapters.platforms.alipay_exchange import GatewayExchange, Request, signed_texts
from adapters.platforms.alipay_signer import Signer
from adapters.platforms.alipay_signing import decrypt_answer, read_aes_key
from adapters.platforms.context import PlatformContext, read_object, take_optional_text, take_text
from adapters.platforms.keys import secret_name
from adapters.platforms.raw_json import RawValue, scan_object
from adapters.platforms.wire import CODE, declare_words, fits
from services.errors import ConfigurationFault, LoginCodeRefused, PlatformGarbled, PlatformRefused
from services.exposure import Disclosure
from services.model import PlatformApp, PlatformUser

TOKEN, MESSAGE = "alipay.system.oauth.token", "alipay.open.app.mini.templatemessage.send"
PHONE = "my.getPhoneNumber"

DECLARED: dict[str, frozenset[str]] = {
    TOKEN: frozenset({"app_id", "protocol", "login_code"}),
    MESSAGE: frozenset({
        "app_id", "protocol", "platform_user", "message_template", "message_text", "message_page",
    }),
}  # fmt: skip
"""What each operation is declared to show, written by hand beside the wire tables."""


class AlipayApp:
    """The mini-program's own calls."""

    def __init__(self, context: PlatformContext, exchange: GatewayExchange) -> None:
        self._context = context
        self._exchange = exchange

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        """Exchange the code; the access token is not kept. Older apps get ``user_id``, newer ones ``open_id``."""
        if not fits(CODE, code):
            raise LoginCodeRefused("not a log-in code")
        signer = Signer.of_app(app)
        content = {"grant_type": "authorization_code", "code": code}
        request = Request(TOKEN, content, wire.token_table(signer.app_id, signer.path), DECLARED[TOKEN], {})
        answer = self._exchange.call(signer, request, disclosure)
        if answer.code in LOGIN_CODE_REFUSED:
            raise LoginCodeRefused(f"{TOKEN}: {answer.code}")
        if answer.meaning is not None:
            raise PlatformRefused(answer.code)
        user_id = answer.data.get("user_id") or answer.data.get("open_id")
        if not isinstance(user_id, str) or not any(fits(form, user_id) for form in wire.USER_ROWS.values()):
            raise PlatformGarbled(f"{TOKEN}: no user id")
        return PlatformUser(user_id, take_optional_text(TOKEN, answer.data, "union_id"))

    def read_phone(self, app: PlatformApp, evidence: str) -> str:
        """The number in the client's copy of Alipay's answer. It came through the client: verified first, then decrypted.

        The signature covers the text as it stands in the JSON, quotes included. Raises ``PlatformGarbled`` for a forged or
        unsigned answer, ``PlatformRefused`` for an error that Alipay gave the client.
        """
        try:
            members = scan_object(evidence)
        except ValueError as error:
            raise PlatformGarbled(f"{PHONE}: not an answer") from error
        response = self._require_signed(Signer.of_app(app), members)
        if not isinstance(response.value, str):
            raise PlatformRefused(_read_code(response.value))
        name = secret_name(app.app, app.secrets, "aes_key")
        try:
            plain = decrypt_answer(self._context.keys.parse("AES key", name, read_aes_key), response.value)
        except ValueError as error:
            raise PlatformGarbled(f"{PHONE}: the secret {name} does not open it") from error
        data = read_object(PHONE, plain)
        if data.get("code") != "10000":
            raise PlatformRefused(_read_code(data))
        mobile = take_text(PHONE, data, "mobile")
        if not fits(r"\+?[0-9-]{5,20}", mobile):
            raise PlatformGarbled(f"{PHONE}: a malformed phone number")
        return mobile.removeprefix("86-").removeprefix("+86-")

    def send_message(
        self, app: PlatformApp, user_id: str, template: str, words: Mapping[str, str], page: str, disclosure: Disclosure
    ) -> None:
        """Template message; ``template`` names an option of the app that holds Alipay's template id. Fields [UNCONF]."""
        template_id = app.options.get(template)
        if not template_id:
            raise ConfigurationFault(f"the app {app.app} has no option {template}")
        signer = Signer.of_app(app)
        data = {key: {"value": word} for key, word in words.items()}
        content = {
            "to_user_id" if fits(wire.USER_ID, user_id) else "to_open_id": user_id,
            "user_template_id": template_id,
            "page": page,
            "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
        }
        table = wire.message_table(signer.app_id, signer.path, template_id, words, self._context.phrases())
        answer = self._exchange.call(
            signer,
            Request(MESSAGE, content, table, frozenset({*DECLARED[MESSAGE], *declare_words(words)}), {}),
            disclosure,
        )
        if answer.meaning is not None:
            raise PlatformRefused(answer.code)

    def _require_signed(self, signer: Signer, members: Mapping[str, RawValue]) -> RawValue:
        signature = members["sign"].value if "sign" in members else ""
        response = members.get("response")
        if response is None or not isinstance(signature, str) or not signature:
            raise PlatformGarbled(f"{PHONE}: an answer without a signature")
        if not any(self._exchange.verify(signer, text, signature) for text in signed_texts(response.text)):
            raise PlatformGarbled(f"{PHONE}: the signature does not hold")
        return response


def _read_code(data: object) -> str:
    found = data.get("subCode") or data.get("sub_code") or data.get("code") if isinstance(data, dict) else None
    code = str(found or "unknown")
    return code if fits(r"[A-Za-z0-9._-]{1,64}", code) else "unknown"
