"""Who hands in what, when and where in the simulated year, and whose desk it comes to: the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID, uuid5

from services.case_numbers import write_number
from services.case_ports import NumberFormat
from services.case_record import Case
from services.case_stores import NO_CHAIN
from services.model import PlatformName
from tests.year.calendars import LAST_RECEIPT, WorkingDays, moment_on
from tests.year.city import CLERKS, NAMES, Person, Service, make_services, make_staff

OPENS, CLOSES = 9 * 3600, 17 * 3600
LAST_HANDED_IN = 16 * 3600 + 1800
"""Seconds of the Beijing day: office hours, and till when somebody hands something in."""
ORGANISATIONS = 40_000
REGULAR = 0.02
"""The share of cases at each agency that its best known applicant hands in."""
DELIVERIES = ("window", "post", "electronic")
FORMAT = NumberFormat()


@dataclass(frozen=True)
class Staff:
    """Who works where."""

    clerks: dict[str, list[Person]]
    heads: dict[str, Person]

    @cached_property
    def logins(self) -> dict[UUID, str]:
        """The name at sign-in of everybody."""
        everybody = [person for members in self.clerks.values() for person in members] + list(self.heads.values())
        return {person.staff_id: person.login for person in everybody}


def seat_staff() -> Staff:
    """The clerks and the head of every agency."""
    staff = make_staff()
    clerks = {slug: [one for one in staff if (one.agency, one.role) == (slug, "clerk")] for slug in CLERKS}
    return Staff(clerks, {one.agency: one for one in staff if one.role == "head"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One case on its first day: ``number`` is its place among those of its agency and day, ``regular`` the best known applicant's."""

    index: int
    at: datetime
    day: date
    service: int
    clerk: Person
    regular: bool
    applicant: int
    delivery: str
    number: int


def list_arrivals(count: int, seed: int, days: WorkingDays, staff: Staff) -> list[Arrival]:
    """All of them, in the order of their receipt. The same count and seed: the same list."""
    dice, services = random.Random(f"{seed}:arrivals"), make_services()  # noqa: S311 - a story, not a secret
    open_days = [on for on in days.days if on <= LAST_RECEIPT]
    chosen = dice.choices(range(len(services)), [service.weight for service in services], k=count)
    moments = sorted((dice.choice(open_days), dice.randint(OPENS, LAST_HANDED_IN)) for _ in range(count))
    counted: dict[tuple[str, date], int] = {}
    arrivals = []
    for index, ((day, seconds), place) in enumerate(zip(moments, chosen, strict=True)):
        slug = services[place].agency
        regular = dice.random() < REGULAR
        clerk = _choose_clerk(staff.clerks[slug], regular, dice)
        counted[slug, day] = counted.get((slug, day), 0) + 1
        applicant = -1 if regular else dice.randrange(ORGANISATIONS)
        at, how = moment_on(day, seconds), dice.choice(DELIVERIES)
        arrivals.append(Arrival(index, at, day, place, clerk, regular, applicant, how, counted[slug, day]))
    return arrivals


def _choose_clerk(clerks: list[Person], regular: bool, dice: random.Random) -> Person:
    """The best known applicant is known best to one."""
    fond = [clerk for clerk in clerks if clerk.habit.favours]
    return fond[0] if regular and fond and dice.random() < 0.8 else dice.choice(clerks)


def make_case(arrival: Arrival, service: Service, agencies: dict[str, UUID], seed: int) -> Case:
    """The case as it is opened, with an organisation as applicant and an id that carries its time (RFC 9562)."""
    agency_id, milliseconds = agencies[service.agency], int(arrival.at.timestamp() * 1000)
    tail = random.Random(f"{seed}:{arrival.index}:id").getrandbits(62)  # noqa: S311 - a story, not a secret
    case_id = UUID(int=milliseconds << 80 | 0x7 << 76 | (arrival.index & 0xFFF) << 64 | 0b10 << 62 | tail)
    name = f"{service.agency}-regular" if arrival.regular else f"organisation-{arrival.applicant}"
    organisation_id = uuid5(NAMES, name)
    code = f"91{organisation_id.int % 10**16:016}"
    case_no = write_number(
        FORMAT, agency_id=agency_id, service=service.mapping.id, on=arrival.day, number=arrival.number
    )
    return Case(
        case_id=case_id, agency_id=agency_id, service=service.mapping.id, mapping_version=1, case_no=case_no,
        channel=PlatformName.WEB, app="web", person_id=None, login_id=None, chain_id=NO_CHAIN,
        principal_chain_id=NO_CHAIN, organisation_id=organisation_id, mandate_id=None, opened_by=None,
        applicant={"kind": "organisation", "name": f"演示企业{code[-6:]}", "credit_code": code, "phone": ""},
        agent=None, inputs={}, delivery=arrival.delivery, received_at=arrival.at, received_on=arrival.day,
        business_on=arrival.day,
    )  # fmt: skip
