"""Files at rest: sealed, bound to where they lie, whole or not there, swept when nobody names them."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.boundary import transaction_scope
from adapters.stores.file_shelf import LocalShelf
from adapters.stores.file_store import SealedFileStore, name_file, rewrap_files, sweep_files
from adapters.stores.keyring import CiphertextRefused, Keyring, add_key, create_keyring
from services.errors import NotFound, StoreUnavailable

AGENCY, OTHER = UUID(int=1), UUID(int=2)
PAPER = b"%PDF-1.7 the lease of Wang Xiuying"
PAST, FUTURE = datetime(2001, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    path = tmp_path / "keyring.json"
    create_keyring(path)
    return path


@pytest.fixture
def store(tmp_path: Path, ring: Path) -> SealedFileStore:
    return SealedFileStore(LocalShelf(tmp_path / "files"), Keyring.load(ring))


def list_files(folder: Path) -> list[Path]:
    """Everything that lies on the shelf, half-written drafts too."""
    return sorted(path for path in (folder / "files").glob("*/*") if path.is_file())


def only_file(folder: Path) -> Path:
    """The one file there."""
    (found,) = list_files(folder)
    return found


def test_a_file_comes_back_as_it_was(store: SealedFileStore) -> None:
    """What was put is given back, by its SHA-256."""
    digest = store.put(AGENCY, PAPER)
    assert digest == hashlib.sha256(PAPER).hexdigest()
    assert store.get(AGENCY, digest) == PAPER


def test_nothing_of_it_can_be_read_on_the_disk(tmp_path: Path, store: SealedFileStore) -> None:
    """Neither content nor digest nor agency stands on the shelf, and nobody else may even list it."""
    digest = store.put(AGENCY, PAPER)
    path = only_file(tmp_path)
    assert PAPER[9:] not in path.read_bytes()
    assert digest not in str(path)
    assert str(AGENCY) not in str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_content_lies_there_once(tmp_path: Path, store: SealedFileStore) -> None:
    """The same file twice is one file of an agency, and another of another agency."""
    assert store.put(AGENCY, PAPER) == store.put(AGENCY, PAPER)
    only_file(tmp_path)
    store.put(OTHER, PAPER)
    assert len(list_files(tmp_path)) == 2


def test_what_is_not_there_is_not_found(store: SealedFileStore) -> None:
    """A digest that was never put, another agency's, and what is no digest, are not found."""
    digest = store.put(AGENCY, PAPER)
    for agency, wanted in ((AGENCY, "0" * 64), (OTHER, digest), (AGENCY, "../../etc/passwd"), (AGENCY, "")):
        with pytest.raises(NotFound):
            store.get(agency, wanted)


def test_a_removed_file_is_not_found(tmp_path: Path, store: SealedFileStore) -> None:
    """A file that somebody deleted is missed by name, not replaced by nothing."""
    digest = store.put(AGENCY, PAPER)
    only_file(tmp_path).unlink()
    with pytest.raises(NotFound):
        store.get(AGENCY, digest)


def test_a_shelf_that_is_gone_is_a_failure_and_no_missing_file(tmp_path: Path, store: SealedFileStore) -> None:
    """Without the whole folder (a share that is not mounted) nobody is told that their paper does not exist."""
    digest = store.put(AGENCY, PAPER)
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        store.get(AGENCY, digest)


@pytest.mark.parametrize(
    "place", ["magic", "key id", "wrapped key", "nonce", "content", "end", "cut", "longer", "empty"]
)
def test_an_altered_file_is_refused(tmp_path: Path, store: SealedFileStore, place: str) -> None:
    """One changed byte anywhere, a cut and an addition are seen when the file is read, and putting it again mends it."""
    digest = store.put(AGENCY, PAPER)
    path = only_file(tmp_path)
    sealed = bytearray(path.read_bytes())
    if place in ("cut", "longer", "empty"):
        sealed = bytearray({"cut": sealed[:-1], "longer": sealed + b"x", "empty": b""}[place])
    else:
        sealed[{"magic": 0, "key id": 4, "wrapped key": 40, "nonce": 70, "content": 85, "end": -1}[place]] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(StoreUnavailable):
        store.get(AGENCY, digest)
    store.put(AGENCY, PAPER)
    assert store.get(AGENCY, digest) == PAPER


def test_a_file_cannot_take_the_place_of_another(tmp_path: Path, store: SealedFileStore) -> None:
    """A sealed file that is copied over another one, or over another agency's, is refused there."""
    mine = store.put(AGENCY, PAPER)
    source = only_file(tmp_path)
    others = [(AGENCY, store.put(AGENCY, b"another paper")), (OTHER, store.put(OTHER, PAPER))]
    for path in list_files(tmp_path):
        path.write_bytes(source.read_bytes())
    assert store.get(AGENCY, mine) == PAPER
    for agency, digest in others:
        with pytest.raises(StoreUnavailable):
            store.get(agency, digest)


def test_another_ring_opens_nothing(tmp_path: Path, store: SealedFileStore) -> None:
    """Without the keys the files are neither found nor read."""
    digest = store.put(AGENCY, PAPER)
    create_keyring(tmp_path / "other.json")
    other = SealedFileStore(LocalShelf(tmp_path / "files"), Keyring.load(tmp_path / "other.json"))
    with pytest.raises(NotFound):
        other.get(AGENCY, digest)


def test_no_file_is_put_or_read_inside_a_transaction(store: SealedFileStore) -> None:
    """The store is outside: no call to it while a transaction is open."""
    with transaction_scope():
        with pytest.raises(RuntimeError):
            store.put(AGENCY, PAPER)
        with pytest.raises(RuntimeError):
            store.get(AGENCY, "0" * 64)


