"""Whatever a client sends: no fault of ours, and nothing leaves that is neither recorded nor published."""

from __future__ import annotations

import hashlib
import json
import re
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.gateway.fakes_edge import WANG, FakeBill, build_city
from tests.unit.gateway.test_routes import ROUTES

CITY = build_city()
CITY.back_ends["gas-bill"].households["10086001"] = ("王小明", "北京市朝阳区1号")
CITY.back_ends["gas-bill"].bills["G-1"] = FakeBill("10086001", 8640)
CITY.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=CITY.log_in())
CITY.guard.publication.ensure_announced()

NAMES = st.sampled_from(
    ["platform", "app_id", "code", "evidence", "real_name", "identity_number", "service", "household_no", "household_id",
     "bill_ref", "amount_fen", "cursor", "", "__proto__", "a.b", "名"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**25), 10**25), st.floats(), st.text(max_size=30),
    st.sampled_from(["wechat", "wx1", "gas-bill", "10086001", WANG, "王小明", str(uuid4()), "{}", "[1]", "\ud800", "null"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
BODIES = st.one_of(st.dictionaries(NAMES, VALUES, max_size=6).map(json.dumps).map(str.encode), st.binary(max_size=200))
TAILS = st.one_of(st.just(""), st.text("/;?&=%abc1.", max_size=12))
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "X"])
HEADERS = st.dictionaries(
    st.sampled_from(["Accept-Language", "X-Request-Id", "Idempotency-Key", "If-None-Match", "Range", "Origin", "Expect"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), max_size=3,
)  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ROUTES), METHODS, TAILS, BODIES, HEADERS, st.booleans())
def test_any_request(
    route: tuple[str, str, object], method: str, tail: str, body: bytes, headers: dict[str, str], signed: bool
) -> None:
    """Any method, path, query, body and headers, with a session and without."""
    path = re.sub(r"<string[^>]*>", "gas-wechat", re.sub(r"<uuid:[^>]+>", str(uuid4()), route[1])) + tail
    CITY.clock.advance(61)
    token = CITY.log_in() if signed else None
    before = len(CITY.log.records)
    answer = CITY.send(method, path, raw=body, headers=headers, token=token)
    made = [one for _, one in CITY.log.records[before:]]
    assert answer.status != 500, path
    if method != "HEAD":
        published = hashlib.sha256(answer.body).hexdigest() in CITY.guard.publication.manifest().values()
        assert published or answer.body in [one.content for one in made]
    assert "王小明" not in answer.body.decode()
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])
