"""Rules of adapters/backends/chain.py: calls one after another, pages to their end, and what a failure in which call means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from adapters.backends.breaker import Breakers
from adapters.backends.chain import Chain
from adapters.backends.connector import ConnectedBackEnd
from adapters.backends.factory import Surroundings, make_back_end
from adapters.backends.observation import ObservedCall
from adapters.http import HttpReply, HttpUnknown, HttpUnreachable
from adapters.reach import Reach
from config.shapes import Anything
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from services.expressions import compile_expression
from services.mapping import Authentication, BackEndSpec, Call, Operation, Pages, ServiceMapping
from services.model import BackEndAddress, JsonValue
from services.reply_shape import plant_reply
from tests.unit.adapters.backends.fake_line import CATALOGUE, FakeLine, KnownSecrets, StillClock, make_address, reply

ERRORS = {"SYSTEM": "system", "GONE": "no_such_record", "DOUBT": "unknown", "NONE": "nothing_owed"}


def expression(text: str) -> Any:
    return compile_expression(text, "yuan")


def make_call(
    name: str,
    *,
    at: str = "own",
    writes: bool = False,
    request: str = "{no: no}",
    response: str = "body",
    **change: Any,
) -> Call:
    given = {
        "name": name, "back_end": at, "writes": writes, "timeout_seconds": 5.0, "reply": plant_reply(["no?", "items[].x?", "more?", "next?"]),
        "response": expression(response), "request": expression(request), "path": f"/{name}", "errors": ERRORS,
    } | change  # fmt: skip
    return Call(**given)


def make_operation(*calls: Call, response: str = "", writes: bool = False) -> Operation:
    return Operation(
        name="do", writes=writes, calls=calls, response=expression(response) if response else None, takes=frozenset({"no"}), gives=Anything(),
        idempotent_by="no" if writes else None,
    )  # fmt: skip


def connect(
    operation: Operation,
    *answers: HttpReply | Exception,
    breakers: Breakers | None = None,
    options: dict[str, str] | None = None,
) -> tuple[ConnectedBackEnd, FakeLine]:
    """A back end ``own`` and a further one ``other`` on one line."""
    line = FakeLine(list(answers))
    specs = {
        name: BackEndSpec(
            name=name, connector="rest", unit="yuan", encoding="UTF-8", authentication=Authentication("bearer", secret="api_key"),
            success=expression("status == `200`"), error=expression("body.code"), echo=(), operations={"do": operation} if name == "own" else {},
        )
        for name in ("own", "other")
    }  # fmt: skip
    base = CATALOGUE.service("gas-bill")
    mapping: ServiceMapping = replace(base, back_end=specs["own"], further_back_ends={"other": specs["other"]})
    addresses = {name: make_address(name, f"http://{name}.test", **(options or {})) for name in specs}
    around = Surroundings(line, KnownSecrets(), StillClock(), breakers or Breakers(failures=1000))
    made = {}
    with pytest.MonkeyPatch.context() as patch:  # an operation of our own has no example values
        patch.setattr(ConnectedBackEnd, "require_usable", lambda _self: None)
        made = {"it": make_back_end(mapping, addresses, around)}
    return made["it"], line


def say(**body: JsonValue) -> HttpReply:
    return reply(json.dumps(body).encode())


def refuse(code: str) -> HttpReply:
    return reply(json.dumps({"code": code}).encode(), 409)


def run(back_end: ConnectedBackEnd) -> JsonValue:
    return back_end.call("do", {"no": "7"}, "req-1", purpose="see_bills", case_no="case-1")


TWO = (make_call("first"), make_call("second", at="other", request="{no: results.first.no}"))


def test_each_call_may_use_the_results_before_it() -> None:
    """At the back end that it names; the result of the operation is made of all of them, or is the last one's."""
    back_end, line = connect(
        make_operation(*TWO, response="[results.first.no, results.second.no, no]"), say(no="a"), say(no="b")
    )
    assert run(back_end) == ["a", "b", "7"]
    assert [(sent.purpose, sent.url, json.loads(sent.body)) for sent in line.sent] == [
        ("back_end:own", "http://own.test/first", {"no": "7"}),
        ("back_end:other", "http://other.test/second", {"no": "a"}),
    ]
    assert {
        (sent.headers["X-Request-Id"], sent.headers["X-Purpose"], sent.headers["X-Case-Number"]) for sent in line.sent
    } == {("req-1", "see_bills", "case-1")}
    back_end, _ = connect(make_operation(*TWO), say(no="a"), say(no="b"))
    assert run(back_end)["no"] == "b"


