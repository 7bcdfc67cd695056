"""One call to WeChat Pay v3: signed, let out through the door, verified over the raw bytes, judged.

An answer is believed by its signature. The one exception is 401: WeChat could not check *our* signature and may not sign;
that is a refusal. Any other error answer that does not verify, and every success that does not, is garbled: nothing in it is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from adapters.platforms import wechat_wire as wire
from adapters.platforms.context import PlatformContext, read_object
from adapters.platforms.door import PlatformReply, PlatformRequest
from adapters.platforms.keys import secret_name, verify_text
from adapters.platforms.meaning import Meaning
from adapters.platforms.wechat_certificates import VerificationKeys, plain_serial
from adapters.platforms.wechat_codes import judge_pay_error
from adapters.platforms.wechat_signing import NotSigned, authorize, read_signature
from services.errors import (
    ConfigurationFault,
    ExposureError,
    PlatformError,
    PlatformGarbled,
    PlatformOutcomeUnknown,
    PlatformRefused,
    PlatformUnreachable,
)
from services.exposure import Disclosure, WireTable
from services.model import JsonValue, MerchantAccount, PlatformName
from services.ports import TokenCache

logger = structlog.get_logger("guitai.wechat")
CERTIFICATES_DECLARED = frozenset({"merchant_id", "protocol"})


@dataclass(frozen=True, slots=True)
class Question:
    """A call that an adapter wants to make; ``declared`` is the adapter's own list of the field names in it."""

    operation: str
    method: str
    target: str
    body: bytes
    table: WireTable
    reply_table: WireTable
    declared: frozenset[str]


@dataclass(frozen=True, slots=True)
class PayAnswer:
    """A believed answer: ``data`` of a success, or what an error means and its code."""

    data: Mapping[str, JsonValue]
    meaning: Meaning | None = None
    code: str = ""


class PayExchange:
    """Calls on behalf of one merchant account at a time."""

    def __init__(self, context: PlatformContext, cache: TokenCache) -> None:
        self._context = context
        self.keys = VerificationKeys(context, cache)

    def call(self, merchant: MerchantAccount, question: Question, disclosure: Disclosure) -> PayAnswer:
        """Ask and believe only what verifies.

        Raises ``PlatformRefused``, ``PlatformUnreachable``, ``PlatformOutcomeUnknown``, ``PlatformGarbled`` and what the door raises.
        """
        reply = self._send(merchant, question, disclosure)
        fault = self._find_fault(merchant, reply)
        if reply.status in (200, 204) and fault is None:
            return PayAnswer(read_object(question.operation, reply.body) if reply.status == 200 else {})
        return self._judge_error(merchant, question.operation, reply, fault)

    def _send(self, merchant: MerchantAccount, question: Question, disclosure: Disclosure) -> PlatformReply:
        headers = {"Accept": "application/json", "User-Agent": "guitai"}
        if question.method == "POST":
            headers["Content-Type"] = "application/json"
        if merchant.options.get("verification", "public_key") == "public_key":
            headers["Wechatpay-Serial"] = _require_option(merchant, "public_key_id")
        headers["Authorization"] = self._authorize(merchant, question)
        request = PlatformRequest(
            PlatformName.WECHAT, question.operation, question.method, merchant.pay_url.rstrip("/"), question.target,
            headers, question.body, question.table, question.reply_table,
        )  # fmt: skip
        return self._context.door.send(request, disclosure.declaring(question.declared, account=merchant.account))

    def _authorize(self, merchant: MerchantAccount, question: Question) -> str:
        return authorize(
            self._context.keys.private_key(secret_name(merchant.account, merchant.secrets, "private_key")),
            merchant.merchant_id,
            _require_option(merchant, "serial_no"),
            question.method,
            question.target,
            str(int(self._context.clock.now().timestamp())),
            self._context.random_bytes(16).hex().upper(),
            question.body,
        )

    def _find_fault(self, merchant: MerchantAccount, reply: PlatformReply) -> str | None:
        """Why an answer is not believed, or None. An unknown serial is the one reason to fetch certificates."""
        now = self._context.clock.now()
        try:
            message, signature, serial = read_signature(reply.headers, reply.body, now)
        except NotSigned as fault:
            return fault.reason
        key = self.keys.find(merchant, serial, now)
        if key is None and self.keys.may_download(merchant):
            self._download(merchant)
            key = self.keys.find(merchant, serial, now)
        if key is None:
            return f"unknown_serial {plain_serial(serial)[:24]}"
        return None if verify_text(key, message, signature) else f"forged under {plain_serial(serial)[:24]}"

    def _download(self, merchant: MerchantAccount) -> None:
        """Fetch the platform certificates; believed if they open with our key *and* one of them signed the answer."""
        question = Question(
            "wechat.pay.certificates", "GET", "/v3/certificates", b"", wire.certificates_table(merchant),
            wire.CERTIFICATES_REPLY, CERTIFICATES_DECLARED,
        )  # fmt: skip
        try:
            told = self._context.disclose_keys(merchant.agency_id, merchant.account)
            reply = self._send(merchant, question, told)
            if reply.status != 200:
                logger.warning("certificates_refused", account=merchant.account, status=reply.status)
                return
            found = self.keys.read(merchant, reply.body)
            now = self._context.clock.now()
            message, signature, serial = read_signature(reply.headers, reply.body, now)
        except (PlatformError, ExposureError, NotSigned) as fault:  # the answer at hand was given: it stays in doubt
            logger.warning("certificates_not_fetched", account=merchant.account, fault=str(fault))
            return
        signer = found.get(plain_serial(serial))
        if signer and signer.valid_from <= now < signer.valid_until and verify_text(signer.key, message, signature):
            self.keys.learn(merchant, reply.body, found)
        else:
            logger.warning("certificates_forged", account=merchant.account)

    def _judge_error(
        self, merchant: MerchantAccount, operation: str, reply: PlatformReply, fault: str | None
    ) -> PayAnswer:
        if 500 <= reply.status < 600:
            raise PlatformOutcomeUnknown(f"{operation}: status {reply.status}")
        if fault is not None or not 400 <= reply.status < 500:
            if reply.status == 401:
                raise PlatformRefused(_read_code(reply.body) or "SIGN_ERROR")
            logger.warning("answer_not_believed", operation=operation, account=merchant.account, fault=fault)
            raise PlatformGarbled(f"{operation}: the answer is not believed ({fault or 'status'})")
        code = _read_code(reply.body)
        words = str(read_object("error", reply.body).get("message", "")) if code else ""
        meaning = judge_pay_error(reply.status, code, reply.headers.get("request-id", ""), words)
        logger.info(
            "platform_said_no", operation=operation, account=merchant.account, reason=code, meaning=meaning.name
        )
        if meaning is Meaning.LATER:
            raise PlatformUnreachable(f"{operation}: {code}: nothing happened, later")
        if meaning is Meaning.UNKNOWN:
            raise PlatformOutcomeUnknown(f"{operation}: {code}")
        return PayAnswer({}, meaning, code)


def _read_code(body: bytes) -> str:
    """The stable code of an error body, or an empty text; free text is never kept."""
    try:
        code = read_object("error", body).get("code")
    except PlatformGarbled:
        return ""
    return code if isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= 64 else ""


def _require_option(merchant: MerchantAccount, name: str) -> str:
    value = merchant.options.get(name)
    if not value:
        raise ConfigurationFault(f"{merchant.account} has no option {name}")
    return value
