"""The government's own pages in a real browser: by the keyboard alone, without scripts, on a telephone, for axe and for the eye."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from services.case_record import Hand
from services.doors import PLATFORMS
from services.model import Language
from services.restores import Restore
from services.slip_desk import show_case_receipt
from tests.chromium import CHROMIUM, list_complaints, open_chromium, serve
from tests.fake_applicants import WANG
from tests.fakes import load_catalogue
from tests.web_door import NAMES, PHONE, WebDoor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
SERIOUS = {"serious", "critical"}
PICTURES = Path(__file__).resolve().parents[4] / "var" / "web"
LEAST_PIXELS = 18


@dataclass
class Scene:
    """The door at an address, a browser, and what it said."""

    door: WebDoor
    url: str
    chromium: Chromium
    said: list[str] = field(default_factory=list)

    def page(self, *, scripts: bool = True, width: int = 1100) -> Page:
        """A window of its own."""
        page = self.chromium.new_context(
            java_script_enabled=scripts, locale="zh-CN", viewport={"width": width, "height": 1000}
        ).new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("request", lambda request: self.said.append(f"elsewhere: {request.url}")
                if not request.url.startswith(self.url) else None)  # fmt: skip
        return page

    def enter(self, page: Page) -> None:
        """Sign in as a person does who uses no mouse."""
        page.goto(f"{self.url}/")
        type_in(page, [PHONE])
        type_in(page, [self.door.last_code, WANG[-6:]])
        type_in(page, [NAMES[WANG], WANG])
        assert page.url == f"{self.url}/", page.inner_text("main")


def type_in(page: Page, texts: list[str]) -> None:
    """Fill the form, whose first field gets the focus by itself, and send it by Enter."""
    page.wait_for_function("document.activeElement.tagName === 'INPUT'")
    for text in texts[:-1]:
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type(texts[-1])
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """One browser for all."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def scene(tmp_path: Path, chromium: Chromium) -> Iterator[Scene]:
    """A served door whose slips are really signed; whatever the browser complains of fails the test."""
    door = WebDoor(tmp_path)
    door.limiter.spend = lambda *_: None  # type: ignore[method-assign]  # the limits have tests of their own
    with serve(door.app) as url:
        made = Scene(door, url, chromium)
        yield made
    assert list_complaints(made.said) == []
    assert [one for one in made.said if one.startswith("elsewhere")] == []


def walk_pages(scene: Scene) -> dict[str, str]:
    """A page of each kind, by a name for its picture."""
    counter = scene.door.counter
    asked, accepted = counter.open(), counter.open()
    counter.clock.advance(60)
    items = [
        {"about": "floor_plan", "code": "unclear", "words": "平面图不清晰，请重新上传"},
        {"about": "company_name", "code": "", "words": "字号须与执照一致"},
        {"about": "promise", "code": "", "words": "请重新签署承诺"},
    ]
    counter.move(asked, "correction_asked", Hand.CLERK, items=items, until_on="2026-11-23")
    counter.move(accepted, "accepted", Hand.CLERK, on="2026-11-02")
    counter.work(accepted)
    asking = next(one for one in load_catalogue().services.values() if one.consents)
    services: Any = scene.door.web.citizen.catalogue.services
    services[asking.id] = asking
    put_seen(scene, asked)
    slip = show_case_receipt(scene.door.web.applicants.desk, counter.file(asked), Language.ZH_CN).slip
    return {
        "matters": "/", "case": f"/cases/{accepted}", "deadline": f"/cases/{accepted}/deadline",
        "receipt": f"/cases/{accepted}/receipt", "answer": f"/cases/{asked}/answer", "withdraw": f"/cases/{asked}/withdraw",
        "draft": f"/drafts/{counter.draft()}", "voice": f"/voice/case/{accepted}", "payments": "/payments",
        "applications": "/applications", "mandates": "/mandates", "seen": "/seen", "seen-proof": "/seen/proof", "readings": "/readings", "account": "/account", "verify": "/v",
        "slip": f"/v/{slip.rpartition('/')[2]}", "no-slip": "/v/abc",
        "efforts": "/efforts", "effort": "/efforts/gas-bill", "business": "/business", "business-agency": "/business/demo-office", "ledger": "/ledger", "consents": "/consents", "nothing": "/cases/01a199fc-2100-71e3-adad-c8c3f79ad022",
    }  # fmt: skip


