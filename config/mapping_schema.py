"""The shape of a mapping file, of the desk's rooms, of the vocabulary, and of what each kind of service asks of a back end.

Pure data: ``config/shapes.py`` walks it, ``services/mapping_reader.py`` gives it meaning. ``docs/mappings.md`` explains each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from config.back_end_schema import (
    BACK_END,
    ERROR_NAMES,
    FIELD,
    FURTHER_BACK_END,
    LATE,
    MAX_CALLS,
    NAME,
)
from config.counter_schema import ASKED_ABOUT, COUNTER, DECIDED, STORY_OF_CASE
from config.shapes import (
    TEXTS,
    Anything,
    Choice,
    Day,
    Flag,
    Listing,
    Maybe,
    Record,
    Shape,
    Table,
    Text,
    Whole,
)

KINDS = ("bill", "application", "case", "lookup", "information")
PLATFORMS = ("wechat", "alipay")
CHANNELS = ("wechat", "alipay", "web", "window")
ASSURANCE = ("anonymous", "phone", "real-name", "verified-at-window")
DIRECTIONS = ("sent_to_server", "received_from_platform", "shown_in_client", "entered_in_client")
OUTCOMES = ("sent", "refused", "unknown")
SERVICE_ID = Text(
    r"[a-z][a-z0-9]*(-[a-z0-9]+)+", "at least two parts of small letters and digits joined by a hyphen", 64
)
PATTERN = Text(r"[\x20-\x7e]+", "a regular expression in printable ASCII (`\\u4e00` for 一)", 200)
"""As ``GET /v1/services/{id}`` gives it to mini-programs (``gateway/schemas/catalogue.py``)."""

BUDGET = Record({direction: Listing(FIELD, maximum=80) for direction in DIRECTIONS})
EXPOSURE = Record({}, dict.fromkeys(PLATFORMS, BUDGET))

PURPOSE = Record(
    TEXTS.required,
    {
        "consent": Choice(("required",)),
        "separate": Flag(),
        "legal_basis": Text(max_length=500),
        "because": TEXTS,
        "kept": TEXTS,
        "fields": Record({}, {direction: Listing(FIELD, maximum=80) for direction in DIRECTIONS}),
    },
)
"""A purpose in the service's own words. The other keys belong to one that rests on consent (``services/consent_rules.py``)."""
CHOICE = Record({"value": Text(r"[A-Za-z0-9_\-]{1,40}", "a short word", 40), "label": TEXTS})
PREFILLED_FROM = Text(
    r"account\.(phone|real_name|identity_number)|back_end\.[a-z][a-z0-9_]*",
    "account.phone, account.real_name, account.identity_number or back_end.NAME",
    80,
)
MASK = Choice(("name", "identity", "phone", "address", "number"))
INPUT = Record(
    {"type": Choice(("text", "digits", "date", "month", "choice", "money", "whole", "flag")), "label": TEXTS},
    {
        "pattern": PATTERN,
        "help": TEXTS,
        "example": Text(max_length=80),
        "choices": Listing(CHOICE, 1, 100),
        "optional": Flag(),
        "minimum": Whole(0),
        "maximum": Whole(0),
        "prefilled_from": PREFILLED_FROM,
        "mask": MASK,
        "editable": Flag(),
    },
)
"""What a citizen enters, under the name of a field of the vocabulary. ``prefilled_from`` says where the government has it already:
then it is shown (masked as ``mask`` says) and, unless ``editable``, never sent back: the gateway fills it in by itself, so that the
value does not pass through a platform. money is entered as yuan text with at most two decimals; limits are in fen."""
INPUT_EXAMPLES: Mapping[str, str] = {
    "text": "示例",
    "digits": "1234567890",
    "date": "2026-12-01",
    "month": "2026-12",
    "choice": "none",
}
"""What an input without an example of its own is tried with; numbers and flags have theirs in ``services/result_shapes.py``."""
OUTPUT_TYPES = ("text", "money", "date", "month", "moment", "whole", "flag")
_OUTPUT_KEYS: dict[str, Shape] = {"field": FIELD, "mask": MASK, "optional": Flag()}
INNER_OUTPUT = Record({"type": Choice(OUTPUT_TYPES), "label": TEXTS}, _OUTPUT_KEYS)
OUTPUT = Record(
    {"type": Choice((*OUTPUT_TYPES, "list")), "label": TEXTS},
    {**_OUTPUT_KEYS, "of": Table(INNER_OUTPUT, FIELD.pattern, 1)},
)
"""What a result shows, by name; ``field`` is the word of the vocabulary that it counts as (default: the name itself), ``of`` the
columns of a list."""
WORD = Record({language: Text(max_length=200) for language in ("zh-CN", "en")}, {"personal": Flag()})
"""A field of the vocabulary, or one that it does not have: a mapping may bring its own words."""

