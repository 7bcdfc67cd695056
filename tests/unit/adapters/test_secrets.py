"""Secrets are files, read by name, and their names cannot leave the folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from adapters.secrets import FileSecrets, write_secret
from services.errors import ConfigurationFault


def test_reads_what_was_written_without_its_line_end(tmp_path: Path) -> None:
    """A final line end, as editors leave it, is not part of the secret."""
    write_secret(tmp_path / "s", "a.key", b"value\n")
    assert FileSecrets(tmp_path / "s").read("a.key") == b"value"


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """Folder 0700, file 0600, also when it is written again."""
    for _ in range(2):
        write_secret(tmp_path / "s", "a", b"v")
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "s" / "a").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["../a", "", ".hidden", "a/b", "a\x00b", "a\nb", "a" * 129, "/etc/passwd"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    """Names are plain: no separator, no leading dot, no control character."""
    with pytest.raises(ConfigurationFault):
        FileSecrets(tmp_path).read(name)
    with pytest.raises(ConfigurationFault):
        write_secret(tmp_path, name, b"v")


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    """The message says which secret is missing."""
    with pytest.raises(ConfigurationFault, match=r"gas\.api_key"):
        FileSecrets(tmp_path).read("gas.api_key")
