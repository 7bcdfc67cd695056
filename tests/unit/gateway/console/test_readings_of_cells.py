"""No way round the citizen's list: whatever a store of the console decrypts is told, or stands here with what it is instead."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import adapters.stores
from adapters.stores.console_store import SqlConsoleTransaction
from gateway.console.given import GIVES
from services.console_ports import ConsoleTransaction
from tests.unit.gateway.console.test_readings import GIVES_NOTHING, UNWATCHED

FOLDER = Path(adapters.stores.__file__).parent
OPENS = {"decrypt"}
"""What turns a cell into what was encrypted; everything else that does is found by following calls to it."""
TOLD_OTHERWISE: dict[str, str] = {
    "accounts.list_chains": "names of a person in the ledger, after the number was told",
    "acts.list_acts": "the staff's own acts with their reasons, for auditors and privacy officers",
    "alerts.load": "what supervision wrote of an alert",
    "audit.list_copied": "looks, which are what the citizen is told",
    "audit.list_looks": "looks, which are what the citizen is told",
    "drafts.load": "the console's role has no right to drafts",
    "drafts.list_of_persons": "the console's role has no right to drafts",
    **dict.fromkeys(
        ("mandates.find_organisation", "mandates.load_organisation", "mandates.record_organisation"),
        "an organisation under its public credit code",
    ),
    "mandates.list_of_number": "read to judge who may act; the window's look-up is told by the number that was shown",
    "mandates.list_of_principal_number": "the same",
    "mandates.load": "read to judge who may act; the window's look-up is told by the number that was shown",
    "mandates.list_of_agent": "the same",
    "mandates.list_of_principal": "the same",
    "months.walk_cases": "a walk through the events of a month, of which figures come out",
    "notices.list_of": "proofs of telling, without name and address",
    "notices.list_tasks": "the same",
    "payments.load": "of the window: no account; told by the account number when bills or a receipt are looked up",
    "payments.load_many": "the same, for what waits to be given back",
    "readings.list_of": "looks, which are what the citizen is told",
    **dict.fromkeys(
        ("rights.list_holds", "rights.load_hold", "rights.list_of", "rights.list_open", "rights.list_closings", "rights.load", "rights.open"),
        "requests about one's own data: the officer reads words for a stated reason, which the room itself tells the citizen",
    ),
    "slowness.load": "what the staff wrote to each other of a pattern; its cases stand there by number alone",
    "staff.read_credentials": "how a member of the staff signs in",
    "tills.latest_of": "a till of one of the staff",
    "tills.list_counted": "the same",
    "tills.list_recent": "the same",
    "tills.load": "the same",
    **dict.fromkeys(
        ("readings.delays_between", "readings.delays_of_case", "readings.list_delays", "readings.load_delays"),
        "orders of other organs, for who asks, answers or counts delays",
    ),
}  # fmt: skip
"""Methods of the console's stores that decrypt something and are not watched, each with what it gives."""


@dataclass
class Module:
    """The functions of one module of the stores by name; ``imports``: a name to the module of the stores that it is from."""

    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: dict[str, dict[str, ast.FunctionDef]] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    """By class: its own attributes to the classes that they are of."""


def read_module(path: Path) -> Module:
    """One module, without running it."""
    made = Module()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            made.functions[node.name] = node
        if isinstance(node, ast.ClassDef):
            made.classes[node.name] = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
            made.parts[node.name] = dict(list_parts(made.classes[node.name].get("__init__")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("adapters.stores."):
            made.imports |= {one.asname or one.name: str(node.module).rpartition(".")[2] for one in node.names}
    return made


def list_parts(init: ast.FunctionDef | None) -> Iterator[tuple[str, str]]:
    """``self._payments = SqlPaymentStore(…)``: the attribute and its class."""
    for node in ast.walk(init) if init is not None else ():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    yield target.attr, node.value.func.id


MODULES = {path.stem: read_module(path) for path in (*FOLDER.glob("*.py"), FOLDER.parent / "queue.py")}


def opens(stem: str, owner: str, function: ast.FunctionDef, seen: set[tuple[str, str, str]]) -> bool:
    """Whether a function decrypts, itself or through whatever of the stores it uses, called or handed on."""
    place = (stem, owner, function.name)
    if place in seen:
        return False
    seen.add(place)
    return any(
        name in OPENS or any(opens(*found, seen) for found in resolve(stem, owner, node, name))
        for node in ast.walk(function)
        if (name := node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "")
    )


def resolve(stem: str, owner: str, node: ast.AST, name: str) -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """The functions that a name may stand for: of the module, imported, of the class, of a store that the class holds."""
    module = MODULES[stem]
    if isinstance(node, ast.Name):
        home = module.imports.get(name, stem)
        if name in MODULES.get(home, Module()).functions:
            yield home, "", MODULES[home].functions[name]
    elif isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id == "self" and name in module.classes.get(owner, {}):
            yield stem, owner, module.classes[owner][name]
        if isinstance(node.value, ast.Attribute):
            of = module.parts.get(owner, {}).get(node.value.attr, "")
            home = module.imports.get(of, stem)
            if name in MODULES.get(home, Module()).classes.get(of, {}):
                yield home, of, MODULES[home].classes[of][name]


def list_stores() -> dict[str, type]:
    """Every store of a transaction of the console, as it really is."""
    made: Any = SqlConsoleTransaction(None, None, None)  # type: ignore[arg-type] # nothing is asked of it
    return {name: type(one) for name, one in vars(made).items()}


def list_opening() -> set[str]:
    """Every public method of a store of the console that decrypts something."""
    found = set()
    for name, store in list_stores().items():
        stem = Path(inspect.getfile(store)).stem
        for method, function in MODULES[stem].classes[store.__name__].items():
            if not method.startswith("_") and opens(stem, store.__name__, function, set()):
                found.add(f"{name}.{method}")
    return found


def test_whatever_decrypts_is_watched_or_named() -> None:
    """Every method of a console's store from which decrypted cells come is told to the citizen, or stands here with what it gives."""
    watched = {f"{name}.{method}" for name, methods in GIVES.items() for method in methods}
    harmless = set(TOLD_OTHERWISE)
    assert list_opening() - watched - harmless == set()
    assert harmless - list_opening() == set(), "named, and opens nothing"
    assert not watched & harmless
    assert all(len(why.split()) >= 2 for why in TOLD_OTHERWISE.values())


def test_the_search_finds_what_it_should() -> None:
    """It follows calls through functions, imports and stores within stores: the known ways are found."""
    assert {"cases.load", "applications.load", "payments.load", "readings.list_of", "alerts.load"} <= list_opening()
    assert not {"cases.list_desk", "claims.take", "calendars.current", "alerts.list_inbox"} & list_opening()


def test_every_store_of_the_console_is_judged() -> None:
    """A new store of the transaction is watched, named with its reason, or decrypts nothing."""
    hints = typing.get_type_hints(ConsoleTransaction)
    assert set(list_stores()) == set(hints)
    unwatched = {name for name, port in hints.items() if port in UNWATCHED}
    assert len(unwatched) == len(UNWATCHED), "named, and no store of the console"
    assert not unwatched & set(GIVES)
    assert {hints[name] for name in GIVES} == set(GIVES_NOTHING)
