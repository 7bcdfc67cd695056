"""The shape of a mapping file, of the desk's rooms, of the vocabulary, and of what each kind of service asks of a back end.

Pure data: ``config/shapes.py`` walks it, ``services/mapping_reader.py`` gives it meaning. ``docs/mappings.md`` explains each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.shapes import (
    TEXTS,
    Anything,
    Choice,
    Day,
    Flag,
    Listing,
    Maybe,
    Number,
    Record,
    Shape,
    Table,
    Text,
    Whole,
)

KINDS = ("bill", "application", "lookup", "information")
PLATFORMS = ("wechat", "alipay")
CHANNELS = ("wechat", "alipay", "web", "window")
ASSURANCE = ("anonymous", "phone", "real-name", "verified-at-window")
DIRECTIONS = ("sent_to_server", "received_from_platform", "shown_in_client", "entered_in_client")
OUTCOMES = ("sent", "refused", "unknown")
UNITS = ("yuan", "fen")
ERROR_NAMES = (
    "no_such_household",
    "nothing_owed",
    "amount_mismatch",
    "already_paid",
    "batch_window",
    "past_period",
    "no_such_write_off",
    "not_permitted",
    "unwritable_value",
    "system",
)
"""What a back end's no can mean to a citizen; each has a fixed sentence in ``config/locales``. The taxonomy is that of WeChat
生活缴费 (no such customer, nothing owed, batch window, past period, system)."""
UNKNOWN_OUTCOME = "unknown"
"""Not a refusal: the back end says something from which nobody can tell whether it happened."""

NAME = Text(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "a name of small letters, digits and hyphens", 64)
SERVICE_ID = Text(
    r"[a-z][a-z0-9]*(-[a-z0-9]+)+", "at least two parts of small letters and digits joined by a hyphen", 64
)
FIELD = Text(r"[a-z][a-z0-9_]*", "a field name of small letters, digits and underscores", 64)
EXPRESSION = Text("", "a JMESPath expression", 4000)
PATTERN = Text(r"[\x20-\x7e]+", "a regular expression in printable ASCII (`\\u4e00` for 一)", 200)
"""As ``GET /v1/services/{id}`` gives it to mini-programs (``gateway/schemas/catalogue.py``)."""

BUDGET = Record({direction: Listing(FIELD, maximum=80) for direction in DIRECTIONS})
EXPOSURE = Record({}, dict.fromkeys(PLATFORMS, BUDGET))

INPUT = Record(
    {"type": Choice(("text", "digits", "date", "choice")), "label": TEXTS},
    {"pattern": PATTERN, "help": TEXTS, "example": Text(max_length=80), "prefilled_from": FIELD},
)

AUTHENTICATION = Record(
    {"scheme": Choice(("none", "bearer", "hmac-sha256"))},
    {"secret": FIELD, "header": Text(r"[A-Za-z][A-Za-z0-9\-]*", "the name of a header", 40)},
)
ERRORS = Table(Choice((*ERROR_NAMES, UNKNOWN_OUTCOME)), r"[A-Za-z0-9_.\-]{1,40}", 1)
"""The back end's own codes and what each means. An operation may give one of them another meaning."""
REPLY_PATH = Text(
    r"[A-Za-z_][A-Za-z0-9_\-]*(\[\])?(\.[A-Za-z_][A-Za-z0-9_\-]*(\[\])?)*\??",
    "a path like bills[].billNo, with a final ? if it may be absent",
    200,
)
OPERATION = Record(
    {"mode": Choice(("read", "write")), "reply": Listing(REPLY_PATH, 1, 200), "response": EXPRESSION},
    {
        "request": EXPRESSION,
        "method": Choice(("GET", "POST", "PUT")),
        "path": Text(r"/[A-Za-z0-9_\-./{}]*(\?[A-Za-z0-9_\-.=&{}]+)?", "a path that begins with a slash", 300),
        "idempotent_by": FIELD,
        "echo": Table(EXPRESSION, r".{1,200}"),
        "errors": ERRORS,
        "instead": Table(EXPRESSION, "|".join(ERROR_NAMES)),
        "timeout_seconds": Number(0.1, 60),
    },
)
BACK_END = Record(
    {
        "name": NAME,
        "connector": Choice(("rest", "xml")),
        "unit": Choice(UNITS),
        "timeout_seconds": Number(0.1, 60),
        "authentication": AUTHENTICATION,
        "success": EXPRESSION,
        "error": EXPRESSION,
        "errors": ERRORS,
        "operations": Table(OPERATION, r"[a-z][a-z0-9_]*", 1),
    },
    {
        "encoding": Choice(("UTF-8", "GBK")),
        "path": Text(r"/[A-Za-z0-9_\-./]*", "a path that begins with a slash", 300),
        "root": Text(r"[A-Za-z_][A-Za-z0-9_\-.]*", "the name of an XML element", 60),
        "reply_root": Text(r"[A-Za-z_][A-Za-z0-9_\-.]*", "the name of an XML element", 60),
        "echo": Table(EXPRESSION, r".{1,200}"),
    },
)
"""``encoding``, ``path``, ``root`` and ``reply_root`` belong to the xml connector, ``method`` and ``path`` of an operation to rest."""

