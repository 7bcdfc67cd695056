"""The graph of a case: every path walked, so that none reaches a decision but by a person at the counter or a back end's value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from services.case_errors import NotAllowedNow
from services.case_graph import (
    AFTER,
    CLOSED,
    DECIDERS,
    DECISIONS,
    EDGES,
    NOTES,
    OPEN,
    START,
    STARTERS,
    Edge,
    Note,
    find_edge,
    follow,
    require_edge,
)
from services.case_record import CaseState as S
from services.case_record import Hand
from services.payment_graph import EdgeUnknown

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs" / "cases.md"
EVENTS = sorted({edge.event for edge in EDGES} | {note.event for note in NOTES} | {START})
LONGEST = 6
"""Every path of at most so many edges is walked one by one; the closure below covers all longer ones."""


def list_moves(state: S) -> list[tuple[str, Hand, S]]:
    """Everything that anybody can do in a state, asked of ``follow`` itself and not of the table."""
    found = []
    for event in EVENTS:
        for hand in Hand:
            try:
                found.append((event, hand, follow(state, event, hand)))
            except EdgeUnknown:
                continue
    return found


MOVES = {state: list_moves(state) for state in S}


def walk(state: S, length: int) -> Iterator[list[tuple[S, str, frozenset[Hand], S]]]:
    """Every path that moves the state or goes round in it, up to this length; the hands of one step taken together."""
    yield []
    if length == 0:
        return
    edges = {(edge.event, edge.after) for edge in EDGES if edge.before is state}
    for event, after in sorted(edges):
        hands = frozenset(hand for name, hand, _ in MOVES[state] if name == event)
        for path in walk(after, length - 1):
            yield [(state, event, hands, after), *path]


def test_no_path_reaches_a_decision_without_a_person_or_a_back_end() -> None:
    """On every path each step into granted or refused is an event that decides, by a clerk, a head or a back end, and there is one at most."""
    paths = 0
    for path in walk(S.RECEIVED, LONGEST):
        paths += 1
        decided = [
            step
            for step in path
            if step[0] in OPEN and step[3] not in OPEN | {S.NOT_ACCEPTED, S.WITHDRAWN, S.TERMINATED}
        ]
        assert len(decided) <= 1
        for _, event, hands, after in decided:
            assert event in DECISIONS
            assert after in (S.GRANTED, S.REFUSED)
            assert hands <= DECIDERS
    assert paths > 10_000


def test_no_move_of_anybody_else_decides() -> None:
    """Whatever the path was: in no state can an applicant, the clock or the house make an event after which a case is decided."""
    for state in OPEN:
        for event, hand, after in MOVES[state]:
            if after in AFTER | {S.REFUSED}:
                assert event in DECISIONS
                assert hand in DECIDERS
    assert {hand for moves in MOVES.values() for event, hand, _ in moves if event in DECISIONS} == DECIDERS


def test_what_is_granted_was_accepted() -> None:
    """A decision is made on an accepted case and on no other, and a grant is never left but by its certificate."""
    assert {edge.before for edge in EDGES if edge.event in DECISIONS} == {S.ACCEPTED}
    assert {edge.after for edge in EDGES if edge.before is S.GRANTED} == {S.GRANTED, S.ISSUED}
    assert {edge.hands for edge in EDGES if edge.after is S.ISSUED and edge.before is S.GRANTED} == {(Hand.HOUSE,)}


def test_time_alone_does_one_thing() -> None:
    """The clock accepts what nobody spoke about in time, and moves no case otherwise."""
    assert [(edge.event, edge.before, edge.after) for edge in EDGES if Hand.CLOCK in edge.hands] == [
        ("deemed_accepted", S.RECEIVED, S.ACCEPTED)
    ]


def test_edges_are_unambiguous_and_every_state_is_reached() -> None:
    """One edge a state and event, notes included; every state can be reached; what is closed is never opened again."""
    pairs = [(edge.before, edge.event) for edge in EDGES] + [
        (state, note.event) for note in NOTES for state in note.states
    ]
    assert len(pairs) == len(set(pairs))
    reached, waiting = set(), [S.RECEIVED]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting += [edge.after for edge in EDGES if edge.before is state and edge.after not in reached]
    assert reached == set(S)
    assert not [edge for edge in EDGES if edge.before in CLOSED]


def test_a_note_never_moves_a_case() -> None:
    """Claiming, telling, printing and all else that is noted leaves the state as it is, in every state and by every hand."""
    moving = {edge.event for edge in EDGES if edge.before is not edge.after}
    assert not moving & {note.event for note in NOTES}
    for state, moves in MOVES.items():
        assert all(after is state for event, _, after in moves if event in {note.event for note in NOTES})


def test_only_an_applicant_or_a_clerk_begins_a_case() -> None:
    """No case is opened by the house, the clock or a back end, and none begins twice."""
    assert {Hand.APPLICANT, Hand.CLERK} == STARTERS
    assert all(find_edge(state, START) is None for state in S)


@pytest.mark.parametrize("state", list(S))
def test_what_people_ask_in_the_wrong_state_is_refused(state: S) -> None:
    """A hand that may not make an event is told which state stands in the way; in our own code it is a fault."""
    for event in EVENTS:
        allowed = {hand for name, hand, _ in MOVES[state] if name == event}
        for hand in Hand:
            if hand in allowed:
                require_edge(state, event, hand)
                continue
            with pytest.raises(NotAllowedNow) as refused:
                require_edge(state, event, hand)
            assert refused.value.detail == {"state": str(state), "asked": event}


def test_each_line_names_its_basis() -> None:
    """Nobody may do anything without a sentence that says why."""
    lines: list[Edge | Note] = [*EDGES, *NOTES]
    assert all(len(line.basis) >= 3 and line.hands for line in lines)


# the code that writes events


class Called(NamedTuple):
    """One call in our own source: file, function around it, what is called, the call, the file's own names for texts."""

    path: str
    place: str
    name: str
    call: ast.Call
    names: dict[str, str]


