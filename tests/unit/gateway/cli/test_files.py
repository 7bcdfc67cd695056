"""The store of files from the command line: whether all is there, what nobody names, and a new key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from adapters.ids import make_id
from adapters.stores.file_shelf import LocalShelf
from adapters.stores.file_store import SealedFileStore
from adapters.stores.keyring import Keyring
from gateway.cli import main
from services.case_record import StoredFile
from services.errors import NotFound
from tests.case_samples import MORNING, make_draft
from tests.contract.stores import open_sql_bench
from tests.databases import Database

PAPER = b"%PDF-1.7 a lease"
OLD = datetime(2020, 1, 1, tzinfo=UTC).timestamp()


class Place:
    """A home with a ring, a shelf and one file that the index names."""

    def __init__(self, database: Database, home: Path) -> None:
        self.home, self.ring = home, home / "keyring.json"
        self.run("keys", "create", self.ring)
        self.shelf = LocalShelf(home / "files")
        self.store = SealedFileStore(self.shelf, Keyring.load(self.ring))
        with open_sql_bench(database, home) as bench:
            self.agency: UUID = bench.city
            self.digest = self.store.put(self.agency, PAPER)
            draft = make_draft(self.agency)
            file = StoredFile(
                make_id(MORNING), self.agency, draft.draft_id, "floor_plan", self.digest, "application/pdf", len(PAPER), "x",
                MORNING, "applicant",
            )  # fmt: skip
            with bench.store.begin(bench.all) as tx:
                tx.drafts.save(draft)
                tx.files.add(file)

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(main, list(map(str, arguments)))

    def age(self) -> None:
        """Everything on the shelf becomes years old."""
        for path in (self.home / "files").glob("*/*"):
            os.utime(path, (OLD, OLD))


@pytest.fixture
def place(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("GUITAI_DATABASE_URL", database.owner_url)
    yield Place(database, tmp_path)

    with psycopg.connect(database.owner_url) as owner:
        owner.execute("TRUNCATE stored_files, case_drafts CASCADE")


def test_all_is_whole_or_named(place: Place) -> None:
    """Every file that the index names is read; one that is missing or altered is named, with status 1."""
    assert place.run("files", "check", "--home", place.home).stdout == "whole\n"
    (path,) = (place.home / "files").glob("*/*")
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + b"\0")
    altered = place.run("files", "check", "--home", place.home)
    assert (altered.exit_code, altered.stdout) == (1, f"altered {place.agency} {place.digest}\n")
    path.unlink()
    missing = place.run("files", "check", "--home", place.home)
    assert (missing.exit_code, missing.stdout) == (1, f"missing {place.agency} {place.digest}\n")
    assert "do not come back" in missing.stderr


def test_what_no_row_names_is_swept_after_a_week(place: Place) -> None:
    """Old bytes without a row go; what is new or named stays."""
    orphan = place.store.put(place.agency, b"thrown away")
    sweep = ("files", "sweep", "--home", place.home)
    assert place.run(*sweep).stdout == "0\n"
    place.age()
    assert place.run(*sweep, "--days", "1").stdout == "1\n"
    assert place.store.get(place.agency, place.digest) == PAPER
    with pytest.raises(NotFound):
        place.store.get(place.agency, orphan)


def test_a_database_that_names_next_to_nothing_sweeps_nothing(place: Place) -> None:
    """Where most of a shelf has no row it is the index that is wrong: nothing goes, and somebody is told."""
    kept = [place.store.put(uuid4(), bytes([number])) for number in range(120)]
    place.age()
    done = place.run("files", "sweep", "--home", place.home)
    assert done.exit_code == 1
    assert "is it the right database?" in done.stderr
    assert len(list(place.shelf.list_kept())) == len(kept) + 1


def test_a_rotation_takes_the_files_along(place: Place) -> None:
    """``keys rotate`` wraps the keys of files too, once, wherever the settings say that they lie."""
    assert place.run("keys", "add", place.ring).exit_code == 0
    first = place.run("keys", "rotate", place.ring)
    assert (first.stdout, first.stderr.splitlines()[-1]) == ("3\n", "1 files")
    assert place.run("keys", "rotate", place.ring).stdout == "0\n"
    assert SealedFileStore(place.shelf, Keyring.load(place.ring)).get(place.agency, place.digest) == PAPER


def test_an_address_that_is_none_is_one_sentence(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong GUITAI_FILES is told as the settings tell it."""
    monkeypatch.setenv("GUITAI_FILES", "ftp://x")
    done = place.run("files", "check", "--home", place.home)
    assert (done.exit_code, done.stderr) == (1, "Error: GUITAI_FILES must begin with file:// or s3://\n")
