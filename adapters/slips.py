"""Signs and reads slips: a CWT (RFC 8392) as COSE_Sign1 (RFC 9052) with Ed25519 or ES256, in the address of the verification page.

A slip has exactly one form, so that nothing can be hidden beside it: tag 18, protected header {alg, kid} and nothing unprotected,
claims in deterministic CBOR (RFC 8949 section 4.2), base64url without padding and without loose bits. What is not written as we write
it is refused before any key is tried. The algorithm is the key's own; what the header says must agree with it.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import cbor2
from cwt import COSE, COSEKey, CWTError

from adapters.slip_keys import KeyFolder, SlipKey, write_keys
from services.case_errors import SlipRefused
from services.case_ports import Slip
from services.errors import ConfigurationFault
from services.model import JsonValue
from services.slips import CLAIMS, KIND_CLAIM, KIND_NUMBERS, PRIVATE_CLAIM, find_fault

MAXIMUM_CHARACTERS = 2048
MAXIMUM_OCTETS = 1024
SKEW = timedelta(seconds=60)
"""How far the clocks of two machines may be apart."""
_TEXT = re.compile(r"(?:https?://[A-Za-z0-9.:\[\]/_~%-]{1,512}/v/)?([A-Za-z0-9_-]+)")
_SIGN1 = 18
_ALG, _KID = 1, 4
_COSE_KEY_ID = 2
_ISS, _EXP, _IAT, _CTI = 1, 4, 6, 7
_ALGORITHMS = {"EdDSA": -8, "ES256": -7}
_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}
_NAMES = {number: name for name, (number, _form) in CLAIMS.items()}
_LATEST = 253402300799


@dataclass(frozen=True, slots=True)
class Envelope:
    """A COSE_Sign1 in our one form: who is said to have signed, with what, and what."""

    algorithm: int
    key_id: str
    payload: bytes
    octets: bytes


class CwtSlips:
    """Implements ``case_ports.SlipPress``. ``web_url``: the government's own page, below which slips are read."""

    def __init__(self, keys: KeyFolder, web_url: str) -> None:
        self._keys = keys
        self._web_url = web_url.rstrip("/")
        self._issuer = urlsplit(web_url).netloc

    def sign(self, slip: Slip) -> str:
        """See the port. Raises ``ValueError`` for claims that are none of this kind: a fault in our code."""
        if fault := find_fault(slip):
            raise ValueError(f"slip: {fault}")
        key, pem = self._keys.find_signing(slip.kind, slip.issued_at)
        if slip.expires_at is not None and slip.expires_at > key.verifies_until:
            raise ConfigurationFault(
                f"slip key {key.key_id} ends before the slip would: make a new one (slip keys new)"
            )
        octets = seal_octets(_write_claims(slip, self._issuer), key, pem)
        return f"{self._web_url}/v/{base64.urlsafe_b64encode(octets).rstrip(b'=').decode()}"

    def read(self, text: str, now: datetime) -> Slip:
        """See the port. The keys are the published ones, whoever reads."""
        return read_slip(text, now, self._keys.list_keys)

    def public_keys(self) -> JsonValue:
        return write_keys(self._keys.list_keys())


def read_slip(text: str, now: datetime, list_keys: Callable[[], Mapping[str, SlipKey]]) -> Slip:
    """Verify and read with these keys alone. Raises ``SlipRefused`` (form, key, signature, expired, not_yet)."""
    envelope = open_envelope(text)
    key = find_signer(envelope, list_keys())
    slip = _read_claims(envelope.payload)
    if not key.vouches(slip.kind, slip.issued_at, now):
        raise SlipRefused("key")
    if slip.issued_at > now + SKEW:
        raise SlipRefused("not_yet")
    if slip.expires_at is not None and slip.expires_at <= now:
        raise SlipRefused("expired")
    return slip


def find_signer(envelope: Envelope, keys: Mapping[str, SlipKey]) -> SlipKey:
    """The key that signed it, by its id and no other. Raises ``SlipRefused`` (key, signature)."""
    key = keys.get(envelope.key_id)
    if key is None or _ALGORITHMS[key.algorithm] != envelope.algorithm:
        raise SlipRefused("key")
    check_signature(envelope.octets, key)
    return key


def open_envelope(text: str) -> Envelope:
    """Take a text apart without believing it. Raises ``SlipRefused`` (form)."""
    return split_envelope(_decode_text(text))


def split_envelope(octets: bytes) -> Envelope:
    """The parts of a COSE_Sign1 in our one form. Raises ``SlipRefused`` (form)."""
    tag = load_canonical(octets)
    if (
        not isinstance(tag, cbor2.CBORTag)
        or tag.tag != _SIGN1
        or not isinstance(tag.value, (list, tuple))
        or len(tag.value) != 4
    ):
        raise SlipRefused("form")
    protected, unprotected, payload, signature = tag.value
    if unprotected != {} or not all(isinstance(part, bytes) for part in (protected, payload, signature)):
        raise SlipRefused("form")
    header = load_canonical(protected)
    if not is_map(header, {_ALG, _KID}) or len(header) != 2 or len(signature) != 64:
        raise SlipRefused("form")
    algorithm, kid = header[_ALG], header[_KID]
    if type(algorithm) is not int or not isinstance(kid, bytes) or len(kid) != 8:
        raise SlipRefused("form")
    return Envelope(algorithm, kid.hex(), payload, octets)


