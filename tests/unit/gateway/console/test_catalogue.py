"""The catalogue and the steps of publishing, as people meet them on the pages."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from config.strict_yaml import read_document
from gateway.console.back_end_health import read_health
from gateway.console.catalogue_view import draw_label
from services.mapping_reader import read_mapping
from services.mapping_record import MappingAct
from services.staffing import Role, StaffMember
from tests.unit.gateway.console.office import LEFT, RIGHT, ROOT, TREE, Browser, Office, write_mapping
from tests.unit.gateway.fakes_edge import CATALOGUE

SERVICE = "left-gas"
WIDER = {"    shown_in_client:\n": "    shown_in_client:\n      - phone\n"}
REASON = "新接口有误"


class Scene:
    """An office with one service in force, and its people."""

    def __init__(self) -> None:
        self.office = Office()
        self.office.keep_mapping(LEFT, SERVICE)
        self.li, self.wang = (self.office.hire(LEFT, Role.IT, login=name) for name in ("it.li", "it.wang"))
        self.zhao = self.office.hire(LEFT, Role.PRIVACY, login="privacy.zhao")

    def enter(self, member: StaffMember) -> Browser:
        self.office.clock.advance(31)
        return self.office.enter(member)

    def propose(self, version: int = 2, changed: dict[str, str] | None = None, by: UUID | None = None) -> None:
        """As if somebody had proposed it."""
        who = by or self.li.staff_id
        self.office.keep_mapping(LEFT, SERVICE, version, act=MappingAct.PROPOSED, by=who, changed=changed)

    @property
    def steps(self) -> list[str]:
        return self.office.steps_of(SERVICE)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_catalogue_says_how_each_service_stands(scene: Scene) -> None:
    """Version in force, whether it is served and why not, what waits for whom, and whether somebody should look at it again."""
    office = scene.office
    off = {"sentence": {"zh-CN": "系统维护。", "en": "Under repair."}}
    office.keep_mapping(LEFT, "left-off")
    office.keep_mapping(LEFT, "left-off", act=MappingAct.SWITCHED_OFF, data=off)
    office.keep_mapping(LEFT, "left-bare", changed={"review_on: 2027-06-30": "review_on: 2020-01-01"})
    office.keep_mapping(LEFT, "left-new", act=MappingAct.PROPOSED)
    office.unbound["left-bare"] = "no address"
    scene.propose()
    page = scene.enter(scene.li).get("/catalogue").text
    rows = {part.split('"')[0]: part for part in page.split('href="/catalogue/')[1:]}
    assert "服务中" in rows[SERVICE]
    assert "有待发布版本" in rows[SERVICE]
    assert "已暂停" in rows["left-off"]
    assert "系统维护。" in rows["left-off"]
    assert "待复核" in rows["left-off"]
    assert "未绑定" in rows["left-bare"]
    assert "已过复查日期" in rows["left-bare"]
    assert "尚未发布" in rows["left-new"]


@pytest.mark.parametrize("role", [Role.HEAD, Role.AUDITOR])
def test_who_only_reads_finds_no_step_to_take(scene: Scene, role: Role) -> None:
    """Heads and auditors see label and history of their agencies, and no form that changes anything."""
    scene.propose()
    browser = scene.enter(scene.office.hire(LEFT, role))
    for path in (
        f"/catalogue/{SERVICE}",
        f"/catalogue/{SERVICE}/versions/2",
        f"/catalogue/{SERVICE}/compare?old=1&new=2",
    ):
        page = browser.get(path)
        assert page.status_code == 200
        assert 'method="post" action="/catalogue' not in page.text
    assert browser.get(f"/catalogue/{SERVICE}/versions/1/edit").status_code == 403


def test_another_agency_s_service_and_none_look_the_same(scene: Scene) -> None:
    """A role reaches its agency and those below: the rest is not found, whether or not it is there."""
    browser = scene.enter(scene.office.hire(RIGHT, Role.IT, Role.PRIVACY, Role.AUDITOR))
    for tail in ("", "/versions/1", "/versions/1/edit", "/versions/1/file", "/compare?old=1&new=1"):
        there, nowhere = browser.get(f"/catalogue/{SERVICE}{tail}"), browser.get(f"/catalogue/no-such{tail}")
        assert (there.status_code, nowhere.status_code) == (404, 404)
    for step in ("publish", "approve", "refuse", "roll-back", "off", "on", "review"):
        assert browser.post(f"/catalogue/{SERVICE}/{step}", {"version": "1", "reason": REASON}).status_code == 404
    assert scene.steps == ["imported"]
    assert SERVICE in scene.enter(scene.office.hire(ROOT, Role.AUDITOR)).get("/catalogue").text


def test_the_page_of_a_service_tells_its_history(scene: Scene) -> None:
    """Who did what, when and why, with the version's digest; the file comes back byte for byte."""
    kept = scene.office.store.kept.versions[SERVICE, 1]
    browser = scene.enter(scene.li)
    browser.post(
        f"/catalogue/{SERVICE}/off", {"reason": "公司<b>故障", "sentence_zh": "稍后再来。", "sentence_en": "Later."}
    )
    page = browser.get(f"/catalogue/{SERVICE}").text
    assert kept.digest[:16] in page
    assert "公司&lt;b&gt;故障" in page
    assert "「稍后再来。」" in page
    assert scene.li.name in page
    assert "由您操作，须由另一人复核" in page
    file = browser.get(f"/catalogue/{SERVICE}/versions/1/file")
    assert (file.data, file.headers["Content-Disposition"]) == (kept.content, f'attachment; filename="{SERVICE}.yaml"')