def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, store: SealedFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, at any step, is told, and leaves neither half a file nor a draft."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for broken in ("fsync", "fdopen"):
        with monkeypatch.context() as patch:
            patch.setattr(os, broken, fail)
            with pytest.raises(StoreUnavailable) as told:
                store.put(AGENCY, PAPER)
            assert PAPER.decode() not in str(told.value)
        assert [path for path in list_files(tmp_path) if not path.name.startswith(".draft-")] == []
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(StoreUnavailable):
            store.put(AGENCY, PAPER)
    assert SealedFileStore.put(store, AGENCY, PAPER)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, ring: Path) -> None:
    """A path that leads through a file is unavailable, not an accident."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable):
        SealedFileStore(LocalShelf(tmp_path / "file" / "files"), Keyring.load(ring)).put(AGENCY, PAPER)


def test_many_may_put_the_same_at_once(tmp_path: Path, store: SealedFileStore) -> None:
    """Writers of one content do not spoil each other's, and readers see a whole file at every moment."""
    digest, failures = store.put(AGENCY, PAPER), []

    def work(act: Callable[[], object]) -> None:
        try:
            for _ in range(25):
                act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    acts = [lambda: store.put(AGENCY, PAPER), lambda: store.get(AGENCY, digest)] * 3
    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    only_file(tmp_path)


def test_a_new_key_wraps_what_is_put_and_reads_what_was(tmp_path: Path, ring: Path, store: SealedFileStore) -> None:
    """Files under an old key are read, and wrapped anew while nothing else of them changes."""
    digest, shelf = store.put(AGENCY, PAPER), LocalShelf(tmp_path / "files")
    before = only_file(tmp_path).read_bytes()
    add_key(ring)
    keyring = Keyring.load(ring)
    told: list[int] = []
    assert SealedFileStore(shelf, keyring).get(AGENCY, digest) == PAPER
    assert rewrap_files(shelf, keyring, told.append) == 1
    assert told == [1]
    after = only_file(tmp_path).read_bytes()
    assert after[4:8] == keyring.current_key_id
    assert after[68:] == before[68:]
    assert after[:68] != before[:68]
    assert rewrap_files(shelf, keyring) == 0
    assert SealedFileStore(shelf, keyring).get(AGENCY, digest) == PAPER


def test_wrapping_anew_stops_at_a_file_that_no_key_opens(tmp_path: Path, ring: Path, store: SealedFileStore) -> None:
    """An altered wrap is named, not passed over: somebody must look."""
    store.put(AGENCY, PAPER)
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:40] + b"\0" * 20 + path.read_bytes()[60:])
    add_key(ring)
    with pytest.raises(CiphertextRefused):
        rewrap_files(LocalShelf(tmp_path / "files"), Keyring.load(ring))


def test_what_no_row_names_is_swept_when_it_is_old(tmp_path: Path, ring: Path, store: SealedFileStore) -> None:
    """Old bytes without a row go; those with one, and those put after the line was drawn, stay."""
    shelf, keyring = LocalShelf(tmp_path / "files"), Keyring.load(ring)
    kept, orphan = store.put(AGENCY, PAPER), store.put(AGENCY, b"of a draft that was thrown away")
    assert sweep_files(shelf, keyring, [(AGENCY, kept)], PAST) == 0
    assert sweep_files(shelf, keyring, [(AGENCY, kept), (OTHER, orphan)], FUTURE) == 1
    assert store.get(AGENCY, kept) == PAPER
    with pytest.raises(NotFound):
        store.get(AGENCY, orphan)


def test_what_is_put_again_is_new_again(tmp_path: Path, ring: Path, store: SealedFileStore) -> None:
    """An upload of what a sweep was about to take keeps it, even between the sweep's look and its hand."""
    digest, keyring = store.put(AGENCY, PAPER), Keyring.load(ring)
    name = name_file(keyring, AGENCY, digest)[0]
    path = only_file(tmp_path)
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    os.utime(path, (old, old))
    shelf = LocalShelf(tmp_path / "files")
    (seen,) = shelf.list_kept()
    assert seen.put_at < datetime(2021, 1, 1, tzinfo=UTC)
    store.put(AGENCY, PAPER)
    assert not shelf.remove_old(name, datetime(2021, 1, 1, tzinfo=UTC))
    assert store.get(AGENCY, digest) == PAPER


def test_half_written_files_of_killed_writers_are_swept(tmp_path: Path, ring: Path, store: SealedFileStore) -> None:
    """A draft that nobody finished goes with the next sweep, and was never taken for a file."""
    kept = store.put(AGENCY, PAPER)
    draft = only_file(tmp_path).parent / ".draft-left"
    draft.write_bytes(b"half")
    shelf = LocalShelf(tmp_path / "files")
    assert len(list(shelf.list_kept())) == 1
    sweep_files(shelf, Keyring.load(ring), [(AGENCY, kept)], PAST)
    assert draft.exists()
    sweep_files(shelf, Keyring.load(ring), [(AGENCY, kept)], datetime.now(UTC) + timedelta(days=1))
    assert not draft.exists()


def test_names_that_are_none_are_a_fault_of_ours(tmp_path: Path) -> None:
    """No caller can lead the shelf out of its folder."""
    for name in ("", "../x", "0" * 71, "G" * 72):
        with pytest.raises(ValueError):
            LocalShelf(tmp_path).read(name)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever the bytes, also none at all, they come back as they were."""
    folder = tmp_path_factory.mktemp("ring")
    create_keyring(folder / "keyring.json")
    store, agency = SealedFileStore(LocalShelf(folder / "files"), Keyring.load(folder / "keyring.json")), uuid4()
    assert store.get(agency, store.put(agency, content)) == content
