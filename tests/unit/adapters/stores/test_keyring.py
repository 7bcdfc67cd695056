"""Encryption in place, keyed look-ups, rotation."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.stores.keyring import CiphertextRefused, Keyring, add_key, create_keyring, promote_key
from services.errors import ConfigurationFault

PLACE = ("persons", "phone_cipher", "row-1")


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """A fresh ring."""
    path = tmp_path_factory.mktemp("keys") / "ring.json"
    create_keyring(path)
    return Keyring.load(path)


@settings(max_examples=50)
@given(plaintext=st.binary(max_size=300))
def test_what_was_encrypted_is_decrypted(ring: Keyring, plaintext: bytes) -> None:
    """A ciphertext decrypts in its own place, and two of the same plaintext differ."""
    cell = ring.encrypt(*PLACE, plaintext)
    assert ring.decrypt(*PLACE, cell) == plaintext
    assert cell != ring.encrypt(*PLACE, plaintext)
    assert len(plaintext) < 4 or plaintext not in cell


@pytest.mark.parametrize("other", [("logins", *PLACE[1:]), (PLACE[0], "name", PLACE[2]), (*PLACE[:2], "row-2")])
def test_ciphertext_cannot_be_moved(ring: Keyring, other: tuple[str, str, str]) -> None:
    """In another table, column or row a ciphertext is refused."""
    with pytest.raises(CiphertextRefused):
        ring.decrypt(*other, ring.encrypt(*PLACE, b"13800138000"))


def test_changed_ciphertext_is_refused(ring: Keyring) -> None:
    """Every changed bit and every shorter form is refused, and the message holds nothing of it."""
    cell = ring.encrypt(*PLACE, b"13800138000")
    changed = [cell[:at] + bytes([cell[at] ^ 1]) + cell[at + 1 :] for at in range(len(cell))]
    for bad in [*changed, *(cell[:length] for length in range(len(cell)))]:
        with pytest.raises(CiphertextRefused, match=r"persons\.phone_cipher"):
            ring.decrypt(*PLACE, bad)


def test_purposes_are_apart(ring: Keyring, tmp_path: Path) -> None:
    """The same value has another hash for another purpose, and under another ring."""
    create_keyring(tmp_path / "other.json")
    other = Keyring.load(tmp_path / "other.json")
    hashes = {
        ring.lookup_hash("a", "x"),
        ring.lookup_hash("b", "x"),
        ring.lookup_hash("a", "y"),
        other.lookup_hash("a", "x"),
    }
    assert len(hashes) == 4
    assert ring.lookup_hash("a", "x") == ring.lookup_hash("a", "x")
    with pytest.raises(ValueError, match="zero byte"):
        ring.lookup_hash("a\0", "x")


def test_old_keys_go_on_reading(tmp_path: Path) -> None:
    """After a rotation the old ciphertext is read, the old hash is found, and new ones use the new keys."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    old = Keyring.load(path)
    cell, digest = old.encrypt(*PLACE, b"x"), old.lookup_hash("p", "v")
    document, other = json.loads(path.read_text()), secrets.token_hex(4)
    document["lookup"] = {
        "current": other,
        "keys": {**document["lookup"]["keys"], other: secrets.token_hex(32)},
    }
    path.write_text(json.dumps(document))
    add_key(path)
    new = Keyring.load(path)
    assert new.decrypt(*PLACE, cell) == b"x"
    assert new.lookup_hashes("p", "v") == [new.lookup_hash("p", "v"), digest]
    assert new.lookup_hash("p", "v") != digest
    with pytest.raises(CiphertextRefused):
        old.decrypt(*PLACE, new.encrypt(*PLACE, b"x"))


def test_a_new_key_leaves_look_ups_as_they_are(tmp_path: Path) -> None:
    """Else a process with the old ring and one with the new would each think the same bill unclaimed."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    before = Keyring.load(path).lookup_hashes("p", "v")
    name = add_key(path)
    assert Keyring.load(path).lookup_hashes("p", "v") == before
    assert Keyring.load(path).current_key_id.hex() == name
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_on_standby_reads_and_does_not_write(tmp_path: Path) -> None:
    """Between the two steps processes of either ring read each other; after the second, old cells are still read."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    old = Keyring.load(path)
    name = add_key(path, standby=True)
    waiting = Keyring.load(path)
    assert waiting.current_key_id == old.current_key_id
    assert old.decrypt(*PLACE, waiting.encrypt(*PLACE, b"x")) == b"x"
    assert promote_key(path) == name
    new = Keyring.load(path)
    assert new.current_key_id.hex() == name
    assert waiting.decrypt(*PLACE, new.encrypt(*PLACE, b"x")) == b"x"
    assert new.decrypt(*PLACE, old.encrypt(*PLACE, b"x")) == b"x"
    assert promote_key(path) == name


def test_keys_added_at_once_are_all_kept(tmp_path: Path) -> None:
    """A key that were lost between two writers would lose whatever it encrypted."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(add_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(names) < set(json.loads(path.read_text())["encryption"]["keys"])
    assert len(set(names)) == 8
    assert [one.name for one in tmp_path.iterdir()] == ["ring.json"]


@pytest.mark.parametrize("change", [add_key, promote_key])
def test_what_is_no_ring_is_not_changed(tmp_path: Path, change: Callable[[Path], str]) -> None:
    """A missing, broken or open file is refused as it is."""
    path = tmp_path / "ring.json"
    for _ in range(2):
        with pytest.raises(ConfigurationFault):
            change(path)
        path.write_text("{}")
        path.chmod(0o600)
    assert path.read_text() == "{}"


def test_ring_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A new ring has mode 0600, is never replaced, and one that others can read is refused."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationFault):
        create_keyring(path)
    path.chmod(0o640)
    with pytest.raises(ConfigurationFault):
        Keyring.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"encryption": {"keys": {}, "current": "00"}, "lookup": {}}'])
def test_broken_ring_is_a_configuration_fault(tmp_path: Path, text: str) -> None:
    """What is not a ring is refused at start."""
    path = tmp_path / "ring.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationFault):
        Keyring.load(path)


def test_short_key_is_refused(tmp_path: Path) -> None:
    """A key of another length than 32 bytes is refused."""
    path = tmp_path / "ring.json"
    create_keyring(path)
    document = json.loads(path.read_text())
    document["lookup"]["keys"] = {document["lookup"]["current"]: "00" * 16}
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigurationFault):
        Keyring.load(path)
