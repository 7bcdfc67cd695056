"""Uploads to drafts and cases, by citizens and at the window: who, what, how many, and nothing kept of what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_drafts import save_draft
from services.case_errors import FileRefused, NotAllowedNow
from services.case_ports import JudgedFile
from services.case_record import Hand, StoredFile
from services.cases import Brought, correct_case, supply_gap
from services.errors import InputRefused, NotFound, NotPermitted, StoreUnavailable, TooManyRequests
from services.file_rules import Upload, refuse_file
from services.staffing import Role
from services.uploads import (
    GAP_PROMISE,
    UPLOADS_PER_TEN_MINUTES,
    UploadDesk,
    list_waiting,
    remove_at_window,
    remove_from_case,
    remove_from_draft,
    upload_at_window,
    upload_for_walk_in,
    upload_to_case,
    upload_to_draft,
)
from tests.case_samples import MATERIALS
from tests.counter_office import OFFICE, SIBLING, CounterOffice
from tests.fake_applicants import CONTENT, LI, Counter
from tests.fake_cases import FakeFileStore
from tests.fakes import FakeLimiter

PHOTO = Upload("floor_plan", "图.png", b"PNG floor plan")


@dataclass
class FakeJudge:
    """Implements ``case_ports.FileJudge``: the first word of a file is its type, or the rule by which it is refused."""

    seen: list[bytes] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None

    def judge(self, content: bytes) -> JudgedFile:
        self.seen.append(content)
        word = content.split(b" ")[0].decode()
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if word not in ("PDF", "PNG", "JPEG"):
            raise refuse_file(word)
        kind = {"PDF": "application/pdf", "PNG": "image/png", "JPEG": "image/jpeg"}[word]
        return JudgedFile(kind, 1, content.removesuffix(b" tail"))


class Taking:
    """A counter with people, and what takes their files."""

    def __init__(self, **changes: Any) -> None:
        self.counter, self.judge = Counter(**changes), FakeJudge()
        self.limiter = FakeLimiter(self.counter.clock)
        self.uploads = UploadDesk(self.counter.desk, self.judge, self.limiter)
        self.wang, self.door = self.counter.wang, self.counter.door

    @property
    def kept(self) -> dict[tuple[UUID, str], bytes]:
        """What lies in the file store."""
        store = self.counter.desk.files
        assert isinstance(store, FakeFileStore)
        return store.kept

    def begin(self) -> UUID:
        """A draft without files."""
        return save_draft(self.door, self.wang, self.counter.mapping.id, CONTENT).draft.draft_id

    def add(self, draft_id: UUID, upload: Upload = PHOTO) -> StoredFile:
        return upload_to_draft(self.uploads, self.door, self.wang, draft_id, upload)

    def bring(self, case_id: UUID, upload: Upload = PHOTO) -> StoredFile:
        self.counter.clock.advance(1)
        return upload_to_case(self.uploads, self.door, self.wang, case_id, upload)

    def files(self, owner: UUID) -> list[StoredFile]:
        with self.counter.house.begin(self.wang.agencies) as tx:
            held: list[StoredFile] = tx.files.list_of(owner)
        return held

    def waiting(self, case_id: UUID) -> list[UUID]:
        with self.counter.house.begin(self.wang.agencies) as tx:
            return [one.file_id for one in list_waiting(tx, self.counter.file(case_id))]

    def ask(self, case_id: UUID, *names: str) -> None:
        """A clerk asks for corrections."""
        items = [{"about": name, "code": "unclear", "words": "x"} for name in names]
        self.counter.move(case_id, "correction_asked", items=items, until_on="2026-12-31")


@pytest.fixture
def taking() -> Taking:
    return Taking()


def test_a_file_is_kept_by_its_digest_with_a_row(taking: Taking) -> None:
    """What the judge lets in is kept as the judge says, with a clean title and who uploaded it as what."""
    draft_id = taking.begin()
    file = taking.add(draft_id, Upload("floor_plan", "C:\\王\\图.png", b"PNG floor plan tail"))
    digest = hashlib.sha256(b"PNG floor plan").hexdigest()
    assert taking.files(draft_id) == [file]
    assert (file.digest, file.media_type, file.size_bytes, file.title) == (digest, "image/png", 14, "图.png")
    assert (file.material, file.uploaded_by, file.agency_id) == ("floor_plan", "applicant", taking.counter.agency)
    assert taking.kept == {(taking.counter.agency, digest): b"PNG floor plan"}


@pytest.mark.parametrize("rule", ["bomb", "active", "encrypted", "damaged", "pages", "type"])
def test_nothing_is_kept_of_a_refused_file(taking: Taking, rule: str) -> None:
    """The rule is told, and neither bytes nor a row are left."""
    draft_id = taking.begin()
    with pytest.raises(FileRefused) as refused:
        taking.add(draft_id, Upload("floor_plan", "x", rule.encode() + b" bytes"))
    assert refused.value.detail == {"rule": rule}
    assert taking.kept == {}
    assert taking.files(draft_id) == []


def test_a_type_that_the_material_does_not_take_is_refused() -> None:
    """The judge's word on the content counts, whatever the title says."""
    plan = replace(MATERIALS["floor_plan"], accepts=("application/pdf",))
    taking = Taking(materials={**MATERIALS, "floor_plan": plan})
    draft_id = taking.begin()
    with pytest.raises(FileRefused) as refused:
        taking.add(draft_id, Upload("floor_plan", "plan.pdf", b"PNG not a pdf"))
    assert refused.value.detail == {"rule": "type"}
    assert taking.kept == {}