@cache
def read_source() -> tuple[Called, ...]:
    """Every call of a function or method in our own rooms that could write an event."""
    found = []
    for path in sorted(file for room in ("services", "gateway", "adapters") for file in (ROOT / room).rglob("*.py")):
        text = path.read_text("utf-8")
        if not re.search(r"\bMove\(|\.make\(|cases\.(append|open)\(", text):
            continue
        tree = ast.parse(text)
        names = _read_names(tree)
        for place, call in _list_calls(tree, ""):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            found.append(Called(path.relative_to(ROOT).as_posix(), place, name, call, names))
    return tuple(found)


def read_calls(name: str) -> Iterator[tuple[str, str, ast.Call, dict[str, str]]]:
    """The calls of one name."""
    return ((one.path, one.place, one.call, one.names) for one in read_source() if one.name == name)


def _read_names(tree: ast.Module) -> dict[str, str]:
    """The module's names for texts: its own constants, and those that it imports from the services."""
    names: dict[str, str] = {}
    for line in tree.body:
        if isinstance(line, ast.ImportFrom) and (line.module or "").startswith("services."):
            given = {
                one.asname or one.name: getattr(import_module(line.module or ""), one.name, None) for one in line.names
            }
            names |= {name: value for name, value in given.items() if type(value) is str}
        if isinstance(line, ast.Assign):
            target = line.targets[0]
            many = isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple)
            pairs = zip(target.elts, line.value.elts, strict=True) if many else [(target, line.value)]  # type: ignore[attr-defined]  # both tuples
            names |= {
                one.id: str(of.value) for one, of in pairs if isinstance(one, ast.Name) and isinstance(of, ast.Constant)
            }
    return names


def _list_calls(node: ast.AST, place: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inner = f"{place}.{child.name}".lstrip(".") if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else place
        if isinstance(child, ast.Call):
            yield place, child
        yield from _list_calls(child, inner)


def list_values(node: ast.expr, names: dict[str, str]) -> set[str]:
    """What an expression may be: ``?`` if that cannot be read."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return list_values(node.body, names) | list_values(node.orelse, names)
    if isinstance(node, ast.Name):
        return {names.get(node.id, "?")}
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Hand":
        return {node.attr.lower()}
    return {"?"}


def may_decide(values: set[str]) -> bool:
    return bool(values & (DECISIONS | {"?"}))


def test_two_places_make_decisions_and_no_other() -> None:
    """Reading the source: a move that decides is made by the clerk's act at the counter and by the rule's answer, nowhere else."""
    places = set()
    for path, place, call, names in read_calls("Move"):
        hands = list_values(call.args[1], names)
        if may_decide(list_values(call.args[0], names)) and (hands & ({str(one) for one in DECIDERS} | {"?"})):
            places.add((path, place))
    assert places == {("services/case_decisions.py", "_read_decision"), ("services/counter_bench.py", "Bench.make")}
    made = {
        (path, place) for path, place, call, names in read_calls("make")
        if path.startswith(("services/counter", "services/window")) and may_decide(list_values(call.args[0], names))
    }  # fmt: skip
    assert made == {("services/counter_examination.py", "ExaminationRoom.decide.work")}


def test_a_case_is_written_in_two_places() -> None:
    """Every event passes the graph: only ``write_move`` appends, only ``open_case`` opens."""
    appended = {path for path, _, call, _ in read_calls("append") if ast.unparse(call.func).endswith("cases.append")}
    opened = {path for path, _, call, _ in read_calls("open") if ast.unparse(call.func).endswith("cases.open")}
    assert appended == {"services/case_events.py"}
    assert opened == {"services/case_opening.py"}


# the document


def read_rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of docs/cases.md."""
    section = DOCUMENT.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_document_shows_the_edges() -> None:
    """docs/cases.md has one row an edge, with its hands and its basis, and no other."""
    rows = read_rows("Edges")
    assert rows == [[edge.before, edge.event, edge.after, ", ".join(edge.hands), edge.basis] for edge in EDGES]


def test_the_document_shows_the_notes() -> None:
    """And one row a note."""
    rows = read_rows("Notes")
    assert [[row[0], row[2], row[3]] for row in rows] == [
        [note.event, ", ".join(note.hands), note.basis] for note in NOTES
    ]
    assert [frozenset(re.split(r", ", row[1])) for row in rows] == [
        frozenset({"every state"} if note.states == frozenset(S) else {str(state) for state in note.states})
        for note in NOTES
    ]


def test_the_document_names_the_data_of_each_event() -> None:
    """Every event, the first included, has a row with the keys of its data."""
    assert sorted(row[0] for row in read_rows("Data of events")) == EVENTS
