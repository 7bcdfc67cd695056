"""Keys and seals at the first start of a demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.clock import SharedClock
from adapters.printing.seals import find_seal
from adapters.slip_keys import REVOCATION_LIST, KeyFolder
from gateway.launch.papers import OF_DOCUMENTS, OF_RECEIPTS, folder_of_seals, folder_of_slips, list_organs, make_papers
from gateway.launch.stack import Stack, open_stack
from services.slips import SlipKind

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A home in which nothing runs, its clock standing."""
    lines: list[str] = []
    opened = open_stack(tmp_path / "home", lines.append)
    SharedClock(opened.clock_file).stop_at(AT)
    try:
        yield opened
    finally:
        opened.stop()


def test_a_first_start_makes_what_is_needed_and_a_second_keeps_it(stack: Stack) -> None:
    """One key for receipts, one for documents, a seal for each organ that signs; a second start changes nothing."""
    make_papers(stack, "演示市政务服务中心")
    keys = KeyFolder(folder_of_slips(stack)).list_keys()
    assert {frozenset(key.kinds) for key in keys.values()} == {frozenset(OF_RECEIPTS), frozenset(OF_DOCUMENTS)}
    assert find_seal(folder_of_seals(stack), "演示市市场监督管理局", AT).organ == "演示市市场监督管理局"
    assert find_seal(folder_of_seals(stack), "别的机关", AT).organ == "演示市政务服务中心"
    before = sorted((path, path.read_bytes()) for path in stack.places.home.rglob("*.pem"))
    make_papers(stack, "演示市政务服务中心")
    assert KeyFolder(folder_of_slips(stack)).list_keys() == keys
    assert sorted((path, path.read_bytes()) for path in stack.places.home.rglob("*.pem")) == before


def test_keys_that_ran_out_are_replaced(stack: Stack) -> None:
    """An old home gets new keys; what the old ones signed goes on verifying."""
    make_papers(stack, "演示市政务服务中心")
    SharedClock(stack.clock_file).stop_at(AT + timedelta(days=900))
    make_papers(stack, "演示市政务服务中心")
    assert len(KeyFolder(folder_of_slips(stack)).list_keys()) == 4
    assert KeyFolder(folder_of_slips(stack)).find_signing(SlipKind.CERTIFICATE, AT + timedelta(days=901))


def test_no_process_of_the_web_needs_the_key_of_certificates() -> None:
    """Every kind of slip is signed by one of the two keys, and by one only."""
    assert set(OF_RECEIPTS) | set(OF_DOCUMENTS) == set(SlipKind) | {REVOCATION_LIST}
    assert not set(OF_RECEIPTS) & set(OF_DOCUMENTS)


def test_organs_are_those_that_mappings_name(tmp_path: Path) -> None:
    """Whoever signs letters by a mapping gets a seal; a mapping without a counter names nobody."""
    (tmp_path / "a.yaml").write_text("counter: {rights_by: 甲局}\n", "utf-8")
    (tmp_path / "b.yaml").write_text("kind: bill\n", "utf-8")
    (tmp_path / "c.yaml").write_text("", "utf-8")
    assert list(list_organs([tmp_path])) == ["甲局"]
