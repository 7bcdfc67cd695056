"""What the contract suites put into the books around cases: files, mandates, ratings, complaints, notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.ids import make_id
from services.case_record import (
    Complaint,
    ComplaintEvent,
    ComplaintState,
    Mandate,
    MandateKind,
    NoticeAttempt,
    Organisation,
    Rating,
    StoredFile,
)
from services.model import PlatformName
from tests.case_samples import LICENSING, MORNING


def make_file(agency_id: UUID, owner: UUID, **changes: Any) -> StoredFile:
    """A picture that belongs to something."""
    file = StoredFile(
        make_id(MORNING),
        agency_id,
        owner,
        "floor_plan",
        "ab" * 32,
        "image/png",
        12345,
        "平面图.png",
        MORNING,
        "applicant",
    )
    return replace(file, **changes)


def make_organisation(agency_id: UUID, **changes: Any) -> Organisation:
    """A company that nobody has recorded."""
    code = uuid4().hex[:18].upper()
    return replace(Organisation(make_id(MORNING), agency_id, code, "秀英早点有限公司", uuid4(), MORNING), **changes)


def make_mandate(agency_id: UUID, **changes: Any) -> Mandate:
    """A daughter acts for her mother."""
    mother = {"kind": "person", "name": "王秀英", "identity_number": uuid4().hex[:18]}
    daughter = {"name": "李娜", "identity_number": uuid4().hex[:18]}
    mandate = Mandate(
        make_id(MORNING), agency_id, MandateKind.FAMILY, mother, uuid4(), None, uuid4(), daughter, None, (LICENSING,),
        MORNING, MORNING + timedelta(days=365), "staff:x", MORNING, {"seen": "户口簿", "at": "2026-11-02"},
    )  # fmt: skip
    return replace(mandate, **changes)


def make_rating(agency_id: UUID, **changes: Any) -> Rating:
    """Very bad."""
    rating = Rating(
        make_id(MORNING), agency_id, "case", uuid4(), LICENSING, PlatformName.WINDOW, 1, ("slow",), "等了很久", uuid4(),
        uuid4(), MORNING,
    )  # fmt: skip
    return replace(rating, **changes)


def make_complaint(agency_id: UUID, **changes: Any) -> tuple[Complaint, ComplaintEvent]:
    """A complaint against two, as it was filed."""
    complaint = Complaint(
        make_id(MORNING), agency_id, "complaint", "case", uuid4(), LICENSING, "1101", PlatformName.WEB, uuid4(),
        (uuid4(), uuid4()), None, "态度不好", MORNING, MORNING.date() + timedelta(days=7),
    )  # fmt: skip
    complaint = replace(complaint, **changes)
    event = ComplaintEvent(complaint.complaint_id, 1, "filed", ComplaintState.OPEN, MORNING, None, {"by": "web"})
    return complaint, event


def make_attempt(agency_id: UUID, case_id: UUID, **changes: Any) -> NoticeAttempt:
    """The first text message about the acceptance."""
    attempt = NoticeAttempt(case_id, agency_id, "3:acceptance", "sms", 1, "sent", MORNING, {"receipt": "R-1"})
    return replace(attempt, **changes)
