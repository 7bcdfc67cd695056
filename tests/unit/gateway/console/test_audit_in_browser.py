"""The auditor's pages in a real browser, with something on each: by the keyboard, for axe, for the eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.staffing import Role
from tests.chromium import CHROMIUM
from tests.unit.gateway.console.office import LEFT
from tests.unit.gateway.console.test_in_browser import Scene, chromium, find_faults, scene

__all__ = ["chromium", "scene"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
PICTURES = Path(__file__).resolve().parents[4] / "var" / "audit"
REASON = "年度抽查办件质量"


def test_an_auditor_finds_replays_and_draws(scene: Scene) -> None:
    """Number, Enter, reason, Enter: the steps are there; a draw shows its seed; no serious finding of axe, wide and narrow."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    files = [scene.office.cases.receive() for _ in range(5)]
    clerk = scene.office.enter(scene.office.hire(LEFT, Role.CLERK))
    for file in files:
        clerk.post(f"/counter/cases/{file.case.case_id}", {"reason": "核对申请人提交的材料"})
    scene.office.hire(LEFT, Role.AUDITOR, login="the.reader")
    for width in (1200, 420):
        page = scene.page(width=width)
        scene.enter(page, scene.office.hire(LEFT, Role.AUDITOR, Role.PRIVACY))
        page.goto(f"{scene.url}/audit")
        page.focus("[name=case_no]")
        page.keyboard.type(files[0].case.case_no)
        page.keyboard.press("Enter")
        page.wait_for_selector("[name=reason]")
        page.fill("[name=reason]", REASON)
        page.click("main button.main")
        page.wait_for_selector("#v1")
        page.screenshot(path=str(PICTURES / f"replay-{width}.png"), full_page=True)
        page.goto(f"{scene.url}/audit")
        page.fill("[name=size]", "3")
        page.click("form[action='/audit/sample'] button")
        page.wait_for_selector("#h-drawn")
        assert page.locator("section[aria-labelledby=h-drawn] tbody tr").count() == 3
        page.screenshot(path=str(PICTURES / f"sample-{width}.png"), full_page=True)
        page.goto(f"{scene.url}/audit/delays")
        for name, text in (
            ("case_no", files[0].case.case_no), ("reader", "the.reader"), ("authority", "演示市监察委员会"),
            ("document_no", "演监〔2026〕7号"), ("until", "2026-11-20"), ("reason", "按来函办理"),
        ):  # fmt: skip
            page.fill(f"form[action='/audit/delays/ask'] [name={name}]", text)
        page.click("form[action='/audit/delays/ask'] button")
        page.wait_for_selector("text=待批准")
        found = [
            f"{path}: {one}"
            for path in ("/audit/delays", "/audit/looks", "/audit/looks?list=copied", "/audit/roles")
            for one in find_faults(page, scene.url + path)
        ]
        page.goto(f"{scene.url}/audit/looks")
        page.screenshot(path=str(PICTURES / f"looks-{width}.png"), full_page=True)
        page.goto(f"{scene.url}/audit/delays")
        page.screenshot(path=str(PICTURES / f"delays-{width}.png"), full_page=True)
        scene.office.clock.advance(120)
        assert found == []