def put_seen(scene: Scene, case_id: UUID) -> None:
    """Records of both platforms, one about a case, and a restore that lost some."""
    chain, service = scene.door.counter.wang.chain_id, scene.door.counter.file(case_id).case.service
    for number in range(6):
        leaf = {
            "id": str(UUID(int=number + 1)), "at": f"2026-11-2{number}T08:00:00.000000Z", "platform": str(PLATFORMS[number % 2]),
            "direction": "shown_in_client" if number % 3 else "sent_to_server", "service": service if number < 2 else "gas-bill",
            "purpose": "see_bills" if number > 2 else "sign_in", "legal_basis": "个人信息保护法第十三条第一款第三项",
            "fields": ["bill_amount", "login_code"], "outcome": None if number % 3 else "sent",
            "subject": str(case_id) if number < 2 else None,
        }  # fmt: skip
        scene.door.reader.leaves.append((chain, PLATFORMS[number % 2], leaf))
    scene.door.proofs.restores.append(
        Restore(
            "log.example",
            1,
            bytes(32),
            2,
            bytes(32),
            1_795_000_000,
            1_795_003_600,
            1_795_003_700,
            "磁盘损坏，从前一日备份恢复",
        )
    )


def test_every_page_is_open_to_everybody(scene: Scene) -> None:
    """No serious finding of axe, no text below 18 pixels, nothing wider than a telephone; a picture of each is kept."""
    page = scene.page()
    scene.enter(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, path in walk_pages(scene).items():
        page.set_viewport_size({"width": 1100, "height": 1000})
        page.goto(scene.url + path)
        require_access(page)
        page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.screenshot(path=str(PICTURES / "telephone.png"), full_page=True)


def require_access(page: Page) -> None:
    """No serious finding, and letters that old eyes can read."""
    violations = Axe().run(page).response["violations"]
    found = [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes']]}"
        for one in violations
        if one["impact"] in SERIOUS
    ]
    assert found == [], page.url
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main *, header *, nav *, footer *')].filter(e => e.innerText)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= LEAST_PIXELS, page.url


def test_the_way_in_is_open_to_everybody(scene: Scene) -> None:
    """The three steps of signing in, each by axe and by the keyboard."""
    page = scene.page()
    PICTURES.mkdir(parents=True, exist_ok=True)
    steps: list[tuple[str, Callable[[], list[str]]]] = [
        ("sign-in", lambda: [PHONE]),
        ("sign-in-code", lambda: [scene.door.last_code, WANG[-6:]]),
        ("sign-in-name", lambda: [NAMES[WANG], WANG]),
    ]
    page.goto(f"{scene.url}/")
    for name, texts in steps:
        require_access(page)
        page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)
        type_in(page, texts())
    assert page.url == f"{scene.url}/"


def test_a_correction_from_a_telephone_without_scripts(scene: Scene, tmp_path: Path) -> None:
    """A file is chosen, a value changed, a promise ticked and everything handed in, where no script runs."""
    paths = walk_pages(scene)
    page = scene.page(scripts=False, width=360)
    page.goto(f"{scene.url}{paths['answer']}")
    page.fill("#f-phone", PHONE)
    page.click("main button")
    page.fill("#f-code", scene.door.last_code)
    page.fill("#f-last_six", WANG[-6:])
    page.click("main button")
    page.fill("#f-real_name", NAMES[WANG])
    page.fill("#f-identity_number", WANG)
    page.click("main button")
    assert page.url.endswith(paths["answer"])
    plan = tmp_path / "新平面图.png"
    plan.write_bytes(b"PNG plan")
    page.set_input_files("#f-floor_plan", plan)
    page.click("button:has-text('上传')")
    assert "新平面图.png" in page.inner_text("main")
    page.fill("#f-company_name", "小明餐饮")
    page.check("#p-promise")
    page.click("button:has-text('全部提交')")
    assert re.search("/cases/[0-9a-f-]{36}$", page.url)
    assert "补正" in page.inner_text(".timeline")