PRECONDITION = Record({"name": TEXTS, "trips": Whole(0, 20), "legal_ground": Text(max_length=300)})
EFFORT = Record(
    {"clicks": Whole(0, 100), "trips": Whole(0, 20)},
    {"fields": Whole(0, 200), "preconditions": Listing(PRECONDITION), "legal_ground": Text(max_length=300)},
)
"""A ceiling: what the mapping itself asks for may not be more (``services/effort_rules.py``)."""
LIMITS = Record({}, {"statutory_days": Whole(1, 400), "promised_days": Whole(1, 400)})
FEE = Record({"name": TEXTS, "legal_ground": Text(max_length=300)}, {"amount_fen": Whole(0)})
STEP = Record(
    {"name": TEXTS, "role": NAME},
    {"limit_days": Whole(1, 400), "hands_over_to": NAME, "agency": NAME, "together": NAME},
)
"""``agency`` is another agency's (joint handling); steps with the same ``together`` run side by side. Both belong to kind case."""
NON_TAX = Record(
    {"department_code": Text(r"[0-9A-Za-z]{1,30}", "a code", 30), "department_name": Text(max_length=60)},
    {"region_code": Text(r"[0-9]{6}", "six digits of GB/T 2260", 6), "legal_basis": Text(max_length=500)},
)
PAYMENT = Record(
    {},
    {
        "model": Choice(("order", "non-tax")),
        "amount": Choice(("billed", "chosen")),
        "minimum_fen": Whole(1, 10**9),
        "maximum_fen": Whole(1, 10**9),
        "step_fen": Whole(1, 10**9),
        "after": TEXTS,
        "non_tax": NON_TAX,
    },
)
"""How a bill is paid. ``chosen``: prepaid, the payer names the amount within limits. ``non-tax``: a government fee or fine, whose
record of truth is the treasury's (on WeChat by its non-tax interface). ``after`` is shown with the receipt: what is left to do."""
INFORMATION = Record({}, {"cache_seconds": Whole(1, 86_400)})
STORY = Record(
    {"person": NAME},
    {
        "inputs": Table(Text(max_length=200), FIELD.pattern),
        "amount_fen": Whole(1, 10**9),
        "expect": Table(Text(max_length=200), r"[a-z][a-z0-9_.]*"),
        "channels": Listing(Choice(CHANNELS), 1),
        "at_start": Flag(),
        **STORY_OF_CASE,
    },
)
"""One story of the demo: who does it, what they enter, what they must be shown (days as in ``services/stories.py``). ``channels``
narrows the doors at which it is played (``web`` and ``window``: a case only); ``at_start``: before all others, and by ``make run`` too."""

MAPPING = Record(
    {
        "id": SERVICE_ID,
        "version": Whole(1, 1_000_000),
        "kind": Choice(KINDS),
        "title": TEXTS,
        "agency": NAME,
        "legal_basis": Text(max_length=500),
        "assurance": Choice(ASSURANCE),
        "channels": Listing(Choice(CHANNELS), 1),
        "back_end": BACK_END,
        "exposure": EXPOSURE,
        "effort": EFFORT,
        "owner": Text(max_length=200),
    },
    {
        "summary": TEXTS,
        "payee": NAME,
        "payee_name": TEXTS,
        "order_description": TEXTS,
        "purposes": Table(PURPOSE, r"[a-z][a-z0-9_]*", 1),
        "inputs": Table(INPUT, r"[a-z][a-z0-9_]*"),
        "limits": LIMITS,
        "fees": Listing(FEE),
        "steps": Listing(STEP),
        "review_on": Day(),
        "audience": Listing(Choice(("person", "organisation")), 1),
        "words": Table(WORD, FIELD.pattern),
        "further_back_ends": Listing(FURTHER_BACK_END, 0, MAX_CALLS),
        "outputs": Table(OUTPUT, FIELD.pattern),
        "late": LATE,
        "payment": PAYMENT,
        "information": INFORMATION,
        "counter": COUNTER,
        "demo": Record({"stories": Listing(STORY, 1, 10)}),
    },
)
REQUIRED_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "bill": ("payee", "payee_name", "order_description", "purposes", "inputs"),
    "application": ("purposes", "inputs"),
    "case": ("purposes", "inputs", "limits", "steps", "counter"),
    "lookup": ("purposes", "outputs"),
    "information": ("purposes", "outputs", "information"),
}
"""Keys that one kind of service needs beside those that all need."""

