"""An office of the sandbox: one back end of one agency as an emulator, with all that the counter's accounts need to know of it.

A module of ``adapters/sandbox/offices/`` with ``OFFICE = Office(...)`` is an emulator: no list names it. What stands here ends
in ``bindings.json`` (shape: ``bindings.py``), from which the launcher makes the accounts document.
"""

from __future__ import annotations

import importlib.util
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from adapters.sandbox.context import SandboxContext

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

OFFICES = "adapters.sandbox.offices"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class OfficeFault(ValueError):
    """A module of offices is not as it should be; the message names the module."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency of the city: its slug, its names, and the slug of the one above it (None for the root alone)."""

    slug: str
    name: str
    name_en: str
    parent: str | None = "demo-city"


@dataclass(frozen=True, slots=True)
class Payee:
    """Money goes to ``name``: the platforms' portals make merchant accounts ``<office>-wechat`` and ``<office>-alipay`` for it.

    ``partner``: on WeChat a sub-merchant of a service provider, else direct. ``certificates``: it verifies the platforms by
    certificate on both, else by public key. ``agency`` owns the accounts if that is not the office's own. ``non_tax``: it collects
    government fees, so that WeChat's non-tax platform knows it too.
    """

    name: str
    partner: bool = True
    certificates: bool = False
    agency: Agency | None = None
    non_tax: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an office stands: its part of ``credentials.json``, its address, and the server of the SQL offices ("" for none)."""

    credentials: Mapping[str, Any]
    address: str
    registries_url: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """What the accounts document says of a back end: secrets by purpose (values), options, and its address if it is another."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """One emulator. ``name`` is the emulator's, ``back_ends`` are the names by which mappings call it.

    ``of_root`` are more names of it that the root agency alone has: for what the counter itself asks (``gateway/bindings.py``), no mapping.
    Each back end is bound for ``agency`` and for those of ``also_for`` (a mapping finds back ends within its own agency and those above it), and
    once more as ``<back end>-test``, where ``mapping try`` may write. ``make_credentials`` is called once, with a folder for key files.
    ``pushes`` are the services whose results it sends by itself, to the address that ``POST /_sandbox/control/inbound {url}`` has set.
    ``needs_registries``: it keeps its data on the SQL server of ``Place.registries_url`` and is left out where there is none.
    """

    name: str
    agency: Agency
    back_ends: tuple[str, ...]
    build: Callable[[SandboxContext], WSGIApplication]
    make_credentials: Callable[[Path], dict[str, Any]] = lambda _folder: {}
    bind: Callable[[Place], Binding] = lambda _place: Binding()
    payee: Payee | None = None
    also_for: tuple[Agency, ...] = ()
    pushes: tuple[str, ...] = ()
    needs_registries: bool = False
    of_root: tuple[str, ...] = ()


@cache
def find_offices() -> Mapping[str, Office]:
    """Every office of the sandbox's own package, by name in alphabetical order. Raises ``OfficeFault``."""
    package = import_module(OFFICES)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))
    return _by_name(_read_office(import_module(f"{OFFICES}.{name}")) for name in names)


def load_offices(folder: Path) -> Mapping[str, Office]:
    """The offices of a folder of your own: each ``*.py`` in it has an ``OFFICE``. Raises ``OfficeFault``."""
    return _by_name(_read_office(_load(file)) for file in sorted(folder.glob("*.py")))


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"guitai_office_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise OfficeFault(f"{file.name}: cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read_office(module: ModuleType) -> Office:
    office = getattr(module, "OFFICE", None)
    if not isinstance(office, Office):
        raise OfficeFault(f"{module.__name__}: it has no OFFICE")
    if not all(map(_NAME.fullmatch, (office.name, *office.back_ends, *office.of_root))):
        raise OfficeFault(f"{module.__name__}: a name is not of small letters, digits and hyphens")
    return office


def _by_name(offices: Iterator[Office]) -> Mapping[str, Office]:
    found: dict[str, Office] = {}
    for office in sorted(offices, key=lambda one: one.name):
        if office.name in found:
            raise OfficeFault(f"{office.name}: two offices have this name")
        found[office.name] = office
    return found
