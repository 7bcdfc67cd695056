"""Rules of adapters/accounts_directory.py: addresses out of an accounts document, the nearest agency first."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.accounts_directory import AccountsDirectory
from services.errors import ConfigurationFault

DOCUMENT = """
agencies:
  - {slug: city, name: {}, parent: null}
  - {slug: office, name: {}, parent: city}
  - {slug: desk, name: {}, parent: office}
back_ends:
  - {name: books, agency: city, url: "http://city.example", secrets: {key: city.key}, options: {a: b}}
  - {name: books, agency: office, url: "http://office.example"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text(DOCUMENT, "utf-8")
    return path


def test_the_nearest_agency_binds_a_name(file: Path) -> None:
    """An agency uses its own address, else that of the nearest above it, never a sibling's or one below."""
    directory = AccountsDirectory(file)
    assert directory.back_end(directory.agency_id("desk"), "books").url == "http://office.example"
    city = directory.back_end(directory.agency_id("city"), "books")
    assert (city.url, dict(city.secrets), dict(city.options)) == (
        "http://city.example",
        {"key": "city.key"},
        {"a": "b"},
    )
    assert directory.list_urls("books") == {"http://city.example", "http://office.example"}


def test_what_is_not_bound(file: Path) -> None:
    """An agency or a back end that the document does not have is named."""
    directory = AccountsDirectory(file)
    with pytest.raises(ConfigurationFault, match="no agency suburb"):
        directory.agency_id("suburb")
    with pytest.raises(ConfigurationFault, match="binds no back end rooms"):
        directory.back_end(directory.agency_id("desk"), "rooms")


@pytest.mark.parametrize(
    "text", ["", "[]", "agencies: []", "agencies: 1\nback_ends: 2", "a: [", "agencies: []\nback_ends: [{name: x}]"]
)
def test_what_is_no_accounts_document(file: Path, text: str) -> None:
    """Anything else is refused in one sentence that names the file."""
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationFault, match="is no accounts document"):
        AccountsDirectory(file)
