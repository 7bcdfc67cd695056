"""The documents of a case: each event has its letters, each is made once, the certificate exactly once whatever is killed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.case_errors import SlipRefused
from services.case_file import CaseFile
from services.case_letters import DUE, Matter, list_due, number_letter, write_letter
from services.case_ports import Letter
from services.case_record import CaseState, Hand
from services.case_work import work_on_case
from services.errors import ConfigurationFault, StoreUnavailable
from services.letter_words import WORDS, DocumentKind
from services.mapping import Operation
from services.model import Language
from services.slip_desk import verify_slip
from tests.paper_samples import NO_KEY, ORGANISATION, PATHS, PaperHouse


@pytest.fixture
def house() -> PaperHouse:
    return PaperHouse()


def walk(house: PaperHouse, path: Sequence[tuple[str, Hand, Mapping[str, Any]]], **cells: Any) -> CaseFile:
    """A case along a path."""
    file = house.receive(**cells)
    for event, hand, data in path:
        file = house.move(file, event, hand, **data)
    return file


def tell(letter: Letter) -> str:
    """Everything that a letter says."""
    return "\n".join(
        [letter.title, *letter.paragraphs, *(f"{label}：{value}" for label, value in letter.lines), letter.summary]
    )


def test_every_event_with_letters_is_walked() -> None:
    """No event of the table of letters is left untested, and every kind of letter has an event."""
    assert set(PATHS) == set(DUE)
    assert (
        {kind for kinds in DUE.values() for kind in kinds}
        == set(WORDS)
        == set(DocumentKind) - {DocumentKind.CERTIFICATE}
    )


@pytest.mark.parametrize("event", sorted(DUE))
@pytest.mark.parametrize("applicant", ["person", "organisation"])
def test_the_letters_of_an_event_are_made(house: PaperHouse, event: str, applicant: str) -> None:
    """Each letter is printed, stored under its digest, entered and written down; nothing in it stayed unfilled."""
    file = walk(house, PATHS[event], **({"applicant": ORGANISATION} if applicant == "organisation" else {}))
    after = house.print(file)
    made = [one for one in after.all_of("document_made") if one.data["of"] == file.version]
    assert [one.data["kind"] for one in made] == [str(kind) for kind in DUE[event]]
    files = {str(one.file_id): one for one in house.list_files(file)}
    for one in made:
        stored = files[one.data["file_id"]]
        content = house.files.get(house.agency_id, one.data["digest"])
        assert stored.digest == one.data["digest"] == hashlib.sha256(content).hexdigest()
        assert (stored.uploaded_by, stored.media_type, stored.owner) == ("house", "application/pdf", file.case.case_id)
        letter = next(letter for letter in house.printer.letters if letter.number == one.data["number"])
        assert "{" not in tell(letter)
        assert "—" not in "".join(letter.paragraphs)
        assert ("你单位" in tell(letter)) == (applicant == "organisation")
        assert letter.organ == "演示市市场监督管理局"
        assert file.case.case_no in tell(letter)


def say(house: PaperHouse, event: str) -> str:
    """What the last letters of an event say."""
    file = walk(house, PATHS[event])
    after = house.print(file)
    numbers = {one.data["number"] for one in after.all_of("document_made") if one.data["of"] == file.version}
    return "\n".join(tell(letter) for letter in house.printer.letters if letter.number in numbers)


def test_a_correction_notice_tells_everything_once(house: PaperHouse) -> None:
    """All corrections with their titles and words, the term and the article that demands it."""
    told = say(house, "correction_asked")
    assert "场所证明：图像不清晰" in told
    assert "字号：与名称核准不一致" in told
    assert "2026年11月20日前补正" in told
    assert "第三十二条第一款第（四）项" in told


def test_a_wrong_organ_names_the_right_one(house: PaperHouse) -> None:
    """A refusal to accept says why, by which law, and who is competent."""
    told = say(house, "not_accepted")
    assert "演示市民政局" in told
    assert "第三十二条第一款第（二）项" in told
    assert "行政复议" in told


def test_a_refusal_has_reasons_and_the_way_of_appeal(house: PaperHouse) -> None:
    """Every reason stands by itself, and how to appeal (AL art. 38(2))."""
    told = say(house, "refused")
    assert "理由（一）：场所不符合消防要求" in told
    assert "理由（二）：人员不足" in told
    assert "第三十八条第二款" in told
    assert "六十日内申请行政复议" in told


def test_an_acceptance_carries_both_deadlines_and_its_moment(house: PaperHouse) -> None:
    """The voucher and its slip hold the moment of the event, so that the office cannot back-date; days beyond the notices are marked."""
    file = house.accept()
    after = house.print(file)
    letter, slip = house.printer.letters[0], house.slips.signed[house.printer.letters[0].slip]
    assert slip.claims["accepted_at"] == slip.claims["happened_at"] == int(file.events[-1].at.timestamp())
    assert slip.claims["accepted_on"] == "2026-11-02"
    assert slip.claims["promised_on"] == "2026-11-23"
    assert slip.claims["statutory_on"] == "2026-11-30"
    assert slip.slip_id == after.events[-1].data["slip_id"]
    assert ("承诺办结日期", "2026年11月23日") in letter.lines
    assert ("受理登记时刻", "2026年11月2日11时00分") in letter.lines


def test_an_acceptance_by_silence_says_so(house: PaperHouse) -> None:
    """Whoever was told nothing in five days is accepted from the day of receipt (AL art. 32(1)(4))."""
    told = say(house, "deemed_accepted")
    assert "自收到申请材料之日起即为受理" in told


def test_a_rule_is_named_to_whom_it_decides_about(house: PaperHouse) -> None:
    """A decision by rule names the rule, its version, and how to have the facts corrected (PIPL art. 24)."""
    file = house.move(
        house.accept(), "refused", Hand.BACK_END, on="2026-11-02", by="rule", reasons=["未满六十周岁"], legal_ground="测试法第一条",
        appeal="可以申请行政复议。", rule={"id": "R-7", "version": "3"}, facts={"age": 59},
    )  # fmt: skip
    house.print(file)
    told = tell(house.printer.letters[-1])
    assert "规则R-7（版本3）" in told
    assert "可以申请行政复议。" in told


def test_letters_say_what_was_so_then(house: PaperHouse) -> None:
    """A letter that is printed late tells of its own event, not of what happened since."""
    accepted = house.accept()
    suspended = house.move(
        accepted, "special_began", code="inspection", legal_ground="《行政许可法》第四十五条", days=10, reason="需要现场检验",
        on="2026-11-02", until_on="2026-11-16",
    )  # fmt: skip
    house.clock.at += timedelta(days=3)
    house.print(suspended)
    first = house.printer.letters[0]
    assert first.title == "受理通知书"
    assert ("法定办结日期", "2026年11月30日") in first.lines
    assert first.dated_on.isoformat() == "2026-11-02"


def test_letters_are_numbered_within_the_case(house: PaperHouse) -> None:
    """A second notice of the same kind has the next number, the first keeps its own."""
    asked = walk(house, PATHS["correction_asked"])
    again = house.move(
        house.move(asked, "corrected", Hand.APPLICANT), "correction_asked", **PATHS["correction_asked"][0][2]
    )
    assert number_letter(again, asked.version, DocumentKind.CORRECTION) == f"{again.case.case_no}-BZ1"
    assert number_letter(again, again.version, DocumentKind.CORRECTION) == f"{again.case.case_no}-BZ2"


def test_braces_in_a_reason_stay_braces(house: PaperHouse) -> None:
    """What a clerk writes is never read as a name to be filled in."""
    file = house.move(house.accept(), "terminated", reason="{appeal} {number}")
    then = Matter(file, file.events[-1], house.mapping, house.mapping.counter)  # type: ignore[arg-type] # it has a counter
    assert "因{appeal} {number}，" in write_letter(then, DocumentKind.TERMINATION, "1", "").paragraphs[0]


def test_nothing_is_made_twice(house: PaperHouse) -> None:
    """The job that runs again finds everything made."""
    file = house.print(house.grant())
    printed, files = len(house.printer.letters), len(house.list_files(file))
    assert house.print(file) == file
    assert len(house.printer.letters) == printed
    assert len(house.list_files(file)) == files
    assert list_due(file, house.mapping.counter) == ()  # type: ignore[arg-type] # it has a counter


def test_the_certificate_is_issued(house: PaperHouse) -> None:
    """A granted case gets its certificate: numbered by the case, filled in, with its term, its slip and its file."""
    file = house.print(house.grant(inputs={"company_name": "秀英早点"}))
    issued = file.events[-1]
    assert (issued.name, file.state, issued.hand) == ("certificate_issued", CaseState.ISSUED, Hand.HOUSE)
    letter = house.printer.letters[-1]
    assert issued.data["number"] == letter.number == f"SYXK{file.case.case_no}"
    assert issued.data["valid_until"] == "2029-11-01"
    assert letter.paragraphs == ("准予 王秀英 经营。",)
    assert letter.lines == (("名称", "王秀英"), ("字号", "秀英早点"), ("有效期", "2026年11月2日至2029年11月1日"))
    slip = house.slips.signed[letter.slip]
    assert (slip.kind, slip.slip_id, slip.claims["number"]) == ("certificate", issued.data["slip_id"], letter.number)
    assert "王秀英" not in str(slip.claims)
    assert verify_slip(house.desk, issued.data["slip"]).valid


def test_no_certificate_while_a_gap_is_open(house: PaperHouse) -> None:
    """What was promised must have come before anything is issued."""
    gap = PATHS["accepted_with_gap"][0][2]
    file = house.move(house.receive(), "accepted_with_gap", **gap)
    file = house.move(file, "granted", on="2026-11-03", by="clerk", reasons=[], legal_ground="测试法第一条")
    assert house.print(file).state is CaseState.GRANTED
    assert house.load(file).last("certificate_issued") is None


def test_the_certificate_waits_for_the_register(house: PaperHouse) -> None:
    """Where the grant must be entered in the office's register, the certificate comes after the entry."""
    operation = Operation.__new__(Operation)
    end = replace(house.mapping.back_end, operations={"record": operation})
    mapping = replace(house.mapping, back_end=end)
    services = dict.fromkeys([mapping.id], mapping)
    desk = replace(house.desk, catalogue=replace(house.desk.catalogue, services=services))
    house.desk, house.workshop = desk, replace(house.workshop, desk=desk)
    assert house.print(house.grant()).state is CaseState.GRANTED


