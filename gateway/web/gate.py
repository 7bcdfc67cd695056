"""The gate of the government's own pages: cookies, the token of every form, and who may see which page. Default deny.

All cookies are HttpOnly, SameSite=Strict and ``Path=/``; in production Secure and ``__Host-``, so that no neighbouring host can plant one. A
form's token is an HMAC under the session's own token (before signing in: under the visit's), so a form of another page or session is
worth nothing. The session's cookie is made anew at each sign-in and ends with the browser.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, g, request

from gateway.web.desk import current_visitor, current_web
from gateway.words import choose_language
from services.errors import ConfigurationFault, NotPermitted, NotSignedIn
from services.model import Language

SESSION, VISIT, CODE = "guitai_web", "guitai_web_visit", "guitai_web_code"
CODE_SECONDS = 600
TOKEN_FORM = re.compile(r"[A-Za-z0-9_-]{43,128}")
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{43,128})")
_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)?")
View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Page:
    """The declaration of one page. ``open``: also without a session. ``place`` in the navigation, None for none."""

    rule: str
    title: tuple[str, str]
    open: bool
    place: int | None
    bearer: bool


def page(
    blueprint: Blueprint, rule: str, *, title: tuple[str, str], public: bool = False, methods: Iterable[str] = ("GET",),
    place: int | None = None, bearer: bool = False,
) -> Callable[[View], View]:  # fmt: skip
    """Declare a page and put it at its address, under the view's own name.

    ``bearer``: a file that a program may fetch with the session of the API; never a form.
    """
    declared = Page(rule, title, public, place, bearer)
    if not set(methods) <= {"GET", "POST"} or (bearer and set(methods) != {"GET"}):
        raise ConfigurationFault(f"{rule}: a page is read or sent; what a bearer fetches is read")

    def put(view: View) -> View:
        cast("Any", view).page = declared
        blueprint.add_url_rule(rule, endpoint=view.__name__, view_func=view, methods=list(methods))
        return view

    return put


def find_page(app: Flask, endpoint: str | None) -> Page | None:
    """The declaration of an endpoint, or None."""
    found: Page | None = getattr(app.view_functions.get(endpoint or ""), "page", None)
    return found


def require_declared(app: Flask) -> None:
    """Raise ``ConfigurationFault`` that names every route without a declaration."""
    bare = sorted(rule.rule for rule in app.url_map.iter_rules() if find_page(app, rule.endpoint) is None)
    if bare:
        raise ConfigurationFault("pages of the web door without a declaration: " + ", ".join(bare))


def list_places(app: Flask) -> list[tuple[str, Page]]:
    """The navigation: endpoint and declaration of each place, in order."""
    found = {
        rule.endpoint: declared
        for rule in app.url_map.iter_rules()
        if (declared := find_page(app, rule.endpoint)) is not None and declared.place is not None
    }
    return sorted(found.items(), key=lambda one: one[1].place or 0)


def watch_door() -> Response | None:
    """Before every request: nobody sees a page that does not say who may. Raises ``NotPermitted``, ``NotSignedIn`` and what a store raises."""
    g.request_id = str(current_web().citizen.new_id())
    declared = find_page(current_app, request.endpoint)
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise NotPermitted(detail={"form": "expired"})
    if declared is not None and declared.open:
        if request.method == "POST":
            require_form(read_cookie(VISIT))
        return None
    if request.endpoint is None:
        return None  # not found, or not for this method: Flask says which
    if declared is None:
        raise NotPermitted
    token = _find_token(declared)
    if not token and request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return step_in()
    g.caller = current_web().citizen.sessions.recognise(token, current_language(), g.request_id) if token else None
    if g.caller is None:
        raise NotSignedIn
    if request.method == "POST":
        require_form(read_cookie(SESSION))
    return None


def _find_token(declared: Page) -> str:
    """The session's token: of the cookie, or where a program may come, of the header."""
    header = _BEARER.fullmatch(request.headers.get("Authorization", "")) if declared.bearer else None
    return header.group(1) if header else read_cookie(SESSION)


def current_language() -> Language:
    """The language that the browser asks for."""
    return choose_language(request.headers.get("Accept-Language", ""))


def step_in() -> Response:
    """Somebody followed a link from another site, with which no Strict cookie goes along: the same address again, from here."""
    address = read_next(request.path) or "/"
    body = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>柜台</title>'
        f'<meta http-equiv="refresh" content="0; url={address}"></head>'
        f'<body><main><h1>柜台</h1><p><a href="{address}">继续 <span lang="en">Continue</span></a></p></main></body></html>'
    )
    return Response(body, content_type="text/html; charset=utf-8")


def read_next(text: str) -> str | None:
    """A path of ours to go to after signing in; None for anything that could lead elsewhere."""
    return text if len(text) <= 200 and _PATH.fullmatch(text) and not text.startswith("/sign-") else None


def read_cookie(name: str) -> str:
    """A cookie of ours, or the empty text."""
    found = request.cookies.get(_full_name(name), "")
    return found if TOKEN_FORM.fullmatch(found) else ""


def set_cookie(reply: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """A cookie that no script reads and no other site sends."""
    secure = current_web().secure
    reply.set_cookie(
        _full_name(name), value, httponly=True, samesite="Strict", secure=secure, path="/", max_age=seconds
    )


def drop_cookie(reply: Response, name: str) -> None:
    """Take a cookie back."""
    reply.delete_cookie(_full_name(name), httponly=True, samesite="Strict", secure=current_web().secure, path="/")


def _full_name(name: str) -> str:
    return f"__Host-{name}" if current_web().secure else name


def form_token() -> str:
    """The token that every form of this session, or of this visit before there is one, carries."""
    return seal_form(read_cookie(SESSION) if current_visitor() is not None else g.get("visit", read_cookie(VISIT)))


def seal_form(cookie: str) -> str:
    """The token that belongs to a cookie; for no cookie there is none."""
    return hmac.new(cookie.encode(), b"web form v1", hashlib.sha256).hexdigest() if cookie else ""


def require_form(cookie: str) -> None:
    """Raise ``NotPermitted`` for a form without the token of this cookie."""
    given = request.form.get("token", "")
    if not cookie or not hmac.compare_digest(given.encode("utf-8", "replace"), seal_form(cookie).encode()):
        raise NotPermitted(detail={"form": "expired"})


def see_other(path: str) -> Response:
    """A redirect within the door."""
    return Response("", status=303, headers={"Location": path})