def test_two_hundred_files_end_at_the_limit(taking: Taking) -> None:
    """Whoever uploads two hundred files is stopped at ten of two materials, and nothing beyond is looked at or kept."""
    draft_id, refused = taking.begin(), 0
    for number in range(200):
        taking.counter.clock.advance(10)
        name = ("floor_plan", "proof_of_premises")[number % 2]
        try:
            taking.add(draft_id, Upload(name, "x", f"PNG {number}".encode()))
        except FileRefused:
            refused += 1
    assert refused == 190
    assert len(taking.files(draft_id)) == len(taking.kept) == len(taking.judge.seen) == 10


def test_uploads_have_a_rate(taking: Taking) -> None:
    """Faster than a hundred and twenty in ten minutes nobody uploads by hand; the judge is not asked any more."""
    draft_id = taking.begin()
    for _ in range(UPLOADS_PER_TEN_MINUTES):
        taking.add(draft_id)
    seen = len(taking.judge.seen)
    with pytest.raises(TooManyRequests):
        taking.add(draft_id)
    assert len(taking.judge.seen) == seen


def test_the_same_file_twice_is_one(taking: Taking) -> None:
    """A client that repeats an upload gets the file that is there; as another material it is another row."""
    draft_id = taking.begin()
    first = taking.add(draft_id)
    assert taking.add(draft_id) == first
    second = taking.add(draft_id, replace(PHOTO, material="proof_of_premises"))
    assert [file.file_id for file in taking.files(draft_id)] == [first.file_id, second.file_id]
    assert len(taking.kept) == 1


def test_two_uploads_that_did_not_see_each_other_keep_the_limit(taking: Taking) -> None:
    """Whoever is one too many after both were written is taken out again and told so."""
    draft_id = taking.begin()
    for number in range(4):
        taking.add(draft_id, replace(PHOTO, content=f"PNG {number}".encode()))

    def add_behind() -> None:
        taking.add(draft_id, replace(PHOTO, content=b"PNG fifth"))

    taking.judge.meanwhile = add_behind
    with pytest.raises(FileRefused) as refused:
        taking.add(draft_id, replace(PHOTO, content=b"PNG sixth"))
    assert refused.value.detail == {"rule": "count"}
    assert len(taking.files(draft_id)) == 5


@pytest.mark.parametrize(
    ("name", "rule"),
    [("business_licence", "not_asked"), ("promise", "not_asked"), ("passport", "unknown"), ("", "unknown")],
)
def test_only_copies_are_uploaded(taking: Taking, name: str, rule: str) -> None:
    """What an organ issued is fetched, a promise is signed, and what the service does not know is not taken."""
    with pytest.raises(InputRefused) as refused:
        taking.add(taking.begin(), replace(PHOTO, material=name))
    assert refused.value.detail == {"material": rule}
    assert taking.judge.seen == []


def test_too_large_is_told_before_anybody_looks(taking: Taking) -> None:
    """A file over its material's limit is not judged."""
    with pytest.raises(FileRefused) as refused:
        taking.add(taking.begin(), replace(PHOTO, content=bytes(10 * 1024 * 1024 + 1)))
    assert refused.value.detail == {"rule": "size"}
    assert taking.judge.seen == []


