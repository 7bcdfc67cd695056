"""What a mapping of kind ``case`` says beside the rest: who may apply, with which materials, how it is decided and delivered.

Read by ``services/counter_reader.py``; the keys stand in ``docs/mappings.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.model import Language

Texts = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Correction:
    """A ready-made reason (补正理由) that a clerk may pick for a material, and edit."""

    code: str
    text: Texts


@dataclass(frozen=True, slots=True)
class Material:
    """One material (申请材料). ``level``: A issued by an organ (fetched), B seen at the window, C uploaded, D vouched for by the applicant.

    Level A has the operation ``fetch_<name>`` of the mapping's back ends and is never asked for; D is a promise that the applicant
    signs by name. ``secondary``: an acceptance with a gap may leave it out. ``accepts``: media types of uploads.
    """

    name: str
    title: Texts
    level: str
    optional: bool = False
    secondary: bool = False
    accepts: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png")
    maximum_files: int = 5
    maximum_megabytes: int = 10
    standard: Texts = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    legal_ground: str = ""
    register: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpecialProcedure:
    """A special procedure (特别程序) that this service may need: only those of art. 45. ``days``: how long it takes, told in writing."""

    code: str
    title: Texts
    legal_ground: str
    days: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the examination. ``agency`` is another agency's slug (joint handling); steps with the same ``together`` run side by side."""

    name: Texts
    role: str
    limit_days: int | None = None
    hands_over_to: str = ""
    agency: str = ""
    together: str = ""


@dataclass(frozen=True, slots=True)
class CertificateTerms:
    """The certificate: its title, its sentence (``{name}`` of an input or result is filled in), its lines, how long it is valid."""

    title: Texts
    text: Texts
    lines: Mapping[str, Texts]
    """Name of an input, of an output or of ``applicant.name`` / ``applicant.number`` / ``case_no``: its label."""
    prefix: str
    valid_months: int | None = None


@dataclass(frozen=True, slots=True)
class Receiving:
    """The office's hours for receipt (Beijing time, ``HH:MM``). ``outside``: next_working_day or same_day."""

    opens: str = "09:00"
    closes: str = "17:00"
    outside: str = "next_working_day"


@dataclass(frozen=True, slots=True)
class CounterTerms:
    """Everything that the virtual counter needs to know of one service.

    ``decided_by``: clerk or back_end (operation ``decide``). ``accepted_by``: clerk or checks (a service decided by a back end may be
    accepted by the checks of its materials alone). ``two_hands``: whoever accepted does not decide. Days are working days.
    """

    applicants: tuple[str, ...]
    mandates: tuple[str, ...]
    materials: Mapping[str, Material]
    decided_by: str
    accepted_by: str
    two_hands: bool
    steps: tuple[Step, ...]
    statutory_days: int
    promised_days: int
    extension_days: int
    completeness_days: int
    correction_days: int
    delivery_days: int
    gap_days: int | None
    special: Mapping[str, SpecialProcedure]
    certificate: CertificateTerms | None
    delivery: tuple[str, ...]
    receiving: Receiving
    appeal: Texts
    region: str = "CN"
    rights_by: str = ""
    """Who decides is named on every letter: the organ's full name in Chinese; empty: the agency's own name."""
