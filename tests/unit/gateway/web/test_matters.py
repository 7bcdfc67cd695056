"""Payments of every platform, mandates, log-ins, what the platforms saw, slips: the rest of the government's own pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.stores.accounts_document import check_document
from gateway.app import GUARDED
from gateway.web.gate import find_page
from gateway.web.pages import BLUEPRINTS
from services.doors import PLATFORMS
from services.errors import ConfigurationFault
from services.model import PlatformName
from services.slip_desk import show_case_receipt
from tests.unit.gateway.fakes_edge import build_city
from tests.web_door import LI, OTHER_PHONE, Browser, WebDoor


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door whose slips are really signed."""
    made = WebDoor(tmp_path)
    made.limiter.spend = lambda *_: None  # type: ignore[method-assign]  # the limits have tests of their own
    return made


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    """The citizen's."""
    return door.enter()


def test_every_page_says_who_may_see_it(door: WebDoor) -> None:
    """No page is open by accident: these and no others need no session."""
    free = set()
    for rule in door.pages.url_map.iter_rules():
        declared = find_page(door.pages, rule.endpoint)
        assert declared is not None
        if declared.open:
            free.add(rule.rule)
    assert free == {
        "/sign-in", "/sign-in/code", "/sign-in/name", "/static/web.css", "/static/icon.svg", "/favicon.ico", "/keys", "/v",
        "/v/<text>",
        "/v/<text>/rate", "/efforts", "/efforts/<service>", "/business", "/business/<slug>", "/business/<slug>/table",
        "/census", "/statistics", "/statistics/<period>", "/statistics/<period>/table", "/ledger", "/ledger/checkpoint",
        "/ledger/keys", "/ledger/tile/<path:rest>",
    }  # fmt: skip


def test_no_page_without_a_session(door: WebDoor) -> None:
    """Whatever is asked for, whoever has no session is shown the sign-in and nothing else."""
    client = door.open_browser()
    for rule in door.pages.url_map.iter_rules():
        declared = find_page(door.pages, rule.endpoint)
        if declared is None or declared.open or "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<[^>]+>", str(uuid4()), rule.rule)
        reply = client.get(path)
        assert (reply.status_code, reply.headers["Location"].startswith("/sign-in")) == (303, True), path


def test_every_form_needs_its_token(door: WebDoor, browser: Browser) -> None:
    """Each address that takes a form refuses one without the session's token, before it looks for what it is about."""
    for rule in door.pages.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/sign-in"):
            path = re.sub(r"<[^>]+>", str(uuid4()), rule.rule)
            assert browser.client.post(path, data={"sure": "yes"}).status_code == 403, path


def test_no_page_has_a_script_or_a_foreign_address(door: WebDoor, browser: Browser) -> None:
    """Nothing runs and nothing is loaded from elsewhere, on any page."""
    case_id = door.counter.open()
    for path in ("/", "/payments", "/applications", "/mandates", "/account", "/seen", "/v", f"/cases/{case_id}",
                 f"/cases/{case_id}/receipt", f"/cases/{case_id}/answer", f"/cases/{case_id}/deadline"):  # fmt: skip
        reply = browser.get(path)
        assert reply.status_code == 200, path
        assert not re.search(r"<script|\son[a-z]+=|\sstyle=|(?:src|href|action)=\"(?:https?:)?//", reply.text), path
        assert "script-src" not in reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


def test_the_whole_citizen_api_stands_here(door: WebDoor) -> None:
    """Every blueprint that answers a session in a platform's app answers one here."""
    public = {blueprint.name for blueprint in GUARDED}
    here = {rule.endpoint.partition(".")[0] for rule in door.api.url_map.iter_rules()}
    assert public <= here
    assert {"notices", "results", "sign-in"} & here == set()
    assert {blueprint.name for blueprint in BLUEPRINTS} >= {"cases", "drafts", "mandates"}


# What both platforms saw


def test_both_platforms_stand_in_the_view(door: WebDoor, browser: Browser) -> None:
    """Here, and only at an own door, the records of both come together, newest first, each with its platform."""
    chain = door.counter.wang.chain_id
    for number, platform in enumerate(PLATFORMS):
        door.reader.leaves.append((chain, platform, {
            "id": f"01a20ec8-f56e-734f-940f-97b5b802eec{number}", "at": "2026-11-24T08:00:00.000000Z",
            "direction": "sent_to_server", "service": "sign-in", "purpose": "sign_in", "legal_basis": "某法第一条",
            "fields": ["login_code"], "outcome": "sent", "platform": str(platform),
        }))  # fmt: skip
    page = browser.get("/seen").text
    assert page.index("支付宝</strong>") < page.index("微信</strong>")
    cookie = browser.client.get_cookie("guitai_web")
    assert cookie is not None
    reply = browser.client.get("/v1/exposure", headers={"Authorization": f"Bearer {cookie.value}"})
    told = json.loads(reply.data)
    assert (told["platform"], [one["platform"] for one in told["records"]]) == ("all", ["alipay", "wechat"])


# Slips


