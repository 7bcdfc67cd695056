"""What the sql connector may be asked to run: one SELECT (or WITH … SELECT) with bound parameters, and nothing that could hide more.

The database's own role is the wall (read-only, with a statement timeout); this is the fence before it, and it speaks at `mapping check`.
What a dialect could read in another way than we do (comments, dollar quotes, backslashes) is refused rather than understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from config.shapes import Mismatch
from config.strict_yaml import nearest_name

QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`")
PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
HIDING = (
    ("--", "a comment"),
    ("/*", "a comment"),
    ("#", "a sign that opens a comment in some dialects"),
    ("\\", "a backslash"),
    ("$", "a dollar sign"),
    (";", "a semicolon"),
)
WRITING_WORDS = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE\s+INTO|INTO|CALL|COPY|TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE|LOCK|"
    r"FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE|SET|DO|EXECUTE|VACUUM|ANALYZE|LISTEN|NOTIFY)\b",
    re.IGNORECASE,
)
EVERY_COLUMN = re.compile(r"(\bSELECT(\s+(ALL|DISTINCT))?\s+|,\s*|\.\s*)\*", re.IGNORECASE)


def find_statement_faults(path: str, statement: str, bound: frozenset[str] | None) -> Iterator[Mismatch]:
    """What is wrong with a statement; ``bound`` are the names that the request gives (None: not known)."""
    bare = QUOTED.sub("''", statement)
    for sign, name in HIDING:
        if sign in bare or (sign == "\\" and sign in statement):
            yield Mismatch(path, name, "one plain SELECT statement")
    if not re.match(r"\s*(SELECT|WITH)\b", bare, re.IGNORECASE) or "'" in bare.replace("''", ""):
        yield Mismatch(path, "another statement", "one SELECT, or WITH … SELECT")
    elif found := WRITING_WORDS.search(bare):
        yield Mismatch(path, f"the word {' '.join(found.group(1).upper().split())}", "a statement that only reads")
    if EVERY_COLUMN.search(bare):
        yield Mismatch(path, "every column (*)", "the columns that are needed, by name")
    if bound is not None:
        yield from _find_parameter_faults(path, bare, bound)


def find_parameters(statement: str) -> frozenset[str]:
    """The names of the parameters that a statement binds."""
    return frozenset(PARAMETER.findall(QUOTED.sub("''", statement)))


def _find_parameter_faults(path: str, bare: str, bound: frozenset[str]) -> Iterator[Mismatch]:
    asked = frozenset(PARAMETER.findall(bare))
    for name in sorted(asked - bound):
        expected = "a parameter that `request` gives: " + ", ".join(sorted(bound) or ["(none)"])
        yield Mismatch(path, f"the parameter :{name}", expected, nearest_name(name, bound))
    for name in sorted(bound - asked):
        place = path.removesuffix("statement") + "request"
        yield Mismatch(
            place, f"{name}, which the statement does not use", "its parameters only", nearest_name(name, asked)
        )
