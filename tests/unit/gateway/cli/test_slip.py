"""``python -m gateway slip``: verifying without a network, revoking, and the keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.slip_keys import REVOCATION_LIST, KeyFolder, add_key
from adapters.slip_revocations import LASTS, sign_revocations
from adapters.slips import CwtSlips
from adapters.stores.keyring import Keyring
from adapters.stores.transaction import SqlStore
from gateway.cli.slip import REASONS, slip
from services.case_ports import Slip
from tests.contract.stores import open_sql_bench
from tests.databases import Database
from tests.fakes import ROOT, FakeClock
from tests.slip_samples import KINDS, WEB_URL, unwrap, wrap

NOW = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
LATER = "2026-03-17T10:00:00+08:00"
ID = "ab" * 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a key for slips and for the list of revoked ones."""
    place = tmp_path / "slips"
    add_key(place, [*KINDS, REVOCATION_LIST], NOW - timedelta(days=1))
    return place


def run(*words: str | Path, text: str = "") -> Result:
    """One command."""
    return CliRunner().invoke(slip, [str(word) for word in words], input=text, env={"GUITAI_SLIP_KEYS": ""})


def sign(folder: Path) -> str:
    """A certificate's slip."""
    made = Slip(ID, "certificate", {"number": "YYZZ1", "issued_on": "2026-03-16"}, NOW, NOW + timedelta(days=30))
    return CwtSlips(KeyFolder(folder), WEB_URL).sign(made)


def publish(folder: Path, tmp_path: Path) -> Path:
    """The published keys as a file of their own."""
    out = tmp_path / "published.json"
    assert run("keys", "publish", "--folder", folder, "--out", out).exit_code == 0
    return out


def test_a_slip_is_verified_with_the_published_keys_alone(folder: Path, tmp_path: Path) -> None:
    """Status 0, and what it says, in words or as JSON; the private halves are not needed."""
    text, published = sign(folder), publish(folder, tmp_path)
    for private in folder.glob("*.pem"):
        private.unlink()
    told = run("verify", text, "--keys", published, "--at", LATER)
    assert told.exit_code == 0
    assert told.stdout.splitlines()[:3] == ["valid", "kind: certificate", "number: YYZZ1"]
    as_json = json.loads(run("verify", text, "--keys", published, "--at", LATER, "--json").stdout)
    assert (as_json["valid"], as_json["number"], as_json["slip_id"]) == (True, "YYZZ1", ID)


def test_a_slip_is_read_from_standard_input(folder: Path) -> None:
    """A hyphen stands for standard input, with or without a line end."""
    assert run("verify", "-", "--folder", folder, "--at", LATER, text=sign(folder) + "\n").exit_code == 0
    assert run("verify", "-", "--folder", folder, "--at", LATER, text="x" * 100_000).exit_code == 1


def test_a_refusal_is_status_1_with_its_reason(folder: Path, tmp_path: Path) -> None:
    """Damaged, expired, of tomorrow, of another key: each has its reason."""
    text = sign(folder)
    octets = unwrap(text)
    add_key(tmp_path / "other", KINDS, NOW - timedelta(days=1))
    cases = {
        "form": ("verify", "AAAA", "--folder", folder, "--at", LATER),
        "signature": ("verify", wrap(octets[:-1] + bytes([octets[-1] ^ 1])), "--folder", folder, "--at", LATER),
        "expired": ("verify", text, "--folder", folder, "--at", "2026-05-01T00:00:00+08:00"),
        "not_yet": ("verify", text, "--folder", folder, "--at", "2026-03-15T00:00:00+08:00"),
        "key": ("verify", text, "--folder", tmp_path / "other", "--at", LATER),
    }  # fmt: skip
    for reason, words in cases.items():
        told = run(*words)
        assert told.exit_code == 1
        assert told.stdout.startswith(f"refused ({reason})"), told.stdout
    assert json.loads(run("verify", "AAAA", "--folder", folder, "--json").stdout) == {"valid": False, "reason": "form"}
    assert {*cases, "revoked"} == set(REASONS)


def test_a_moment_needs_its_offset(folder: Path) -> None:
    """Whoever judges as of a moment says in which time."""
    told = run("verify", "AAAA", "--folder", folder, "--at", "2026-03-17")
    assert told.exit_code == 2
    assert "with its offset" in told.output


def test_a_revoked_slip_is_found_on_the_list(folder: Path, tmp_path: Path) -> None:
    """The signed list refuses what is on it; a list that is old, foreign or no list is an error, never a pass."""
    text, listed = sign(folder), tmp_path / "revoked"
    listed.write_text(sign_revocations(KeyFolder(folder), "host", [ID], NOW), "utf-8")
    assert run("verify", text, "--folder", folder, "--revoked", listed, "--at", LATER).stdout.startswith(
        "refused (revoked)"
    )
    other = tmp_path / "other"
    other.write_text(sign_revocations(KeyFolder(folder), "host", ["cd" * 12], NOW), "utf-8")
    assert run("verify", text, "--folder", folder, "--revoked", other, "--at", LATER).exit_code == 0
    old = (NOW + LASTS).isoformat()
    assert "not usable: expired" in run("verify", text, "--folder", folder, "--revoked", other, "--at", old).output
    other.write_text(text.rpartition("/")[2], "utf-8")
    assert "not usable: form" in run("verify", text, "--folder", folder, "--revoked", other, "--at", LATER).output
    other.write_bytes(b"\xff\xfe")
    assert run("verify", text, "--folder", folder, "--revoked", other, "--at", LATER).exit_code == 1


