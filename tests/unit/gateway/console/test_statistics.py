"""The pages of closed months: who sees which agencies and whose figures, what does not check, and when there is nothing yet."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from gateway.console.statistics_words import ACTS, AGAINST, EXPORTED, FIGURE_WORDS, GROUPS, NOTES, STANDINGS
from services.month_comparison import Standing
from services.month_figures import FIGURES
from services.month_honours import RULE, Against
from services.staffing import Role
from services.statistics_tables import DERIVED
from tests.unit.gateway.console.measured import LAST, Measured
from tests.unit.gateway.console.office import CHILD, LEFT, RIGHT, ROOT
from tests.unit.gateway.console.supervised import read

PAGES = ("/statistics", "/statistics/people", "/statistics/honours")


@pytest.fixture
def office() -> Measured:
    """Two months, so that there is one before."""
    return Measured(2)


def tile(page: str, word: str) -> str:
    """The large figure under this word."""
    found = re.search(rf"<li><span>{word} .*?<strong>(.*?)</strong>", page)
    assert found is not None
    return found.group(1)


def test_a_month_in_one_sentence_with_the_month_before(office: Measured) -> None:
    """Sums of the agency and those below; each tile beside the month before."""
    page = read(office.enter(office.head).get("/statistics"))
    assert "办结 125 件" in page.split('id="sentence"')[1]
    assert tile(page, "办结") == "125"
    assert tile(page, "超承诺") == "14"
    assert "比上月多 1" in page
    assert "31,337" not in page


@pytest.mark.parametrize(
    ("agency", "only", "closed"), [("left-office", "1", "103"), ("left-office", "", "125"), ("left-branch", "", "22"), ("city", "", "126")]
)  # fmt: skip
def test_a_level_is_summed_with_those_below_or_alone(office: Measured, agency: str, only: str, closed: str) -> None:
    """District, city and province alike: what lies below is in it unless the level alone is asked for."""
    page = read(office.enter(office.top).get(f"/statistics?agency={agency}&only={only}"))
    assert tile(page, "办结") == closed


def test_each_part_of_a_level_stands_in_a_row(office: Measured) -> None:
    """The city's page has its parts with all that is below them, and leads to each."""
    page = read(office.enter(office.top).get("/statistics"))
    table = page.split('aria-label="用时与期限，按机构"')[1].split("</table>")[0]
    found = re.findall(r'<th scope="row"><a href="([^"]*)">([^<]*)</a></th><td class="number">([^<]*)</td>', table)
    assert [(name, closed) for _, name, closed in found] == [("左局", "125"), ("右局", "1")]
    office.clock.advance(31)
    there = read(office.enter(office.top).get(found[0][0].replace("&amp;", "&")))
    assert tile(there, "办结") == "125"


@pytest.mark.parametrize("agency", ["right-office", "city", "nowhere", "../etc"])
@pytest.mark.parametrize("path", PAGES)
def test_an_agency_out_of_reach_is_not_there(office: Measured, path: str, agency: str) -> None:
    """Neither its page nor its file, nor its name among the choices."""
    browser = office.enter(office.head)
    assert browser.get(f"{path}?agency={agency}").status_code == 404
    asked = {"month": str(LAST), "agency": agency, "format": "csv", "service": "elder-card"}
    assert browser.post(f"{path}/export", asked).status_code == 404
    assert "右局" not in read(browser.get(path))
    assert not [act for act in office.acts if act.startswith("statistics.")]


@pytest.mark.parametrize("month", ["2026-11", "2020-01", "x", "2026-10' OR 1=1"])
def test_a_month_that_is_not_closed_is_not_there(office: Measured, month: str) -> None:
    """Whatever stands in the address."""
    browser = office.enter(office.head)
    assert [browser.get(f"{path}?month={quote(month)}").status_code for path in PAGES] == [404] * 3


def test_a_clerk_sees_sums_their_own_line_and_everybodys_mean(office: Measured) -> None:
    """No colleague's name, figures or reasons on any page, but who was named."""
    browser = office.enter(office.ben)
    assert tile(read(browser.get("/statistics")), "办结") == "125"
    people = read(browser.get(f"/statistics/people?service={office.licensed}"))
    assert "贝宁" in people
    assert "全体平均" in people
    assert "安雅" not in people
    assert "希德" not in people
    assert "伊芙" not in people
    honours = read(browser.get("/statistics/honours"))
    assert "希德" not in honours
    assert "参加评选的人" not in honours


def test_a_keeper_sees_everybody_of_one_agency(office: Measured) -> None:
    """All of the agency with what can be said of each, and nobody of another one."""
    page = read(
        office.enter(office.head).get(f"/statistics/people?agency=left-office&service={office.licensed}&span=3")
    )
    table = page.split('aria-label="人员比较"')[1]
    for name, standing in (("安雅", Standing.FASTER), ("贝宁", Standing.SLOWER), ("希德", Standing.TOO_FEW)):
        row = table.split(f'<th scope="row">{name}')[1].split("</tr>")[0]
        assert STANDINGS[standing][0] in row
    assert "伊芙" not in page
    assert "二十个办得一样的人里，平均有一人仅凭偶然显得不同" in page
    assert "此处比较了 2 人，凭偶然约有 0.1 人" in page


