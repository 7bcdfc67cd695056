"""Numbers of cases (办件编号, at most 50 characters) and of what is issued in them.

A number is counted per agency and period in the transaction that opens the case: a case that is not opened leaves no gap, two cases never
have one number. ``{agency}`` is a code of nine digits made from the agency's id, so that two agencies never meet; ``docs/cases.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from uuid import UUID

from services.case_ports import NumberFormat
from services.errors import ConfigurationFault

LONGEST = 50
"""办件编号 in the national exchange tables."""
LEAST_DIGITS = 6
AGENCY_DIGITS = 9


def code_agency(agency_id: UUID) -> str:
    """The agency in its cases' numbers: nine digits, the same for ever, for its id never changes."""
    digest = hashlib.sha256(b"guitai agency code" + agency_id.bytes).digest()
    return f"{int.from_bytes(digest[:16], 'big') % 10**AGENCY_DIGITS:0{AGENCY_DIGITS}d}"


def require_distinct_codes(agencies: Iterable[UUID]) -> None:
    """Raise ``ConfigurationFault`` if two agencies share a code: their cases' numbers could meet. One in a thousand million for a pair."""
    known: dict[str, UUID] = {}
    for agency in agencies:
        other = known.setdefault(code_agency(agency), agency)
        if other != agency:
            raise ConfigurationFault(
                f"case numbers: the agencies {other} and {agency} have the same code; import one anew"
            )


def name_period(form: NumberFormat, on: date) -> str:
    """Within what the numbers are counted: the day if the format shows it, else the year, else for ever (empty)."""
    if "{date}" in form.pattern:
        return f"{on:%Y%m%d}"
    return f"{on:%Y}" if "{year}" in form.pattern else ""


def write_number(form: NumberFormat, *, agency_id: UUID, service: str, on: date, number: int) -> str:
    """The number in full, its check digit over all digits before it. Raises ``ConfigurationFault`` for one that is too long."""
    bare = form.pattern.format(
        agency=code_agency(agency_id), service=service.upper(), date=f"{on:%Y%m%d}", year=f"{on:%Y}",
        number=f"{number:0{LEAST_DIGITS}d}", check="",
    )  # fmt: skip
    full = bare + compute_check_digit(bare) if "{check}" in form.pattern else bare
    if len(full) > LONGEST:
        raise ConfigurationFault(
            f"GUITAI_CASE_NO_FORMAT makes a number of {len(full)} characters; {LONGEST} are allowed"
        )
    return full


def compute_check_digit(text: str) -> str:
    """The check digit of ISO 7064 MOD 11,10 over the digits of a text; anything else in it does not count."""
    product = 10
    for digit in _digits(text):
        total = (product + digit) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def is_well_formed(form: NumberFormat, case_no: str) -> bool:
    """Whether a typed number can be one of ours: its length, and its check digit if the format has one. Says nothing of its existence."""
    if not 0 < len(case_no) <= LONGEST:
        return False
    if "{check}" not in form.pattern:
        return True
    return case_no[-1].isascii() and case_no[-1].isdigit() and compute_check_digit(case_no[:-1]) == case_no[-1]


def write_certificate_no(prefix: str, case_no: str) -> str:
    """The number of the certificate of a case: one case, one number, however often it is asked for."""
    return f"{prefix}{case_no}"


def shorten(case_no: str) -> str:
    """What a notice through somebody else's channel may show of a number: its last four characters."""
    return case_no[-4:]


def _digits(text: str) -> Iterator[int]:
    return (int(character) for character in text if character.isascii() and character.isdigit())
