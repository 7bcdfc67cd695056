"""The watchman's diary: kept in one step, for its owner alone, one watchman at a time, and never a reason to stop watching."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.watch_diary import FileDiary
from services.errors import ConfigurationFault
from services.watch import Trouble, TroubleKind
from services.watch_diary import Outage, Page

PAGE = Page({"store": Outage(Trouble(TroubleKind.STORE), datetime(2026, 11, 24, tzinfo=UTC), 2)}, ("a@b.cn",))


def test_it_gives_back_what_was_written(tmp_path: Path) -> None:
    """Also to the next process; for its owner alone; and nothing half written is left."""
    diary = FileDiary(tmp_path / "run" / "watchman.json")
    assert diary.read() == Page()
    diary.write(PAGE)
    diary.close()
    again = FileDiary(tmp_path / "run" / "watchman.json")
    assert again.read() == PAGE
    assert (tmp_path / "run" / "watchman.json").stat().st_mode & 0o777 == 0o600
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"watchman.json", "watchman.json.lock"}
    again.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b'{"outages": 3, "mailboxes": []}', b'{"outages": [{}], "mailboxes": []}',
     b'{"outages": [{"kind": "flood"}], "mailboxes": []}'],
    ids=["empty", "cut", "list", "null", "bytes", "object", "number", "no keys", "other kind"],
)  # fmt: skip
def test_what_cannot_be_read_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    """A letter twice is better than a watchman that does not start."""
    (tmp_path / "diary").write_bytes(content)
    diary = FileDiary(tmp_path / "diary")
    assert diary.read() == Page()
    diary.write(PAGE)
    assert diary.read() == PAGE
    diary.close()


def test_two_watchmen_never_have_one_diary(tmp_path: Path) -> None:
    """The second says so and ends; after the first it may have it."""
    first = FileDiary(tmp_path / "diary")
    with pytest.raises(ConfigurationFault, match="another watchman"):
        FileDiary(tmp_path / "diary")
    first.close()
    FileDiary(tmp_path / "diary").close()


def test_a_folder_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    """Not when the first outage is to be written down."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationFault, match="GUITAI_WATCH_DIARY"):
        FileDiary(tmp_path / "file" / "diary")