def test_who_was_not_named_reads_why(office: Measured) -> None:
    """The whole rule with what was met and what was not; nobody else's reasons."""
    page = read(office.enter(office.ben).get("/statistics/honours"))
    mine = page.split('id="mine"')[1].split("</section>")[0]
    assert AGAINST[Against.LATE][0] in mine
    assert AGAINST[Against.COMPLAINTS][0] in mine
    assert "安雅" in page.split('class="named"')[1].split("</p>")[0]
    rule = page.split('class="rule"')[1].split("</ol>")[0]
    assert all(words[0] in rule and words[1].replace("'", "&#39;") in rule for words in RULE.values())
    assert rule.count("✗ 未符合") == 3
    assert rule.count("✓ 符合") == 5


def test_nobody_is_named_and_it_says_so(office: Measured) -> None:
    """With one person alone at the branch there is nobody to compare with: usual, and said."""
    page = read(office.enter(office.hire(CHILD, Role.HEAD)).get("/statistics/honours"))
    assert "这个月没有人当选" in page
    assert AGAINST[Against.NOBODY_BESIDE][0] in page


def test_a_second_digest_in_the_ledger_is_said_loudly(office: Measured) -> None:
    """On the page of the month with the other digest, and on every other month's page by a line that leads there."""
    browser = office.enter(office.head)
    assert 'role="alert"' not in read(browser.get("/statistics"))
    office.append_leaf(LAST.preceding, ROOT, "f" * 64)
    other = read(browser.get("/statistics"))
    assert str(LAST.preceding) in other.split('id="doubted"')[1].split("</div>")[0]
    assert "账本中只有这一个摘要" in other
    page = read(browser.get(f"/statistics?month={LAST.preceding}"))
    seal = page.split('id="seal"')[1]
    assert "f" * 64 in seal
    assert "另外 1 个摘要" in seal
    assert "账本中只有这一个摘要" not in page


def test_a_month_without_a_leaf_is_said_loudly(office: Measured) -> None:
    """A kept month of which the ledger knows nothing."""
    office.store.tables.counter.leaves.clear()
    page = read(office.enter(office.head).get("/statistics"))
    assert "账本中没有这个摘要" in page


def test_the_digest_stands_with_how_to_compute_it(office: Measured) -> None:
    """Digest, record and both commands of that month."""
    closed = next(one for one, _ in office.store.tables.counter.months.values() if one.month == str(LAST))
    page = read(office.enter(office.ben).get("/statistics"))
    assert closed.digest in page
    assert str(closed.record_id) in page
    assert f"python -m gateway stats month {LAST} --json | sha256sum" in page
    assert f"python -m gateway stats check {LAST}" in page


@pytest.mark.parametrize("path", PAGES)
def test_no_month_yet_says_when_the_first_will_be_closed(path: str) -> None:
    """Without a case no day; with one an hour after the end of its month; after that: that it waits."""
    office = Measured(0)
    assert "还没有办件" in read(office.enter(office.head).get(path))
    office.cases.receive()
    office.clock.advance(31)
    assert "2026-12-01 01:00" in read(office.enter(office.head).get(path))
    office.clock.advance(timedelta(days=40).total_seconds())
    assert "正在等待后台程序" in read(office.enter(office.head).get(path))


@pytest.mark.parametrize("role", [Role.IT, Role.FINANCE, Role.OPERATOR, Role.ADMINISTRATOR, Role.PRIVACY])
def test_others_have_no_such_rooms(office: Measured, role: Role) -> None:
    """Who has nothing to do with cases sees no statistics of them."""
    browser = office.enter(office.hire(LEFT, role))
    assert [browser.get(path).status_code for path in PAGES] == [403] * 3


def test_somebody_of_two_agencies_has_each_alone(office: Measured) -> None:
    """A head here who is a clerk there sees everybody here and themselves there."""
    both = office.hire(LEFT, Role.HEAD)
    office.give(both, Role.CLERK, RIGHT)
    browser = office.enter(both)
    assert "31,337" in read(browser.get("/statistics?agency=right-office"))
    assert office.other.name not in read(browser.get("/statistics/people?agency=right-office"))
    assert "安雅" in read(browser.get("/statistics/people?agency=left-office"))


def test_every_figure_has_its_words() -> None:
    """Each column, standing, reason and act is named in both languages."""
    assert set(EXPORTED) <= set(FIGURE_WORDS)
    assert set(FIGURE_WORDS) <= {*FIGURES, *DERIVED}
    assert {code for code, _, _ in GROUPS} == set(NOTES)
    assert set(AGAINST) == set(Against)
    assert set(STANDINGS) == set(Standing)
    for words in (*FIGURE_WORDS.values(), *NOTES.values(), *AGAINST.values(), *STANDINGS.values(), *ACTS.values()):
        assert all(words)
