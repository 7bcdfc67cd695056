"""The house stands: its rooms, its size, its ways out, its one clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("config", "services", "adapters", "gateway")
ENTRIES = {
    "gateway", "adapters", "services", "config", "tests", "wsgi.py", "requirements.txt", "requirements-test.txt", "README.md",
    "Makefile", "pyproject.toml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", ".gitignore", "docs", ".ci",
}  # fmt: skip
HARD_STOP = 400
NETWORK = {
    "socket",
    "socketserver",
    "ssl",
    "http.client",
    "http.server",
    "urllib.request",
    "urllib3",
    "requests",
    "aiohttp",
    "httpx",
    "smtplib",
    "aiosmtpd",
    "aiosmtpd.smtp",
}
MAY_USE_NETWORK = {
    "adapters/http.py": "the only way out to a platform or back end",
    "adapters/mail.py": "the only way out for mail",
    "adapters/sandbox/mail_server.py": "the emulated mail server listens here",
    "adapters/reach.py": "resolves a name, judges its addresses and connects to one of them, for HTTP and for SQL",
    "adapters/tls.py": "makes TLS contexts from secrets in memory",
    "adapters/embedded.py": "finds a free port for Redis",
    "adapters/redis_stand_in.py": "looks at the first bytes of a connection for the password",
    "adapters/sandbox/notices.py": "the emulators' notices go out here",
    "adapters/sandbox/serving.py": "the emulators listen here",
    "gateway/launch/places.py": "finds free ports and holds them",
    "gateway/launch/stack.py": "holds those ports until the end",
    "gateway/launch/loopback.py": "the launcher's and the demo phones' HTTP, this machine only",
}
MAY_MAKE_ADAPTERS = {
    "gateway/foundation.py": "the composition root: the adapters of one process",
    "gateway/bootstrap.py": "the composition root: what each process opens",
    "gateway/bindings.py": "the composition root: back ends at the addresses of the accounts document",
    "gateway/workshop.py": "the composition root of a trial: drafts against back ends",
    "gateway/witness.py": "the composition root of the witness, a process of the supervision office",
    "gateway/jobs/worker.py": "names the queue that it works on",
    "gateway/cli/": "commands that stand before any process: store, keys, sandbox, verification",
    "gateway/launch/": "the launcher: embedded servers, credentials of the sandbox",
    "gateway/demo/": "looks at the sandbox and the ledger from outside",
}
MAY_ASK_TIME = {"adapters/clock.py"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
FOUR_APPS = {"public", "web", "console", "operations"}


def list_sources(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Path relative to the root, and the parsed module, of every Python file in these rooms."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def list_imports(tree: ast.Module) -> Iterator[str]:
    """Full names of what a module imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_top_level_entries_are_known() -> None:
    """A new room is a decision, not an accident."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    entries = {line.split("/")[0] for line in tracked.splitlines()}
    assert entries - ENTRIES == set()
    assert ENTRIES - entries == set()


def test_wsgi_holds_four_apps_and_nothing_else() -> None:
    """wsgi.py imports the app factories and the composition root, and binds exactly four names."""
    tree = ast.parse((ROOT / "wsgi.py").read_text("utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} - {"__future__"}
    assert {module.split(".")[0] for module in modules if module} <= {"gateway", "os", "typing"}
    names = {
        target.id
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    } | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    text = (ROOT / "wsgi.py").read_text("utf-8")
    assert all(app in names or f'"{app}"' in text for app in FOUR_APPS)


@pytest.mark.parametrize("room", [*ROOMS, "tests"])
def test_no_file_passes_the_hard_stop(room: str) -> None:
    """What rots is a handful of giant files."""
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in (ROOT / room).rglob("*.py")
        if (count := len(path.read_text("utf-8").splitlines())) > HARD_STOP
    }
    assert long == {}


def test_the_network_is_used_in_named_files_only() -> None:
    """One way out; each exception has a reason in this file."""
    users = {
        path
        for path, tree in list_sources(*ROOMS)
        if any(name in NETWORK or name.rsplit(".", 1)[0] in NETWORK for name in list_imports(tree))
    }
    assert users - set(MAY_USE_NETWORK) == set()


def test_every_named_exception_is_used() -> None:
    """An exception that nobody needs any more is taken off the list."""
    sources = dict(list_sources(*ROOMS))
    for path in MAY_USE_NETWORK:
        assert any(name in NETWORK for name in list_imports(sources[path])), path


def test_adapters_are_made_at_the_composition_root() -> None:
    """No room of the gateway knows an adapter: it is given ports. Each exception has a reason in this file and is used."""
    makers = {
        path
        for path, tree in list_sources("gateway")
        if any(name.split(".")[0] == "adapters" for name in list_imports(tree))
    }
    allowed = {path: next((one for one in MAY_MAKE_ADAPTERS if path.startswith(one)), "") for path in makers}
    assert [path for path, reason in allowed.items() if not reason] == []
    assert set(allowed.values()) == set(MAY_MAKE_ADAPTERS)


def test_time_comes_from_the_clock() -> None:
    """No ``now()`` of the operating system outside adapters/clock.py."""
    askers = set()
    for path, tree in list_sources(*ROOMS):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _asks_time(node.func):
                askers.add(path)
    assert askers - MAY_ASK_TIME == set()


def _asks_time(function: ast.Attribute) -> bool:
    owner = function.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    if name in ("datetime", "date"):
        return function.attr in ("now", "utcnow", "today")
    return name == "time" and function.attr in ("time", "time_ns", "localtime", "gmtime")


def test_no_sql_asks_the_database_for_time() -> None:
    """No SQL now() and no column default of time: the database has no clock of its own."""
    hits = []
    for path, tree in list_sources("adapters", "gateway", "services"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "current_timestamp":
                hits.append(path)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "now":
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id in ("func", "sa"):
                    hits.append(path)
    assert hits == []


def test_names_say_something() -> None:
    """Modules are nouns of the domain; utils, helpers, common and their like say nothing."""
    stems = {path: Path(path).stem for room in (*ROOMS, "tests") for path, _ in list_sources(room)}
    folders = {part for path in stems for part in Path(path).parts[:-1]}
    assert {path for path, stem in stems.items() if stem in FORBIDDEN_NAMES} == set()
    assert folders & FORBIDDEN_NAMES == set()


def test_nothing_is_printed() -> None:
    """Results go through click, everything else through the log."""
    printers = {
        path
        for path, tree in list_sources(*ROOMS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printers == set()


def test_no_work_is_left_for_later_in_the_code() -> None:
    """Open work is an issue, not a comment."""
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + 'Error("later')
    found = {
        f"{path.relative_to(ROOT)}: {mark}"
        for room in (*ROOMS, "tests")
        for path in (ROOT / room).rglob("*.py")
        for mark in marks
        if mark in path.read_text("utf-8")
    }
    assert found == set()


def test_the_public_process_stays_light() -> None:
    """The public app never loads what only other processes need."""
    heavy = (
        "{'alembic', 'duckdb', 'pyhanko', 'fakeredis', 'fpdf', 'fontTools', 'asn1crypto', 'adapters.printing.printer'}"
    )
    code = f"import sys, gateway.app, gateway.bootstrap; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
