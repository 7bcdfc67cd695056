"""Who of the administration read a citizen's material, over the citizen API: on a platform, at an own door, and what is held back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.reading_record import (
    Delay,
    DelayEvent,
    DelayState,
    Reading,
    Subject,
    case_read,
    number_read,
    person_read,
)
from tests.case_city import ALIPAY, LI, WANG, WEB, CaseCity

REASON = "核对王秀英提交的平面图"


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


def look(city: CaseCity, subject: Subject, act: str = "case.open", **changes: object) -> Reading:
    """A clerk looks."""
    agency = city.counter.directory.root_agency()
    made = Reading(
        city.desk.new_id(), agency, city.clock.now(), UUID(int=7), agency, act, subject,
        {"name": "陈静", "login": "chen", "office": "演示市市场监督管理局", "office_en": "Market office"}, REASON,
    )  # fmt: skip
    made = replace(made, **changes)  # type: ignore[arg-type]
    with city.house.begin(city.counter.directory.all_agencies()) as tx:
        tx.readings.add([made])
    return made


def hold_back(city: CaseCity, case_id: str, days: int = 10) -> UUID:
    """A delay that is in force."""
    now, agency = city.clock.now(), city.counter.directory.root_agency()
    delay = Delay(
        uuid4(), agency, UUID(case_id), "1", UUID(int=7), "pipl_35", "演示市监察委员会", "演监〔2026〕7号",
        now + timedelta(days=days), UUID(int=8), now,
    )  # fmt: skip
    with city.house.begin(city.counter.directory.all_agencies()) as tx:
        tx.readings.ask_delay(delay, DelayEvent(delay.delay_id, 1, DelayState.ASKED, now, UUID(int=8)))
        tx.readings.append_delay(agency, DelayEvent(delay.delay_id, 2, DelayState.GRANTED, now, UUID(int=9)))
    return delay.delay_id


def test_a_platform_sees_who_when_and_in_fixed_words_why(city: CaseCity) -> None:
    """On a platform the looks are told without a word that staff wrote, under the room's budget; at an own door with the reason."""
    token, at_home = city.enter(), city.enter(platform=WEB)
    case_id = city.open(token)
    look(city, case_read(UUID(case_id)))
    look(city, case_read(UUID(case_id)), "case.read_file")
    answer = city.send("GET", f"/v1/cases/{case_id}/readings", token=token)
    assert answer.status == 200, answer.body
    (line,) = answer.json["readings"]
    assert (line["who"], line["office"], line["times"]) == ("陈静", "演示市市场监督管理局", 2)
    assert line["looks"] == ["打开办件查看", "查看材料文件"]
    assert line["reasons"] == []
    assert REASON.encode() not in answer.body
    assert city.shown.disclosure.service == "readings"
    assert city.shown.disclosure.fields == {
        "case_no", "reading_when", "reading_who", "reading_why", "reference",
    }  # fmt: skip
    own = city.send("GET", f"/v1/cases/{case_id}/readings", token=at_home)
    assert own.json["readings"][0]["reasons"] == [REASON]


def test_everything_of_ones_own_is_on_one_list(city: CaseCity) -> None:
    """Cases, the account and the identity number itself, newest first; a look at somebody else is on somebody else's list alone."""
    token, stranger = city.enter(platform=WEB), city.enter(LI, platform=WEB)
    case_id = city.open(token)
    person = next(one for one, row in city.house.tables.persons.items() if row.identity_number == WANG)
    look(city, case_read(UUID(case_id)), at=city.clock.now())
    look(city, person_read(person), "person.search")
    look(city, number_read(WANG), "mandate.look_up")
    answer = city.send("GET", "/v1/readings", token=token)
    assert answer.status == 200, answer.body
    assert [one["about"] for one in answer.json["readings"]] == ["number", "person", "case"]
    assert city.send("GET", "/v1/readings", token=stranger).json["readings"] == []


