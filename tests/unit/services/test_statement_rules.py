"""Rules of services/statement_rules.py: one statement that reads, with bound parameters, and nothing that could hide more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.statement_rules import find_statement_faults

GOOD = [
    "SELECT a, b FROM t WHERE no = :no",
    "select count(*) AS n from t where no = :no and note = ';--'",
    "WITH x AS (SELECT a FROM t WHERE no = :no) SELECT a FROM x ORDER BY a",
    'SELECT "update" FROM t WHERE a::text = :no',
    "  SELECT a * 2 AS b FROM t WHERE name = 'O''Brien' AND no = :no",
    "SELECT coalesce(sleep, 0) AS sleep, count(a) AS n FROM t WHERE no = :no AND b IN ('x') GROUP BY sleep",
    "SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END FROM t WHERE no = :no LIMIT 50",
]


@pytest.mark.parametrize("statement", GOOD)
def test_good(statement: str) -> None:
    """An ordinary question passes, quoted words and casts included."""
    assert list(find_statement_faults("s", statement, frozenset({"no"}))) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT a FROM t; DELETE FROM t",
        "SELECT a FROM t;",
        "DELETE FROM t",
        "UPDATE t SET a = 1",
        "SELECT a INTO b FROM t",
        "SELECT a FROM t FOR UPDATE",
        "SELECT a FROM t FOR  NO KEY UPDATE",
        "SELECT a FROM t FOR SHARE",
        "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x",
        "SELECT a FROM t -- where",
        "SELECT a /* hidden */ FROM t",
        "SELECT a FROM t # where",
        "SELECT $$'$$, a FROM t",
        "SELECT 'a\\' FROM t",
        "SELECT 'open FROM t",
        "SELECT * FROM t",
        "SELECT t.* FROM t",
        "SELECT a, * FROM t",
        "SELECT DISTINCT * FROM t",
        "SELECT a FROM t) AS q, (SELECT b FROM u",
        "SELECT a FROM t WHERE (b = 1",
        "SELECT a FROM t WHERE b = ')' )",
        "SELECT pg_sleep(60)",
        "SELECT pg_terminate_backend (pid) AS a FROM pg_stat_activity",
        "SELECT set_config('statement_timeout', '0', false) AS a",
        "SELECT setval('s', 1) AS a",
        "SELECT a FROM dblink('host=x', 'DELETE FROM t') AS q (a int)",
        "SELECT lo_export(1, '/tmp/x') AS a",
        "SELECT LOAD_FILE('/etc/passwd') AS a",
        "SELECT Sleep(60) AS a",
        "SELECT benchmark(1000000000, 1) AS a",
        "SELECT get_lock('x', 60) AS a",
        "SELECT query_to_xml('DELETE FROM t', true, true, '') AS a",
        'SELECT "pg_sleep"(60) AS a',
        'SELECT pg_catalog."pg_sleep" (60) AS a',
        "CALL f()",
        "EXPLAIN SELECT a FROM t",
        "VALUES (1)",
        "",
    ],
)
def test_bad(statement: str) -> None:
    """More than one statement, one that writes or locks, every column, one that closes the brackets put around it, a function that does
    more than compute, or what two dialects read differently is refused.
    """
    assert list(find_statement_faults("s", statement, frozenset()))


def test_parameters() -> None:
    """Each bound name is given by the request, and each given name is bound."""
    faults = list(find_statement_faults("p.statement", "SELECT a FROM t WHERE b = :plat", frozenset({"plate"})))
    assert [(fault.path, fault.nearest) for fault in faults] == [("p.statement", "plate"), ("p.request", "plat")]
    assert list(find_statement_faults("s", "SELECT a FROM t WHERE b = :x", None)) == []


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    """Whatever stands in a mapping, the check says something and never raises."""
    list(find_statement_faults("s", text, frozenset({"no"})))


def strip_quoted(statement: str) -> str:
    """What stands outside quotes, sign by sign; an open quote is kept."""
    outside, inside = "", False
    for sign in statement:
        inside = not inside if sign == "'" else inside
        outside += "" if inside or sign == "'" else sign
    return outside + ("'" if inside else "")


@given(st.text(alphabet="abc ':;-/*", max_size=30))
def test_nothing_hides_in_quotes(inside: str) -> None:
    """A statement that passes has no second one in it, wherever quotes begin and end."""
    statement = GOOD[-1].replace("O''Brien", inside)
    if not list(find_statement_faults("s", statement, None)):
        outside = strip_quoted(statement)
        assert not any(sign in outside for sign in (";", "--", "/*", "'"))