def test_nobody_uploads_to_anothers_draft_or_case(taking: Taking) -> None:
    """Somebody else's draft and case do not exist."""
    li = taking.counter.add_citizen(LI)
    draft_id, case_id = taking.begin(), taking.counter.open()
    with pytest.raises(NotFound):
        upload_to_draft(taking.uploads, taking.door, li, draft_id, PHOTO)
    with pytest.raises(NotFound):
        upload_to_case(taking.uploads, taking.door, li, case_id, PHOTO)
    file = taking.add(draft_id)
    with pytest.raises(NotFound):
        remove_from_draft(taking.door, li, draft_id, file.file_id)
    with pytest.raises(NotFound):
        remove_from_case(taking.door, li, case_id, file.file_id)
    assert len(taking.judge.seen) == 1


def test_a_store_that_is_away_leaves_no_row(taking: Taking) -> None:
    """Bytes that could not be kept have no row."""
    draft_id, store = taking.begin(), taking.counter.desk.files
    assert isinstance(store, FakeFileStore)
    store.down = True
    with pytest.raises(StoreUnavailable):
        taking.add(draft_id)
    assert taking.files(draft_id) == []


def test_a_file_is_taken_out_of_a_draft(taking: Taking) -> None:
    """Until it is handed in an applicant may change their mind; afterwards the draft is closed."""
    draft_id = taking.begin()
    file, other = taking.add(draft_id), taking.add(draft_id, Upload("proof_of_premises", "x", b"PDF lease"))
    remove_from_draft(taking.door, taking.wang, draft_id, file.file_id)
    assert taking.files(draft_id) == [other]
    with pytest.raises(NotFound):
        remove_from_draft(taking.door, taking.wang, draft_id, file.file_id)
    taking.add(draft_id)
    taking.counter.clock.advance(1)
    taking.counter.submit(draft_id)
    for act in (
        lambda: taking.add(draft_id),
        lambda: remove_from_draft(taking.door, taking.wang, draft_id, other.file_id),
    ):
        with pytest.raises(NotAllowedNow):
            act()


def test_a_correction_waits_until_it_is_handed_in(taking: Taking) -> None:
    """What is uploaded to a case counts with ``corrected``; until then it can be seen and taken back."""
    case_id = taking.counter.open()
    taking.ask(case_id, "floor_plan")
    first, second = taking.bring(case_id), taking.bring(case_id, replace(PHOTO, content=b"JPEG better"))
    assert taking.waiting(case_id) == [first.file_id, second.file_id]
    remove_from_case(taking.door, taking.wang, case_id, first.file_id)
    taking.counter.clock.advance(1)
    file = correct_case(taking.door, taking.wang, case_id, taking.counter.file(case_id).version, Brought())
    assert [one["file_id"] for one in file.materials["floor_plan"]["files"]] == [str(second.file_id)]
    assert taking.waiting(case_id) == []
    with pytest.raises(NotAllowedNow):
        remove_from_case(taking.door, taking.wang, case_id, second.file_id)


def test_only_what_the_notice_asks_is_taken(taking: Taking) -> None:
    """A correction brings what was asked for, a decided case nothing any more."""
    case_id = taking.counter.open()
    taking.ask(case_id, "floor_plan")
    with pytest.raises(InputRefused):
        taking.bring(case_id, replace(PHOTO, material="proof_of_premises"))
    taking.counter.move(case_id, "withdrawn", Hand.APPLICANT, reason="")
    with pytest.raises(NotAllowedNow):
        taking.bring(case_id)


def test_a_gap_is_filled_by_an_upload(taking: Taking) -> None:
    """What an acceptance with a gap left out is uploaded to the case and counts with ``gap_supplied``."""
    case_id = taking.counter.open()
    taking.counter.move(
        case_id,
        "accepted_with_gap",
        on="2026-11-02",
        missing=["proof_of_premises"],
        until_on="2026-11-09",
        promise="promise",
    )
    taking.bring(case_id, Upload("proof_of_premises", "x", b"PDF lease"))
    file = supply_gap(taking.door, taking.wang, case_id, taking.counter.file(case_id).version, Brought())
    assert file.gap is None
    with pytest.raises(NotAllowedNow):
        taking.bring(case_id, Upload("proof_of_premises", "x", b"PDF more"))


