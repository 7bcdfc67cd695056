"""The connectors on real sockets: against the sandbox's companies, and against a server that says anything at all."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server
from werkzeug.test import Client

from adapters.backends.face import FaceBackEnd
from adapters.backends.register import RegisterBackEnd
from adapters.http import HttpClient
from adapters.sandbox.face import create_face
from adapters.sandbox.register import Register, complete_identity_number, create_register
from adapters.sandbox.serving import QuietHandler
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.utilities.gas import create_gas
from adapters.sandbox.utilities.water import create_water
from services.errors import BackEndError, BackEndGarbled, BackEndOutcomeUnknown, BackEndRefused, BackEndUnreachable
from services.model import RegisterEntry
from tests.unit.adapters.backends.fake_line import OPTIONS, KnownSecrets, StillClock, connect, make_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SERVICES = {"gas-bill": ("10086001", "王小明"), "water-bill": ("20086001", "李秀英")}


@contextmanager
def serve(app: WSGIApplication) -> Iterator[str]:
    logging.getLogger("guitai.sandbox").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def say(answer: bytes, *, linger: float = 0) -> Iterator[str]:
    """A server that reads a request, answers these bytes and closes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        done = threading.Event()

        def serve_once() -> None:
            peer, _ = listener.accept()
            with closing(peer):
                peer.settimeout(5)
                peer.recv(65536)
                try:
                    peer.sendall(answer)
                except OSError:
                    return
                done.wait(linger)

        thread = threading.Thread(target=serve_once, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        done.set()
        thread.join(5)


@contextmanager
def open_line(url: str, *, timeout_seconds: float = 5, max_bytes: int = 1_048_576) -> Iterator[HttpClient]:
    client = HttpClient(frozenset({url}), timeout_seconds, max_bytes)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(params=sorted(SERVICES))
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Client, Callable[..., Any]]]:
    """(service, control, call) of one company with fresh books."""
    service: str = request.param
    clock = StillClock()
    app = (
        create_gas(tmp_path, clock, "k3y")
        if service == "gas-bill"
        else create_water(tmp_path, clock, OPTIONS | {"mac_key": "k3y"})
    )
    with serve(app) as url, open_line(url) as line:
        back_end = connect(service, line, url, timeout_seconds=1)
        yield service, Client(app), lambda operation, **values: back_end.call(operation, values, "req-1")


