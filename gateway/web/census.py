"""For anybody: how the published services stand, agency by agency; organisational indicators; how many a platform turned away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from gateway.census_words import (
    GROUNDS,
    INDICATORS,
    OCCASIONS,
    PLATFORMS,
    QUESTIONS,
    Words,
    draw_course,
    write_indicator,
)
from gateway.web.desk import current_web
from gateway.web.frame import show_page
from gateway.web.gate import page
from services.census_room import COUNT_DAYS, COURSE_DAYS
from services.scorecards import keep_latest, list_cards, list_course, list_in_force, read_answers, sum_by_month
from services.till import business_day

TITLE: Words = ("服务普查", "The census of services")
LOOKS_OF_ADDRESS = 600
"""In ten minutes: such a page asks the store."""
blueprint = Blueprint("census", __name__)


@page(blueprint, "/census", title=TITLE, public=True)
def show_census() -> Response:
    """The newest run by agency, the course of all, what was entered and counted. What was found in detail is the staff's."""
    current_web().citizen.limiter.spend("web-census", request.remote_addr or "", LOOKS_OF_ADDRESS, 600)
    return show_page(
        "census.html", title=TITLE, questions=QUESTIONS, indicator_words=INDICATORS, occasions=OCCASIONS, grounds=GROUNDS,
        platforms=PLATFORMS, say_indicator=write_indicator, **_read(),
    )  # fmt: skip


def _read() -> dict[str, Any]:
    desk = current_web().citizen
    agencies, now = desk.directory.all_agencies(), desk.clock.now()
    today = business_day(now)
    with desk.store.begin(agencies) as tx:
        answers = read_answers(tx.census, agencies, now - timedelta(days=COURSE_DAYS))
        entries = tx.census.list_indicators(agencies)
        counts = tx.census.list_turned_away(agencies, today - timedelta(days=COUNT_DAYS), today)
    course = list_course(answers)
    return {
        "cards": list_cards(keep_latest(answers)),
        "taken_at": course[-1].at if course else None,
        "course": draw_course("course", course),
        "indicators": list_in_force(entries),
        "turned_away": sum_by_month(counts),
        "agency_names": desk.directory.agency_names(),
    }
