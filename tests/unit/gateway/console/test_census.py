"""The room of the census: scorecards of one's agencies, findings in words, indicators that are corrected and never changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from adapters.ids import make_id
from gateway.census_words import GROUNDS, INDICATORS, OCCASIONS, PLATFORMS, QUESTIONS
from gateway.console.census_words import FINDINGS
from services.census_record import (
    CensusLine,
    Finding,
    Ground,
    Indicator,
    IndicatorKind,
    Occasion,
    Question,
)
from services.doors import PLATFORMS as BOTH
from services.model import PlatformName
from services.staffing import Role
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT, Browser, Office

SILENT = Finding(Question.REACHABLE, "back_end", "gas-company: no_answer")
FORM = {
    "kind": "people",
    "value": "12",
    "as_of": "2026-10-01",
    "source": "编制文件〔2026〕3号",
    "corrects": "",
    "reason": "",
}


@pytest.fixture
def office() -> Office:
    return Office()


def enter(office: Office, role: Role, agency: UUID = LEFT) -> Browser:
    """Somebody with this role."""
    return office.enter(office.hire(agency, role))


def record(office: Office, *found: tuple[UUID, str, Sequence[Finding]]) -> UUID:
    """One run in which each service was asked on both platforms."""
    office.clock.advance(60)
    run_id, now = make_id(office.clock.now()), office.clock.now()
    lines = [CensusLine(agency, run_id, name, one, 1, now, tuple(what)) for agency, name, what in found for one in BOTH]
    with office.store.begin((ROOT, LEFT, RIGHT, CHILD)) as tx:
        tx.census.record_run(lines)
    return run_id


def list_entries(office: Office, agency: UUID = LEFT) -> list[Indicator]:
    """Every entry of an agency."""
    with office.store.begin([agency]) as tx:
        return tx.census.list_indicators([agency])


@pytest.mark.parametrize("role", [Role.HEAD, Role.SUPERVISOR, Role.AUDITOR, Role.IT, Role.OPERATOR])
def test_scorecards_of_ones_agencies(office: Office, role: Role) -> None:
    """Each agency in reach has its shares of the newest run; a sibling is not seen, the one above sees both."""
    record(office, (LEFT, "left-gas", [SILENT]), (RIGHT, "right-gas", []))
    record(office, (LEFT, "left-gas", []), (LEFT, "left-tax", [SILENT]), (RIGHT, "right-gas", []))
    page = enter(office, role).get("/census").text
    assert "左局" in page
    assert "右局" not in page
    assert "<strong>50%</strong> <small>2/4</small>" in page
    office.clock.advance(31)
    above = enter(office, role, ROOT).get("/census").text
    assert "右局" in above
    assert above.index("左局") < above.index("右局")
    assert 'role="img"' in above
    assert "数据表" in above


def test_a_clerk_has_no_such_room(office: Office) -> None:
    """Neither the list nor an agency nor the form."""
    browser = enter(office, Role.CLERK)
    assert browser.get("/census").status_code == 403
    assert browser.get(f"/census/{LEFT}").status_code == 403


def test_what_was_found_is_said_in_words(office: Office) -> None:
    """An agency's page has each service on each platform with yes and no, and each finding with its place."""
    record(office, (LEFT, "left-gas", [SILENT, Finding(Question.CURRENT, "review_passed", "2026-01-01")]))
    page = enter(office, Role.IT).get(f"/census/{LEFT}").text
    assert FINDINGS["back_end"][0] in page
    assert "gas-company: no_answer" in page
    assert FINDINGS["review_passed"][1] in page
    assert page.count("微信") >= 1
    assert 'name="value"' not in page


def test_another_agency_is_not_found(office: Office) -> None:
    """A sibling's page is no page, for reading and for entering."""
    browser = enter(office, Role.HEAD)
    assert browser.get(f"/census/{RIGHT}").status_code == 404
    assert browser.post(f"/census/{RIGHT}", FORM).status_code == 404
    assert list_entries(office, RIGHT) == []