ROOM = Record(
    {"version": Whole(1, 1_000_000), "title": TEXTS, "legal_basis": Text(max_length=500), "exposure": EXPOSURE},
    {"purposes": Listing(FIELD, 1)},
)
DESK = Record({"rooms": Table(ROOM, NAME.pattern, 1)})
VOCABULARY = Record(
    {
        "fields": Table(WORD, FIELD.pattern, 1),
        "purposes": Table(TEXTS, FIELD.pattern, 1),
        "directions": Record(dict.fromkeys(DIRECTIONS, TEXTS)),
        "outcomes": Record(dict.fromkeys(OUTCOMES, TEXTS)),
    },
    {"recipients": Record({}, dict.fromkeys(PLATFORMS, TEXTS))},
)

MONEY_FEN = Whole(1, 10**11)
NAME_TEXT = Text(r"[^\n]+", "a name on one line", 200)
ADDRESS_TEXT = Text(r"[^\n]+", "an address on one line", 400)
REFERENCE = Text(r"[\x21-\x7e]{1,64}", "a reference of at most 64 visible characters", 64)
BILL_ITEM = Record(
    {
        "label": Text(r"[^\n]+", "a label on one line", 100),
        "amount_fen": Whole(-(10**11), 10**11),
        "quantity": Maybe(Text(r"[^\n]+", "a text on one line", 40)),
        "unit_price": Maybe(Text(r"[^\n]+", "a text on one line", 40)),
    }
)
BILL = Record(
    {
        "bill_no": REFERENCE,
        "period": Text(r"[0-9]{4}-(0[1-9]|1[0-2])", "a month like 2026-10", 7),
        "amount_fen": Whole(0, 10**11),
        "due_on": Maybe(Day()),
        "items": Listing(BILL_ITEM, 0, 100),
    }
)


JsonExample: TypeAlias = str | int | dict[str, Any]


@dataclass(frozen=True, slots=True)
class OperationShape:
    """What one operation of a kind takes (name → an example, used to try an expression at load) and what it gives."""

    takes: Mapping[str, JsonExample]
    gives: Shape


SEQUENCE_NO, APPLICATION_NO = "0198c5f0a1b27c3d9e8f0a1b2c3d4e5f", "2026112400000000000000000017"
APPLICANT = {"name": "王小明", "identity_number": "110101199003070011", "phone": "13800138001"}
"""Who asks, as far as it is proven at the service's level of assurance; a lower level leaves members out."""
ITEM_NO = Text(r"[0-9A-Za-z\-]{1,40}", "a code of at most 40 letters, digits and hyphens", 40)
NON_TAX_NOTICE = Record(
    {
        "payment_notice_no": ITEM_NO,
        "created_on": Day(),
        "expires_on": Maybe(Day()),
        "items": Listing(
            Record(
                {
                    "no": Whole(1, 100),
                    "item_id": ITEM_NO,
                    "item_name": Text(r"[^\n]+", "a name on one line", 100),
                    "fee_fen": MONEY_FEN,
                    "overdue_fen": Whole(0, 10**11),
                    "penalty_fen": Whole(0, 10**11),
                }
            ),
            1,
            20,
        ),
    }
)
"""What a bill of the non-tax model carries beside: the treasury's payment notice (缴款通知书) and its items (执收项目)."""
NON_TAX_BILL = Record({**BILL.required, "notice": NON_TAX_NOTICE})
SUBMITTED = Record(
    {"reference": REFERENCE, "state": Choice(("accepted", "pending", "granted", "refused"))},
    {"message": Maybe(Text(r"[^\n]+", "a sentence on one line", 300))},
)
"""What a back end says of an application: its own number for it, and how far it is. Only a back end says granted or refused."""

