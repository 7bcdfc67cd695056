"""A blueprint that somebody adds and that knows nothing of the guard."""

from __future__ import annotations

import pytest
from flask import Blueprint, abort, redirect

from gateway.app import CompleteResponse
from tests.unit.gateway.fakes_edge import City, build_city
from tests.unit.gateway.test_guard import is_published

SECRET = "13800138001"


@pytest.fixture
def city() -> City:
    return build_city()


@pytest.mark.parametrize("path", ["/new/page", "/new/moved", "/new/refused", "/new/broken", "/new/13800138001"])
@pytest.mark.parametrize("known", [True, False], ids=["with a session", "without"])
def test_a_blueprint_that_forgets_the_guard_shows_nothing(city: City, path: str, known: bool) -> None:
    """Pages, redirects, error pages, hooks and headers of a new blueprint stay inside: it cannot be put beside the guard."""
    fresh = Blueprint("new", __name__, url_prefix="/new")
    fresh.add_url_rule("/page", view_func=lambda: CompleteResponse(SECRET, content_type="text/html"), endpoint="page")
    fresh.add_url_rule("/moved", view_func=lambda: redirect(f"/v1/account?phone={SECRET}"), endpoint="moved")
    fresh.add_url_rule("/refused", view_func=lambda: abort(400, SECRET), endpoint="refused")
    fresh.add_url_rule("/broken", view_func=lambda: str(int(f"{SECRET}?")), endpoint="broken")
    fresh.app_errorhandler(Exception)(lambda error: (f"{error} {SECRET}", 500, {"X-Person": SECRET}))
    fresh.after_app_request(lambda reply: reply.headers.add("X-Person", SECRET) or reply)
    token = city.log_in() if known else None
    city.guard.application._got_first_request = False  # type: ignore[attr-defined]
    city.guard.application.register_blueprint(fresh)  # type: ignore[attr-defined]
    answer = city.send("GET", path, token=token)
    assert is_published(city, answer.body) or (known and answer.status == 404)
    assert SECRET not in f"{answer.body!r} {answer.headers}"
    assert not known or city.shown()[-1].content == answer.body
