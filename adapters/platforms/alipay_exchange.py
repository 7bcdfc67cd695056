"""One call to Alipay's gateway: built, signed, let out through the door, verified over the raw text, judged.

A success is believed by its signature alone: an empty or missing ``sign`` never passes for one. Alipay leaves some errors
unsigned (a bad log-in code, a bad signature of ours): such an answer is believed only as a refusal, never as a state.

An answer under a certificate that is not known yet is held until that certificate was fetched and proven (``alipay_certificates``).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.platforms import alipay_wire as wire
from adapters.platforms.alipay_certificates import AlipayCertificates, NotProven
from adapters.platforms.alipay_codes import SUCCESS, judge_error
from adapters.platforms.alipay_signer import Signer
from adapters.platforms.alipay_signing import RequestBuilder, root_serial
from adapters.platforms.context import PlatformContext, take_text
from adapters.platforms.door import PlatformReply, PlatformRequest
from adapters.platforms.keys import secret_name, verify_text
from adapters.platforms.meaning import Meaning
from adapters.platforms.raw_json import RawValue, scan_object
from adapters.platforms.wire import fits
from services.errors import ExposureError, PlatformError, PlatformGarbled, PlatformOutcomeUnknown, PlatformUnreachable
from services.exposure import Disclosure, WireTable
from services.model import JsonValue, PlatformName

logger = structlog.get_logger("guitai.alipay")
UNSIGNED_SUCCESS_CODE = frozenset({"alipay.system.oauth.token"})
"""Methods whose success carries no ``code``."""

DOWNLOAD = "alipay.open.app.alipaycert.download"
DOWNLOAD_DECLARED = frozenset({"app_id", "protocol"})


@dataclass(frozen=True, slots=True)
class Request:
    """A gateway call; ``declared`` is the adapter's own list of the field names in it."""

    method: str
    content: Mapping[str, JsonValue]
    table: WireTable
    declared: frozenset[str]
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A believed answer: ``data`` of a success, or what an error means and its code (the business code if there is one)."""

    data: Mapping[str, JsonValue]
    meaning: Meaning | None = None
    code: str = ""


class GatewayExchange:
    """Calls and verifications for one signer at a time."""

    def __init__(self, context: PlatformContext) -> None:
        self._context = context
        self.certificates = AlipayCertificates(context)

    def call(self, signer: Signer, request: Request, disclosure: Disclosure) -> Answer:
        """Ask and believe only what verifies.

        Raises ``PlatformUnreachable``, ``PlatformOutcomeUnknown``, ``PlatformGarbled`` and what the door raises. A refusal
        is an answer: the caller knows what it means for its operation.
        """
        reply = self._send(signer, request, disclosure)
        if reply.status != 200:
            raise PlatformOutcomeUnknown(f"{request.method}: status {reply.status}")
        members = _scan(request.method, reply.body)
        node, is_error = _choose_node(request.method, members)
        if self._require_signature(signer, request.method, members, node):
            return _judge(request.method, node.value, is_error)
        return _judge_unsigned(request.method, node.value, is_error)

    def verify(self, signer: Signer, text: bytes, signature: str, named: str | None = None) -> bool:
        """Whether Alipay signed ``text`` for this signer, under the named certificate if one is named. No call."""
        return any(verify_text(key, text, signature) for key in self.certificates.list_keys(signer, named))

    def _send(self, signer: Signer, request: Request, disclosure: Disclosure) -> PlatformReply:
        extra = {**request.extra, **self._describe_certificates(signer)}
        query, body = self._builder(signer).build(request.method, request.content, self._context.clock.now(), extra)
        headers = {"Accept": "application/json", "User-Agent": "guitai", "Content-Type": wire.CONTENT_TYPE}
        sent = PlatformRequest(
            PlatformName.ALIPAY, request.method, "POST", signer.origin, f"{signer.path}?{query}", headers, body,
            request.table, wire.REPLIES[request.method],
        )  # fmt: skip
        return self._context.door.send(sent, disclosure.declaring(request.declared, account=signer.name))

    def _builder(self, signer: Signer) -> RequestBuilder:
        name = secret_name(signer.name, signer.secrets, "private_key")
        return RequestBuilder(signer.app_id, self._context.keys.private_key(name))

    def _describe_certificates(self, signer: Signer) -> dict[str, str]:
        if not signer.by_certificate:
            return {}
        return {
            "app_cert_sn": self.certificates.serial(signer, "app_certificate"),
            "alipay_root_cert_sn": self._context.keys.parse(
                "root file", secret_name(signer.name, signer.secrets, "root_certificate"), root_serial
            ),
        }

    def _require_signature(self, signer: Signer, method: str, members: Mapping[str, RawValue], node: RawValue) -> bool:
        """True if the node is signed, False if there is no signature at all. Raises ``PlatformGarbled`` for a wrong one."""
        signature = members["sign"].value if "sign" in members else ""
        if signature == "":
            return False
        keys = self._find_keys(signer, members["alipay_cert_sn"].value if "alipay_cert_sn" in members else None)
        if not keys:
            logger.warning("unknown_certificate", account=signer.name, method=method)
            raise PlatformGarbled(f"{method}: signed under a certificate that {signer.name} does not have")
        texts = signed_texts(node.text) if isinstance(signature, str) else []
        if any(verify_text(key, text, str(signature)) for text in texts for key in keys):
            return True
        logger.warning("answer_forged", account=signer.name, method=method)
        raise PlatformGarbled(f"{method}: the signature does not hold")

    def _find_keys(self, signer: Signer, named: JsonValue) -> list[RSAPublicKey]:
        """The keys that may have signed an answer; an unknown certificate is fetched, if it may be asked for now."""
        if named is None or not signer.by_certificate:
            return self.certificates.list_keys(signer)
        if not isinstance(named, str) or not fits(wire.ONE_SERIAL, named):
            return []
        found = self.certificates.list_keys(signer, named)
        if found:
            return found
        with self.certificates.learning:
            found = self.certificates.list_keys(signer, named)
            if not found and self.certificates.may_download(signer):
                self._download(signer, named)
                found = self.certificates.list_keys(signer, named)
        return found

    def _download(self, signer: Signer, serial: str) -> None:
        """Fetch one certificate and keep it if it is proven. Whatever goes wrong, the answer at hand stays unbelieved."""
        table = wire.certificate_table(signer.app_id, signer.path)
        request = Request(DOWNLOAD, {"alipay_cert_sn": serial}, table, DOWNLOAD_DECLARED, {})
        try:
            told = self._context.disclose_keys(signer.agency_id, signer.name)
            reply = self._send(signer, request, told)
            node, is_error = _choose_node(DOWNLOAD, _scan(DOWNLOAD, reply.body))
            answer = _judge(DOWNLOAD, node.value, is_error)
            if reply.status != 200 or answer.meaning is not None:
                logger.warning("certificate_refused", account=signer.name, status=reply.status, reason=answer.code)
                return
            document = base64.b64decode(take_text(DOWNLOAD, answer.data, "alipay_cert_content"), validate=True)
            self.certificates.learn(signer, serial, document)
        except (PlatformError, ExposureError) as fault:
            logger.warning("certificate_not_fetched", account=signer.name, fault=str(fault))
        except NotProven as fault:
            logger.warning("certificate_not_proven", account=signer.name, reason=str(fault))
        except ValueError as fault:  # a parser's message may quote what it read
            logger.warning(
                "certificate_not_proven", account=signer.name, reason="unreadable", fault=type(fault).__name__
            )
        else:
            logger.info("certificate_learned", account=signer.name, serial=serial)


def signed_texts(text: str) -> list[bytes]:
    r"""The exact text, and what Alipay's own PHP SDK tries next: ``\/`` written as ``/``, where that cannot change a value."""
    plain = text.replace("\\/", "/") if "\\\\" not in text else text
    return [text.encode()] if plain == text else [text.encode(), plain.encode()]


