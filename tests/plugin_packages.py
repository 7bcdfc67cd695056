"""What tests need beside Python, as a pytest plugin and as a step of ``make test``.

Run as a program it installs, as root on Debian and its kin, what is missing and says which; otherwise it names it. As a
plugin it skips the tests of a missing program by name, and makes every skip a failure where ``CI=true``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

POSTGRES_MARK, REDIS_MARK, MARIA_MARK = "postgres15", "redis_server", "mariadb_server"
CHROMIUM_MARK, FONT_MARK, POPPLER_MARK = "chromium", "chinese_font", "poppler"


def find_debian_postgres() -> Path | None:
    """The folder with Debian's ``initdb`` and ``postgres``: PostgreSQL 15 if it is there, else the newest above."""
    found = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: int(folder.parent.name),
    )
    usable = [folder for folder in found if int(folder.parent.name) >= 15]
    return usable[0] if usable else None


def list_missing() -> dict[str, str]:
    """Mark of the tests, and the Debian package that they miss."""
    missing = {}
    if find_debian_postgres() is None:
        missing[POSTGRES_MARK] = "postgresql-15" if _is_offered("postgresql-15") else "postgresql"
    if shutil.which("redis-server") is None:
        missing[REDIS_MARK] = "redis-server"
    if shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        missing[MARIA_MARK] = "mariadb-server"
    if shutil.which("chromium") is None:
        missing[CHROMIUM_MARK] = "chromium"
    if any(shutil.which(program) is None for program in ("pdfsig", "pdftoppm")):
        missing[POPPLER_MARK] = "poppler-utils"
    if not has_chinese_font():
        missing[FONT_MARK] = "fonts-wqy-microhei"
    return missing


def has_chinese_font() -> bool:
    """Whether a browser can draw Chinese: for people who look at its pictures; no test is skipped for it."""
    folders = ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".fonts"))
    names = ("wqy-*", "NotoSansCJK*", "NotoSerifCJK*", "SourceHan*")
    return any(True for folder in folders for name in names for _ in Path(folder).rglob(name))


def _is_offered(package: str) -> bool:
    if shutil.which("apt-cache") is None:
        return True
    shown = subprocess.run(["apt-cache", "show", package], check=False, capture_output=True)
    return shown.returncode == 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> int:
    """Install what is missing if we may; status 0 in any case but a failed installation in CI."""
    missing = list_missing()
    if not missing:
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        _say(f"Not installed: {', '.join(missing.values())}. The tests marked {', '.join(missing)} will be skipped.")
        return 0
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _say("Updating the list of Debian packages")
    subprocess.run(["apt-get", "update", "-q"], check=False, env=environment, stdout=sys.stderr)
    packages = list(list_missing().values())
    _say(f"Installing Debian packages that tests need: {', '.join(packages)}")
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    done = subprocess.run(command, check=False, env=environment, stdout=sys.stderr)
    if done.returncode != 0:
        _say(f"Could not install {', '.join(packages)}; their tests will be skipped.")
        return 1 if os.environ.get("CI") == "true" else 0
    return 0


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks of tests that need a real Redis, a MariaDB, a browser or poppler."""
    config.addinivalue_line("markers", f"{REDIS_MARK}: needs a redis-server on the PATH")
    config.addinivalue_line("markers", f"{MARIA_MARK}: needs mariadbd and mariadb-install-db")
    config.addinivalue_line("markers", f"{CHROMIUM_MARK}: needs Debian's chromium on the PATH")
    config.addinivalue_line("markers", f"{POPPLER_MARK}: needs pdfsig and pdftoppm on the PATH")
    config.addinivalue_line("markers", f"{FONT_MARK}: needs a font with Chinese characters")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name what cannot run here."""
    missing = list_missing()
    for item in items:
        for mark, package in missing.items():
            if item.get_closest_marker(mark) is not None:
                item.add_marker(pytest.mark.skip(reason=f"the Debian package {package} is not installed"))


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """In CI a skip is a failure: nobody reads the list of skips there."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = reporter.stats.get("skipped", [])
    if skipped and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        names = ", ".join(str(report.nodeid) for report in skipped)
        reporter.write_line(f"skipped in CI, which is a failure: {names}")


if __name__ == "__main__":
    raise SystemExit(main())