def test_a_copy_of_what_the_register_does_not_have_is_taken(taking: Taking) -> None:
    """Level A is asked of nobody, unless its register says that it has nothing: then the notice may ask for a copy."""
    taking.counter.office.answers["fetch_business_licence"] = {"found": False, "checks": []}
    case_id = taking.counter.open()
    licence = Upload("business_licence", "执照.pdf", b"PDF licence")
    with pytest.raises(InputRefused):
        taking.bring(case_id, licence)
    taking.counter.run_jobs()
    taking.ask(case_id, "business_licence")
    file = taking.bring(case_id, licence)
    corrected = correct_case(taking.door, taking.wang, case_id, taking.counter.file(case_id).version, Brought())
    assert corrected.materials["business_licence"]["files"][0]["file_id"] == str(file.file_id)


class Window:
    """The staff's counter, and what takes the scans of its window."""

    def __init__(self) -> None:
        self.office, self.judge = CounterOffice(), FakeJudge()
        self.uploads = UploadDesk(self.office.desk, self.judge, FakeLimiter(self.office.clock))
        self.case_id = self.office.receive().case.case_id

    def scan(self, upload: Upload = PHOTO, actor: object = None) -> StoredFile:
        self.office.clock.advance(1)
        return upload_at_window(self.uploads, self.office.window, actor or self.office.clerk, self.case_id, upload)  # type: ignore[arg-type] # an Actor


@pytest.fixture
def window() -> Window:
    return Window()


def test_a_clerk_scans_what_was_brought(window: Window) -> None:
    """A scan at the window waits like an upload, under the clerk's name, and can be taken back by the staff."""
    file = window.scan()
    assert file.uploaded_by == f"staff:{window.office.clerk.member.staff_id}"
    remove_at_window(window.office.window, window.office.second, window.case_id, file.file_id)
    with window.office.house.begin((OFFICE,)) as tx:
        assert tx.files.list_of(window.case_id) == []


def test_a_signed_promise_is_scanned_before_acceptance(window: Window) -> None:
    """The promise of an acceptance with a gap is a paper of the case that no mapping asks for."""
    promise = window.scan(Upload(GAP_PROMISE, "承诺书.pdf", b"PDF promise"))
    assert promise.material == GAP_PROMISE
    window.office.write(window.case_id, "withdrawn", Hand.APPLICANT, {"reason": ""})
    with pytest.raises(NotAllowedNow):
        window.scan(Upload(GAP_PROMISE, "承诺书.pdf", b"PDF another"))


def test_only_a_clerk_of_the_office_scans(window: Window) -> None:
    """A head and another office's clerk scan nothing; a citizen's own upload is not the window's to take."""
    with pytest.raises(NotPermitted):
        window.scan(actor=window.office.head)
    with pytest.raises(NotFound):
        window.scan(actor=window.office.hire(SIBLING, Role.CLERK))
    theirs = StoredFile(uuid4(), OFFICE, window.case_id, "floor_plan", "0" * 64, "image/png", 1, "x", window.office.clock.now(), "applicant")  # fmt: skip
    with window.office.house.begin((OFFICE,)) as tx:
        tx.files.add(theirs)
    with pytest.raises(NotFound):
        remove_at_window(window.office.window, window.office.clerk, window.case_id, theirs.file_id)


def test_scans_for_a_walk_in_come_before_the_case(window: Window) -> None:
    """A clerk scans under the id of the case to come; nobody else adds to it, and nothing once it is there."""
    coming = uuid4()

    def scan(actor: object, case_id: UUID = coming, upload: Upload = PHOTO) -> StoredFile:
        service = window.office.mapping.id
        return upload_for_walk_in(window.uploads, window.office.window, actor, service, case_id, upload)  # type: ignore[arg-type] # an Actor

    file = scan(window.office.clerk)
    assert (file.owner, file.agency_id) == (coming, OFFICE)
    with pytest.raises(NotFound):
        scan(window.office.second)
    with pytest.raises(NotPermitted):
        scan(window.office.head)
    with pytest.raises(NotAllowedNow):
        scan(window.office.clerk, window.case_id)
    with pytest.raises(InputRefused):
        scan(window.office.clerk, upload=replace(PHOTO, material="business_licence"))