def _scan(method: str, body: bytes) -> Mapping[str, RawValue]:
    try:
        return scan_object(body.decode("utf-8"))
    except ValueError as error:
        raise PlatformGarbled(f"{method}: not one JSON object") from error


def _choose_node(method: str, members: Mapping[str, RawValue]) -> tuple[RawValue, bool]:
    """The answer's node and whether it is ``error_response``; both or neither, or one that is no object, is garbled."""
    nodes = [
        (name, members[name]) for name in (f"{method.replace('.', '_')}_response", "error_response") if name in members
    ]
    if len(nodes) != 1 or not isinstance(nodes[0][1].value, dict):
        raise PlatformGarbled(f"{method}: not one response")
    return nodes[0][1], nodes[0][0] == "error_response"


def _judge(method: str, data: Mapping[str, JsonValue], is_error: bool) -> Answer:
    code, sub_code = _read_codes(method, data)
    if not is_error and (code == SUCCESS or (not code and method in UNSIGNED_SUCCESS_CODE)):
        return Answer(data)
    meaning = judge_error(code, sub_code)
    logger.info("platform_said_no", method=method, reason=sub_code or code, meaning=meaning.name)
    if meaning is Meaning.LATER:
        raise PlatformUnreachable(f"{method}: {sub_code or code}: nothing happened, later")
    if meaning is Meaning.UNKNOWN:
        raise PlatformOutcomeUnknown(f"{method}: {sub_code or code}")
    return Answer({}, meaning, sub_code or code)


def _judge_unsigned(method: str, data: Mapping[str, JsonValue], is_error: bool) -> Answer:
    """Without a signature only a refusal is believed: the request went wrong. No state, and no success."""
    code, sub_code = _read_codes(method, data)
    if (is_error or code.startswith("4")) and judge_error(code, sub_code) is Meaning.REFUSED:
        return Answer({}, Meaning.REFUSED, sub_code or code)
    raise PlatformGarbled(f"{method}: an answer without a signature")


def _read_codes(method: str, data: Mapping[str, JsonValue]) -> tuple[str, str]:
    codes = tuple(str(data.get(name, "")) for name in ("code", "sub_code"))
    if not all(code.isascii() and len(code) <= 64 and "\n" not in code for code in codes):
        raise PlatformGarbled(f"{method}: a malformed code")
    return codes[0], codes[1]