def test_a_service_without_a_certificate_issues_its_decision() -> None:
    """The written decision is then the document that proves the right (AL art. 39(1)(3)), and it is made once."""
    house = PaperHouse(certificate=None)
    file = house.print(house.grant())
    assert file.state is CaseState.ISSUED
    assert [letter.title for letter in house.printer.letters] == ["受理通知书", "准予行政许可决定书"]
    assert file.events[-1].data["number"] == f"{file.case.case_no}-ZY1"


@pytest.mark.parametrize("kind", ["key", "seal", "store"])
def test_what_cannot_be_made_is_tried_again(house: PaperHouse, kind: str) -> None:
    """Without a key, a seal or a store the case stays granted with a clear fault, and the next job makes what is missing."""
    granted = house.grant()
    sign = house.slips.sign
    if kind == "key":
        house.slips.sign = _refuse_to_sign  # type: ignore[method-assign, assignment]
    elif kind == "seal":
        house.printer.faults.append(NO_KEY)
    else:
        house.files.down = True
    with pytest.raises((ConfigurationFault, StoreUnavailable)):
        house.print(granted)
    assert house.load(granted).state is CaseState.GRANTED
    house.slips.sign, house.files.down = sign, False  # type: ignore[method-assign]
    assert house.print(granted).state is CaseState.ISSUED