def test_a_list_needs_a_key_for_lists(folder: Path, tmp_path: Path) -> None:
    """A key that only signs slips vouches for no list, so that no process of the web can unrevoke."""
    add_key(tmp_path / "web", ["case_receipt"], NOW - timedelta(days=1))
    listed = tmp_path / "revoked"
    listed.write_text(sign_revocations(KeyFolder(folder), "host", [], NOW), "utf-8")
    text = sign(folder)
    told = run("verify", text, "--folder", folder, "--revoked", listed, "--at", LATER)
    assert told.exit_code == 0
    refused = run("verify", text, "--folder", tmp_path / "web", "--revoked", listed, "--at", LATER)
    assert "not usable: key" in refused.output


def test_keys_are_made_listed_and_retired(tmp_path: Path) -> None:
    """The newest key signs; a retired one still verifies; a distrusted one does not; the folder is for its owner alone."""
    place = tmp_path / "slips"
    made = run("keys", "new", "--kind", "certificate", "--kind", "voucher", "--folder", place, "--algorithm", "ES256")
    key_id = made.stdout.strip()
    assert made.exit_code == 0
    assert "certificate,voucher" in run("keys", "list", "--folder", place).stdout
    assert "signs, private half here" in run("keys", "list", "--folder", place).stdout
    assert run("keys", "retire", key_id, "--folder", place).exit_code == 0
    assert "verifies, private half here" in run("keys", "list", "--folder", place).stdout
    run("keys", "retire", key_id, "--distrust", "--folder", place)
    assert "distrusted" in run("keys", "list", "--folder", place).stdout
    assert place.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("keys", "new", "--kind", "ticket"), "no kind of slip"),
        (("keys", "new", "--kind", "voucher", "--signs-days", "10", "--verifies-days", "5"), "verifies as long as it signs"),
        (("keys", "retire", "0" * 16), "no slip key with this id"),
        (("keys", "list"), "cannot be read"),
        (("verify", "AAAA"), "not a list of slip keys"),
    ],
    ids=["kind", "terms", "id", "folder", "keys"],
)  # fmt: skip
def test_bad_input_is_one_sentence(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """What is wrong is said in one sentence, with status 1 and no traceback."""
    told = run(*words, "--folder", tmp_path / "none")
    assert told.exit_code == 1
    assert said in told.output
    assert "Traceback" not in told.output


def test_a_slip_is_revoked_in_the_store(
    folder: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is revoked on the command line is revoked for every process, and on the list for verifiers without a network."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", database.owner_url)
    with open_sql_bench(database, tmp_path) as bench:
        keyring = tmp_path / "keyring.json"
        told = run("revoke", ID, "--agency", "city", "--reason", "印错", "--keyring", keyring, "--home", tmp_path)
        assert told.exit_code == 0, told.output
        with bench.store.begin((bench.city,)) as tx:
            assert tx.slips.is_revoked(ID)
    store = SqlStore(database.urls["console"], Keyring.load(keyring), FakeClock(NOW), 1)
    try:
        with store.begin((bench.gas,)) as tx:
            assert tx.slips.is_revoked(ID)
    finally:
        store.close()
    out = tmp_path / "list"
    told = run("revoked", "--out", out, "--keyring", keyring, "--home", tmp_path, "--folder", folder)
    assert told.exit_code == 0, told.output
    today = datetime.now(UTC).isoformat()
    text = CwtSlips(KeyFolder(folder), WEB_URL).sign(Slip(ID, "certificate", {"number": "YYZZ1"}, datetime.now(UTC)))
    assert run("verify", text, "--folder", folder, "--revoked", out, "--at", today).stdout.startswith(
        "refused (revoked)"
    )
    assert run("revoke", "x", "--agency", "city", "--reason", "印错", "--keyring", keyring).exit_code == 1


def test_verifying_loads_no_store_and_no_network(folder: Path) -> None:
    """The command needs no running service, no driver and no HTTP library."""
    code = (
        "import sys; from gateway.cli import main\n"
        "try: main(sys.argv[1:], standalone_mode=False)\n"
        "finally: print(sorted({'psycopg', 'sqlalchemy', 'requests', 'redis', 'pyhanko', 'flask'} & set(sys.modules)), file=sys.stderr)"
    )
    words = ["slip", "verify", sign(folder), "--folder", str(folder), "--at", LATER]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GUITAI_")}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("valid"), done.stderr
    assert done.stderr.strip().splitlines()[-1] == "[]"
