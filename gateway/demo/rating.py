"""How an applicant judges the service (好差评), once it is over."""

from __future__ import annotations

from gateway.demo.examination import Matter
from gateway.demo.journey import require

BEST = 5


def rate(matter: Matter) -> None:
    """Five levels; once for a matter."""
    phone = matter.applicant.phone
    with matter.journey.step("rates the service, once") as told:
        body = {"about": "case", "subject": matter.case_id, "level": BEST, "tags": [], "words": ""}
        given = phone.call("POST", "/ratings", body, status=201)
        require(given["rated"] and given["level"] == BEST, "the rating is not kept")
        again = phone.send("POST", "/ratings", body)
        require(again.status >= 400, f"it was rated a second time: status {again.status}")
        told.append(f"{BEST} of {BEST}")