def test_a_slip_is_verified_by_anybody(door: WebDoor) -> None:
    """The page says what the code says, whom it is about only masked, and how the case stands now."""
    case_id = door.counter.open()
    text = show_case_receipt(door.web.applicants.desk, door.counter.file(case_id)).slip
    page = door.open_browser().get(f"/v/{text.rpartition('/')[2]}")
    assert page.status_code == 200
    assert "由本机关签发" in page.text
    assert door.counter.file(case_id).case.case_no in page.text
    assert "王小明" not in page.text


@pytest.mark.parametrize("place", [10, 40, -1])
def test_a_changed_slip_is_told(door: WebDoor, place: int) -> None:
    """One character is enough."""
    case_id = door.counter.open()
    text = show_case_receipt(door.web.applicants.desk, door.counter.file(case_id)).slip.rpartition("/")[2]
    changed = list(text)
    changed[place] = "A" if changed[place] != "A" else "B"
    page = door.open_browser().get(f"/v/{''.join(changed)}")
    assert "无效" in page.text
    assert "由本机关签发" not in page.text


@pytest.mark.parametrize("text", ["x", "%3Cscript%3E", "a" * 3000, "%00", "..%2f..%2fetc", "中"])
def test_what_is_no_slip(door: WebDoor, text: str) -> None:
    """Nothing of it is repeated on the page."""
    page = door.open_browser().get(f"/v/{text}")
    assert page.status_code in (404, 422)
    assert "<script" not in page.text
    assert "aaaaaaaa" not in page.text


def test_pasted_text_leads_to_its_page(door: WebDoor) -> None:
    """The whole address or its last part, pasted, is verified; an address of others leads nowhere."""
    browser = door.open_browser()
    assert browser.get("/v?text=https://counter.example.gov.cn/v/abc").headers["Location"] == "/v/abc"
    assert browser.get("/v?text=https://evil.example/").status_code == 422


def test_the_keys_are_published(door: WebDoor) -> None:
    """Anybody may have them, to verify without us; no private half is among them."""
    reply = door.open_browser().get("/keys")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert '"d"' not in reply.text
    assert json.loads(reply.data)


# Account and mandates


def test_a_log_in_is_cut_off_here(door: WebDoor, browser: Browser) -> None:
    """The log-ins stand there by name, for no platform looks on; one can be cut off and let in again."""
    page = browser.get("/account").text
    assert "微信" in page
    assert "政务网站" in page
    login = door.counter.wang.login_id
    assert browser.post(f"/account/logins/{login}/cut-off", "/account").status_code == 303
    assert door.counter.house.tables.logins[login].revoked_at is not None
    assert browser.post(f"/account/logins/{login}/restore", "/account").status_code == 303
    assert door.counter.house.tables.logins[login].revoked_at is None


def test_a_mandate_with_a_fault_keeps_what_was_typed(door: WebDoor, browser: Browser) -> None:
    """Nothing has to be typed again."""
    reply = browser.post(
        "/mandates/give", "/mandates", kind="agent", agent_name="李丽", agent_number="1", until="2027-01-01"
    )
    assert (reply.status_code, 'value="李丽"' in reply.text) == (422, True)


@pytest.mark.parametrize(
    "form", [{"kind": "x"}, {"kind": "agent", "until": "x"}, {"kind": "agent", "organisation_id": "x"}]
)
def test_a_mandate_of_no_form(door: WebDoor, browser: Browser, form: dict[str, str]) -> None:
    """A form that was tampered with is refused, not a fault of ours."""
    assert browser.post("/mandates/give", "/mandates", **form).status_code == 422


def test_somebody_elses_mandate_is_none(door: WebDoor) -> None:
    """It cannot be ended by whoever has no part in it."""
    company = door.counter.add_company()
    mandate = door.counter.authorise(company, door.counter.wang, "110101199003070011")
    stranger = door.enter(LI, OTHER_PHONE)
    assert stranger.post(f"/mandates/{mandate.mandate_id}/revoke", "/mandates").status_code == 404
    assert door.enter().post(f"/mandates/{mandate.mandate_id}/revoke", "/mandates").status_code == 303


def test_this_doors_session_is_worth_nothing_in_a_platforms_app() -> None:
    """A token of the web door opens nothing where a platform looks on."""
    city = build_city()
    token = city.log_in()
    held = city.sessions.saved[token]
    city.sessions.saved["w" * 43] = replace(held, platform=PlatformName.WEB, app="web")
    assert city.send("GET", "/v1/account", token=token).status == 200
    assert city.send("GET", "/v1/account", token="w" * 43).status == 401


@pytest.mark.parametrize("name", ["web", "window"])
def test_no_app_is_called_like_an_own_door(name: str) -> None:
    """An accounts document can neither name one so nor say that it is one."""
    app = {"app": name, "agency": "demo-city", "platform": "wechat", "app_id": "wx1", "api_url": "http://x"}
    agency = {"slug": "demo-city", "name": {"zh-CN": "市", "en": "city"}, "parent": None}
    with pytest.raises(ConfigurationFault, match="own door"):
        check_document({"agencies": [agency], "apps": [app]})
    with pytest.raises(ConfigurationFault, match="platform is unknown"):
        check_document({"agencies": [agency], "apps": [{**app, "app": "main", "platform": name}]})
