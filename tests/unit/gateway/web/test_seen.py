"""What both platforms saw, on the government's own pages: chosen, grouped by purpose, and as a file that holds without us."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.ed25519 import verify_ed25519
from adapters.ids import make_id
from services.exposure_file_check import check_file
from services.restores import Restore
from tests.small_log import ORIGIN, SmallLog
from tests.unit.gateway.fakes_edge import build_city
from tests.web_door import Browser, WebDoor


@pytest.fixture
def door() -> WebDoor:
    return WebDoor()


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    return door.enter()


def put(door: WebDoor, chain: UUID, platform: str, **more: Any) -> None:
    """A record of what a platform may have seen."""
    door.counter.clock.advance(1)
    leaf = {
        "id": str(make_id(door.counter.clock.now())), "at": "2026-11-24T18:00:00.000000Z", "direction": "sent_to_server",
        "service": "sign-in", "purpose": "sign_in", "legal_basis": "某法第一条", "fields": ["login_code"],
        "outcome": "sent", "platform": platform, "subject": None, **more,
    }  # fmt: skip
    door.reader.leaves.append((chain, platform, leaf))  # type: ignore[arg-type]


def test_records_are_grouped_by_purpose(door: WebDoor, browser: Browser) -> None:
    """How often, on which platforms, which fields, by which law; each group leads to its records."""
    chain = door.counter.wang.chain_id
    for platform in ("wechat", "alipay", "wechat"):
        put(door, chain, platform)
    put(
        door,
        chain,
        "alipay",
        service="gas-bill",
        purpose="see_bills",
        fields=["bill_amount"],
        direction="shown_in_client",
    )
    page = browser.get("/seen").text
    assert "共 4 条记录" in page
    assert "支付宝 1 条，微信 2 条" in page
    assert "purpose=see_bills" in page
    assert page.count("<strong lang=") == 4


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("platform=alipay", 1), ("service=gas-bill", 1), ("purpose=sign_in", 2), ("direction=shown_in_client", 1),
        ("since=2026-11-26", 1), ("until=2026-11-25", 2), ("since=2026-11-25&until=2026-11-25", 2), ("platform=", 3),
        ("service=x", 0), ("platform=wechat&purpose=sign_in", 1),
    ],
)  # fmt: skip
def test_records_are_chosen(door: WebDoor, browser: Browser, query: str, count: int) -> None:
    """By platform, service, purpose, direction and days of China."""
    chain = door.counter.wang.chain_id
    put(door, chain, "wechat")
    put(door, chain, "alipay")
    put(door, chain, "wechat", service="gas-bill", purpose="see_bills", direction="shown_in_client",
        at="2026-11-25T16:00:00.000000Z")  # fmt: skip
    page = browser.get(f"/seen?{query}")
    assert page.status_code == 200
    assert page.text.count("<strong lang=") == count


@pytest.mark.parametrize("query", ["since=yesterday", "platform=paypal", "before=x", "until=2026-13-01"])
def test_a_choice_of_another_form_is_refused(browser: Browser, query: str) -> None:
    """With a page, not with a fault of ours."""
    assert browser.get(f"/seen?{query}").status_code in {400, 422}


def test_the_matter_of_a_record_is_a_click_away(door: WebDoor, browser: Browser) -> None:
    """A record says which payment or case it was about, if of one."""
    subject = uuid4()
    put(door, door.counter.wang.chain_id, "wechat", service="gas-bill", subject=str(subject))
    assert f'href="/payments/{subject}"' in browser.get("/seen").text


def test_the_file_holds_with_the_published_keys(door: WebDoor, browser: Browser) -> None:
    """One file of both platforms, downloaded, kept by nobody on the way, with words beside what is proven."""
    log, chain = SmallLog(), door.counter.wang.chain_id
    log.place(log.make_record(chain), log.make_record(chain, platform="alipay"), log.make_record(uuid4()))
    door.proofs.log = log
    reply = browser.get("/seen/file")
    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="')
    assert "王小明" not in reply.text
    report = check_file(reply.data, log.log.key, [log.witness.key], [], verify_ed25519)
    assert (report.faults, len(report.records)) == ((), 2)
    assert any("账单金额" in line for line in json.loads(reply.data)["words"])


def test_without_a_published_checkpoint_the_page_says_so(browser: Browser) -> None:
    """No file is better than one that proves nothing."""
    reply = browser.get("/seen/file")
    assert reply.status_code == 503
    assert "尚无已公布的检查点" in reply.text


def test_a_restore_is_shown(door: WebDoor, browser: Browser) -> None:
    """Whoever looks at their records learns from when to when some may be lost, and why."""
    door.proofs.restores.append(
        Restore(ORIGIN, 1, bytes(32), 2, bytes(32), 1_795_000_000, 1_795_003_600, 1_795_003_700, "磁盘损坏")
    )
    for path in ("/seen", "/seen/proof"):
        assert "磁盘损坏" in browser.get(path).text


def test_inside_a_platforms_app_there_is_no_file() -> None:
    """A file names both platforms; there the list has this platform's part only, whatever is asked for."""
    city = build_city()
    token = city.log_in()
    chain = next(iter(city.store.tables.persons.values())).chain_id
    for platform in ("wechat", "alipay"):
        leaf = {
            "id": str(make_id(city.clock.now())), "at": "2026-11-24T08:00:00.000000Z", "direction": "sent_to_server",
            "service": "sign-in", "purpose": "sign_in", "legal_basis": "某法第一条", "fields": ["login_code"],
            "outcome": "sent", "platform": platform, "subject": None,
        }  # fmt: skip
        city.reader.leaves.append((chain, platform, leaf))  # type: ignore[arg-type]
    told = city.send("GET", "/v1/exposure?group_by=purpose", token=token)
    assert told.status == 200, told.body
    assert [group["count"] for group in told.json["groups"]] == [1]
    assert b"alipay" not in told.body
    assert city.send("GET", "/v1/exposure?platform=alipay&group_by=purpose", token=token).json["groups"] == []
    assert city.send("GET", "/v1/exposure?since=2026-11-25", token=token).json["records"] == []
    assert city.send("GET", "/v1/exposure?since=x", token=token).status == 422
    for path in ("/seen/file", "/v1/exposure/file"):
        assert city.send("GET", path, token=token).status == 404