def test_the_label_in_words(scene: Scene) -> None:
    """Each platform and direction in Chinese first, personal fields marked, the law, clicks and trips; what is new is marked."""
    scene.propose(changed=WIDER)
    page = scene.enter(scene.zhao).get(f"/catalogue/{SERVICE}").text
    for words in (
        "发给平台服务器",
        "在小程序内填写",
        "户名（遮蔽）",
        "个人信息",
        "城镇燃气管理条例",
        "次跑腿",
        "次点击",
        "新增 new",
    ):
        assert words in page
    mapping, _ = read_mapping("x.yaml", write_mapping("left-gas", "left-office"), CATALOGUE.vocabulary)
    assert mapping is not None
    assert [part.words[0] for part in draw_label(mapping, CATALOGUE.vocabulary)] == ["微信、支付宝"]
    fewer = {"  alipay: *bill": "  alipay:\n    <<: *bill"}
    assert read_document("x.yaml", write_mapping("left-gas", "left-office", 1, fewer)).value is not None


def test_two_people_publish(scene: Scene) -> None:
    """Whoever proposed finds no button and is refused if they send the form; another person publishes."""
    scene.propose()
    own = scene.enter(scene.li)
    page = own.get(f"/catalogue/{SERVICE}").text
    assert "由您提交" in page
    assert f'action="/catalogue/{SERVICE}/publish"' not in page
    refused = own.post(f"/catalogue/{SERVICE}/publish", {"version": "2"})
    assert refused.status_code == 409
    assert "须由另一人办理" in refused.text
    done = scene.enter(scene.wang).post(f"/catalogue/{SERVICE}/publish", {"version": "2", "reason": ""})
    assert (done.status_code, done.headers["Location"]) == (303, f"/catalogue/{SERVICE}")
    assert scene.steps == ["imported", "proposed", "published"]
    assert scene.office.acts.count("mapping.publish") == 1


def test_more_for_the_platforms_takes_the_privacy_officer(scene: Scene) -> None:
    """It is said loudly, IT is refused, the officer's page lists exactly what is new, and after the approval it is published."""
    scene.propose(changed=WIDER)
    it = scene.enter(scene.wang)
    page = it.get(f"/catalogue/{SERVICE}").text
    assert "必须由个人信息保护负责人批准" in page
    assert f'action="/catalogue/{SERVICE}/publish"' not in page
    assert it.post(f"/catalogue/{SERVICE}/publish", {"version": "2"}).status_code == 409
    assert it.post(f"/catalogue/{SERVICE}/approve", {"version": "2"}).status_code == 403
    officer = scene.enter(scene.zhao)
    waiting = officer.get("/catalogue/waiting").text
    assert "微信 · 在小程序内显示：手机号" in waiting
    assert "支付宝 · 在小程序内显示：手机号" in waiting
    assert "户名" not in waiting
    assert officer.post(f"/catalogue/{SERVICE}/approve", {"version": "2"}).status_code == 303
    assert "已获批准" in officer.get("/catalogue/waiting").text
    assert it.post(f"/catalogue/{SERVICE}/publish", {"version": "2"}).status_code == 303
    assert scene.steps[1:] == ["proposed", "privacy_approved", "published"]


