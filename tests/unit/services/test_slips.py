"""What slips say: their claims by kind, and nothing that names a person."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.case_ports import Slip
from services.clock import ClockKind, Deadline
from services.slips import (
    CLAIMS,
    COLLECTION_MINUTES,
    KIND_CLAIM,
    KIND_NUMBERS,
    OF_KIND,
    SlipKind,
    find_fault,
    make_case_receipt,
    make_certificate,
    make_collection_code,
    make_payment_receipt,
    make_slip_id,
    make_voucher,
    name_case,
)
from tests.paper_samples import ORGANISATION, PaperHouse

NOW = datetime(2026, 11, 2, 2, 30, tzinfo=UTC)
ID = "ab" * 12
DEADLINES = (
    Deadline(ClockKind.PROMISED, date(2026, 11, 23), False, 1),
    Deadline(ClockKind.STATUTORY, date(2027, 1, 4), True, 1),
)


@pytest.fixture
def house() -> PaperHouse:
    return PaperHouse()


def test_numbers_of_claims_and_kinds_are_never_shared() -> None:
    """Each claim and each kind has a number of its own, and every claim belongs to some kind."""
    numbers = [number for number, _ in CLAIMS.values()]
    assert len(set(numbers)) == len(numbers)
    assert KIND_CLAIM not in numbers
    assert len(set(KIND_NUMBERS.values())) == len(SlipKind)
    assert set().union(*OF_KIND.values()) == set(CLAIMS)
    assert all("number" in names for names in OF_KIND.values())


def test_an_id_is_new_each_time() -> None:
    """An id is 96 random bits in hexadecimal."""
    assert make_slip_id(lambda size: bytes(range(size))) == "000102030405060708090a0b"


def test_the_receipt_of_a_received_case(house: PaperHouse) -> None:
    """It holds the number, the moment of receipt and the day by which the office must say what is missing."""
    file = house.receive()
    told = Deadline(ClockKind.COMPLETENESS, date(2026, 11, 9), False, 1)
    slip = make_case_receipt(ID, file, (told,), NOW)
    assert slip.claims == {
        "number": file.case.case_no, "service": file.case.service, "received_at": int(file.case.received_at.timestamp()),
        "received_on": "2026-11-02", "told_by_on": "2026-11-09", "provisional": False,
    }  # fmt: skip
    assert find_fault(slip) is None
    assert name_case(slip) == file.case.case_no


def test_the_receipt_of_an_accepted_case(house: PaperHouse) -> None:
    """It holds the moment of the accepting event, both deadlines, and whether a day may still move."""
    file = house.accept()
    claims = make_case_receipt(ID, file, DEADLINES, NOW).claims
    assert claims["accepted_at"] == int(file.events[-1].at.timestamp())
    assert (claims["accepted_on"], claims["promised_on"], claims["statutory_on"]) == (
        "2026-11-02",
        "2026-11-23",
        "2027-01-04",
    )
    assert claims["provisional"] is True


def test_a_standing_clock_has_no_day(house: PaperHouse) -> None:
    """A deadline that is not known, because a suspension has no told end, is not stated."""
    standing = Deadline(ClockKind.STATUTORY, date(2026, 11, 23), False, 1, standing=True)
    assert "statutory_on" not in make_case_receipt(ID, house.accept(), (standing,), NOW).claims


def test_a_certificate_ends_at_midnight_in_beijing(house: PaperHouse) -> None:
    """Its last day is valid to its end; a certificate without a term has no end of its own."""
    slip = make_certificate(ID, house.accept(), "SYXK1", NOW, date(2029, 11, 1))
    assert slip.expires_at == datetime(2029, 11, 1, 16, 0, tzinfo=UTC)
    assert slip.claims["valid_until"] == "2029-11-01"
    assert make_certificate(ID, house.accept(), "SYXK1", NOW, None).expires_at is None


def test_a_certificate_of_the_evening_is_dated_in_shanghai(house: PaperHouse) -> None:
    """What is issued at 23:00 UTC is of the next day in Shanghai."""
    late = datetime(2026, 11, 2, 23, 0, tzinfo=UTC)
    assert make_certificate(ID, house.accept(), "SYXK1", late, None).claims["issued_on"] == "2026-11-03"


def test_a_collection_code_lives_for_minutes(house: PaperHouse) -> None:
    """It names the certificate and the case, and ends soon."""
    file = house.print(house.grant())
    slip = make_collection_code(ID, file, NOW)
    assert slip.claims == {"number": f"SYXK{file.case.case_no}", "case_no": file.case.case_no}
    assert slip.expires_at == NOW + timedelta(minutes=COLLECTION_MINUTES)


def test_every_slip_of_a_case_is_fit_to_be_signed_and_names_nobody(house: PaperHouse) -> None:
    """Whatever the applicant is called, no slip holds the name, the number or the telephone."""
    file = house.print(house.grant(applicant=ORGANISATION))
    slips = [
        make_case_receipt(ID, file, DEADLINES, NOW), make_certificate(ID, file, "SYXK1", NOW, None),
        make_collection_code(ID, file, NOW), make_voucher(ID, file, "acceptance", "1-SL1", 2, DEADLINES, NOW),
        make_payment_receipt(ID, "P1", "gas-bill", 12345, NOW, NOW, NOW), *house.slips.signed.values(),
    ]  # fmt: skip
    for slip in slips:
        assert find_fault(slip) is None
        assert not [value for value in ORGANISATION.values() if value in str(slip.claims)]


def test_a_payment_is_of_no_case(house: PaperHouse) -> None:
    """The slip of a payment names no case."""
    assert name_case(make_payment_receipt(ID, "P1", "gas-bill", 1, NOW, NOW, NOW)) is None


@given(
    kind=st.sampled_from(sorted(OF_KIND)),
    name=st.sampled_from(sorted(CLAIMS)),
    value=st.text() | st.integers() | st.booleans() | st.none() | st.floats(),
)
def test_only_fitting_claims_are_fit(kind: str, name: str, value: object) -> None:
    """A claim of another kind, or of another form, is a fault that names the claim and never tells its value."""
    claims = {"number": "1"} | {name: value}
    fault = find_fault(Slip(ID, kind, claims, NOW))
    if name not in OF_KIND[kind]:
        assert fault == f"{kind} holds no {name}"
    elif fault is not None:
        assert fault.startswith(f"{name} is no ")
    else:
        assert value is not None
        assert not isinstance(value, float)


@pytest.mark.parametrize(
    "slip",
    [
        Slip("ab", "certificate", {"number": "1"}, NOW),
        Slip(ID, "ticket", {"number": "1"}, NOW),
        Slip(ID, "voucher", {}, NOW),
    ],
)
def test_what_is_no_slip_is_said(slip: Slip) -> None:
    """An id of another form, an unknown kind, no number: each is a fault."""
    assert find_fault(slip) is not None
