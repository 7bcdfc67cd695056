"""``python -m gateway mapping``: the operator publishes, goes back, switches off, exports and imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.mapping_files import load_vocabulary
from adapters.stores.console_store import SqlConsoleStore
from gateway.cli.mapping import mapping
from services.catalogue_files import list_served
from services.model import Language
from services.publication_state import read_state
from tests.contract.offices import SPARE, Offices, name_service, open_sql_offices, write_file
from tests.databases import Cluster, Database

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def offices(database: Database, keys: Path) -> Iterator[Offices]:
    with open_sql_offices(database, keys) as made:
        yield made


@pytest.fixture
def run(database: Database, keys: Path) -> Run:
    """One command, as the database's owner."""

    def call(*arguments: object, url: str = database.owner_url) -> Result:
        words = [str(one) for one in arguments]
        words[1:1] = ["--keyring", str(keys / "ring")]
        return CliRunner().invoke(mapping, words, env={"GUITAI_DATABASE_URL": url})

    return call


def put(folder: Path, service: str, version: int, **more: bool) -> Path:
    """A mapping file in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{service}.yaml"
    file.write_bytes(write_file(service, version, **more))  # type: ignore[arg-type] # wider
    return file


def served(offices: Offices) -> dict[str, int]:
    return {version.service: version.version for version in list_served(offices.store)}


def test_publish_rollback_off_and_on(offices: Offices, run: Run, tmp_path: Path) -> None:
    """Each step by nobody with a reason; history tells them all."""
    name = name_service()
    file = put(tmp_path, name, 1)
    assert run("import", file).output == f"{file}: in force\n"
    put(tmp_path, name, 2, wider=True)
    assert run("publish", file, "--reason", "night").output == f"{file}: in force\n"
    assert run("publish", file, "--reason", "night").output == f"{file}: as it was\n"
    assert served(offices)[name] == 2
    assert run("rollback", name, "--reason", "broken").output == f"{name}: version 1 is in force\n"
    assert run("rollback", name, "--reason", "mended", "--to", 2).exit_code == 0
    assert (
        run("off", name, "--reason", "meter", "--sentence-zh", "维护", "--sentence-en", "Repair").output
        == f"{name}: off\n"
    )
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        state = read_state(tx.mappings.list_events(name))
    assert (state.in_force, state.off[Language.ZH_CN], len(state.to_review)) == (2, "维护", 4)
    assert run("on", name).exit_code == 0
    told = [line.split("\t") for line in run("history", name).output.splitlines()]
    assert [line[2] for line in told] == [
        "imported", "published", "rolled_back", "rolled_back", "switched_off", "switched_on",
    ]  # fmt: skip
    assert [line[5] for line in told[1:4]] == ["night", "broken", "mended"]
    assert {line[4] for line in told} == {"operator"}


@pytest.mark.parametrize(
    "words",
    [
        ["publish", "FILE"],
        ["publish", "FILE", "--reason", " "],
        ["rollback", "NAME"],
        ["rollback", "NAME", "--reason", ""],
        ["rollback", "NAME", "--reason", "bad"],
        ["publish", "FILE", "--reason", "x" * 501],
        ["rollback", "NAME", "--reason", "meter", "--to", "9"],
        ["off", "NAME", "--reason", "meter", "--sentence-zh", "关"],
        ["off", "NAME", "--reason", "meter", "--sentence-zh", " ", "--sentence-en", "Off"],
        ["on", "NAME"],
        ["history", "nobody-s"],
        ["import", "FILE", "--publish"],
        ["rollback", "no-such", "--reason", "meter"],
    ],
)
def test_what_is_missing_is_told_and_nothing_happens(
    offices: Offices, run: Run, tmp_path: Path, words: list[str]
) -> None:
    """A reason, a sentence in both languages, a version that was in force: status above 0, no traceback."""
    name = name_service()
    run("import", put(tmp_path, name, 1))
    file = put(tmp_path, name, 2)
    found = run(*(str(file) if word == "FILE" else name if word == "NAME" else word for word in words))
    assert found.exit_code in (1, 2)
    assert isinstance(found.exception, SystemExit)
    assert "Traceback" not in found.output
    assert served(offices)[name] == 1


def test_faults_are_told_by_place_and_keep_no_other_file_out(offices: Offices, run: Run, tmp_path: Path) -> None:
    """A folder with a good file, a broken one, one of an agency that is not here, and one without a higher version."""
    good, broken, foreign, stale = (name_service() for _ in range(4))
    run("import", put(tmp_path / "first", stale, 1))
    for name in (good, foreign, broken):
        put(tmp_path, name, 1)
    put(tmp_path, stale, 1, wider=True)
    (tmp_path / f"{broken}.yaml").write_bytes(write_file(broken, 1).replace(b"kind: bill", b"kind: bil"))
    (tmp_path / f"{foreign}.yaml").write_bytes(write_file(foreign, 1, agency="nowhere"))
    found = run("import", tmp_path)
    assert found.exit_code == 1
    assert f"{tmp_path / good}.yaml: in force" in found.output
    for name, told in ((broken, "kind"), (foreign, "agency"), (stale, "version")):
        assert any(line.startswith(f"{tmp_path / name}.yaml:") and told in line for line in found.output.splitlines())
    assert served(offices).keys() & {good, broken, foreign} == {good}


def test_an_import_of_a_changed_file_waits_unless_the_operator_says_so(
    offices: Offices, run: Run, tmp_path: Path
) -> None:
    """A second person publishes it, or ``--publish`` with a reason."""
    name = name_service()
    file = put(tmp_path, name, 1)
    run("import", file)
    put(tmp_path, name, 2)
    assert run("import", file).output == f"{file}: waits to be published\n"
    assert served(offices)[name] == 1
    assert run("import", file, "--publish", "--reason", "night").output == f"{file}: in force\n"
    assert served(offices)[name] == 2


def test_drift_is_a_line_for_each_difference(offices: Offices, run: Run, tmp_path: Path) -> None:
    """None and status 0 where files and store agree; a file apart, another version, another content, a missing file."""
    same, newer, other, new, gone = (name_service() for _ in range(5))
    for name in (same, newer, other, gone):
        run("import", put(tmp_path / "before", name, 1))
    for name, version in ((same, 1), (newer, 2), (new, 1)):
        put(tmp_path / "now", name, version)
    put(tmp_path / "now", other, 1, wider=True)
    found = run("drift", tmp_path / "now")
    mine = [line for line in found.output.splitlines() if any(name in line for name in (same, newer, other, new, gone))]
    now = tmp_path / "now"
    assert found.exit_code == 1
    assert sorted(mine) == sorted([
        f"{now / newer}.yaml: version 2 is in the file, version 1 is in force",
        f"{now / other}.yaml: version 1 has another content than the version in force",
        f"{now / new}.yaml: version 1 is in the file, and nothing of this service is in force",
        f"{gone}: version 1 is in force, and there is no file",
    ])  # fmt: skip


def test_an_export_imported_elsewhere_is_the_same_catalogue(
    offices: Offices, run: Run, cluster: Cluster, keys: Path, tmp_path: Path
) -> None:
    """Byte for byte; then there is no drift, and importing it again changes nothing. An export goes into a new folder."""
    for _ in range(3):
        run("import", put(tmp_path / "in", name_service(), 3))
    out = tmp_path / "out"
    assert run("export", out).exit_code == 0
    assert run("drift", out).exit_code == 0
    assert run("export", out).exit_code == 1
    elsewhere = cluster.make()
    with open_sql_offices(elsewhere, keys) as there:
        assert run("import", out, url=elsewhere.owner_url).exit_code == 0
        assert run("drift", out, url=elsewhere.owner_url).exit_code == 0
        again = run("import", out, url=elsewhere.owner_url)
        assert {line.rpartition(": ")[2] for line in again.output.splitlines()} == {"as it was"}
        kept = [(one.service, one.version, one.content, one.documents) for one in list_served(offices.store)]
        assert [(one.service, one.version, one.content, one.documents) for one in list_served(there.store)] == kept
        assert isinstance(there.store, SqlConsoleStore)
    cluster.drop(elsewhere)


def test_the_spare_field_is_one_of_the_vocabulary() -> None:
    """What these tests let out more is a real word, or nothing would be proven."""
    assert SPARE in load_vocabulary().fields
