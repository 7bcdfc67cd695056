"""Reading a file: who may, what is noted, and under which headers the bytes leave."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.case_errors import CaseMoved
from services.case_record import StoredFile
from services.errors import NotFound, NotPermitted, StoreUnavailable
from services.opened_files import READ, name_headers, read_at_counter, read_own_file
from services.staffing import Role
from tests.case_samples import MORNING
from tests.counter_office import OFFICE, REASON, SIBLING, TAX, TAX_BRANCH, CounterOffice
from tests.fake_applicants import LI, Counter
from tests.fake_cases import FakeFileStore

CONTENT = b"PNG the plan"


def make_file(title: str = "图.png", kind: str = "image/png") -> StoredFile:
    return StoredFile(uuid4(), uuid4(), uuid4(), "floor_plan", "0" * 64, kind, 10, title, MORNING, "applicant")


def keep(counter: Counter, owner: UUID, material: str = "floor_plan") -> UUID:
    """A file with its bytes."""
    digest = counter.desk.files.put(counter.agency, CONTENT)
    file_id = counter.add_file(owner, material)
    files = counter.house.tables.counter.files
    files[file_id] = replace(files[file_id], digest=digest)
    return file_id


def test_an_applicant_reads_what_is_theirs() -> None:
    """A file of one's own draft or case, uploaded or made by the office, comes with its bytes; nobody else's exists."""
    counter = Counter()
    li = counter.add_citizen(LI)
    case_id = counter.open()
    for file_id in (keep(counter, counter.draft()), keep(counter, case_id), keep(counter, case_id, "")):
        assert read_own_file(counter.door, counter.wang, file_id).content == CONTENT
        with pytest.raises(NotFound):
            read_own_file(counter.door, li, file_id)
    with pytest.raises(NotFound):
        read_own_file(counter.door, counter.wang, uuid4())
    with pytest.raises(NotFound):
        read_own_file(counter.door, counter.wang, keep(counter, uuid4()))


def test_colleagues_with_a_mandate_read_the_same_case() -> None:
    """Whoever holds a mandate in force for the company reads its files; once it is revoked, nothing."""
    counter = Counter()
    company, li = counter.add_company(), counter.add_citizen(LI)
    applicant = {"kind": "organisation", "organisation_id": str(company.organisation_id)}
    mandate = counter.authorise(company, counter.wang, "110101199003070011")
    case_id = counter.open(applicant=applicant, mandate_id=str(mandate.mandate_id))
    file_id = keep(counter, case_id)
    theirs = counter.authorise(company, li, LI)
    assert read_own_file(counter.door, li, file_id).content == CONTENT
    counter.revoke(theirs)
    with pytest.raises(NotFound):
        read_own_file(counter.door, li, file_id)


def test_a_store_that_is_away_is_told() -> None:
    """No bytes are made up."""
    counter = Counter()
    file_id, store = keep(counter, counter.open()), counter.desk.files
    assert isinstance(store, FakeFileStore)
    store.down = True
    with pytest.raises(StoreUnavailable):
        read_own_file(counter.door, counter.wang, file_id)


class Reading:
    """A case at the staff's counter with one file in it."""

    def __init__(self, *, accepted: bool = False) -> None:
        self.office = CounterOffice()
        self.case_id = (self.office.accept() if accepted else self.office.receive()).case.case_id
        digest = self.office.desk.files.put(OFFICE, CONTENT)
        self.file = StoredFile(uuid4(), OFFICE, self.case_id, "floor_plan", digest, "image/png", 12, "图.png", MORNING, "applicant")  # fmt: skip
        with self.office.house.begin((OFFICE,)) as tx:
            tx.files.add(self.file)