def _refuse_to_sign(_: object) -> str:
    raise NO_KEY


class Killed(BaseException):
    """The worker's process ended here."""


@pytest.mark.parametrize("place", ["before printing", "before storing", "before writing", "while writing"])
def test_exactly_one_certificate_results(house: PaperHouse, place: str) -> None:
    """Wherever the worker is killed between decision and certificate, one certificate results, and the lost print verifies nowhere."""
    granted = house.print_letters(house.grant())
    with pytest.MonkeyPatch.context() as patch:
        kill_at(house, place, patch)
        with pytest.raises(Killed):
            house.print(granted)
    lost = [letter for letter in house.printer.letters if letter.kind == "certificate"]
    file = house.print(granted)
    file = house.print(file)
    certificates = file.all_of("certificate_issued")
    assert len(certificates) == 1
    assert [one.digest for one in house.list_files(file)].count(certificates[0].data["digest"]) == 1
    assert len([one for one in house.list_files(file) if "经营许可证" in one.title]) == 1
    for letter in lost:
        assert letter.number == certificates[0].data["number"]
        assert verify_slip(house.desk, letter.slip).reason == "not_issued"
    assert verify_slip(house.desk, certificates[0].data["slip"]).valid


def die(*_: object) -> Any:
    """The end of a process."""
    raise Killed


