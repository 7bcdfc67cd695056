"""Where sealed files lie, by name: the port of the two shelves, and the local one."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from services.errors import StoreUnavailable

NAME = re.compile(r"[0-9a-f]{72}")
_LOCK, _DRAFT = ".shelf.lock", ".draft-"


class Kept(NamedTuple):
    """A file on the shelf, and when it was last put there."""

    name: str
    put_at: datetime


class Shelf(Protocol):
    """Bytes by name. All raise ``StoreUnavailable``."""

    def write(self, name: str, sealed: bytes) -> None:
        """Put the bytes there as a whole, in the place of those that lie there; on the disk when this returns."""
        ...

    def read(self, name: str) -> bytes | None: ...
    def list_kept(self) -> Iterator[Kept]: ...
    def remove_old(self, name: str, until: datetime) -> bool:
        """Remove it, unless somebody put it there (again) since ``until``."""
        ...

    def drop_drafts(self, until: datetime) -> int:
        """Remove what writers that were killed left half written before ``until``; how many there were."""
        ...


class LocalShelf:
    """A folder, 0700, with a file (0600) for each name in one of 256 folders. Machines that share a mount share the shelf."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, sealed: bytes) -> None:
        """Into a draft beside it, on the disk, then in its place, then the folder on the disk: whole or not at all."""
        target = self._find(name)
        with _reporting(), self._hold(fcntl.LOCK_SH):
            target.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(prefix=_DRAFT, dir=target.parent)
            try:
                with os.fdopen(descriptor, "wb") as out:
                    out.write(sealed)
                    out.flush()
                    os.fsync(descriptor)
                Path(draft).replace(target)
            except BaseException:
                with suppress(OSError):
                    Path(draft).unlink(missing_ok=True)
                raise
            _sync(target.parent)

    def read(self, name: str) -> bytes | None:
        with _reporting():
            try:
                return self._find(name).read_bytes()
            except FileNotFoundError:
                if not self._folder.is_dir():
                    raise  # not one file is missing but the whole shelf: a share that is not mounted
                return None

    def list_kept(self) -> Iterator[Kept]:
        with _reporting():
            for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/*")):
                if NAME.fullmatch(path.name):
                    with suppress(FileNotFoundError):
                        yield Kept(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def remove_old(self, name: str, until: datetime) -> bool:
        target = self._find(name)
        with _reporting(), self._hold(fcntl.LOCK_EX):
            try:
                if datetime.fromtimestamp(target.stat().st_mtime, UTC) > until:
                    return False
                target.unlink()
            except FileNotFoundError:
                return False
            _sync(target.parent)
            return True

    def drop_drafts(self, until: datetime) -> int:
        dropped = 0
        with _reporting(), self._hold(fcntl.LOCK_EX):
            for path in self._folder.glob(f"[0-9a-f][0-9a-f]/{_DRAFT}*"):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) <= until:
                    path.unlink()
                    dropped += 1
        return dropped

    def _find(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError("a shelf's names are 72 hexadecimal digits")
        return self._folder / name[8:10] / name

    @contextmanager
    def _hold(self, kind: int) -> Iterator[None]:
        """Whoever puts keeps out whoever sweeps, and the other way round; those who put do not wait for each other."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def _reporting() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"files: {error.strerror}") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
