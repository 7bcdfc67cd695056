"""Patterns have no effect of their own: who reads them is a list, and honours, statistics, queues and alerts are not in it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
READERS = {
    "adapters/stores/console_store.py", "adapters/stores/rotation.py", "adapters/stores/slowness.py", "adapters/stores/transaction.py",
    "gateway/cli/stats.py", "gateway/cli/stats_patterns.py", "gateway/console/frame.py", "gateway/console/rooms.py", "gateway/console/slowness.py",
    "gateway/console/slowness_own.py", "gateway/console/slowness_words.py", "gateway/jobs/pattern_duty.py", "services/case_ports.py",
    "services/console_ports.py", "services/ports.py", "services/slowness.py", "services/slowness_desk.py", "services/slowness_odds.py",
    "services/slowness_rules.py", "services/slowness_tally.py",
}  # fmt: skip
"""Every module that imports anything of patterns: its rooms, the duty, the command, the stores and the ports that name them."""
TOUCHED = {"services/slowness.py", "services/slowness_desk.py"}
"""Every module that asks a transaction for patterns."""


def list_modules() -> list[Path]:
    """Everything that is shipped."""
    return [
        path
        for folder in ("adapters", "gateway", "services", "config")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def names_slowness(tree: ast.AST) -> bool:
    """Whether a module imports one whose name begins with the word."""
    names = [one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    whole = [one for one in ast.walk(tree) if isinstance(one, ast.Import | ast.ImportFrom)]
    names += [part.name for one in whole for part in one.names if isinstance(one, ast.Import) or part.name.islower()]
    return any(step.startswith("slowness") for name in names for step in name.split("."))


def test_who_reads_patterns_is_a_list() -> None:
    """A new reader stands in the list of this test, for somebody to ask why."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in list_modules()
        if names_slowness(ast.parse(path.read_text("utf-8")))
    }
    assert found == READERS
    assert not [
        name
        for name in found
        if any(word in name for word in ("honour", "month_", "statistics", "queue", "alert", "rating"))
    ]


def test_who_asks_a_transaction_for_them_is_a_list() -> None:
    """The attribute of the transaction is used by the two use cases alone."""
    found = set()
    for path in list_modules():
        for one in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(one, ast.Attribute) and one.attr == "slowness" and isinstance(one.ctx, ast.Load):
                found.add(path.relative_to(ROOT).as_posix())
    assert {name for name in found if name.startswith("services/")} == TOUCHED