PRECONDITION = Record({"name": TEXTS, "trips": Whole(0, 20), "legal_ground": Text(max_length=300)})
EFFORT = Record(
    {"clicks": Whole(0, 100), "trips": Whole(0, 20)},
    {"preconditions": Listing(PRECONDITION), "legal_ground": Text(max_length=300)},
)
LIMITS = Record({}, {"statutory_days": Whole(1, 400), "promised_days": Whole(1, 400)})
FEE = Record({"name": TEXTS, "legal_ground": Text(max_length=300)}, {"amount_fen": Whole(0)})
STEP = Record({"name": TEXTS, "role": NAME}, {"limit_days": Whole(1, 400), "hands_over_to": NAME})

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
        "purposes": Table(TEXTS, r"[a-z][a-z0-9_]*", 1),
        "inputs": Table(INPUT, r"[a-z][a-z0-9_]*"),
        "limits": LIMITS,
        "fees": Listing(FEE),
        "steps": Listing(STEP),
        "review_on": Day(),
        "demo": Table(Anything()),
    },
)
REQUIRED_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "bill": ("payee", "payee_name", "order_description", "purposes", "inputs"),
    "application": (),
    "lookup": (),
    "information": (),
}
"""Keys that one kind of service needs beside those that all need."""

ROOM = Record(
    {"version": Whole(1, 1_000_000), "title": TEXTS, "legal_basis": Text(max_length=500), "exposure": EXPOSURE},
    {"purposes": Listing(FIELD, 1)},
)
DESK = Record({"rooms": Table(ROOM, NAME.pattern, 1)})
WORD = Record({language: Text(max_length=200) for language in ("zh-CN", "en")}, {"personal": Flag()})
VOCABULARY = Record(
    {
        "fields": Table(WORD, FIELD.pattern, 1),
        "purposes": Table(TEXTS, FIELD.pattern, 1),
        "directions": Record(dict.fromkeys(DIRECTIONS, TEXTS)),
        "outcomes": Record(dict.fromkeys(OUTCOMES, TEXTS)),
    }
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


@dataclass(frozen=True, slots=True)
class OperationShape:
    """What one operation of a kind takes (name → an example, used to try an expression at load) and what it gives."""

    takes: Mapping[str, str | int]
    gives: Shape


OPERATIONS_OF_KIND: Mapping[str, Mapping[str, OperationShape]] = {
    "bill": {
        "find_household": OperationShape(
            {"household_no": "10086001"}, Record({"holder_name": NAME_TEXT, "address": ADDRESS_TEXT})
        ),
        "list_bills": OperationShape({"household_no": "10086001"}, Record({"bills": Listing(BILL, 0, 200)})),
        "write_off": OperationShape(
            {
                "sequence_no": "0198c5f0a1b27c3d9e8f0a1b2c3d4e5f",
                "household_no": "10086001",
                "bill_no": "G202610001",
                "amount_fen": 8640,
                "paid_at": "2026-11-30T16:00:01+00:00",
                "channel": "wechat",
                "business_on": "2026-12-01",
            },
            Record({"reference": REFERENCE}),
        ),
        "find_write_off": OperationShape(
            {
                "sequence_no": "0198c5f0a1b27c3d9e8f0a1b2c3d4e5f",
                "household_no": "10086001",
                "business_on": "2026-12-01",
            },
            Record({"reference": REFERENCE, "amount_fen": MONEY_FEN}),
        ),
    },
}
"""The same operations for every service of a kind, whatever its back end speaks. Kinds without an entry have none yet."""
WRITES = frozenset({"write_off"})
"""Operations that change something at the back end: a mapping that marks one of them as read is refused."""
LOCALE = Record(
    {
        "errors": Table(Text(max_length=300), r"[a-z][a-z0-9_]*", 1),
        "refusals": Record({name: Text(max_length=300) for name in ERROR_NAMES}),
    }
)
"""One language's fixed sentences; a test compares ``errors`` with the codes in ``services/errors.py``."""
