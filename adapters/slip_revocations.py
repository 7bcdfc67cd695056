"""The list of revoked slips as a file that anybody may carry: signed, dated, and good for a week. For verifiers without a network.

One line of base64url: a COSE_Sign1 in the same one form as a slip, over {iss, iat, exp, PRIVATE_CLAIM: [ids, sorted]}. A verifier that is
given an old list says so instead of calling a slip good.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import cbor2

from adapters.slip_keys import REVOCATION_LIST, KeyFolder, SlipKey
from adapters.slips import SKEW, find_signer, is_map, load_canonical, read_moment, seal_octets, split_envelope
from services.case_errors import SlipRefused

LASTS = timedelta(days=7)
MAXIMUM_CHARACTERS = 64 * 1024 * 1024
LIST_CLAIM = -70002
_ISS, _EXP, _IAT = 1, 4, 6


def sign_revocations(keys: KeyFolder, issuer: str, slip_ids: Iterable[str], now: datetime) -> str:
    """The list as one line. Raises ``ConfigurationFault`` without a key for it."""
    key, pem = keys.find_signing(REVOCATION_LIST, now)
    revoked = sorted(bytes.fromhex(slip_id) for slip_id in set(slip_ids))
    claims = {_ISS: issuer, _IAT: int(now.timestamp()), _EXP: int((now + LASTS).timestamp()), LIST_CLAIM: revoked}
    octets = seal_octets(cbor2.dumps(claims, canonical=True), key, pem)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def read_revocations(text: str, keys: Mapping[str, SlipKey], now: datetime) -> frozenset[str]:
    """The ids on a list. Raises ``SlipRefused`` (form, key, signature, expired, not_yet): of the list, not of a slip."""
    written = text.strip()
    if len(written) > MAXIMUM_CHARACTERS:
        raise SlipRefused("form")
    try:
        octets = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SlipRefused("form") from None
    envelope = split_envelope(octets)
    key, claims = find_signer(envelope, keys), load_canonical(envelope.payload)
    if not is_map(claims, {_ISS, _IAT, _EXP, LIST_CLAIM}) or not isinstance(claims[LIST_CLAIM], list):
        raise SlipRefused("form")
    issued_at, expires_at = read_moment(claims[_IAT]), read_moment(claims[_EXP])
    if not key.vouches(REVOCATION_LIST, issued_at, now):
        raise SlipRefused("key")
    if issued_at > now + SKEW or expires_at <= now:
        raise SlipRefused("not_yet" if issued_at > now else "expired")
    if any(not isinstance(slip_id, bytes) for slip_id in claims[LIST_CLAIM]):
        raise SlipRefused("form")
    return frozenset(slip_id.hex() for slip_id in claims[LIST_CLAIM])
