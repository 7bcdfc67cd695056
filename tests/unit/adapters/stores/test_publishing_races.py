"""Two who change one service in the same moment, on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from services.errors import Conflict, GuitaiError
from services.publication_state import read_state
from tests.contract.offices import Offices, name_service, open_sql_offices, write_file
from tests.databases import Database


@pytest.fixture(scope="module")
def offices(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    """Under the console's role."""
    with open_sql_offices(database, tmp_path_factory.mktemp("keys")) as made:
        yield made


def race(steps: list[Callable[[], object]]) -> list[GuitaiError | None]:
    """Run all at once; what each raised."""
    start, found = threading.Barrier(len(steps)), list[GuitaiError | None]()

    def run(step: Callable[[], object]) -> None:
        start.wait(10)
        try:
            step()
            found.append(None)
        except GuitaiError as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.parametrize("round_", range(5))
def test_of_two_who_publish_at_once_one_wins(offices: Offices, round_: int) -> None:
    """The other is told that somebody was first; the service has one event more, and one act."""
    name = name_service()
    offices.publish_first(name)
    offices.desk.propose(offices.actor("li"), write_file(name, 2), {})
    wang, sun, li = (offices.actor(who) for who in ("wang", "sun", "li"))
    steps: list[list[Callable[[], object]]] = [
        [lambda: offices.desk.publish(wang, name, 2), lambda: offices.desk.publish(sun, name, 2)],
        [lambda: offices.desk.publish(wang, name, 2), lambda: offices.desk.refuse(sun, name, 2, reason="接口有误")],
        [lambda: offices.desk.publish(wang, name, 2), lambda: offices.desk.propose(li, write_file(name, 3), {})],
        [
            lambda: offices.desk.propose(wang, write_file(name, 3), {}),
            lambda: offices.desk.propose(sun, write_file(name, 3, wider=True), {}),
        ],
        [lambda: offices.desk.publish(wang, name, 2), lambda: offices.desk.publish(sun, name, 2)],
    ]
    found = race(steps[round_])
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        events = tx.mappings.list_events(name)
    state = read_state(events)
    losers = [error for error in found if error is not None]
    assert all(isinstance(error, Conflict) for error in losers)
    assert len(events) == 4 - len(losers) if round_ != 2 else len(events) in (3, 4)
    with offices.store.begin([offices.agency("gas")]) as tx:
        assert len(tx.acts.list_acts(9, None, subject_id=name)) == len(events)
    assert state.next_number == len(events) + 1