FAILURES: Sequence[tuple[Any, type[BackEndError]]] = [
    (HttpUnreachable("x"), BackEndUnreachable),
    (HttpUnknown("x"), BackEndOutcomeUnknown),
    (reply(b"<html>"), BackEndGarbled),
    (reply(b"", 302), BackEndGarbled),
    (refuse("DOUBT"), BackEndOutcomeUnknown),
    (refuse("NEVER HEARD"), BackEndGarbled),
    (refuse("GONE"), BackEndRefused),
]


@pytest.mark.parametrize(("failure", "error"), FAILURES, ids=str)
def test_before_the_last_call_of_a_write_nothing_has_happened(failure: Any, error: type[BackEndError]) -> None:
    """Doubt in a read before it is safe to repeat, and the write is not sent; a refusal is a refusal."""
    first, second = TWO[0], replace(TWO[1], writes=True)
    back_end, line = connect(make_operation(first, second, writes=True), failure, failure)
    with pytest.raises(BackEndError) as caught:
        run(back_end)
    assert type(caught.value) is (BackEndRefused if error is BackEndRefused else BackEndUnreachable)
    assert all(sent.url.endswith("/first") for sent in line.sent)


@pytest.mark.parametrize(("failure", "error"), [*FAILURES, (refuse("SYSTEM"), BackEndOutcomeUnknown)], ids=str)
def test_the_last_call_of_a_write_alone_leaves_doubt(failure: Any, error: type[BackEndError]) -> None:
    """And it is sent once, whatever happens."""
    first, second = TWO[0], replace(TWO[1], writes=True)
    back_end, line = connect(make_operation(first, second, writes=True), say(no="a"), failure)
    with pytest.raises(BackEndError) as caught:
        run(back_end)
    assert type(caught.value) is error
    assert len(line.sent) == 2


def test_a_system_error_before_the_write_is_no_answer_to_it() -> None:
    """Else a write-off would be taken for refused for good."""
    back_end, _ = connect(make_operation(TWO[0], replace(TWO[1], writes=True), writes=True), refuse("SYSTEM"))
    with pytest.raises(BackEndUnreachable):
        run(back_end)


@pytest.mark.parametrize(("failure", "error"), [*FAILURES, (refuse("SYSTEM"), BackEndRefused)], ids=str)
def test_a_read_says_what_it_knows(failure: Any, error: type[BackEndError]) -> None:
    """In whichever call."""
    for answers in ([failure, failure], [say(no="a"), failure, failure]):
        back_end, _ = connect(make_operation(*TWO), *answers)
        with pytest.raises(BackEndError) as caught:
            run(back_end)
        assert type(caught.value) is error


def test_a_read_that_cannot_have_arrived_is_tried_twice() -> None:
    """Twice and no more; doubt is not tried again, and a write never."""
    back_end, line = connect(make_operation(TWO[0]), HttpUnreachable("x"), say(no="a"))
    assert run(back_end)["no"] == "a"
    assert len(line.sent) == 2
    back_end, line = connect(make_operation(TWO[0]), *[HttpUnreachable("x")] * 3)
    with pytest.raises(BackEndUnreachable):
        run(back_end)
    assert len(line.sent) == 2
    for call, failure in [(TWO[0], HttpUnknown("x")), (replace(TWO[0], writes=True), HttpUnreachable("x"))]:
        back_end, line = connect(make_operation(call, writes=call.writes), failure, say(no="a"))
        with pytest.raises(BackEndError):
            run(back_end)
        assert len(line.sent) == 1


def test_an_open_breaker_fails_at_once() -> None:
    """Nothing is sent; the other back end of the same mapping has a breaker of its own."""
    breakers = Breakers(failures=2)
    back_end, line = connect(make_operation(TWO[0]), *[HttpUnreachable("x")] * 2, breakers=breakers)
    for _ in range(3):
        with pytest.raises(BackEndUnreachable):
            run(back_end)
    assert len(line.sent) == 2
    back_end, line = connect(make_operation(replace(TWO[0], back_end="other")), say(no="a"), breakers=breakers)
    assert run(back_end)["no"] == "a"


PAGED = make_call(
    "list", request="{page: page, no: no}", response="{items: body.items[].x, no: body.no}",
    pages=Pages("items", expression("body.more"), None, 1, 3),
)  # fmt: skip


def test_pages_are_read_to_their_end() -> None:
    """Numbered from the first; the lists are joined, the rest is the first page's."""
    back_end, line = connect(
        make_operation(PAGED),
        say(items=[{"x": 1}], more=True, no="a"),
        say(items=[], more=True),
        say(items=[{"x": 2}], more=False),
    )
    assert run(back_end) == {"items": [1, 2], "no": "a"}
    assert [json.loads(sent.body)["page"] for sent in line.sent] == [1, 2, 3]


