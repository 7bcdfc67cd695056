"""Mappings in the browser: check, correct, try, propose; another person publishes; citizens are served; and back again."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.counter import Counter, await_service, press, require_access, show_service, tab_to

NO_FAULT, FAULTS = "#beside h2.ok", "#beside .faults"


def open_editor(page: Page, url: str, service: str) -> str:
    """The editor on the version in force; its text, under the next number."""
    page.goto(f"{url}/catalogue/{service}")
    with page.expect_navigation():
        page.click("text=编辑新版本")
    page.wait_for_selector(NO_FAULT)
    return page.input_value("#text")


def propose(page: Page, text: str) -> None:
    """Put this text into the editor and propose it."""
    page.fill("#text", text)
    with page.expect_navigation():
        page.click("text=提交，由另一人发布")
    assert page.is_visible("#proposal"), page.inner_text("main")


def test_from_a_fault_to_the_citizen_and_back(counter: Counter) -> None:
    """By the keyboard alone a fault is found at its line, mended, the draft tried and proposed; a second person publishes, and goes back."""
    phone, service = counter.pick_up_phone(), "gas-bill"
    before = show_service(phone, service)
    editing = counter.enter("main.it")
    press(editing, "服务目录")
    press(editing, before["title"])
    press(editing, "编辑新版本")
    editing.wait_for_selector(NO_FAULT)
    write_faulty(editing)
    require_access(editing)
    mend(editing)
    try_out(editing)
    assert show_service(phone, service)["version"] == before["version"]
    editing.focus("#text")
    press(editing, "提交，由另一人发布")
    assert editing.is_visible("#proposal")
    assert "须由另一位信息化人员发布" in editing.inner_text("#proposal")

    publishing = counter.enter("main.it2")
    look_at_proposal(publishing, counter.url, service)
    with publishing.expect_navigation():
        publishing.click("button:has-text('发布 Publish')")
    await_service(
        phone, service, lambda seen: seen["title"] == "燃气缴费（新）" and seen["version"] == before["version"] + 1
    )

    publishing.fill("#r-回退", "新接口有误")
    with publishing.expect_navigation():
        publishing.click("button:has-text('回退')")
    await_service(
        phone, service, lambda seen: seen["title"] == before["title"] and seen["version"] == before["version"]
    )
    assert "由您操作，须由另一人复核" in publishing.inner_text("main")

    editing.goto(f"{counter.url}/catalogue/waiting")
    assert "新接口有误" in editing.inner_text("main")
    press(editing, before["title"])
    with editing.expect_navigation():
        editing.click("button:has-text('已复核')")
    assert "待复核" not in editing.inner_text("main")
    acts = [act["act"] for act in counter.acts_of(service)]
    steps = [
        "mapping.import",
        "mapping.try",
        "mapping.propose",
        "mapping.publish",
        "mapping.roll_back",
        "mapping.review",
    ]
    assert acts == steps


def write_faulty(page: Page) -> None:
    """Type a version with a misspelt field; the check finds it while one types, and its line is one key away."""
    text = page.input_value("#text")
    line = text.splitlines().index("      - app_credential") + 1
    text = text.replace("title: {zh-CN: 燃气缴费,", "title: {zh-CN: 燃气缴费（新）,", 1)
    tab_to(page, "text")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text.replace("- app_credential\n", "- app_credentail\n", 1))
    page.wait_for_selector(FAULTS)
    told = page.inner_text(FAULTS)
    assert f"第 {line} 行" in told
    assert "不认识的名称" in told
    assert "app_credential" in told
    tab_to(page, f"第 {line} 行")
    page.keyboard.press("Enter")
    chosen = page.evaluate("text.value.slice(text.selectionStart, text.selectionEnd)")
    assert chosen == "      - app_credentail"
    numbers = page.inner_text("#gutter").split()
    assert numbers == [str(number + 1) for number in range(len(text.split("\n")))]


def mend(page: Page) -> None:
    """The line that has the fault is chosen: type it anew."""
    page.keyboard.insert_text("      - app_credential")
    page.wait_for_selector(NO_FAULT)
    assert page.locator("#beside .alert").count() == 0


def try_out(page: Page) -> None:
    """Ask the company beside the text, with a reason."""
    tab_to(page, "f-try")
    page.keyboard.insert_text("核对新接口")
    tab_to(page, "试运行")
    page.keyboard.press("Enter")
    page.wait_for_selector("#trial h2")
    seen = page.inner_text("#trial")
    assert "find_household" in seen
    assert "未发送（写入）" in seen
    assert "holder_name_masked" in seen
    assert "缴费户号" in seen
    assert page.input_value("#text").count("燃气缴费（新）") == 1


def look_at_proposal(page: Page, url: str, service: str) -> None:
    """What a second person looks at before publishing."""
    page.goto(f"{url}/catalogue/{service}")
    require_access(page)
    waiting = page.inner_text("#proposal")
    assert "平台所见没有扩大" in waiting
    assert "燃气缴费（新）" in waiting
    with page.expect_navigation():
        page.click("text=逐行比较")
    assert "+title: {zh-CN: 燃气缴费（新）" in page.inner_text("main")
    page.go_back()
    with page.expect_navigation():
        page.click("text=查看全文与试运行")
    assert "holder_name" in page.inner_text("main")
    page.goto(f"{url}/catalogue/{service}")


def test_what_lets_platforms_see_more_takes_the_privacy_officer(counter: Counter) -> None:
    """It is said loudly; nobody of IT can publish it before the officer approved exactly what is new."""
    phone, service = counter.pick_up_phone(), "water-bill"
    version = show_service(phone, service)["version"]
    editing = counter.enter("main.it")
    text = open_editor(editing, counter.url, service)
    editing.fill("#text", text.replace("    shown_in_client:\n", "    shown_in_client:\n      - phone\n", 1))
    editing.wait_for_selector("#beside .alert.fault")
    assert "必须由个人信息保护负责人批准" in editing.inner_text("#beside")
    assert "在小程序内显示：手机号" in editing.inner_text("#beside")
    propose(editing, editing.input_value("#text"))
    publishing = counter.enter("main.it2")
    publishing.goto(f"{counter.url}/catalogue/{service}")
    assert publishing.locator("button:has-text('发布 Publish')").count() == 0
    assert "批准之后才能发布" in publishing.inner_text("#proposal")
    officer = counter.enter("main.privacy")
    officer.goto(f"{counter.url}/catalogue/waiting")
    assert "微信 · 在小程序内显示：手机号" in officer.inner_text("main")
    with officer.expect_navigation():
        officer.click("main h3 a")
    with officer.expect_navigation():
        officer.click("button:has-text('批准扩大')")
    assert "已批准扩大的内容" in officer.inner_text("#proposal")
    assert show_service(phone, service)["version"] == version
    publishing.reload()
    with publishing.expect_navigation():
        publishing.click("button:has-text('发布 Publish')")
    await_service(phone, service, lambda seen: seen["version"] == version + 1)


def test_off_with_a_sentence_and_on_again_without_scripts(counter: Counter) -> None:
    """One person switches a service off at once; citizens read the sentence; the pages need no JavaScript for it, nor for a check."""
    phone, service = counter.pick_up_phone(), "heating-bill"
    page = counter.enter("main.it", scripts=False)
    page.goto(f"{counter.url}/catalogue/{service}")
    page.fill("#f-zh", "供热系统维护，请明天再来。")
    page.fill("#f-en", "Heating is under repair; please come back tomorrow.")
    page.fill("#r-暂停服务", "公司系统故障")
    page.click("button:has-text('暂停服务')")
    await_service(phone, service, lambda seen: seen["off"] == "供热系统维护，请明天再来。")
    assert "已暂停" in page.inner_text("main")
    page.click("button:has-text('恢复服务')")
    await_service(phone, service, lambda seen: seen["off"] is None)
    page.click("text=编辑新版本")
    text = page.input_value("#text")
    page.fill("#text", text.replace("kind: bill", "kind: bil", 1))
    page.click("button:has-text('检查')")
    assert "kind: bil" in page.inner_text(FAULTS)
    assert page.input_value("#text") == text.replace("kind: bill", "kind: bil", 1)


def test_a_draft_never_touches_what_is_served(counter: Counter) -> None:
    """Whatever is typed, the published version goes on serving; a faulty draft cannot be proposed, and no typing is lost."""
    phone, service = counter.pick_up_phone(), "power-topup"
    before = show_service(phone, service)
    page = counter.enter("branch.it1")
    page.goto(f"{counter.url}/catalogue/{service}")
    assert "没有此页" in page.inner_text("main"), "another agency's mapping"
    counter.complaints.clear()
    page = counter.enter("main.it")
    open_editor(page, counter.url, service)
    page.fill("#text", "a: &x [*x]\nb: [")
    page.wait_for_selector(FAULTS)
    with page.expect_navigation():
        page.click("text=提交，由另一人发布")
    assert page.input_value("#text") == "a: &x [*x]\nb: ["
    counter.complaints.clear()
    assert show_service(phone, service) == before
