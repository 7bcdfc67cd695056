"""The keys of slips: their kinds and terms, rotation, retirement, and what is said when one is missing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.slip_keys import KEYS_FILE, KeyFolder, add_key, parse_keys, retire_key
from adapters.slips import CwtSlips, open_envelope
from services.errors import ConfigurationFault
from tests.slip_samples import GOOD, KINDS, NOW, WEB_URL, forge, make_press, make_slip, refuse


def test_a_key_signs_its_kinds_only(tmp_path: Path) -> None:
    """The key of receipts neither signs nor vouches for a certificate."""
    press, key = make_press(tmp_path, kinds=("case_receipt",))
    with pytest.raises(ConfigurationFault, match="certificate"):
        press.sign(make_slip())
    assert refuse(press, forge(tmp_path, key, GOOD)) == "key"


def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies(tmp_path: Path) -> None:
    """A running process takes a new key up without a restart, and the old slips go on holding till the old key's end."""
    press, old = make_press(tmp_path)
    before = press.sign(make_slip())
    new = add_key(tmp_path, KINDS, NOW + timedelta(days=1), "ES256")
    later = NOW + timedelta(days=2)
    after = press.sign(make_slip(issued_at=later))
    assert open_envelope(before).key_id == old.key_id
    assert open_envelope(after).key_id == new.key_id
    assert press.read(before, later) == make_slip()
    assert press.read(after, later).issued_at == later
    assert refuse(press, press.sign(make_slip(expires_at=None, issued_at=NOW)), old.verifies_until) == "key"


def test_a_retired_key_signs_no_more(tmp_path: Path) -> None:
    """What a retired key signed before holds; what it says that it signed afterwards does not; a distrusted key's does not at all."""
    press, key = make_press(tmp_path)
    before = press.sign(make_slip())
    retire_key(tmp_path, key.key_id, NOW + timedelta(hours=1))
    with pytest.raises(ConfigurationFault, match="none at this moment"):
        press.sign(make_slip(issued_at=NOW + timedelta(hours=2)))
    late = forge(tmp_path, key, {**GOOD, 6: int((NOW + timedelta(hours=2)).timestamp())})
    assert press.read(before, NOW + timedelta(days=2)) == make_slip()
    assert refuse(press, late, NOW + timedelta(days=2)) == "key"
    retire_key(tmp_path, key.key_id, NOW + timedelta(days=3), distrust=True)
    assert refuse(press, before, NOW) == "key"


def test_a_missing_key_is_said_clearly(tmp_path: Path) -> None:
    """Without a folder, without a list, without the private half: a configuration fault that names what is missing, at issuing."""
    with pytest.raises(ConfigurationFault, match="GUITAI_SLIP_KEYS"):
        CwtSlips(KeyFolder(None), WEB_URL).sign(make_slip())
    with pytest.raises(ConfigurationFault, match="cannot be read"):
        CwtSlips(KeyFolder(tmp_path), WEB_URL).sign(make_slip())
    press, key = make_press(tmp_path)
    text = press.sign(make_slip())
    (tmp_path / f"{key.key_id}.pem").unlink()
    with pytest.raises(ConfigurationFault, match="private half is not here"):
        press.sign(make_slip())
    assert press.read(text, NOW) == make_slip()


def test_a_private_half_is_not_left_open(tmp_path: Path) -> None:
    """Private halves are written for their owner alone, and one that others can read is not used."""
    press, key = make_press(tmp_path)
    private = tmp_path / f"{key.key_id}.pem"
    assert private.stat().st_mode & 0o777 == 0o600
    private.chmod(0o644)
    with pytest.raises(ConfigurationFault, match="0600"):
        press.sign(make_slip())


def test_a_foreign_private_half_is_noticed(tmp_path: Path) -> None:
    """A private half that does not belong to its published half signs nothing."""
    press, key = make_press(tmp_path / "ours")
    make_press(tmp_path / "theirs")
    stolen = next((tmp_path / "theirs").glob("*.pem")).read_bytes()
    (tmp_path / "ours" / f"{key.key_id}.pem").write_bytes(stolen)
    with pytest.raises(ConfigurationFault, match="another key's"):
        press.sign(make_slip())


def test_a_slip_never_outlives_its_key(tmp_path: Path) -> None:
    """A slip that would end after its key is not signed: it would become unreadable before it ends."""
    press, key = make_press(tmp_path)
    with pytest.raises(ConfigurationFault, match="ends before"):
        press.sign(make_slip(expires_at=key.verifies_until + timedelta(seconds=1)))


def test_the_published_list_is_read_back_and_guarded(tmp_path: Path) -> None:
    """The list comes back as published; a foreign id, an unknown use or a doubled key is refused."""
    press, key = make_press(tmp_path)
    published = json.loads(json.dumps(press.public_keys()))
    assert parse_keys(published) == {key.key_id: key}
    assert "d" not in published["keys"][0]
    entry = published["keys"][0]
    faults: tuple[Any, ...] = (
        {"keys": [{**entry, "kid": "0" * 16}]}, {"keys": [{**entry, "kinds": ["anything"]}]}, {"keys": [entry, entry]},
        {"keys": [{**entry, "crv": "P-256"}]}, {"keys": [{**entry, "signs_from": "2026-02-10"}]}, {"keys": {}}, [], None,
    )  # fmt: skip
    for faulty in faults:
        with pytest.raises(ConfigurationFault):
            parse_keys(faulty)


def test_a_damaged_list_is_a_clear_fault(tmp_path: Path) -> None:
    """A list of keys that is no JSON is a configuration fault, not an accident."""
    (tmp_path / KEYS_FILE).write_text("{", "utf-8")
    with pytest.raises(ConfigurationFault):
        KeyFolder(tmp_path).list_keys()