def test_a_proposal_is_refused_with_a_reason(scene: Scene) -> None:
    """Without one nothing happens, and the page says what is missing."""
    scene.propose()
    browser = scene.enter(scene.zhao)
    bare = browser.post(f"/catalogue/{SERVICE}/refuse", {"version": "2", "reason": "  "})
    assert bare.status_code == 422
    assert "理由为 4 至 500 字。" in bare.text
    assert browser.post(f"/catalogue/{SERVICE}/refuse", {"version": "2", "reason": "依据不足"}).status_code == 303
    assert scene.steps[-1] == "refused"


def test_back_at_once_and_reviewed_after(scene: Scene) -> None:
    """One person goes back to a version that was in force; it stays to be reviewed until another has looked."""
    scene.propose()
    own = scene.enter(scene.wang)
    own.post(f"/catalogue/{SERVICE}/publish", {"version": "2"})
    assert own.post(f"/catalogue/{SERVICE}/roll-back", {"version": "7", "reason": REASON}).status_code == 409
    assert own.post(f"/catalogue/{SERVICE}/roll-back", {"version": "one", "reason": REASON}).status_code == 422
    assert own.post(f"/catalogue/{SERVICE}/roll-back", {"version": "1", "reason": REASON}).status_code == 303
    assert REASON in own.get("/catalogue/waiting").text
    number = str(len(scene.steps))
    assert own.post(f"/catalogue/{SERVICE}/review", {"number": number}).status_code == 409
    assert scene.enter(scene.li).post(f"/catalogue/{SERVICE}/review", {"number": number}).status_code == 303
    assert scene.steps[-2:] == ["rolled_back", "reviewed"]


def test_off_needs_a_sentence_in_both_languages(scene: Scene) -> None:
    """What was typed stays in the form; then the service is off, and on again."""
    browser = scene.enter(scene.li)
    half = browser.post(
        f"/catalogue/{SERVICE}/off", {"reason": REASON, "sentence_zh": "请明天再来。", "sentence_en": ""}
    )
    assert half.status_code == 422
    assert 'value="请明天再来。"' in half.text
    full = {"reason": REASON, "sentence_zh": "请明天再来。", "sentence_en": "Come back tomorrow."}
    assert browser.post(f"/catalogue/{SERVICE}/off", full).status_code == 303
    assert "恢复服务" in browser.get(f"/catalogue/{SERVICE}").text
    assert browser.post(f"/catalogue/{SERVICE}/on").status_code == 303
    assert browser.post(f"/catalogue/{SERVICE}/on").status_code == 409
    assert scene.steps == ["imported", "switched_off", "switched_on"]


def test_a_version_that_this_release_cannot_read_is_told_by_place(scene: Scene) -> None:
    """The page opens, with the fault and its line; the catalogue says so too."""
    scene.office.keep_mapping(LEFT, "left-old", changed={"kind: bill": "kind: bil"})
    browser = scene.enter(scene.li)
    assert "无法读取" in browser.get("/catalogue").text
    page = browser.get("/catalogue/left-old/versions/1").text
    assert "第 5 行" in page
    assert "kind: bil" in page
    assert browser.get("/catalogue/left-old").status_code == 200


def test_comparing_shows_meaning_and_lines(scene: Scene) -> None:
    """What changed in meaning stands apart from what changed in writing; a version that is not there is not found."""
    scene.propose(changed={"timeout_seconds: 5": "timeout_seconds: 8", "# Counted from": "# Counted again from"})
    browser = scene.enter(scene.li)
    page = browser.get(f"/catalogue/{SERVICE}/compare?old=1&new=2").text
    assert "back_end.timeout_seconds" in page
    assert "+# Counted again from" in page
    assert "平台所见没有扩大" in page
    assert browser.get(f"/catalogue/{SERVICE}/compare?old=1&new=9").status_code == 404


def test_health_adds_up_what_processes_counted() -> None:
    """A no of the back end is an answer; whatever left no usable answer is a failure."""
    from adapters.backends.breaker import OPEN  # noqa: PLC0415 - the counters belong to this test
    from adapters.backends.connector import CALLS  # noqa: PLC0415 - the same

    for result, count in (("answered", 3), ("refused", 2), ("unreachable", 4)):
        CALLS.labels("health-test", "look_up", result).inc(count)
    OPEN.labels("health-test").set(1)
    found = read_health()["health-test"]
    assert (found.answered, found.failed, found.left_alone) == (5, 4, 1)


def test_moments_are_those_of_the_clock(scene: Scene) -> None:
    """A version's page says when it was made, in China's time."""
    made: datetime = scene.office.store.kept.versions[SERVICE, 1].made_at
    assert made.isoformat() in scene.enter(scene.li).get(f"/catalogue/{SERVICE}/versions/1").text
    assert TREE.slugs[LEFT] == "left-office"
