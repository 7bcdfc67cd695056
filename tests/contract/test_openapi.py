"""The public app against its own OpenAPI document: schemathesis makes the requests, the document judges every reply.

In process, seeded, with the same city before every request. Each request goes out twice: as it was made, and with the ids of
things that exist in the places of ids, so that success is judged too.
"""

from __future__ import annotations

import hashlib
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from tests.unit.gateway.fakes_edge import WANG, FakeBill, build_city
from tests.unit.gateway.test_notices import open_payment

CITY = build_city()
TOKEN, PAYMENT = open_payment(CITY)
(ROW,) = CITY.store.tables.payments.values()
CITY.back_ends["gas-bill"].bills = {"G-2": FakeBill("10086001", 8640)}
HOUSEHOLD = CITY.send("GET", "/v1/households", token=TOKEN).json["households"][0]["household_id"]
BILLS = CITY.send("GET", f"/v1/households/{HOUSEHOLD}/bills", token=TOKEN).json["bills"]
KNOWN = {
    "household_id": HOUSEHOLD, "payment_id": PAYMENT, "login_id": str(ROW.login_id), "service": "gas-bill",
    "account": "gas-wechat", "bill_ref": BILLS[0]["bill_ref"], "household_no": "10086001", "app_id": "wx1", "code": "code-wang",
    "amount_fen": 8640, "evidence": "13800138001", "real_name": "王小明", "identity_number": WANG,
}  # fmt: skip
"""By the names under which the document asks for them."""
CITY.guard.publication.ensure_announced()
START = (CITY.clock.at, CITY.store.tables.snapshot(), dict(CITY.sessions.saved))
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", CITY.guard)
OF_A_REPLY = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
OF_A_REFUSAL = ("negative_data_rejection", "unsupported_method")
"""Not among them: checks that ask for a refusal before a teller has looked (its 404 comes first), or judge random ids."""


def start_again() -> None:
    """The city as it was."""
    CITY.clock.at, CITY.sessions.saved = START[0], dict(START[2])
    CITY.store.tables = START[1].snapshot()
    CITY.limiter.spent.clear()


def name_known(case: Any) -> None:
    """Make it a request about things that exist."""
    case.path_parameters = {name: KNOWN.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if isinstance(case.body, dict):
        case.body = {name: KNOWN.get(name, value) for name, value in case.body.items()}
    case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}


def judge(case: Any, checks: tuple[str, ...]) -> None:
    """Send a request and hold the reply against the document and against the ledger."""
    start_again()
    before = len(CITY.log.records)
    reply = case.call(headers={"Authorization": f"Bearer {TOKEN}"})
    case.validate_response(reply, checks=CHECKS.get_by_names(list(checks)))
    made = [one.content for _, one in CITY.log.records[before:]]
    published = hashlib.sha256(reply.content).hexdigest() in CITY.guard.publication.manifest().values()
    assert published or reply.content in made


@SCHEMA.parametrize()
@settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
def test_every_reply_is_as_the_document_says_and_stands_in_the_ledger(case: Any) -> None:
    """No 5xx of ours, no reply of another shape, nothing that leaves unrecorded and unpublished, whatever is sent."""
    judge(case, (*OF_A_REPLY, *OF_A_REFUSAL) if case.method != "OPTIONS" else OF_A_REPLY)  # OPTIONS: one fixed answer
    name_known(case)
    judge(case, OF_A_REPLY)