def test_pages_that_name_the_next() -> None:
    """What the reply before says is asked for, as it is."""
    pages = Pages("items", expression("body.more"), expression("body.next"), 0, 3)
    back_end, line = connect(
        make_operation(replace(PAGED, pages=pages)),
        say(items=[], more=True, next="c-9"),
        say(items=[{"x": 1}], more=False),
    )
    assert run(back_end)["items"] == [1]
    assert [json.loads(sent.body)["page"] for sent in line.sent] == [0, "c-9"]


def test_a_list_that_does_not_end_is_no_list() -> None:
    """More pages than agreed, or no word whether there are more."""
    for answers in ([say(items=[], more=True)] * 4, [say(items=[])], [say(items=[], more="yes")]):
        back_end, line = connect(make_operation(PAGED), *answers)
        with pytest.raises(BackEndGarbled):
            run(back_end)
        assert len(line.sent) <= 3


def test_a_result_in_place_of_an_error_is_the_end_of_the_pages() -> None:
    """Nothing owed is an empty list, on the first page and on a later one."""
    call = replace(PAGED, instead={"nothing_owed": expression("{items: `[]`}")})
    back_end, _ = connect(make_operation(call), refuse("NONE"))
    assert run(back_end)["items"] == []
    back_end, _ = connect(make_operation(call), say(items=[{"x": 1}], more=True), refuse("NONE"))
    assert run(back_end)["items"] == [1]


def test_there_is_an_end_to_all_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call begins after a minute; a read in it is cut to what is left, a write has its whole time."""
    now = [0.0]
    monkeypatch.setattr("adapters.backends.connector.Chain", partial(Chain, monotonic=lambda: now[0]))

    class Slow(FakeLine):
        def send(self, *arguments: Any, **named: Any) -> HttpReply:
            answer = super().send(*arguments, **named)
            now[0] += 58
            return answer

    for writes, seconds in [(False, 2.0), (True, 5.0)]:
        now[0] = 0.0
        first, second = TWO[0], replace(TWO[1], writes=writes)
        back_end, _ = connect(make_operation(first, second, writes=writes))
        line = Slow([say(no="a"), say(no="b")])
        for connection in back_end._connections.values():
            connection.line._http = line  # type: ignore[attr-defined]
        run(back_end)
        assert [sent.timeout_seconds for sent in line.sent] == [5.0, seconds]
    now[0] = 0.0
    back_end, _ = connect(make_operation(TWO[0], replace(TWO[0], name="x"), replace(TWO[1], writes=True), writes=True))
    line = Slow([say(no="a"), say(no="b"), say(no="c")])
    for connection in back_end._connections.values():
        connection.line._http = line  # type: ignore[attr-defined]
    with pytest.raises(BackEndUnreachable):
        run(back_end)
    assert len(line.sent) == 2


def test_an_observer_is_told_of_each_call() -> None:
    """Request, reply and result as plain values, method and address; never a header, a key or a token."""
    seen: list[ObservedCall] = []
    back_end, _ = connect(make_operation(*TWO), say(no="a"), reply(b"<html>CANARY"))
    with pytest.raises(BackEndGarbled):
        back_end.observed_by(seen.append).call("do", {"no": "7"}, "r")
    first, second = seen
    assert (first.operation, first.call, first.back_end, first.connector, first.writes) == (
        "do",
        "first",
        "own",
        "rest",
        False,
    )
    assert (first.method, first.target, first.request) == ("POST", "http://own.test/first", {"no": "7"})
    assert (first.reply, first.result, first.error) == ({"status": 200, "body": {"no": "a"}}, {"no": "a"}, "")
    assert (second.reply, second.result) == (None, None)
    assert second.error == "back_end_garbled: other, second: not JSON"
    assert "k3y" not in repr(seen)
    assert "CANARY" not in repr(seen)


def test_every_call_is_judged_at_the_start() -> None:
    """Of every operation of a shipped mapping; an address that may not be reached is one of the faults."""
    mapping = CATALOGUE.service("gas-bill")
    address = BackEndAddress(UUID(int=1), "gas-company", "http://10.0.0.1", {"api_key": "key-file"})
    around = Surroundings(FakeLine(), KnownSecrets(), StillClock(), Breakers(), Reach())
    with pytest.raises(ConfigurationFault, match="gas-company: its address is private"):
        make_back_end(mapping, {"gas-company": address}, around)
    make_back_end(mapping, {"gas-company": address}, replace(around, reach=Reach(["10.0.0.0/8"])))
