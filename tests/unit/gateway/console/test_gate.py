"""The console's gate and frame: cookies, tokens of forms, headers, faults; nothing is shown that was not noted."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator

import pytest
from flask import Blueprint, Response
from markupsafe import escape

from gateway.app import make_flask
from gateway.console import published
from gateway.console.gate import DEVICE, PROVIDER, SESSION, VISIT
from gateway.console.overview import STATES
from gateway.console.published import HTMX_SHA256, read_htmx
from gateway.console.registry import ActMissingError, Entry, room
from gateway.console.words import ACTS, ROLES, RULES
from gateway.console.words import STATES as APPLICATION_STATES
from services.application_files import ApplicationFiles
from services.application_record import ApplicationState
from services.errors import ConfigurationFault
from services.model import Language, PaymentState
from services.staffing import Role
from tests.unit.gateway.console.office import CODES, LEFT, PASSWORD, ROOT, Office
from tests.unit.gateway.fakes_edge import CATALOGUE


@pytest.fixture
def office() -> Office:
    return Office()


def test_cookies_are_as_strict_as_they_can_be() -> None:
    """In production Secure and __Host-; HttpOnly, SameSite=Strict, for all paths and no domain; the session's ends with the browser."""
    office = Office(secure=True)
    member = office.hire(LEFT)
    browser = office.browser()
    page = browser.client.get("/sign-in", base_url="https://localhost")
    token = re.search(r'name="token" value="([0-9a-f]+)"', page.get_data(as_text=True))
    assert token
    form = {"token": token.group(1), "login": member.login, "password": PASSWORD, "code": office.code_of(member)}
    reply = browser.client.post("/sign-in", data=form, base_url="https://localhost")
    cookies = {line.split("=", 1)[0]: line for line in reply.headers.getlist("Set-Cookie")}
    assert set(cookies) == {f"__Host-{name}" for name in (SESSION, DEVICE, VISIT)}
    for line in cookies.values():
        assert all(word in line for word in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/"))
        assert "Domain" not in line
    assert "Max-Age" not in cookies[f"__Host-{SESSION}"]


def test_only_the_way_to_the_provider_has_a_lax_cookie() -> None:
    """The browser comes back from another site: that one cookie must come along, for ten minutes, and it opens nothing by itself."""
    office = Office(provider=True)
    browser = office.browser()
    reply = browser.get("/sign-in/provider")
    line = reply.headers["Set-Cookie"]
    assert reply.headers["Location"].startswith("https://identity.example.gov.cn/")
    assert line.startswith(f"{PROVIDER}=")
    assert all(word in line for word in ("HttpOnly", "SameSite=Lax", "Max-Age=600"))
    assert browser.get("/").status_code == 303


def test_the_answer_of_the_provider_is_a_page_that_goes_on_by_itself() -> None:
    """A Strict cookie would not go along with a redirect whose chain began at another site."""
    office = Office(provider=True)
    member = office.hire(LEFT)
    office.staff.bind_subject(None, member.staff_id, "subject")
    browser = office.browser()
    browser.get("/sign-in/provider")
    reply = browser.get("/sign-in/provider/answer?code=subject&state=x")
    assert (reply.status_code, 'http-equiv="refresh"' in reply.get_data(as_text=True)) == (200, True)
    assert browser.get("/").status_code == 200
    assert office.browser().get("/sign-in/provider/answer?code=subject").status_code == 403
    assert Office().browser().get("/sign-in/provider").status_code == 401


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nothing", "/static/console.css"])
def test_headers_are_the_same_everywhere(office: Office, path: str) -> None:
    """A policy that allows our own files alone: no inline script or style, no frame, no form to elsewhere."""
    reply = office.browser().get(path)
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert all(rule in policy for rule in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"))
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    if not path.startswith("/static"):
        assert reply.headers["Cache-Control"] == "no-store"


def list_pages(office: Office) -> Iterator[str]:
    """Every page without parameters, as somebody sees it who may enter all of them; and one with a person in it."""
    everything = office.enter(office.hire(ROOT, *Role))
    for rule in office.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and "<" not in rule.rule and not rule.rule.startswith("/static"):
            yield everything.get(rule.rule).get_data(as_text=True)


def test_no_page_has_anything_that_the_policy_would_refuse(office: Office) -> None:
    """No inline script, style or handler; the language is said; every field has a label."""
    for page in list_pages(office):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)
        assert '<html lang="zh-CN">' in page
        labels = set(re.findall(r'<label for="([^"]+)"', page))
        fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", page)
        shown = [field for field in fields if 'type="hidden"' not in field]
        assert all((found := re.search(r'\bid="([^"]+)"', field)) and found.group(1) in labels for field in shown), (
            shown
        )


def test_what_comes_from_the_store_is_escaped(office: Office) -> None:
    """A name with markup in it stays a name."""
    page = office.enter(office.hire(LEFT, Role.FINANCE)).get("/").get_data(as_text=True)
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_of_another_page_is_refused(office: Office, token: str) -> None:
    """No token, a made-up one, one of another session: nothing happens; signing in needs one too."""
    admin, other = (
        office.enter(office.hire(ROOT, Role.ADMINISTRATOR)),
        office.enter(office.hire(ROOT, Role.ADMINISTRATOR)),
    )
    for given in (token, other.token()):
        form = {"token": given, "agency_id": str(LEFT), "login": "new.member", "name": "n"}
        assert admin.client.post("/staff/add", data=form).status_code == 403
    assert len(office.store.books.members) == 2
    member = office.hire(LEFT)
    form = {"token": token, "login": member.login, "password": PASSWORD, "code": office.code_of(member)}
    assert office.browser().client.post("/sign-in", data=form).status_code == 403


def test_htmx_carries_the_token_in_a_header(office: Office) -> None:
    """What a page asks by itself with POST is held to the same token."""
    admin = office.enter(office.hire(ROOT, Role.ADMINISTRATOR))
    form = {"agency_id": str(LEFT), "login": "new.member", "name": "n"}
    assert admin.client.post("/staff/add", data=form, headers={"X-Form-Token": "x"}).status_code == 403
    assert admin.client.post("/staff/add", data=form, headers={"X-Form-Token": admin.token()}).status_code == 200


def test_a_second_window_does_not_spoil_the_first_one_s_form(office: Office) -> None:
    """Whatever else leads to the sign-in meanwhile, the form that is open still serves."""
    member, browser = office.hire(LEFT), office.browser()
    token = browser.token("/sign-in")
    browser.get("/favicon.ico")
    browser.get("/sign-in")
    form = {"token": token, "login": member.login, "password": PASSWORD, "code": office.code_of(member)}
    assert browser.client.post("/sign-in", data=form).status_code == 303


def test_signing_out_ends_every_copy(office: Office) -> None:
    """A copy of the cookie is worth nothing afterwards; while it cannot be ended, the browser keeps it and is told so."""
    browser = office.enter(office.hire(LEFT))
    kept = browser.client.get_cookie(SESSION)
    assert kept
    token = browser.token()
    office.sessions.down = True
    assert browser.client.post("/sign-out", data={"token": token}).status_code == 503
    office.sessions.down = False
    assert browser.post("/sign-out").headers["Location"] == "/sign-in"
    browser.client.set_cookie(SESSION, kept.value)
    assert browser.get("/").headers["Location"] == "/sign-in"


@pytest.mark.parametrize("part", ["sessions", "store"])
def test_what_cannot_be_asked_is_a_503_page(office: Office, part: str) -> None:
    """Two languages, a number for the log, no exception's words; the frame shows nobody's name."""
    browser = office.enter(office.hire(LEFT, Role.FINANCE))
    getattr(office, part).down = True
    reply = browser.get("/")
    page = reply.get_data(as_text=True)
    assert (reply.status_code, "系统暂时不可用" in page, "Traceback" in page) == (503, True, False)
    assert "人员0" not in page


def test_every_fault_is_a_page_of_ours(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not found, not for this method, too large, failed inside: the same layout, no word of the exception."""
    browser = office.enter(office.hire(ROOT, *(role for role in Role if role is not Role.ADMINISTRATOR)))
    assert browser.get("/nothing").status_code == 404
    assert browser.client.get("/sign-out").status_code == 405
    assert browser.client.post("/people", data={"value": "x" * 300_000}).status_code == 413
    monkeypatch.setattr(ApplicationFiles, "list_lines", fail)
    reply = browser.get("/applications")
    assert (reply.status_code, "hunter2" in reply.get_data(as_text=True)) == (500, False)
    assert "系统出错" in reply.get_data(as_text=True)


def fail(*_arguments: object) -> None:
    raise RuntimeError("hunter2")


def test_a_duty_leaves_only_one_s_own_account(office: Office) -> None:
    """With a one-time password every room leads to one's own account, and no navigation is offered."""
    member, once = office.staff.add(None, ROOT, "new.member", "新人")
    office.give(member, Role.AUDITOR, ROOT)
    browser = office.browser()
    browser.sign_in("new.member", once, "")
    for path in ("/", "/acts", "/health"):
        assert browser.get(path).headers["Location"] == "/account"
    page = browser.get("/account").get_data(as_text=True)
    assert "<nav" not in page
    form = {"current": once, "password": "a password of my own", "again": "a password of my own"}
    assert browser.post("/account/password", form | {"again": "another one entirely"}).status_code == 422
    assert browser.post("/account/password", form).status_code == 303
    page = browser.get("/account").get_data(as_text=True)
    assert "<svg" in page
    hidden = dict(re.findall(r'name="(secret|sealed)" value="([^"]+)"', page))
    assert browser.post("/account/authenticator", {**hidden, "code": "000"}).status_code == 422
    code = CODES.code_at(hidden["secret"], office.clock.now())
    assert browser.post("/account/authenticator", {**hidden, "code": code}).headers["Location"] == "/"
    assert browser.get("/acts").status_code == 200


def test_an_unused_browser_is_signed_out_though_its_page_asks(office: Office) -> None:
    """The health page asks by itself every ten seconds: that keeps nobody signed in."""
    browser = office.enter(office.hire(ROOT, Role.OPERATOR))
    for _ in range(4):
        office.clock.advance(600)
        reply = browser.get("/health", **{"HX-Request": "true"})
    assert reply.headers["HX-Redirect"] == "/sign-in"
    assert browser.get("/").status_code == 303


def test_a_route_that_kept_its_act_to_itself_shows_nothing() -> None:
    """A POST that succeeded without the declared act having been committed is thrown away, also if it was only appended."""
    blueprint = Blueprint("bare", __name__)

    @room(blueprint, "/bare", title=("", ""), entry=Entry.ANYONE, methods=["POST"], act="something.done")
    def bare() -> Response:
        return Response("a person's whole life")

    app = make_flask("test")
    app.register_blueprint(blueprint)
    with app.test_request_context("/bare", method="POST"), pytest.raises(ActMissingError):
        app.view_functions["bare.bare"]()


def test_an_act_counts_once_its_transaction_has_committed(office: Office) -> None:
    """An application is not shown if the commit of its act fails."""
    person = office.new_id()
    made = office.file_application(LEFT, person, "NO-1")
    browser = office.enter(office.hire(LEFT, Role.CLERK))
    token = browser.token()
    for fault in ("acts_down", "commit_fails"):
        setattr(office.store, fault, True)
        reply = browser.client.post(f"/applications/{made.application_id}", data={"token": token, "reason": "查验材料"})
        setattr(office.store, fault, False)
        assert (reply.status_code, "王小明" in reply.get_data(as_text=True)) == (503, False)
    assert "application.read" not in office.acts


@pytest.mark.parametrize(
    "declaration",
    [{"roles": []}, {"entry": Entry.MEMBER, "roles": [Role.IT]}, {"roles": [Role.IT], "asks_reason": True},
     {"roles": [Role.IT], "asks_reason": True, "act": "x"}, {"roles": [Role.IT], "methods": ["PUT"]}],
    ids=str,
)  # fmt: skip
def test_a_declaration_makes_sense_or_is_refused(declaration: dict[str, object]) -> None:
    """By role with roles, a reason with an act and a form, forms with the methods that forms have."""
    with pytest.raises(ConfigurationFault):
        room(Blueprint("b", __name__), "/x", title=("", ""), **declaration)  # type: ignore[arg-type] # the point


def test_htmx_is_the_file_that_was_looked_at(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Served from the installed package without importing it; another content is not served."""
    body = office.browser().get("/static/htmx.js").get_data()
    assert hashlib.sha256(body).hexdigest() == HTMX_SHA256
    assert body.startswith(b"var htmx=")
    assert "django_htmx" not in sys.modules
    read_htmx.cache_clear()
    monkeypatch.setattr(published, "HTMX_SHA256", "0" * 64)
    with pytest.raises(ConfigurationFault):
        read_htmx()
    read_htmx.cache_clear()


def test_the_navigation_offers_what_one_may_enter(office: Office) -> None:
    """A clerk is not shown the book of acts, nor an auditor the applications."""
    clerk, auditor = (
        office.enter(office.hire(LEFT, role)).get("/").get_data(as_text=True) for role in (Role.CLERK, Role.AUDITOR)
    )
    assert ('href="/applications"' in clerk, 'href="/acts"' in clerk) == (True, False)
    assert ('href="/applications"' in auditor, 'href="/acts"' in auditor) == (False, True)


def test_there_is_a_word_for_everything() -> None:
    """A new role, state or payment's state needs words for staff; both languages are said."""
    assert set(ROLES) == set(Role)
    assert set(APPLICATION_STATES) == set(ApplicationState)
    assert set(STATES) == set(PaymentState)
    assert all(chinese and english for words in (ROLES, RULES, ACTS) for chinese, english in words.values())


def test_a_direction_has_the_citizen_s_words(office: Office) -> None:
    """The privacy officer reads what the citizen reads: the words of the vocabulary."""
    page = office.enter(office.hire(ROOT, Role.PRIVACY)).get("/").get_data(as_text=True)
    for language in Language:
        assert str(escape(CATALOGUE.direction("sent_to_server", language))) in page


def test_without_the_counts_the_page_says_so(office: Office) -> None:
    """503 with a sentence, in the frame."""
    office.counts.down = True
    reply = office.enter(office.hire(ROOT, Role.FINANCE)).get("/")
    assert (reply.status_code, "暂时无法读取数据" in reply.get_data(as_text=True)) == (503, True)


def test_a_dependency_that_fails_is_named_without_its_message(office: Office) -> None:
    """Health says which, not what the exception said."""
    page = office.enter(office.hire(ROOT, Role.OPERATOR)).get("/health").get_data(as_text=True)
    assert "redis" in page
    assert "secret address" not in page
