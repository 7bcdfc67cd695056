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
ACTING_FUNCTION = re.compile(
    r"(\b(?:pg_\w+|lo_\w+|dblink\w*|\w+_to_xml\w*|set_config|setval|nextval|txid_current|load_file|sleep|benchmark|get_lock|"
    r"release_lock|release_all_locks|sys_exec|sys_eval|xp_\w+)|'')\s*\(",
    re.IGNORECASE,
)
"""Functions that wait, lock, read files, reach other servers or run a text as a statement; and any whose name is quoted."""
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
    elif ACTING_FUNCTION.search(bare):
        yield Mismatch(path, "a function that does more than compute, or a quoted one", "a statement that only reads")
    if not _is_closed(bare):
        yield Mismatch(path, "brackets that do not match", "a statement that can stand in brackets")
    if EVERY_COLUMN.search(bare):
        yield Mismatch(path, "every column (*)", "the columns that are needed, by name")
    if bound is not None:
        yield from _find_parameter_faults(path, bare, bound)


def _is_closed(bare: str) -> bool:
    """Whether every bracket is closed after it was opened: ``sql/dialects.py`` puts limits around the statement, in brackets."""
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return depth == 0


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
