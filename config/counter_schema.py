"""The shape of the block ``counter``: what the virtual counter needs to know of a service of kind ``case``, and what its registers give.

Pure data, as ``config/mapping_schema.py``; ``services/counter_rules.py`` gives it sense, ``services/counter_reader.py`` reads it, and
``docs/mappings.md`` explains each key. AL stands for the Administrative Licensing Law (行政许可法). Days are working days (AL art. 82).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.back_end_schema import FIELD
from config.shapes import TEXTS, Anything, Choice, Day, Flag, Listing, Maybe, Record, Table, Text, Whole

APPLICANTS = ("person", "organisation")
MANDATES = ("agent", "guardian", "family")
LEVELS = ("A", "B", "C", "D")
"""Trust levels of materials: A issued by an organ, B checked at the window, C uploaded, D vouched for by the applicant."""
DECIDERS = ("clerk", "back_end")
ACCEPTERS = ("clerk", "checks")
DELIVERIES = ("window", "post", "electronic")
SPECIAL_PROCEDURES = (
    "hearing",
    "tender",
    "auction",
    "inspection",
    "testing",
    "quarantine",
    "appraisal",
    "expert-review",
)
"""听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审: what AL art. 45 excludes from the limit, and nothing else."""
MEDIA_TYPES = ("application/pdf", "image/jpeg", "image/png")
"""What may be uploaded; each is judged by its content."""
FETCH = "fetch_"
"""How the operation that fetches a material of level A is called: ``fetch_<material>``."""
LAW = Text(max_length=300)
TIME = Text(r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time like 09:00", 5)

CORRECTION = Record({"code": Text(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "a short word", 40), "text": TEXTS})
"""A ready-made reason (补正理由) that a clerk may pick and edit."""
MATERIAL = Record(
    {"title": TEXTS, "level": Choice(LEVELS), "legal_ground": LAW},
    {
        "optional": Flag(),
        "secondary": Flag(),
        "accepts": Listing(Choice(MEDIA_TYPES), 1),
        "maximum_files": Whole(1, 20),
        "maximum_megabytes": Whole(1, 50),
        "standard": TEXTS,
        "corrections": Listing(CORRECTION, 1, 20),
        "register": TEXTS,
    },
)
"""One material, with the law that asks for it (AL art. 31: nothing beside it may be asked for)."""
SPECIAL = Record(
    {"code": Choice(SPECIAL_PROCEDURES), "title": TEXTS, "legal_ground": LAW, "days": Whole(1, 400)},
)
CERTIFICATE = Record(
    {
        "title": TEXTS,
        "text": TEXTS,
        "prefix": Text(r"[A-Z][A-Z0-9]{1,9}", "two to ten capital letters and digits", 10),
        "lines": Table(TEXTS, r"[a-z][a-z0-9_.]*", 1),
    },
    {"valid_months": Whole(1, 1200)},
)
RECEIVING = Record({}, {"opens": TIME, "closes": TIME, "outside": Choice(("next_working_day", "same_day"))})
"""The office's hours for receipt, Beijing time; ``outside``: on which day counts what arrives outside them."""
COUNTER = Record(
    {
        "applicants": Listing(Choice(APPLICANTS), 1),
        "materials": Table(MATERIAL, FIELD.pattern),
        "delivery": Listing(Choice(DELIVERIES), 1),
        "appeal": TEXTS,
        "certificate": CERTIFICATE,
    },
    {
        "mandates": Listing(Choice(MANDATES), 1),
        "accepted_by": Choice(ACCEPTERS),
        "decided_by": Choice(DECIDERS),
        "two_hands": Flag(),
        "extension_days": Whole(0, 60),
        "completeness_days": Whole(1, 5),
        "correction_days": Whole(1, 90),
        "delivery_days": Whole(1, 10),
        "gap_days": Whole(1, 400),
        "receiving": RECEIVING,
        "special": Listing(SPECIAL, 1),
        "region": Text(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "a region like CN or CN-11 (ISO 3166)", 6),
        "rights_by": Text(r"[^\n]+", "the organ's full name on one line", 100),
    },
)
"""``completeness_days`` and ``delivery_days`` are at most those of AL art. 32 and 44; ``extension_days`` 0: none is possible."""

STORY_OF_CASE: Mapping[str, Any] = {
    "as": Choice(APPLICANTS),
    "organisation": Record(
        {
            "name": Text(r"[^\n]+", "a name on one line", 200),
            "credit_code": Text(r"[0-9A-HJ-NPQRTUWXY]{18}", "a unified social credit code (GB 32100)", 18),
        }
    ),
    "materials": Table(Choice(("sample", "promise")), FIELD.pattern),
    "delivery": Choice(DELIVERIES),
    "agrees": Listing(FIELD, 1),
    "address": Text(r"[^\n]+", "an address on one line", 200),
    "parent": Record(
        {
            "name": Text(r"[^\n]+", "a name on one line", 50),
            "identity_number": Text(r"[1-9][0-9]{16}[0-9X]", "an identity number (GB 11643)", 18),
            "phone": Text(r"1[3-9][0-9]{9}", "a mobile number", 11),
        }
    ),
}
"""What a story of kind ``case`` may say beside the others: for whom it is, what is uploaded or vouched for, how the result is taken.

``agrees``: purposes with ``consent: required`` that the person agrees to first. ``parent``: an old parent for whom the person acts, and who authorises them before.
"""

ONE_LINE = Text(r"[^\n]+", "a text on one line", 300)
CASE_NO = "110101202611240000017"
PERSON_APPLIES = {"kind": "person", "name": "欧阳建国", "identity_number": "11010119621125003X", "phone": "13800138003"}
ORGANISATION_APPLIES = {
    "kind": "organisation",
    "name": "演示市顺达人力资源有限公司",
    "credit_code": "91110101MA01ABCD19",
    "phone": "13800138001",
}
ACTS_FOR_OTHERS = {"name": "王小明", "identity_number": "110101199003070011", "phone": "13800138001"}
"""Who acts, with ``as`` beside: legal_representative, or one of ``MANDATES``."""
ASKED_ABOUT: Mapping[str, str | int | dict[str, Any]] = {
    "applicant": PERSON_APPLIES,
    "agent": {},
    "inputs": {},
    "case_no": CASE_NO,
    "business_on": "2026-11-24",
}
"""What each operation of a case may use: whose matter it is, who acts for them (null: nobody), what was entered."""
FETCHED = Record(
    {"found": Flag(), "checks": Listing(Record({"what": ONE_LINE, "ok": Flag()}), 0, 30)},
    {
        "number": Maybe(ONE_LINE),
        "issued_by": Maybe(ONE_LINE),
        "issued_on": Maybe(Day()),
        "expires_on": Maybe(Day()),
        "values": Maybe(Table(Anything(), FIELD.pattern)),
    },
)
"""What a register says of a material of level A. ``values`` are for the clerk's eyes: no platform sees them."""
DECIDED = Record(
    {
        "decision": Choice(("granted", "refused")),
        "rule_id": ONE_LINE,
        "rule_version": ONE_LINE,
        "reasons": Listing(ONE_LINE, 1, 20),
        "facts": Table(Anything(), FIELD.pattern, 1),
    },
    {"fees": Maybe(Listing(Record({"name": ONE_LINE, "amount_fen": Whole(0, 10**12)}), 0, 20))},
)
"""A decision by a value of a government back end: by which rule, of what facts, why, for which fees. Kept with the case as it came."""
