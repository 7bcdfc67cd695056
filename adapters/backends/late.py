"""A result that a back end pushes to us: verified over its raw bytes, then read strictly, then mapped. No path leads around the first step.

Signature: lower-case hexadecimal HMAC-SHA256 under a shared secret over the timestamp as it stands in its header, a line feed, and the raw
body. The timestamp is in whole seconds since 1970 (UTC) and at most five minutes away from our clock. That the same message is taken once
only is the caller's part. Results in daily files come through an operation (``list_results``) in the format csv or pipe (``rest/lines.py``).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.backends.rest.json_text import read_json
from adapters.backends.wire import ReplyUnreadable
from services.errors import ConfigurationFault, NoticeRefused
from services.expressions import ValueUntranslatable
from services.mapping import Late
from services.model import JsonValue
from services.reply_shape import ReplyUnacceptable, require_reply

FRESH_SECONDS = 300
TIMESTAMP = re.compile(r"[0-9]{10}")
DIGEST = re.compile(r"[0-9a-f]{64}")


def open_result(
    late: Late, secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime
) -> Mapping[str, JsonValue]:
    """What ``late.response`` makes of a pushed result: ``{application_no, reference, state, message?, outputs?}``.

    ``headers`` by lower-case name. Raises ``NoticeRefused`` with one of unsigned, stale, signature, unreadable, not_as_agreed.
    """
    if late.reply is None or late.response is None:
        raise ConfigurationFault("a mapping whose results are pushed says what they hold")
    require_signature(late, secret, headers, body, now)
    try:
        content = read_json(body)
    except ReplyUnreadable:
        raise NoticeRefused("unreadable") from None
    try:
        require_reply(late.reply, content)
        told = late.response.search({"body": content})
    except (ReplyUnacceptable, ValueUntranslatable):
        raise NoticeRefused("not_as_agreed") from None
    if not isinstance(told, dict):
        raise NoticeRefused("not_as_agreed")
    return told


def require_signature(late: Late, secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise ``NoticeRefused`` unless the bytes are signed, lately, by who knows the secret."""
    told, given = headers.get(late.timestamp_header.lower(), ""), headers.get(late.header.lower(), "")
    if not TIMESTAMP.fullmatch(told) or not DIGEST.fullmatch(given):
        raise NoticeRefused("unsigned", probe=not given)
    expected = hmac.digest(secret, told.encode("ascii") + b"\n" + body, hashlib.sha256).hex()
    if not hmac.compare_digest(given, expected):
        raise NoticeRefused("signature")
    age = now - datetime.fromtimestamp(int(told), UTC)
    if abs(age.total_seconds()) > FRESH_SECONDS:
        raise NoticeRefused("stale")
