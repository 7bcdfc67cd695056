"""My matters: every open case, application, payment and draft, whichever door it came through."""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.web.frame import show_page
from gateway.web.gate import page

TITLE = ("我的办件", "My matters")
blueprint = Blueprint("home", __name__, template_folder="templates")


@page(blueprint, "/", title=TITLE, place=10)
def show_matters() -> Response:
    """Everything that is under way, newest first."""
    return show_page("home.html", title=TITLE)