@pytest.mark.parametrize("role", [Role.HEAD, Role.SUPERVISOR])
def test_an_indicator_is_entered_with_its_act(office: Office, role: Role) -> None:
    """The figure is kept with day, source and who entered it, and the book of acts says so; funds are kept in fen."""
    browser = enter(office, role)
    browser.get(f"/census/{LEFT}")
    assert browser.post(f"/census/{LEFT}", {**FORM, "kind": "funds", "value": "120000.50"}).status_code == 303
    [entry] = list_entries(office)
    assert (entry.kind, entry.value, entry.as_of) == (IndicatorKind.FUNDS, 12_000_050, date(2026, 10, 1))
    act = office.store.books.acts[-1]
    assert (act.act, act.subject_id, act.staff_id) == ("census.indicator", str(entry.entry_id), entry.entered_by)
    page = browser.get(f"/census/{LEFT}?done=1").text
    assert "120000.50 元" in page
    assert "已登记" in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "feelings"}, "请选择指标"), ({"value": "zwölf"}, "数值不正确"), ({"value": "-1"}, "数值不正确"),
        ({"kind": "office", "value": "2"}, "数值不正确"), ({"kind": "funds", "value": "1.234"}, "数值不正确"),
        ({"value": "99999999999999999999"}, "数值不正确"), ({"as_of": "2027-01-01"}, "不晚于今天"),
        ({"as_of": "20261001"}, "不晚于今天"), ({"as_of": "1900-01-01"}, "不晚于今天"), ({"source": "?"}, "来源"),
        ({"source": "abc\u2028def"}, "来源"), ({"source": "编制文件\u202e号3〕6202〔"}, "来源"), ({"source": "编制\u200b文件"}, "来源"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_and_stays_typed(office: Office, changed: dict[str, str], words: str) -> None:
    """Each fault has its sentence, nothing is kept, and what was typed stands there again."""
    browser = enter(office, Role.HEAD)
    browser.get(f"/census/{LEFT}")
    reply = browser.post(f"/census/{LEFT}", {**FORM, "value": "77", **changed})
    assert reply.status_code == 422
    assert words in reply.text
    if "value" not in changed:
        assert 'value="77"' in reply.text
    assert list_entries(office) == []


def test_an_entry_is_corrected_by_a_further_one(office: Office) -> None:
    """Both stay, the second is the one in force; a second correction of the first, or one without its reason, is refused."""
    browser = enter(office, Role.HEAD)
    browser.get(f"/census/{LEFT}")
    browser.post(f"/census/{LEFT}", FORM)
    [first] = list_entries(office)
    again = {**FORM, "value": "11", "corrects": str(first.entry_id)}
    assert browser.post(f"/census/{LEFT}", again).status_code == 422
    assert browser.post(f"/census/{LEFT}", {**again, "reason": "多计一人"}).status_code == 303
    assert browser.post(f"/census/{LEFT}", {**again, "reason": "再来一次"}).status_code == 409
    assert [one.value for one in list_entries(office)] == [12, 11]
    page = browser.get(f"/census/{LEFT}").text
    assert "更正：多计一人" in page
    assert "已被更正的记录" in page


def test_what_cannot_be_corrected(office: Office) -> None:
    """An entry that is not there, no id at all, or one of another kind takes nobody's place; a day has one entry of a kind."""
    browser = enter(office, Role.HEAD)
    browser.get(f"/census/{LEFT}")
    browser.post(f"/census/{LEFT}", FORM)
    [first] = list_entries(office)
    reason = {"reason": "说明原因"}
    assert browser.post(f"/census/{LEFT}", {**FORM, **reason, "corrects": str(RIGHT)}).status_code == 404
    assert browser.post(f"/census/{LEFT}", {**FORM, **reason, "corrects": "x"}).status_code == 404
    other = {**FORM, **reason, "corrects": str(first.entry_id), "kind": "office", "value": "1"}
    assert browser.post(f"/census/{LEFT}", other).status_code == 422
    twice = browser.post(f"/census/{LEFT}", {**FORM, "value": "13"})
    assert twice.status_code == 409
    assert "请更正原记录" in twice.text
    assert [one.value for one in list_entries(office)] == [12]


def test_people_turned_away_stand_in_sums_of_months(office: Office) -> None:
    """By platform, occasion and ground, the newest month first."""
    now = office.clock.now().date()
    with office.store.begin([LEFT]) as tx:
        for day in (now, now, now - timedelta(days=70)):
            tx.census.count_turned_away(LEFT, day, PlatformName.WECHAT, Occasion.PAYMENT, Ground.ACCOUNT)
    page = enter(office, Role.SUPERVISOR).get("/census").text
    assert page.index(f"{now:%Y-%m}</td>") < page.index(f"{now - timedelta(days=70):%Y-%m}</td>")
    assert GROUNDS[Ground.ACCOUNT][0] in page


def test_everything_that_can_be_found_has_words() -> None:
    """Codes of findings in the code, questions, indicators, occasions and grounds each have Chinese and English."""
    services = Path(__file__).resolve().parents[4] / "services"
    source = "".join(
        (services / f"{name}.py").read_text("utf-8") for name in ("census", "census_forms", "census_texts")
    )
    codes = set(re.findall(r'Finding\(\s*Question\.[A-Z]+,\s*"([a-z_]+)"', source)) | {"dead_link", "moved_link"}
    assert codes == set(FINDINGS)
    for table, kinds in ((QUESTIONS, Question), (INDICATORS, IndicatorKind), (OCCASIONS, Occasion), (GROUNDS, Ground)):
        assert set(table) == set(kinds)
    assert set(PLATFORMS) == set(BOTH)
