"""Everything that is shipped may be shipped under Apache-2.0. Test tools have their own lock and may be GPL."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; ([^\\]+))?", re.MULTILINE)
COMPATIBLE = (
    r"MIT", r"BSD", r"Apache", r"ISC", r"PSF", r"Python Software Foundation", r"MPL", r"Mozilla Public License", r"Unlicense",
    r"ZPL", r"Public Domain", r"PostgreSQL", r"0BSD", r"HPND", r"OFL-1\.1",
)  # fmt: skip
LGPL = re.compile(r"LGPL|Lesser General Public|Library or Lesser")
STRONG = re.compile(r"(?<!L)(?<!Lesser )\b(?:A?GPL|General Public License)", re.IGNORECASE)


def read_pins(name: str) -> dict[str, str]:
    """Distribution and marker of each pin in a lock file."""
    return {match[1]: (match[3] or "").strip() for match in PIN.finditer((ROOT / name).read_text("utf-8"))}


def read_licence(name: str) -> str | None:
    """What a distribution says of its licence: expression, classifiers, else the first line of the text; None if not installed."""
    try:
        found = distribution(name).metadata
    except PackageNotFoundError:
        return None
    said = [found["License-Expression"]] if "License-Expression" in found else []
    said += [
        line.removeprefix("License :: ") for line in found.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    if not any(said) and "License" in found:
        said = [found["License"].strip().split("\n")[0]]
    return "; ".join(part for part in said if part)


@pytest.mark.parametrize("name", sorted(read_pins("requirements.txt")))
def test_each_shipped_dependency_is_compatible(name: str) -> None:
    """A permissive licence, MPL, the OFL for fonts, or LGPL used unmodified; never GPL or AGPL alone."""
    licence = read_licence(name)
    if licence is None:
        assert read_pins("requirements.txt")[name], f"{name} is locked for this Python, but not installed"
        return
    assert any(re.search(pattern, licence) for pattern in COMPATIBLE) or LGPL.search(licence), f"{name}: {licence!r}"
    remaining = LGPL.sub("", licence)
    assert not STRONG.search(remaining) or " OR " in licence, f"{name}: {licence!r}"


def test_locks_have_a_hash_for_every_pin() -> None:
    """Pip refuses to mix: one pin without a hash and nothing installs."""
    for lock in ("requirements.txt", "requirements-test.txt"):
        text = (ROOT / lock).read_text("utf-8")
        blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_locks_agree_with_what_the_project_declares() -> None:
    """Each declared dependency is in its lock."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for entries, lock in (
        (declared["project"]["dependencies"], "requirements.txt"),
        (declared["dependency-groups"]["test"], "requirements-test.txt"),
    ):
        names = {re.split(r"[\[><=; ]", entry)[0].lower() for entry in entries}
        assert names - {pin.lower() for pin in read_pins(lock)} == set()


def test_both_locks_pin_the_same_versions() -> None:
    """The tests run on what is shipped."""
    pins = [
        {match[1]: match[2] for match in PIN.finditer((ROOT / lock).read_text("utf-8"))}
        for lock in ("requirements.txt", "requirements-test.txt")
    ]
    assert {name for name in pins[0].keys() & pins[1].keys() if pins[0][name] != pins[1][name]} == set()


def test_locks_name_no_place() -> None:
    """No index address and no folder of the machine that made them: any mirror serves."""
    for lock in ("requirements.txt", "requirements-test.txt"):
        assert not re.search(r"https?://|file:|--index|--find-links|^/", (ROOT / lock).read_text("utf-8"), re.MULTILINE)


def test_the_licence_is_whole() -> None:
    """LICENSE is the full text of Apache-2.0."""
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