def test_the_other_platform_learns_nothing_of_a_case(city: CaseCity) -> None:
    """A case that was begun on one platform is on no list inside the other, and its looks are none there."""
    token, other = city.enter(), city.enter(platform=ALIPAY)
    case_id = city.open(token)
    look(city, case_read(UUID(case_id)))
    assert city.send("GET", f"/v1/cases/{case_id}/readings", token=other).status == 404
    assert city.send("GET", "/v1/readings", token=other).json["readings"] == []
    assert len(city.send("GET", "/v1/readings", token=token).json["readings"]) == 1


def test_a_strangers_case_is_none(city: CaseCity) -> None:
    """Whose case it is not gets the answer that there is no such case."""
    case_id = city.open(city.enter())
    look(city, case_read(UUID(case_id)))
    token = city.enter(LI)
    known = city.send("GET", f"/v1/cases/{case_id}/readings", token=token)
    unknown = city.send("GET", f"/v1/cases/{uuid4()}/readings", token=token)
    assert (known.status, known.json["code"]) == (unknown.status, unknown.json["code"]) == (404, "not_found")


def test_what_is_held_back_comes_by_itself(city: CaseCity) -> None:
    """A look under a delay leaves no trace until the delay is over; then it is listed at its own moment, with its ground and order."""
    token = city.enter(platform=WEB)
    case_id = city.open(token)
    bare = city.send("GET", f"/v1/cases/{case_id}/readings", token=token).body
    hidden = look(city, case_read(UUID(case_id)), "audit.replay", delay_id=hold_back(city, case_id))
    assert city.send("GET", f"/v1/cases/{case_id}/readings", token=token).body == bare
    city.clock.advance(10 * 86_400)
    (line,) = city.send("GET", f"/v1/cases/{case_id}/readings", token=token).json["readings"]
    assert line["first_at"] == hidden.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (line["told_later"]["authority"], line["told_later"]["document_no"]) == (
        "演示市监察委员会",
        "演监〔2026〕7号",
    )
    assert line["told_later"]["ground"].startswith("个人信息保护法第三十五条")


def test_hidden_looks_leave_no_gap_in_the_pages(city: CaseCity) -> None:
    """However many looks are held back, a page is as full and its cursor as absent as if they had never been."""
    token = city.enter(platform=WEB)
    case_id = city.open(token)
    delay_id = hold_back(city, case_id)
    look(city, case_read(UUID(case_id)))
    for _ in range(450):
        look(city, case_read(UUID(case_id)), delay_id=delay_id)
    page = city.send("GET", f"/v1/cases/{case_id}/readings", token=token).json
    assert [one["times"] for one in page["readings"]] == [1]
    assert page["next_cursor"] is None


def test_many_looks_are_read_page_by_page(city: CaseCity) -> None:
    """Nothing is lost or told twice at the border of a page."""
    token = city.enter(platform=WEB)
    case_id = city.open(token)
    for _ in range(401):
        look(city, case_read(UUID(case_id)))
    times, cursor = [], ""
    while True:
        page = city.send("GET", f"/v1/cases/{case_id}/readings{cursor}", token=token).json
        times += [one["times"] for one in page["readings"]]
        if page["next_cursor"] is None:
            break
        cursor = f"?cursor={page['next_cursor']}"
    assert times == [200, 200, 1]


def test_an_order_covers_no_more_than_it_says(city: CaseCity) -> None:
    """A row that names the delay of another case, of another reader, or of what is no case is told at once, without its order."""
    token = city.enter(platform=WEB)
    case_id, other = city.open(token), city.open(token)
    delay_id = hold_back(city, case_id)
    person = next(one for one, row in city.house.tables.persons.items() if row.identity_number == WANG)
    look(city, case_read(UUID(case_id)), delay_id=delay_id)
    forged = (
        look(city, case_read(UUID(other)), delay_id=delay_id),
        look(city, case_read(UUID(case_id)), staff_id=UUID(int=77), delay_id=delay_id),
        look(city, person_read(person), delay_id=delay_id),
    )
    answer = city.send("GET", "/v1/readings", token=token)
    assert answer.status == 200, answer.body
    assert len(answer.json["readings"]) == len(forged)
    assert [one["told_later"] for one in answer.json["readings"]] == [None] * len(forged)