def kill_at(house: PaperHouse, place: str, patch: pytest.MonkeyPatch) -> None:
    """Let the next step of this name be the last of its process."""
    if place == "before printing":
        patch.setattr(house.printer, "interrupt", die)
    elif place == "before storing":
        patch.setattr(house.files, "put", die)
    elif place == "before writing":
        patch.setattr("services.case_documents.change_case", die)
    else:
        patch.setattr("services.case_documents.write_move", die)


def test_two_workers_issue_one_certificate(house: PaperHouse) -> None:
    """Of two workers that print at the same moment one writes; the other finds it written."""
    granted = house.print_letters(house.grant())
    done: list[CaseFile] = []

    def other() -> None:
        house.printer.interrupt = lambda: None
        done.append(house.print(granted))

    house.printer.interrupt = other
    mine = house.print(granted)
    assert mine == done[0]
    assert len(mine.all_of("certificate_issued")) == 1
    assert len([one for one in house.list_files(mine) if "经营许可证" in one.title]) == 1


def test_the_job_of_a_case_makes_its_documents(house: PaperHouse) -> None:
    """Documents are part of the house's work on a case."""
    granted = house.grant()
    assert work_on_case(house.workshop, house.agency_id, granted.case.case_id, "request-3") is CaseState.ISSUED
    assert house.load(granted).events[-1].data["request_id"] == "request-3"


def test_a_letter_names_no_clerk(house: PaperHouse) -> None:
    """Letters come from the organ: no member of the staff stands in them."""
    file = house.print(walk(house, PATHS["refused"]))
    staff = {str(event.staff_id) for event in file.events if isinstance(event.staff_id, UUID)}
    assert staff
    assert not any(one in tell(letter) for letter in house.printer.letters for one in staff)


def test_a_lost_slip_of_a_letter_is_refused_online(house: PaperHouse) -> None:
    """A voucher's slip holds only if its letter is in the case."""
    file = house.print(house.accept())
    text = house.printer.letters[0].slip
    assert verify_slip(house.desk, text).valid
    slip = replace(house.slips.signed[text], slip_id="cd" * 12)
    assert verify_slip(house.desk, house.slips.sign(slip)).reason == "not_issued"
    assert file.state is CaseState.ACCEPTED
    with pytest.raises(SlipRefused):
        house.slips.read("nothing", house.clock.now())


def test_every_wording_speaks_both_languages(house: PaperHouse) -> None:
    """Every letter has a Chinese title and an English summary of what follows for its reader."""
    for wording in WORDS.values():
        assert wording.title
        assert wording.summary.isascii()
    assert house.mapping.title[Language.ZH_CN] == "经营许可"