HOUSEHOLD_ASKED: Mapping[str, JsonExample] = {"household_no": "10086001"}
FIND_HOUSEHOLD = OperationShape(HOUSEHOLD_ASKED, Record({"holder_name": NAME_TEXT, "address": ADDRESS_TEXT}))
WRITE_OFF = OperationShape(
    {
        "sequence_no": SEQUENCE_NO,
        "household_no": "10086001",
        "bill_no": "G202610001",
        "amount_fen": 8640,
        "paid_at": "2026-11-30T16:00:01+00:00",
        "channel": "wechat",
        "business_on": "2026-12-01",
    },
    Record({"reference": REFERENCE}),
)
FIND_WRITE_OFF = OperationShape(
    {"sequence_no": SEQUENCE_NO, "household_no": "10086001", "business_on": "2026-12-01"},
    Record({"reference": REFERENCE, "amount_fen": MONEY_FEN}),
)
ASKED_BY: Mapping[str, JsonExample] = {"applicant": APPLICANT, "inputs": {}}
OPERATIONS_OF_KIND: Mapping[str, Mapping[str, OperationShape]] = {
    "bill": {
        "find_household": FIND_HOUSEHOLD,
        "list_bills": OperationShape(HOUSEHOLD_ASKED, Record({"bills": Listing(BILL, 0, 200)})),
        "write_off": WRITE_OFF,
        "find_write_off": FIND_WRITE_OFF,
    },
    "application": {
        "prefill": OperationShape({"applicant": APPLICANT}, Record({"values": Anything()})),
        "submit": OperationShape(
            {**ASKED_BY, "application_no": APPLICATION_NO, "submitted_at": "2026-11-24T08:00:00+00:00",
             "channel": "wechat", "business_on": "2026-11-24"},
            SUBMITTED,
        ),
        "find_submission": OperationShape({"application_no": APPLICATION_NO, "business_on": "2026-11-24"}, SUBMITTED),
        "find_result": OperationShape(
            {"application_no": APPLICATION_NO, "reference": "R-1", "business_on": "2026-11-24"},
            Record(SUBMITTED.required, {**SUBMITTED.optional, "outputs": Anything()}),
        ),
        "list_results": OperationShape(
            {"business_on": "2026-11-24"},
            Record({"results": Listing(Record(
                {**SUBMITTED.required, "application_no": REFERENCE}, {**SUBMITTED.optional, "outputs": Anything()}
            ), 0, 10_000)}),
        ),
    },
    "case": {
        "prefill": OperationShape({"applicant": APPLICANT}, Record({"values": Anything()})),
        "decide": OperationShape(ASKED_ABOUT, DECIDED),
        "record": OperationShape(
            {**ASKED_ABOUT, "decided_on": "2026-11-24", "certificate_no": "LP2026000017"},
            Record({"reference": REFERENCE}, {"outputs": Anything()}),
        ),
        "find_record": OperationShape(
            {"case_no": ASKED_ABOUT["case_no"], "business_on": "2026-11-24"},
            Record({"reference": REFERENCE}, {"outputs": Anything()}),
        ),
    },
    "lookup": {
        "prefill": OperationShape({"applicant": APPLICANT}, Record({"values": Anything()})),
        "look_up": OperationShape(ASKED_BY, Anything()),
    },
    "information": {"fetch": OperationShape({"inputs": {}}, Anything())},
}  # fmt: skip
"""The same operations for every service of a kind, whatever its back end speaks. ``inputs`` holds the values of the mapping's own
inputs; a look-up, fetched information and ``outputs`` have the shape of the mapping's outputs, ``values`` that of its inputs. A case has
one operation more for each material of level A, ``fetch_<material>`` (``services/counter_shapes.py``)."""
OPTIONAL_OPERATIONS = frozenset({"prefill", "find_result", "list_results"})
"""Operations that a mapping may leave out: ``prefill`` if nothing is prefilled from the back end, the others unless ``late`` needs
them. With a chosen amount there are no bills: ``list_bills`` is left out too."""
WRITES = frozenset({"write_off", "submit", "record"})
"""Operations that change something at the back end: a mapping that marks one of them as read is refused."""
LOCALE = Record(
    {
        "errors": Table(Text(max_length=300), r"[a-z][a-z0-9_]*", 1),
        "refusals": Record({name: Text(max_length=300) for name in ERROR_NAMES}),
    }
)
"""One language's fixed sentences; a test compares ``errors`` with the codes in ``services/errors.py``."""