def check_signature(octets: bytes, key: SlipKey) -> None:
    """Verify a COSE_Sign1 with this key and its own algorithm. Raises ``SlipRefused`` (signature)."""
    try:
        public = COSEKey.from_jwk({**key.jwk, "alg": key.algorithm, "use": "sig"}).to_dict()
        COSE.new().decode(octets, keys=[COSEKey.new({**public, _COSE_KEY_ID: bytes.fromhex(key.key_id)})])
    except (CWTError, ValueError) as error:
        raise SlipRefused("signature") from error


def seal_octets(payload: bytes, key: SlipKey, pem: bytes) -> bytes:
    """A COSE_Sign1 of these claims. Raises ``ConfigurationFault`` for a private half that is unusable or another key's."""
    kid = bytes.fromhex(key.key_id)
    header = {_ALG: _ALGORITHMS[key.algorithm], _KID: kid}
    try:
        private = COSEKey.from_pem(pem, alg=key.algorithm, kid=kid)
        octets: bytes = COSE.new().encode(payload, private, protected=header)
    except (CWTError, ValueError) as error:
        raise ConfigurationFault(f"the private half of slip key {key.key_id} cannot sign") from error
    try:
        check_signature(octets, key)
    except SlipRefused:
        raise ConfigurationFault(f"the private half of slip key {key.key_id} is another key's") from None
    return octets


def _write_claims(slip: Slip, issuer: str) -> bytes:
    own: dict[int, object] = {KIND_CLAIM: KIND_NUMBERS[slip.kind]}
    own |= {CLAIMS[name][0]: value for name, value in slip.claims.items()}
    claims: dict[int, object] = {
        _ISS: issuer,
        _IAT: int(slip.issued_at.timestamp()),
        _CTI: bytes.fromhex(slip.slip_id),
        PRIVATE_CLAIM: own,
    }
    if slip.expires_at is not None:
        claims[_EXP] = int(slip.expires_at.timestamp())
    return cbor2.dumps(claims, canonical=True)


def _read_claims(payload: bytes) -> Slip:
    claims = load_canonical(payload)
    if not is_map(claims, {_ISS, _IAT, _CTI, PRIVATE_CLAIM}, {_EXP}):
        raise SlipRefused("form")
    own, cti, issuer = claims[PRIVATE_CLAIM], claims[_CTI], claims[_ISS]
    if not is_map(own, {KIND_CLAIM}, set(_NAMES)) or not isinstance(cti, bytes):
        raise SlipRefused("form")
    kind = _KINDS.get(own[KIND_CLAIM]) if type(own[KIND_CLAIM]) is int else None
    told = {_NAMES[number]: value for number, value in own.items() if number != KIND_CLAIM}
    expires_at = read_moment(claims[_EXP]) if _EXP in claims else None
    slip = Slip(cti.hex(), kind or "", told, read_moment(claims[_IAT]), expires_at)
    if not isinstance(issuer, str) or find_fault(slip) is not None:
        raise SlipRefused("form")
    return slip


def is_map(value: Any, needed: AbstractSet[int], allowed: AbstractSet[int] = frozenset()) -> TypeGuard[dict[int, Any]]:
    """Whether it is a map with these whole numbers as keys: ``true`` and 1.0 equal 1, and are none."""
    if not isinstance(value, dict) or any(type(name) is not int for name in value):
        return False
    return needed <= set(value) <= needed | allowed


def read_moment(value: object) -> datetime:
    """A NumericDate in whole seconds. Raises ``SlipRefused`` (form)."""
    if type(value) is not int or not 0 <= value <= _LATEST:
        raise SlipRefused("form")
    return datetime.fromtimestamp(value, UTC)


def _decode_text(text: str) -> bytes:
    found = _TEXT.fullmatch(text.strip()) if len(text) <= MAXIMUM_CHARACTERS else None
    if found is None:
        raise SlipRefused("form")
    written = found[1]
    try:
        octets = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SlipRefused("form") from None
    again = base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
    if again != written or len(octets) > MAXIMUM_OCTETS:
        raise SlipRefused("form")
    return octets


def load_canonical(octets: bytes) -> object:
    """The one value of these octets, which must be written as ``cbor2`` writes it canonically; nothing may follow."""
    stream = io.BytesIO(octets)
    try:
        value: object = cbor2.CBORDecoder(stream).decode()
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, ValueError, TypeError, ArithmeticError, RecursionError, UnicodeError, MemoryError):
        raise SlipRefused("form") from None
    if again != octets:
        raise SlipRefused("form")
    return value