def pay(service: str, call: Callable[..., Any], **change: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
    number = SERVICES[service][0]
    bill = call("list_bills", household_no=number)["bills"][0]
    values = {
        "sequence_no": "0198c5f0a1b27c3d9e8f0a1b2c3d4e5f", "household_no": number, "bill_no": bill["bill_no"],
        "amount_fen": bill["amount_fen"], "paid_at": "2026-11-30T15:59:00+00:00", "channel": "wechat",
        "business_on": "2026-11-30",
    } | change  # fmt: skip
    return values, lambda: call("write_off", **values)


def test_the_whole_way(company: tuple[str, Client, Callable[..., Any]]) -> None:
    """Household, bill, write-off, the same write-off again, and the question for it, over the company's real wire."""
    service, control, call = company
    number, name = SERVICES[service]
    household = call("find_household", household_no=number)
    assert household["holder_name"] == name
    assert set(household) == {"holder_name", "address"}
    bill = call("list_bills", household_no=number)["bills"][0]
    assert sum(item["amount_fen"] for item in bill["items"]) == bill["amount_fen"]
    values, write_off = pay(service, call)
    asked = {name: values[name] for name in ("sequence_no", "household_no", "business_on")}
    with pytest.raises(BackEndRefused, match="no_such_write_off"):
        call("find_write_off", **asked)
    first = write_off()
    assert write_off() == first
    assert call("find_write_off", **asked) == {"reference": first["reference"], "amount_fen": bill["amount_fen"]}
    books = control.get("/_sandbox/write-offs").get_json()
    assert [(entry["reference"], entry["amount_fen"]) for entry in books] == [(first["reference"], bill["amount_fen"])]
    assert call("list_bills", household_no=number) == {"bills": []}


def test_refusals_of_a_company(company: tuple[str, Client, Callable[..., Any]]) -> None:
    """An unknown household, another amount, a bill paid at the hall: each has its error name."""
    service, control, call = company
    with pytest.raises(BackEndRefused, match="no_such_household"):
        call("find_household", household_no="99999999")
    values, _ = pay(service, call)
    with pytest.raises(BackEndRefused, match="amount_mismatch"):
        call("write_off", **(values | {"amount_fen": values["amount_fen"] + 1}))
    control.post(f"/_sandbox/bills/{values['bill_no']}/pay-at-hall")
    with pytest.raises(BackEndRefused, match="already_paid"):
        call("write_off", **values)


@pytest.mark.parametrize(
    "behaviour", ["server_error", "html", "truncated", "cut_off", "redirect", "timeout_after_commit"]
)
def test_doubt(company: tuple[str, Client, Callable[..., Any]], behaviour: str) -> None:
    """However a company misbehaves after a write-off arrived, the outcome is unknown; asking clears it up."""
    _, control, call = company
    arranged = {"operation": "write_off", "behaviour": behaviour, "times": 1}
    assert control.post("/_sandbox/control/behaviour", json=arranged).status_code == 200
    values, write_off = pay(company[0], call)
    with pytest.raises(BackEndOutcomeUnknown):
        write_off()
    write_off()
    asked = {name: values[name] for name in ("sequence_no", "household_no", "business_on")}
    assert call("find_write_off", **asked)["amount_fen"] == values["amount_fen"]
    assert len(control.get("/_sandbox/write-offs").get_json()) == 1


def test_wrong_charset(company: tuple[str, Client, Callable[..., Any]]) -> None:
    """A name in another charset is refused, not shown garbled: GBK for UTF-8, and UTF-8 for GBK."""
    service, control, call = company
    arranged = {"operation": "customer", "behaviour": "wrong_charset", "times": 1}
    assert control.post("/_sandbox/control/behaviour", json=arranged).status_code == 200
    with pytest.raises(BackEndGarbled):
        call("find_household", household_no=SERVICES[service][0])


def test_wrong_key(tmp_path: Path) -> None:
    """A key that the company does not accept is never taken for an answer about a household."""
    for service, app in (
        ("gas-bill", create_gas(tmp_path, StillClock(), "other")),
        ("water-bill", create_water(tmp_path, StillClock(), OPTIONS | {"mac_key": "other"})),
    ):
        with serve(app) as url, open_line(url) as line, pytest.raises(BackEndError) as caught:
            connect(service, line, url).call("find_household", {"household_no": SERVICES[service][0]}, "r")
        assert getattr(caught.value, "reason", "") in {"", "not_permitted"}


def test_register(tmp_path: Path) -> None:
    """The population register on its real wire."""
    with serve(create_register(tmp_path, "k3y")) as url, open_line(url) as line:
        register = RegisterBackEnd(make_address("register", url), line, KnownSecrets())
        found = register.find(complete_identity_number("11010119900307001"), "r")
        assert found == RegisterEntry("王小明", "13800138001")
        assert register.find(complete_identity_number("11010119900307009"), "r") is None
        with pytest.raises(BackEndRefused, match="not_permitted"):
            register.find("not a number", "r")


def test_face_check(tmp_path: Path) -> None:
    """The provider of face checks on its real wire: once a match, then never again; a wrong key is no answer."""
    number = complete_identity_number("11010119900307001")
    shelf = Shelf(tmp_path / "face.sqlite3")
    app = create_face(shelf, StillClock(), "k3y", Register(tmp_path, "").name_of)
    told = Client(app).post("/_sandbox/phone/face", json={"identity_number": number, "live": True})
    with closing(shelf), serve(app) as url, open_line(url) as line:
        face = FaceBackEnd(make_address("face-check", url), line, KnownSecrets())
        assert face.verify("王小明", number, told.get_json()["evidence"], "r") is True
        assert face.verify("王小明", number, told.get_json()["evidence"], "r") is False
        with pytest.raises(BackEndRefused, match="not_permitted"):
            face.verify("王小明", "not a number", "x", "r")


@pytest.mark.parametrize(
    ("answer", "linger"),
    [
        (b"", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 41943040\r\n\r\n" + b" " * 300_000, 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", 2),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 0),
        (b"not http at all\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0),
    ],
)
def test_any_server(answer: bytes, linger: float) -> None:
    """Nothing, half, 40 MB, silence, a redirect, an encoding, no HTTP: a write stays in doubt, in bounded time and memory."""
    values = {
        "sequence_no": "s", "household_no": "1", "bill_no": "B", "amount_fen": 1, "channel": "wechat",
        "paid_at": "2026-11-30T15:59:00+00:00", "business_on": "2026-11-30",
    }  # fmt: skip
    with say(answer, linger=linger) as url, open_line(url, max_bytes=100_000) as line:
        back_end = connect("gas-bill", line, url, timeout_seconds=1)
        with pytest.raises(BackEndOutcomeUnknown):
            back_end.call("write_off", values, "r")


def test_nobody_listens() -> None:
    """A refused connection is known to have done nothing, for a write too."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with open_line(url) as line, pytest.raises(BackEndUnreachable):
        connect("gas-bill", line, url).call("list_bills", {"household_no": "1"}, "r")
