"""Forms that values must have in what leaves for a platform; each platform's tables are made of them.

A form is matched against the whole value. It is tight on purpose: random numbers are lower-case hex, words come from a
closed list, addresses and numbers of ours must be exactly the configured ones, so that nothing personal fits anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from services.exposure import WireField, WireTable

RANDOM_NUMBER = r"[0-9a-f]{32}"
"""Order and refund numbers: 32 random hex digits, and nothing that a person could recognise."""
FEN = r"[1-9][0-9]{0,11}"
YUAN = r"(?:0|[1-9][0-9]{0,9})\.[0-9]{2}"
BASE64 = r"[A-Za-z0-9+/]{40,1024}={0,2}"
NONCE = r"[0-9A-F]{32}"
SECONDS = r"[1-9][0-9]{9}"
CREDENTIAL = r"[A-Za-z0-9_.-]{8,512}"
CODE = r"[A-Za-z0-9_-]{1,128}"
PAGE = r"(?:[a-z][a-z-]*/)*[a-z][a-z-]*"
TEMPLATE = r"[A-Za-z0-9_-]{8,64}"
BEIJING_MOMENT = r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\+08:00"
BEIJING_SECONDS = r"20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
MESSAGE_TIME = r"20[0-9]{2}(?:年[0-9]{1,2}月[0-9]{1,2}日|-[01][0-9]-[0-3][0-9])(?: [0-2][0-9]:[0-5][0-9])?"
CASE_TAIL = r"\*[0-9A-Z]{4}"
"""The last four characters of a case number, after a star: it tells one's own cases apart, and nothing to whoever does not have them."""
WORD_KEY = re.compile(r"[A-Za-z][A-Za-z_]*[0-9]{0,3}")
"""How a template calls a word: ``thing1``, ``character_string2``, ``keyword3``."""
PHRASE = re.compile(r"[^\W\d_](?:[^\W\d_]|[ ，、。]){0,41}")
"""A generic phrase: letters and spaces, no digit; used only together with a closed list."""


def exactly(value: str | None) -> str:
    """The form that only one value has; nothing at all has it if there is no value."""
    return re.escape(value) if value else r"(?!)"


def one_of(phrases: Collection[str]) -> str:
    """The form of a closed list of generic phrases; a phrase with a digit in it is not generic and is left out."""
    return "|".join(re.escape(phrase) for phrase in sorted(phrases) if PHRASE.fullmatch(phrase)) or r"(?!)"


def tell_words(words: Mapping[str, str], phrases: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """For each word of a message its field and form: phrases of the closed list and times are generic, a case number's tail is not."""
    generic = f"{one_of(phrases)}|{MESSAGE_TIME}"
    return {
        key: ("case_no_tail", CASE_TAIL) if fits(CASE_TAIL, word) else ("message_text", generic)
        for key, word in words.items()
        if WORD_KEY.fullmatch(key)
    }


def declare_words(words: Mapping[str, str]) -> frozenset[str]:
    """What the words of a message hold beside what every message does."""
    return frozenset({"case_no_tail"} if any(fits(CASE_TAIL, word) for word in words.values()) else ())


def make_table(operation: str, rows: Mapping[str, tuple[str, str]]) -> WireTable:
    """A table for bytes that leave: path → (field name, form as a regular expression)."""
    return WireTable(operation, [WireField(path, name, re.compile(form)) for path, (name, form) in rows.items()])


def make_reply_table(operation: str, rows: Mapping[str, str]) -> WireTable:
    """A table for bytes that arrive, read leniently: path → field name, for every value that we know of."""
    return WireTable(operation, [WireField(path, name) for path, name in rows.items()])


def fits(form: str, value: str) -> bool:
    """Whether the whole value has the form."""
    return re.fullmatch(form, value) is not None
