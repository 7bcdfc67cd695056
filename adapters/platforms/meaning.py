"""What a platform's error amounts to, in our words; each platform's codes are mapped to these in one literal table."""

from __future__ import annotations

from enum import Enum


class Meaning(Enum):
    """What to do about an error."""

    PAID = "the order has been paid: ask"
    CLOSED = "the order is closed: ask"
    RETURNED = "all of the money went back already: ask"
    ABSENT = "there is no such order or refund"
    LATER = "nothing happened: the same again later"
    REFUSED = "no"
    UNKNOWN = "it may have happened: ask"
