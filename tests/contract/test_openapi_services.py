"""Forms, applications, look-ups, information and pushed results against the OpenAPI document, over services nobody has seen before."""

from __future__ import annotations

import hashlib
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from tests.contract.test_openapi import OF_A_REFUSAL, OF_A_REPLY
from tests.unit.gateway.small_city import FORM, RECORD, build_small_city

SMALL = build_small_city()
TOKEN = SMALL.log_in()
APPLICATION = SMALL.apply(TOKEN, "key-of-the-test").json["application_id"]
SMALL.push({
    "application_no": SMALL.office.taken[0], "reference": "R-1", "state": "granted",
    "outputs": {**RECORD, "visits": [{"visited_at": "2026-01-01T00:00:00Z"}]},
})  # fmt: skip
SMALL.guard.publication.ensure_announced()
START = (SMALL.city.clock.at, SMALL.city.store.tables.snapshot(), dict(SMALL.city.sessions.saved))
SERVICE_OF = {"/applications": "pet-licence", "/lookups": "pet-record", "/information": "pet-news"}
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", SMALL.guard)


def name_known(case: Any) -> None:
    """Make it a request about things that exist, with a form that is right."""
    known = {"application_id": APPLICATION, "agency": "demo-city"}
    known["service"] = next((name for end, name in SERVICE_OF.items() if case.path.endswith(end)), "pet-licence")
    case.path_parameters = {name: known.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if isinstance(case.body, dict) and "inputs" in case.body:
        case.body = {"inputs": dict(FORM) if known["service"] == "pet-licence" else {"pet_kind": "DOG"}}
    case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}


def judge(case: Any, checks: tuple[str, ...]) -> None:
    """Send a request and hold the reply against the document and against the ledger."""
    SMALL.city.clock.at, SMALL.city.sessions.saved = START[0], dict(START[2])
    SMALL.city.store.tables = START[1].snapshot()
    SMALL.city.limiter.spent.clear()
    before = len(SMALL.city.log.records)
    reply = case.call(headers={"Authorization": f"Bearer {TOKEN}"})
    case.validate_response(reply, checks=CHECKS.get_by_names(list(checks)))
    made = [one.content for _, one in SMALL.city.log.records[before:]]
    published = hashlib.sha256(reply.content).hexdigest() in SMALL.guard.publication.manifest().values()
    assert published or reply.content in made


@SCHEMA.include(path_regex="^/v1/(services|applications|results)").parametrize()
@settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
def test_every_reply_about_a_service_is_as_the_document_says(case: Any) -> None:
    """Whatever is sent: no 5xx of ours, no other shape, nothing unrecorded; and with things that exist success is judged too."""
    judge(case, (*OF_A_REPLY, *OF_A_REFUSAL) if case.method != "OPTIONS" else OF_A_REPLY)
    name_known(case)
    judge(case, OF_A_REPLY)