def test_a_clerk_reads_after_opening_and_it_is_noted() -> None:
    """Whoever opened the case with a reason reads its files; each reading stands in the book of acts, with no title."""
    reading = Reading()
    office, clerk = reading.office, reading.office.clerk
    with pytest.raises(CaseMoved):
        read_at_counter(office.counter, clerk, reading.case_id, reading.file.file_id)
    office.counter.open_case(clerk, reading.case_id, REASON)
    opened = read_at_counter(office.counter, clerk, reading.case_id, reading.file.file_id, inline=True)
    assert opened.content == CONTENT
    act = office.acts[-1]
    assert (act.act, act.agency_id, act.staff_id, act.subject_id) == (
        READ,
        OFFICE,
        clerk.member.staff_id,
        str(reading.case_id),
    )
    assert act.detail == {"file_id": str(reading.file.file_id), "material": "floor_plan"}
    with pytest.raises(CaseMoved):
        read_at_counter(office.counter, office.second, reading.case_id, reading.file.file_id)


def test_what_cannot_be_noted_is_not_shown() -> None:
    """Without the book of acts no byte is given back."""
    reading = Reading()
    office = reading.office
    office.counter.open_case(office.clerk, reading.case_id, REASON)
    office.house.acts_down = True
    with pytest.raises(StoreUnavailable):
        read_at_counter(office.counter, office.clerk, reading.case_id, reading.file.file_id)


def test_a_joint_agency_reads_and_another_does_not() -> None:
    """The tax office, which has a step in the case, reads after opening; a sibling office learns nothing, and other roles neither."""
    reading = Reading(accepted=True)
    office = reading.office
    office.counter.finish_step(office.clerk, reading.case_id, office.load(reading.case_id).version, 0, "符合条件")
    office.counter.open_case(office.tax, reading.case_id, REASON)
    assert read_at_counter(office.counter, office.tax, reading.case_id, reading.file.file_id).content == CONTENT
    assert office.acts[-1].agency_id == TAX
    for agency, role in ((SIBLING, Role.CLERK), (TAX_BRANCH, Role.CLERK), (OFFICE, Role.FINANCE)):
        with pytest.raises((NotFound, NotPermitted)):
            read_at_counter(office.counter, office.hire(agency, role), reading.case_id, reading.file.file_id)


def test_a_file_is_read_through_its_own_case_alone() -> None:
    """Opening one case opens no file of another."""
    reading = Reading()
    office = reading.office
    other = office.receive().case.case_id
    office.counter.open_case(office.clerk, other, REASON)
    for file_id in (reading.file.file_id, uuid4()):
        with pytest.raises(NotFound):
            read_at_counter(office.counter, office.clerk, other, file_id)


def test_headers_let_a_browser_neither_guess_nor_run_nor_keep() -> None:
    """Every file leaves with nosniff, a policy that loads and runs nothing, and no-store; by default as an attachment."""
    for kind in ("image/png", "application/pdf", "text/html"):
        headers = name_headers(make_file(kind=kind))
        assert headers["Content-Disposition"].startswith("attachment; ")
        assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert name_headers(make_file(kind="text/html"))["Content-Type"] == "application/octet-stream"


def test_only_pictures_and_pdf_are_shown_in_their_place() -> None:
    """Inline is for what the judge knows; a PDF's viewer needs to be let out of the sandbox, and still may load nothing."""
    assert name_headers(make_file(), inline=True)["Content-Disposition"].startswith("inline; ")
    assert name_headers(make_file(), inline=True)["Content-Security-Policy"].startswith("sandbox;")
    pdf = name_headers(make_file(kind="application/pdf"), inline=True)
    assert pdf["Content-Disposition"].startswith("inline; ")
    assert pdf["Content-Security-Policy"].startswith("default-src 'none'; object-src 'self'")
    assert name_headers(make_file(kind="image/svg+xml"), inline=True)["Content-Disposition"].startswith("attachment; ")


@given(st.text(max_size=200))
def test_no_title_breaks_a_header(title: str) -> None:
    """Whatever a file is called, its headers are plain ASCII of one line, and its name comes back from the encoded form."""
    headers = name_headers(make_file(title))
    for value in headers.values():
        assert value.isascii()
        assert value.isprintable()
    plain, encoded = headers["Content-Disposition"].split("; filename=")[1].split("; filename*=UTF-8''")
    assert plain.count('"') == 2
    assert unquote(encoded).lower().endswith(".png")
