"""No side door: whatever imports by a name computed at run time, runs text as code, calls C, or starts a program stands on a list with its reason.

``test_architecture.py`` keeps the list of files that import something of the network by name. What is here finds those that would get at
it without such an import.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import MAY_USE_NETWORK, NETWORK, ROOMS, list_imports, list_sources

IMPORTS = {"importlib.import_module", "importlib.__import__", "importlib.util", "importlib.machinery", "importlib.reload", "__import__",
           "pkgutil", "runpy", "imp", "zipimport", "sys.modules", "sys.meta_path", "sys.path_hooks", "builtins"}  # fmt: skip
CODE = {
    "eval",
    "exec",
    "compile",
    "code",
    "codeop",
    "types.FunctionType",
    "types.CodeType",
    "marshal",
    "pickle",
    "shelve",
    "dill",
}
MACHINE = {"ctypes", "cffi", "_ctypes", "_socket", "_ssl", "posix", "os.system", "os.popen", "os.posix_spawn", "os.posix_spawnp", "os.fork",
           "os.forkpty", "pty", "subprocess", "multiprocessing", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
           *(f"os.{kind}{form}" for kind in ("exec", "spawn") for form in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe"))}  # fmt: skip
CONNECTIONS = {"asyncio.open_connection", "asyncio.start_server", "asyncio.open_unix_connection", "asyncio.start_unix_server",
               "urllib.request", "urllib.robotparser", "http.client", "ftplib", "imaplib", "poplib", "nntplib", "telnetlib", "xmlrpc",
               "socketserver", "logging.handlers", "wechatpy.client", "wechatpy.pay", "wechatpy.WeChatClient", "alipay.AliPay",
               "webbrowser", "gevent", "eventlet", "trio", "pycurl", "grpc", "websockets", "paramiko"}  # fmt: skip
BUILTINS = {"__import__", "eval", "exec", "compile"}
METHODS = {"create_connection", "create_server", "sock_connect", "create_datagram_endpoint", "create_unix_connection"}
"""Of an event loop; under these names nothing else of ours goes."""

MAY = {
    "adapters/embedded.py": "starts PostgreSQL and Redis",
    "adapters/embedded_files.py": "asks the wheel where its PostgreSQL is, without importing it; tries out how to run it",
    "adapters/file_judge.py": "judges files of strangers in a process of its own",
    "adapters/http.py": "reads a bounded reply of the standard library's client",
    "adapters/printing/typeface.py": "asks where the font's package is, without importing it",
    "adapters/sandbox/mail_server.py": "listens, and its event loop is what breaks a connection",
    "adapters/sandbox/notices.py": "the emulators' notices go out here",
    "adapters/sandbox/office.py": "finds the emulated offices by the files in their folder",
    "adapters/sandbox/offices/social_insurance.py": "a second emulator of the same kind",
    "adapters/sandbox/offices/vehicles.py": "a second emulator of the same kind",
    "adapters/sandbox/serving.py": "the emulators listen here; loads them when the server's process begins",
    "adapters/platforms/alipay_signing.py": "the SDK builds and signs a request; its own way of sending is never called",
    "gateway/cli/": "loads a group of commands when it is asked for; knows a driver's errors only if the driver is loaded",
    "gateway/console/published.py": "asks where the vendored script's package is, without importing it",
    "gateway/demo/": "starts the command line as a user would",
    "gateway/launch/": "starts the processes of a run",
}


def find_ways_out(tree: ast.Module) -> Iterator[str]:
    """Names of what a module could get out by: imports, and what is reached by dotted names or as a method."""
    watched = IMPORTS | CODE | MACHINE | CONNECTIONS
    known = {alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
             for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}  # fmt: skip
    for name in list_imports(tree):
        yield from (one for one in watched if name == one or name.startswith(f"{one}."))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in BUILTINS:
            yield node.id
        if isinstance(node, ast.Attribute):
            spelled = ast.unparse(node)
            first, _, rest = spelled.partition(".")
            full = f"{known.get(first, first)}.{rest}"
            yield from (one for one in watched if "." in one and (full == one or full.startswith(f"{one}.")))
            if node.attr in METHODS | {"__builtins__", "__globals__"}:
                yield node.attr
        if isinstance(node, ast.Constant) and node.value in {"__import__", "__builtins__", "import_module"}:
            yield str(node.value)


def is_listed(path: str) -> bool:
    return any(path == one or (one.endswith("/") and path.startswith(one)) for one in MAY)


def test_nothing_gets_out_by_a_side_door() -> None:
    """Whoever imports by computed names, runs text, calls C, starts programs or opens connections of an event loop is named with a reason."""
    users = {path: sorted(set(found)) for path, tree in list_sources(*ROOMS) if (found := list(find_ways_out(tree)))}
    assert {path: found for path, found in users.items() if not is_listed(path)} == {}


def test_every_exception_is_used() -> None:
    """A reason that nobody needs any more is taken off the list."""
    users = [path for path, tree in list_sources(*ROOMS) if list(find_ways_out(tree))]
    assert [one for one in MAY if not any(path == one or path.startswith(one) for path in users)] == []


@pytest.mark.parametrize(
    "text",
    [
        "import importlib\nimportlib.import_module('req' + 'uests')", "import importlib as i\ni.import_module(n)",
        "from importlib import import_module as load\nload(n)", "__import__('so' + 'cket')", "load = __import__", "eval(text)",
        "exec(compile(text, '', 'exec'))", "import sys\nsys.modules['socket']", "import sys as s\ns.modules", "from sys import modules",
        "import ctypes", "from ctypes import CDLL", "import os\nos.system('curl')", "from os import popen", "import os as o\no.execvp('curl', [])",
        "import subprocess as s", "import asyncio\nasyncio.open_connection('h', 1)", "loop.create_connection(p, 'h', 1)",
        "getattr(b, '__import__')", "f.__globals__['socket']", "import builtins", "from _socket import socket", "import ftplib",
        "import multiprocessing.connection", "from alipay import AliPay", "from wechatpy import WeChatClient", "import logging.handlers",
        "def f():\n    from pickle import loads", "import code",
    ],
)  # fmt: skip
def test_a_planted_side_door_is_found(text: str) -> None:
    """Static or dynamic, under whatever name and wherever in the file."""
    assert list(find_ways_out(ast.parse(text)))


@pytest.mark.parametrize("name", ["requests", "urllib.request", "http.client", "socket", "httpx", "smtplib"])
@pytest.mark.parametrize("form", ["import {}", "import {} as x", "from {} import y", "def f():\n    import {}"])
def test_a_planted_import_of_the_network_is_found(name: str, form: str) -> None:
    """By name, as something else, from within, inside a function."""
    found = list(list_imports(ast.parse(form.format(name))))
    assert any(one in NETWORK or one.rsplit(".", 1)[0] in NETWORK for one in found)


def test_named_files_exist() -> None:
    """Both lists speak of files that are there."""
    root = Path(__file__).resolve().parents[1]
    assert [one for one in (*MAY, *MAY_USE_NETWORK) if not (root / one).exists()] == []
